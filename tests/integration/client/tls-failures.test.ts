/** What a client says when a TLS handshake with the broker fails: one sentence, what happened and what to do. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { CertificateAuthority } from '@millrace/base/testing/certificates';
import { type Cluster, startCluster } from '@millrace/broker';
import { createClient, type SecurityOptions } from '@millrace/client';
import { quick } from './client-fixture.ts';

let authority: CertificateAuthority;
let stranger: CertificateAuthority;
/** Brokers by what is particular about their TLS. */
const brokers = new Map<string, { readonly cluster: Cluster; readonly directory: string }>();

before(async () => {
  authority = await CertificateAuthority.create();
  stranger = await CertificateAuthority.create('CN=Stranger');
  const hosts = ['127.0.0.1', 'localhost'];
  const good = await authority.issue({ name: 'CN=broker', hosts });
  const expired = await authority.issue({ name: 'CN=broker', hosts, expired: true });
  await start('good', good, { 'listener.name.ssl.ssl.client.auth': 'required' });
  await start('expired', expired, {});
});
after(async () => {
  for (const { cluster, directory } of brokers.values()) {
    await cluster.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

async function start(name: string, { cert, key }: { cert: string; key: string }, more: Record<string, string>) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-tls-'));
  const cluster = await startCluster({
    name,
    dataDirectory: directory,
    brokers: [{ nodeId: 1, port: 0 }],
    configuration: {
      listeners: 'PLAINTEXT://127.0.0.1:0,SSL://127.0.0.1:0',
      'ssl.keystore.certificate.chain': cert,
      'ssl.keystore.key': key,
      'ssl.truststore.certificates': authority.ca,
      ...more,
    },
  });
  brokers.set(name, { cluster, directory });
}

async function failureOf(broker: string, listener: 'PLAINTEXT' | 'SSL', security: SecurityOptions | undefined) {
  const port = brokers.get(broker)?.cluster.endpoints[0]?.listeners?.get(listener)?.port ?? 0;
  await using client = createClient({ bootstrap: `127.0.0.1:${port}`, ...quick, security });
  const error = await client
    .admin()
    .listTopics({ timeoutMs: 2_000 })
    .then(
      () => assert.fail('it connected'),
      (error: unknown) => error as Error,
    );
  return { error, port };
}

test('each way in which a handshake can fail is said in a sentence with what to do about it', async () => {
  const { ca } = authority;
  const mine = await authority.issue({ name: 'CN=client' });
  const other = await authority.issue({ name: 'CN=client' });
  const strange = await stranger.issue({ name: 'CN=client' });
  const expired = await authority.issue({ name: 'CN=client', expired: true });
  const fails = async (parameters: Parameters<typeof failureOf>, code: string, told: RegExp): Promise<void> => {
    const { error, port } = await failureOf(...parameters);
    assert.ok(isMillraceError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, told);
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}`));
    assert.doesNotMatch(error.message, /error:[0-9A-F]{8}|\n/);
  };
  const unknown = /the authority that signed the certificate is (unknown|not trusted); give its certificate/;
  const notMine =
    /perhaps it does not accept the client's certificate: check who signed security\.tls\.cert, and its dates/;
  await fails(['good', 'SSL', { tls: { ca: stranger.ca, ...mine } }], 'tls_refused', unknown);
  await fails(['good', 'SSL', { tls: true }], 'tls_refused', unknown);
  await fails(['expired', 'SSL', { tls: { ca } }], 'tls_refused', /has expired; renew it, or check the clock/);
  await fails(
    ['good', 'SSL', { tls: { ca, ...mine, serverName: 'other.example.org' } }],
    'tls_refused',
    /the certificate is of another host \(.*\); name the server as it does/,
  );
  await fails(['good', 'SSL', { tls: { ca } }], 'tls_refused', /asks for a certificate; give one with its key/);
  await fails(['good', 'SSL', { tls: { ca, ...strange } }], 'no_broker', notMine);
  await fails(['good', 'SSL', { tls: { ca, ...expired } }], 'no_broker', notMine);
  await fails(['good', 'PLAINTEXT', { tls: { ca } }], 'no_broker', /does it speak TLS on this port\?/);
  await fails(['good', 'SSL', undefined], 'no_broker', /perhaps it wants TLS on this port: set security\.tls/);
  const unusable = /the certificates and keys given: .*; check that ca, cert and key are PEM texts/;
  await fails(['good', 'SSL', { tls: { ca, cert: mine.cert, key: other.key } }], 'tls_refused', unusable);
  await fails(['good', 'SSL', { tls: { ca: 'x', cert: 'y', key: 'z' } }], 'tls_refused', unusable);
});
