import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TokenOptions } from '@millrace/client';
import { ClientConfigurationError, parseJaas } from '@millrace/client/java-configuration';
import { securityConfiguration } from './client-configuration.ts';

const read = (settings: Record<string, string>) => securityConfiguration(new Map(Object.entries(settings)), 'f');

test("a login by Java's names", () => {
  const module = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  assert.deepEqual(
    read({
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': `${module} required username="alice" password="se\\"cr;et";`,
    }),
    { sasl: { mechanism: 'SCRAM-SHA-512', username: 'alice', password: 'se"cr;et' } },
  );
});

test("TLS and a login by librdkafka's names", () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-security-'));
  try {
    const ca = join(directory, 'ca.pem');
    writeFileSync(ca, 'authority');
    const security = read({
      'security.protocol': 'sasl_ssl',
      'sasl.mechanisms': 'PLAIN',
      'sasl.username': 'alice',
      'sasl.password': 'secret',
      'ssl.ca.location': ca,
    });
    assert.deepEqual(security?.sasl, { mechanism: 'PLAIN', username: 'alice', password: 'secret' });
    assert.equal((security?.tls as { ca: string }).ca, 'authority');
    assert.equal((security?.tls as { verify: boolean }).verify, true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a plain connection needs nothing', () => {
  assert.equal(read({}), undefined);
  assert.equal(read({ 'security.protocol': 'plaintext' }), undefined);
});

test('what contradicts itself, is missing or is not there is refused by its name', () => {
  const scram = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-256' };
  const cases: [Record<string, string>, RegExp][] = [
    [{ 'security.protocol': 'TLS' }, /^f: security\.protocol: 'TLS' is none of PLAINTEXT/],
    [{ 'sasl.username': 'a' }, /^f: security\.protocol: PLAINTEXT makes no use of sasl\.username/],
    [{ 'security.protocol': 'SSL', 'sasl.mechanism': 'PLAIN' }, /SSL makes no use of sasl\.mechanism/],
    [{ 'security.protocol': 'SASL_SSL' }, /^f: sasl\.mechanism: is needed/],
    [scram, /^f: sasl\.username: is needed/],
    [{ ...scram, 'sasl.username': 'a' }, /^f: sasl\.password: is needed/],
    [{ ...scram, 'sasl.mechanism': 'GSSAPI' }, /^f: sasl\.mechanism: 'GSSAPI' is none of/],
    [{ ...scram, 'sasl.jaas.config': 'username=alice' }, /^f: sasl\.jaas\.config: is not of the form/],
    [{ 'security.protocol': 'SSL', 'ssl.truststore.location': 'x.jks' }, /^f: ssl\.truststore\.type: only PEM/],
    [{ 'security.protocol': 'SSL', 'ssl.ca.location': '/no/such' }, /^f: ssl\.ca\.location: the file can't be read/],
    [{ 'security.protocol': 'SSL', 'ssl.endpoint.identification.algorithm': '' }, /only https is supported/],
  ];
  for (const [settings, message] of cases) {
    assert.throws(
      () => read(settings),
      (error) => {
        assert.ok(error instanceof ClientConfigurationError);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('a bearer token comes from the endpoint that is named', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (body: string) => asked.push(`${request.headers.authorization} ${body}`));
    request.on('end', () => response.end(JSON.stringify({ access_token: 'abc', expires_in: 60 })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const security = read({
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.oauthbearer.token.endpoint.url': `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
      'sasl.jaas.config':
        'x.OAuthBearerLoginModule required clientId=\'id\' clientSecret="s:1" scope=kafka extension_pool=p1;',
    });
    const { token } = security?.sasl as TokenOptions;
    const { value, expiresAtMs, extensions } = await token(new AbortController().signal);
    assert.equal(value, 'abc');
    assert.ok((expiresAtMs as number) > Date.now());
    assert.deepEqual(extensions, { pool: 'p1' });
    const basic = Buffer.from('id:s%3A1').toString('base64');
    assert.deepEqual(asked, [`Basic ${basic} grant_type=client_credentials&scope=kafka`]);
  } finally {
    server.close();
  }
});

test('JAAS text with something left over is none', () => {
  assert.equal(parseJaas('a.B required x="1" "y";'), undefined);
  assert.equal(parseJaas('a.B required x="1'), undefined);
  assert.deepEqual(
    parseJaas(' a.B REQUIRED\n x="1"\n y=2 ; ')?.options,
    new Map([
      ['x', '1'],
      ['y', '2'],
    ]),
  );
  assert.deepEqual(parseJaas('B required;')?.options, new Map());
});
