/** A place of embedded brokers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '@millrace/broker';
import { settingsOf } from './broker-settings.ts';
import { type IssuedCredentials, issueCredentials, users } from './credentials.ts';
import { type Listener, listeners, type Place, type Profile } from './place.ts';

const brokerIds = [1, 2, 3];
const unsecured = 'org.apache.kafka.common.security.oauthbearer.internals.unsecured';

/** Starts three embedded brokers in this process. */
export async function startEmbeddedPlace(profile: Profile): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-conformance-'));
  const credentials = profile === 'secured' ? await issueCredentials(directory) : undefined;
  const cluster = await startCluster({
    name: profile,
    dataDirectory: join(directory, 'data'),
    brokers: brokerIds.map((nodeId) => ({ nodeId, port: 0, rack: `rack-${nodeId}` })),
    configuration: {
      ...settingsOf(profile),
      ...(credentials === undefined ? {} : secure(credentials)),
    },
    ...(credentials === undefined ? {} : { security: userSecurity }),
  });
  return {
    kind: 'embedded',
    profile,
    brokerIds,
    credentials: credentials?.client,
    bootstrap: (listener = 'PLAINTEXT') => bootstrapOf(cluster, credentials === undefined ? undefined : listener),
    stopBroker: (nodeId, how) => cluster.stopBroker(nodeId, how === 'cleanly' ? {} : { graceMs: 0 }),
    startBroker: (nodeId) => cluster.startBroker(nodeId),
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const userSecurity = {
  plainUsers: users,
  scramUsers: Object.entries(users).map(([username, password]) => ({ username, password })),
};

function bootstrapOf(cluster: Cluster, listener: Listener | undefined): string {
  if (listener === undefined) return cluster.bootstrap;
  return cluster.endpoints.map(({ listeners: ports }) => `127.0.0.1:${ports?.get(listener)?.port}`).join(',');
}

function secure({ client: { files }, broker }: IssuedCredentials): Record<string, string> {
  return {
    listeners: listeners.map((name) => `${name}://127.0.0.1:0`).join(','),
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'sasl.server.callback.handler.class': `${unsecured}.OAuthBearerUnsecuredValidatorCallbackHandler`,
    'ssl.keystore.certificate.chain': broker.cert,
    'ssl.keystore.key': broker.key,
    'ssl.truststore.location': files.ca,
    'listener.name.ssl.ssl.client.auth': 'required',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:admin;User:ANONYMOUS',
  };
}
