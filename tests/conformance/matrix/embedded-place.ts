/** A place of embedded brokers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '@millrace/broker';
import { securedEmbedded } from '../../support/secured-embedded.ts';
import { settingsOf } from './broker-settings.ts';
import { type IssuedCredentials, issueCredentials } from './credentials.ts';
import type { Listener, Place, Profile } from './place.ts';

const brokerIds = [1, 2, 3];

/** Starts three embedded brokers in this process. */
export async function startEmbeddedPlace(profile: Profile): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-conformance-'));
  const credentials = profile === 'secured' ? await issueCredentials(directory) : undefined;
  const secured = credentials && secure(credentials);
  const cluster = await startCluster({
    ...secured,
    name: profile,
    dataDirectory: join(directory, 'data'),
    brokers: brokerIds.map((nodeId) => ({ nodeId, port: 0, rack: `rack-${nodeId}` })),
    configuration: { ...settingsOf(profile), ...secured?.configuration },
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

function bootstrapOf(cluster: Cluster, listener: Listener | undefined): string {
  if (listener === undefined) return cluster.bootstrap;
  return cluster.endpoints.map(({ listeners: ports }) => `127.0.0.1:${ports?.get(listener)?.port}`).join(',');
}

/** The authority is read from a file, as brokers have it mostly. */
function secure({ client, security }: IssuedCredentials): ReturnType<typeof securedEmbedded> {
  const { configuration, ...rest } = securedEmbedded(security);
  const fromFile = { 'ssl.truststore.certificates': '', 'ssl.truststore.location': client.files.ca };
  return { ...rest, configuration: { ...configuration, ...fromFile } };
}
