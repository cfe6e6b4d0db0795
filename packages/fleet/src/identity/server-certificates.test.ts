import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { nodePlatform } from '@millrace/base';
import { CertificateAuthority } from '@millrace/base/testing/certificates';
import type { ObservedCluster } from '../inventory/inventory.ts';
import { certificateEnd, encryptedEndpoints, ServerCertificateWatch } from './server-certificates.ts';

test("a broker's encrypted listeners are those that it tells its clients", () => {
  const endpoints = (configs: Record<string, string>) =>
    encryptedEndpoints({ nodeId: 1, configs }).map(({ host, port }) => `${host} ${port}`);
  assert.deepEqual(endpoints({}), []);
  assert.deepEqual(endpoints({ listeners: 'SSL://:9093,PLAINTEXT://b1:9092' }), []);
  const advertised = 'SSL://b1:9093,PLAINTEXT://b1:9092,OUTER://[::1]:9094,INNER://b1:9095,SASL_SSL://b1:0';
  const map = { 'listener.security.protocol.map': 'OUTER:SASL_SSL,INNER:SASL_PLAINTEXT' };
  assert.deepEqual(endpoints({ 'advertised.listeners': advertised, ...map }), ['b1 9093', '::1 9094']);
});

test('the end of a certificate is read where it is shown, even by who wants to see one first', async () => {
  const authority = await CertificateAuthority.create();
  const { cert, key } = await authority.issue({ name: 'CN=broker', hosts: ['127.0.0.1'] });
  const server = createServer({ cert, key, ca: authority.ca, requestCert: true, rejectUnauthorized: true });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const never = new AbortController().signal;
  try {
    const end = await certificateEnd({ host: '127.0.0.1', port }, never);
    assert.ok(end !== undefined && end.getTime() > Date.now() && end.getTime() < Date.now() + 2 * 86_400_000);
    const broker = { nodeId: 7, configs: { listeners: `SSL://127.0.0.1:${port}` } };
    const clusters = [{ name: 'east', brokers: [broker] }] as unknown as ObservedCluster[];
    const inventory = { clusters: () => clusters };
    const watch = new ServerCertificateWatch({ inventory, platform: nodePlatform, report: assert.fail, refreshMs: 10 });
    while (watch.known.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(watch.known, [{ cluster: 'east', nodeId: 7, address: `127.0.0.1:${port}`, expiresAt: end }]);
    server.close();
    const { revision } = watch;
    while (watch.revision < revision + 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(watch.known.length, 1, 'what was seen stays known');
    await watch.close();
  } finally {
    server.close();
  }
  assert.equal(await certificateEnd({ host: '127.0.0.1', port }, never), undefined);
  assert.equal(await certificateEnd({ host: '127.0.0.1', port }, AbortSignal.abort()), undefined);
});
