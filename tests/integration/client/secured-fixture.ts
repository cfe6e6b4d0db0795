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
import { CertificateAuthority } from '@millrace/base/testing/certificates';
import { startCluster } from '@millrace/broker';
import { type Admin, type Client, type ClientOptions, createClient, type SecurityOptions } from '@millrace/client';
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

const unsecured = 'org.apache.kafka.common.security.oauthbearer.internals.unsecured';

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
  const authority = await CertificateAuthority.create();
  const broker = await authority.issue({ name: 'CN=broker', hosts: ['127.0.0.1', 'localhost'] });
  const identity = await authority.issue({ name: 'CN=client' });
  const dataDirectory = mkdtempSync(join(tmpdir(), 'millrace-secured-'));
  const protocols: readonly Protocol[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
  const cluster = await startCluster({
    name: 'test',
    dataDirectory,
    brokers: [{ nodeId: 1, port: 0 }],
    security: { plainUsers: { admin: 'admin-secret', alice: 'alice-secret' } },
    configuration: {
      listeners: protocols.map((protocol) => `${protocol}://127.0.0.1:0`).join(','),
      'group.initial.rebalance.delay.ms': '0',
      'connection.failed.authentication.delay.ms': '20',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
      'listener.name.sasl_plaintext.plain.connections.max.reauth.ms': '3000',
      'sasl.server.callback.handler.class': `${unsecured}.OAuthBearerUnsecuredValidatorCallbackHandler`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS;User:admin',
      'ssl.keystore.certificate.chain': broker.cert,
      'ssl.keystore.key': broker.key,
      'ssl.truststore.certificates': authority.ca,
      'listener.name.ssl.ssl.client.auth': 'required',
    },
  });
  const { listeners } = cluster.endpoints[0] ?? {};
  const ports = Object.fromEntries(protocols.map((protocol) => [protocol, listeners?.get(protocol)?.port ?? 0]));
  return {
    ports: ports as Place['ports'],
    ca: authority.ca,
    identity,
    async end() {
      await cluster.close();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}
