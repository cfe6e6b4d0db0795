/** How embedded brokers are secured as those of Apache Kafka are: listeners, logins, certificates, an authorizer. */
import type { ClusterOptions } from '@millrace/broker';
import type { KafkaSecurity } from '@millrace/engines';

const unsecured = 'org.apache.kafka.common.security.oauthbearer.internals.unsecured';

/** A free port for a listener of each security protocol; who shows no certificate is not let in over SSL. */
export function securedEmbedded(security: KafkaSecurity): Required<Pick<ClusterOptions, 'configuration' | 'security'>> {
  const { authority, broker, users, superUsers } = security;
  const listeners = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
  return {
    configuration: {
      listeners: listeners.map((name) => `${name}://127.0.0.1:0`).join(','),
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
      'sasl.server.callback.handler.class': `${unsecured}.OAuthBearerUnsecuredValidatorCallbackHandler`,
      'ssl.keystore.certificate.chain': broker.cert,
      'ssl.keystore.key': broker.key,
      'ssl.truststore.certificates': authority,
      'listener.name.ssl.ssl.client.auth': 'required',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': superUsers.join(';'),
    },
    security: {
      plainUsers: users,
      scramUsers: Object.entries(users).map(([username, password]) => ({ username, password })),
    },
  };
}
