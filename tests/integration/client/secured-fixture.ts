/**
 * A cluster with a listener of each security protocol and an authorizer. Users: `admin`, who may do everything, and
 * `alice`, who may do nothing until it is granted; passwords are the names with `-secret` behind. Tokens and
 * certificates may name anyone. Sessions over SASL_PLAINTEXT by PLAIN end after three seconds.
 *
 * Where `MILLRACE_TEST_SECURED` holds JSON (`{"ports": {"PLAINTEXT": ...}, "ca", "cert", "key"}`, the last three paths
 * of PEM files) a cluster that is so configured is used instead; over its PLAINTEXT everybody may do everything.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startCluster } from '@millrace/broker';
import { type Admin, type Client, type ClientOptions, createClient, type SecurityOptions } from '@millrace/client';
import { SecuredKafka } from '@millrace/engines/testing/secured-kafka';
import { securedEmbedded } from '../../support/secured-embedded.ts';
import { quick } from './client-fixture.ts';

export type Protocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';

export interface SecuredFixture {
  /** What clients trust. */
  readonly ca: string;
  /** A client's certificate, of `CN=client`. */
  readonly identity: { readonly cert: string; readonly key: string };
  /** Of a client that may do everything. */
  readonly admin: Admin;
  bootstrap(protocol: Protocol): string;
  connect(protocol: Protocol, security?: SecurityOptions, options?: Partial<ClientOptions>): Client;
}

interface Place {
  readonly ports: Readonly<Record<Protocol, number>>;
  readonly ca: string;
  readonly identity: { readonly cert: string; readonly key: string };
  readonly end: () => Promise<void>;
}

export async function startSecured(t: TestContext): Promise<SecuredFixture> {
  const foreign = process.env['MILLRACE_TEST_SECURED'];
  const { ports, ca, identity, end } = foreign === undefined ? await startEmbedded() : foreignPlace(foreign);
  const clients: Client[] = [];
  t.after(async () => {
    await Promise.allSettled(clients.map((client) => client.close()));
    await end();
  });
  const bootstrap = (protocol: Protocol): string => `127.0.0.1:${ports[protocol]}`;
  const connect: SecuredFixture['connect'] = (protocol, security, options) => {
    const client = createClient({ bootstrap: bootstrap(protocol), ...quick, security, ...options });
    clients.push(client);
    return client;
  };
  return { ca, identity, bootstrap, connect, admin: connect('PLAINTEXT').admin() };
}

function foreignPlace(description: string): Place {
  const { ports, ca, cert, key } = JSON.parse(description) as Pick<Place, 'ports'> &
    Record<'ca' | 'cert' | 'key', string>;
  const read = (path: string): string => readFileSync(path, 'utf8');
  return { ports, ca: read(ca), identity: { cert: read(cert), key: read(key) }, end: async () => undefined };
}

async function startEmbedded(): Promise<Place> {
  const secured = await SecuredKafka.create(undefined, ['User:ANONYMOUS']);
  const { configuration, security } = securedEmbedded(secured.security);
  const dataDirectory = mkdtempSync(join(tmpdir(), 'millrace-secured-'));
  const protocols: readonly Protocol[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
  const cluster = await startCluster({
    name: 'test',
    dataDirectory,
    brokers: [{ nodeId: 1, port: 0 }],
    security,
    configuration: {
      ...configuration,
      'group.initial.rebalance.delay.ms': '0',
      'connection.failed.authentication.delay.ms': '20',
      'listener.name.sasl_plaintext.plain.connections.max.reauth.ms': '3000',
    },
  });
  const { listeners } = cluster.endpoints[0] ?? {};
  const ports = Object.fromEntries(protocols.map((protocol) => [protocol, listeners?.get(protocol)?.port ?? 0]));
  return {
    ports: ports as Place['ports'],
    ca: secured.security.authority,
    identity: await secured.certificate('CN=client'),
    async end() {
      await cluster.close();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}
