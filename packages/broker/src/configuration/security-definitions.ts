/** The configuration of listeners, authentication and authorization: Kafka's names, and its defaults unless noted. */
import type { Definition } from './definition.ts';

const protocolMapDefault = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
  .map((name) => `${name}:${name}`)
  .join(',');

/** Names that `listener.name.<listener>.` may stand before, to mean that listener alone. */
export const listenerDefinitions: readonly Definition[] = [
  {
    name: 'connections.max.reauth.ms',
    type: 'long',
    default: '0',
    min: 0,
    documentation: 'How long a SASL session lives before it must authenticate again, in milliseconds; 0 for ever.',
  },
  {
    name: 'sasl.enabled.mechanisms',
    type: 'list',
    default: 'SCRAM-SHA-256,SCRAM-SHA-512',
    oneOf: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
    documentation: 'The SASL mechanisms that are offered. Apache Kafka offers GSSAPI by default, which is not here.',
  },
  {
    name: 'sasl.jaas.config',
    type: 'password',
    default: '',
    documentation: 'A JAAS login module; of one for PLAIN its options user_NAME="PASSWORD" are the users.',
  },
  {
    name: 'sasl.oauthbearer.clock.skew.seconds',
    type: 'int',
    default: '30',
    min: 0,
    documentation: 'How far the clock of whoever signs tokens may be from ours, in seconds.',
  },
  {
    name: 'sasl.oauthbearer.expected.audience',
    type: 'list',
    default: '',
    documentation: 'Audiences of which a token must name one; empty for any.',
  },
  {
    name: 'sasl.oauthbearer.expected.issuer',
    type: 'string',
    default: '',
    documentation: 'The issuer that a token must name; empty for any.',
  },
  {
    name: 'sasl.oauthbearer.jwks.endpoint.url',
    type: 'string',
    default: '',
    documentation: 'Where the keys lie that tokens are signed with: a URL of a JWKS, or of a file with a JWKS or PEM.',
  },
  {
    name: 'sasl.oauthbearer.sub.claim.name',
    type: 'string',
    default: 'sub',
    documentation: 'The claim of a token that names its principal.',
  },
  {
    name: 'sasl.server.callback.handler.class',
    type: 'string',
    default: '',
    documentation: "Of Apache Kafka's handlers that for unsecured tokens can be named: it lets tokens be unsigned.",
  },
  {
    name: 'ssl.client.auth',
    type: 'string',
    default: 'none',
    oneOf: ['none', 'requested', 'required'],
    documentation: 'Whether clients must show a certificate.',
  },
  {
    name: 'ssl.keystore.certificate.chain',
    type: 'password',
    default: '',
    dynamic: true,
    documentation: "The broker's certificate and those between it and the authority, as PEM.",
  },
  {
    name: 'ssl.keystore.key',
    type: 'password',
    default: '',
    dynamic: true,
    documentation: "The key of the broker's certificate, as PEM.",
  },
  {
    name: 'ssl.keystore.location',
    type: 'string',
    default: '',
    dynamic: true,
    documentation: "A file with the broker's certificate chain and its key, as PEM; read again when it changes.",
  },
  {
    name: 'ssl.keystore.type',
    type: 'string',
    default: 'PEM',
    oneOf: ['PEM'],
    documentation: 'The form of the key store. Apache Kafka has JKS and PKCS12 besides.',
  },
  {
    name: 'ssl.key.password',
    type: 'password',
    default: '',
    dynamic: true,
    documentation: 'The passphrase of the key, if it is encrypted.',
  },
  {
    name: 'ssl.truststore.certificates',
    type: 'password',
    default: '',
    dynamic: true,
    documentation: "Certificates of the authorities that may have signed clients' certificates, as PEM.",
  },
  {
    name: 'ssl.truststore.location',
    type: 'string',
    default: '',
    dynamic: true,
    documentation: "A file with the authorities' certificates, as PEM; read again when it changes.",
  },
  {
    name: 'ssl.truststore.type',
    type: 'string',
    default: 'PEM',
    oneOf: ['PEM'],
    documentation: 'The form of the trust store.',
  },
];

export const securityDefinitions: readonly Definition[] = [
  {
    name: 'advertised.listeners',
    type: 'list',
    default: '',
    documentation: 'NAME://HOST:PORT of listeners as clients are told them; by default where they listen.',
  },
  {
    name: 'allow.everyone.if.no.acl.found',
    type: 'boolean',
    default: 'false',
    documentation: 'Whether everybody may use a resource that no access control entry names.',
  },
  {
    name: 'authorizer.class.name',
    type: 'string',
    default: '',
    oneOf: ['', 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'],
    documentation: 'Empty: everybody may do everything. Otherwise access control entries decide.',
  },
  {
    name: 'connection.failed.authentication.delay.ms',
    type: 'int',
    default: '100',
    min: 0,
    documentation: 'How long the answer to a failed authentication is held back, in milliseconds.',
  },
  {
    name: 'listener.security.protocol.map',
    type: 'list',
    default: protocolMapDefault,
    documentation: 'The security protocols of listeners, as NAME:PROTOCOL.',
  },
  {
    name: 'listeners',
    type: 'list',
    default: '',
    documentation: 'NAME://HOST:PORT of what the first broker listens on; the others have the ports after these.',
  },
  {
    name: 'sasl.server.max.receive.size',
    type: 'int',
    default: '65536',
    min: 1024,
    documentation: 'The largest request before authentication, in bytes. Apache Kafka has 524288.',
  },
  {
    name: 'ssl.principal.mapping.rules',
    type: 'string',
    default: 'DEFAULT',
    documentation: 'Rules that make a principal of the subject of a certificate: RULE:pattern/replacement/[LU].',
  },
  {
    name: 'super.users',
    type: 'string',
    default: '',
    documentation: 'Principals that may do everything, separated by semicolons.',
  },
  ...listenerDefinitions,
];
