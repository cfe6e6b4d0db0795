import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { encodeOauthBearer, errorCodes, metadata, saslHandshake } from '@millrace/wire';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { ClusterFixture } from '../../testing/cluster-fixture.ts';
import { authenticate, login } from '../../testing/sasl-login.ts';

const listener = 'SASL_PLAINTEXT';
const mechanism = 'OAUTHBEARER';
const keysUrl = 'sasl.oauthbearer.jwks.endpoint.url';
let directory: string;
let key: CryptoKey;
let strange: CryptoKey;
let jwks: string;
let pem: string;
let fixture: ClusterFixture;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-tokens-'));
  const pair = await generateKeyPair('RS256', { extractable: true });
  key = pair.privateKey;
  strange = (await generateKeyPair('RS256', { extractable: true })).privateKey;
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256' }] });
  pem = await exportSPKI(pair.publicKey);
  fixture = await ClusterFixture.start({
    configuration: await configurationOf(jwks, 'keys.json', {
      'sasl.oauthbearer.expected.audience': 'kafka,other',
      'sasl.oauthbearer.expected.issuer': 'https://issuer.example',
      'connections.max.reauth.ms': '3600000',
    }),
  });
});
after(async () => {
  await fixture[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function configurationOf(keys: string, name: string, more: Readonly<Record<string, string>> = {}) {
  const path = join(directory, name);
  await writeFile(path, keys);
  return { ...base, [keysUrl]: pathToFileURL(path).href, ...more };
}

const base = {
  listeners: `${listener}://127.0.0.1:0`,
  'sasl.enabled.mechanisms': mechanism,
  'connection.failed.authentication.delay.ms': '0',
};

const good: JWTPayload = { sub: 'alice', aud: 'kafka', iss: 'https://issuer.example' };
const seconds = (): number => Math.floor(Date.now() / 1000);

function signed(claims: JWTPayload, by: CryptoKey = key, alg = 'RS256'): Promise<string> {
  const { iat = seconds(), exp = seconds() + 600, ...rest } = claims;
  return new SignJWT({ ...rest, ...('iat' in claims && claims.iat === undefined ? {} : { iat }), exp })
    .setProtectedHeader({ alg, kid: 'one' })
    .sign(by);
}

async function codeOf(cluster: ClusterFixture, token: string): Promise<number> {
  using peer = await cluster.connect(listener);
  return (await login(peer, { mechanism, token })).errorCode;
}

test('a good token logs in, for no longer than it lives', async () => {
  using peer = await fixture.connect(listener);
  const answer = await login(peer, { mechanism, token: await signed({ ...good, aud: ['x', 'other'] }) });
  assert.equal(answer.errorCode, errorCodes.NONE);
  assert.ok(
    answer.sessionLifetimeMs > 500_000 && answer.sessionLifetimeMs <= 600_000,
    String(answer.sessionLifetimeMs),
  );
  assert.ok(await peer.request(metadata, { topics: [] }));
});

const refusedClaims: readonly (readonly [string, JWTPayload])[] = [
  ['that has expired', { exp: seconds() - 60 }],
  ['that is not valid yet', { nbf: seconds() + 60 }],
  ['for another audience', { aud: 'elsewhere' }],
  ['for no audience', { aud: [] }],
  ['of another issuer', { iss: 'https://evil.example' }],
  ['for nobody', { sub: '' }],
  ['for something that is no name', { sub: 7 as never }],
];
for (const [what, claims] of refusedClaims) {
  test(`a token ${what} is refused`, async () => {
    assert.equal(await codeOf(fixture, await signed({ ...good, ...claims })), errorCodes.SASL_AUTHENTICATION_FAILED);
  });
}

test('a token that lacks its expiry or its time of issue is refused', async () => {
  const header = { alg: 'RS256', kid: 'one' };
  const lacking = [
    await new SignJWT({ ...good, iat: seconds() }).setProtectedHeader(header).sign(key),
    await new SignJWT({ ...good, exp: seconds() + 60 }).setProtectedHeader(header).sign(key),
  ];
  for (const token of lacking) assert.equal(await codeOf(fixture, token), errorCodes.SASL_AUTHENTICATION_FAILED);
});

test('a clock that is a little off is no matter', async () => {
  assert.equal(await codeOf(fixture, await signed({ ...good, exp: seconds() - 10 })), errorCodes.NONE);
});

test('a token signed by another key, by the public key as a secret, or not at all is refused', async () => {
  const claims = { ...good, iat: seconds(), exp: seconds() + 60 };
  const secret = new TextEncoder().encode(pem);
  const forged = [
    await signed(good, strange),
    await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret),
    new UnsecuredJWT(claims).encode(),
    (await signed(good)).slice(0, -4),
    'no-token-at-all',
    `${'a'.repeat(40_000)}.b.c`,
  ];
  for (const token of forged) assert.equal(await codeOf(fixture, token), errorCodes.SASL_AUTHENTICATION_FAILED);
});

test('a refused token is answered in the words of RFC 7628 before the login fails', async () => {
  using peer = await fixture.connect(listener);
  await peer.request(saslHandshake, { mechanism });
  const answer = await authenticate(peer, encodeOauthBearer({ token: await signed(good, strange) }));
  assert.equal(answer.errorCode, errorCodes.NONE);
  assert.deepEqual(JSON.parse(Buffer.from(answer.authBytes).toString()), { status: 'invalid_token' });
  assert.equal((await authenticate(peer, Uint8Array.of(1))).errorCode, errorCodes.SASL_AUTHENTICATION_FAILED);
  await peer.ended;
});

test("nobody logs in for another than the token's principal", async () => {
  using peer = await fixture.connect(listener);
  await peer.request(saslHandshake, { mechanism });
  const message = encodeOauthBearer({ token: await signed(good), authorizationId: 'root' });
  assert.equal((await authenticate(peer, message)).errorCode, errorCodes.SASL_AUTHENTICATION_FAILED);
});

test('keys may be PEM, and the principal another claim', async () => {
  await using own = await ClusterFixture.start({
    configuration: await configurationOf(pem, 'keys.pem', { 'sasl.oauthbearer.sub.claim.name': 'client_id' }),
  });
  assert.equal(await codeOf(own, await signed({ client_id: 'service' })), errorCodes.NONE);
  assert.equal(await codeOf(own, await signed({ sub: 'service' })), errorCodes.SASL_AUTHENTICATION_FAILED);
  assert.equal(await codeOf(own, await signed({ client_id: 'x' }, strange)), errorCodes.SASL_AUTHENTICATION_FAILED);
});

test('keys that can not be read fail logins until they can', async () => {
  const configuration = await configurationOf('{ no json', 'broken.json');
  await using own = await ClusterFixture.start({ configuration });
  assert.equal(await codeOf(own, await signed(good)), errorCodes.SASL_AUTHENTICATION_FAILED);
  await writeFile(join(directory, 'broken.json'), jwks);
  assert.equal(await codeOf(own, await signed(good)), errorCodes.NONE);
});

test('keys may come from a server', async () => {
  const server = createServer((_request, response) => response.end(jwks));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  await using own = await ClusterFixture.start({
    configuration: { ...base, [keysUrl]: `http://127.0.0.1:${port}/keys` },
  });
  assert.equal(await codeOf(own, await signed(good)), errorCodes.NONE);
  assert.equal(await codeOf(own, await signed(good, strange)), errorCodes.SASL_AUTHENTICATION_FAILED);
  await new Promise((resolve) => server.close(resolve));
});

test('tokens without signature pass only where the handler for them is named', async () => {
  const unsecured = 'org.apache.kafka.common.security.oauthbearer.internals.unsecured';
  const handler = `${unsecured}.OAuthBearerUnsecuredValidatorCallbackHandler`;
  const name = 'listener.name.sasl_plaintext.oauthbearer.sasl.server.callback.handler.class';
  await using own = await ClusterFixture.start({ configuration: { ...base, [name]: handler } });
  const claims = { sub: 'alice', iat: seconds(), exp: seconds() + 60 };
  assert.equal(await codeOf(own, new UnsecuredJWT(claims).encode()), errorCodes.NONE);
  const refused = [
    new UnsecuredJWT({ ...claims, exp: seconds() - 60 }).encode(),
    new UnsecuredJWT({ sub: 'alice' }).encode(),
    await signed(good),
  ];
  for (const token of refused) assert.equal(await codeOf(own, token), errorCodes.SASL_AUTHENTICATION_FAILED);
});
