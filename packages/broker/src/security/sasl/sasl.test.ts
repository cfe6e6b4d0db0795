import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemRandomness } from '@millrace/base';
import {
  apiVersions,
  decodeResponse,
  describeCluster,
  encodePlain,
  errorCodes,
  metadata,
  ScramClient,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/wire';
import { ClusterFixture } from '../../testing/cluster-fixture.ts';
import { authenticate, login } from '../../testing/sasl-login.ts';
import { until } from '../../testing/until.ts';
import type { WirePeer } from '../../testing/wire-peer.ts';

const listener = 'SASL_PLAINTEXT';
const listeners = `${listener}://127.0.0.1:0,PLAINTEXT://127.0.0.1:0`;
const mechanisms = 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512';
const alice = { username: 'alice', password: 'alice-secret' };
let fixture: ClusterFixture;

before(async () => {
  fixture = await ClusterFixture.start({
    configuration: {
      listeners,
      'sasl.enabled.mechanisms': mechanisms,
      'connection.failed.authentication.delay.ms': '20',
      'listener.name.sasl_plaintext.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="b\\"ob" user_carol=plain;',
    },
    security: { plainUsers: { alice: alice.password }, scramUsers: [alice, { username: 'böb', password: 'pä,=ß' }] },
  });
});
after(() => fixture[Symbol.asyncDispose]());

function connect(): Promise<WirePeer> {
  return fixture.connect(listener);
}

/** A frame that is a token. */
function bare(token: Uint8Array): Uint8Array[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(token.length);
  return [length, token];
}

function told(pattern: RegExp): boolean {
  return fixture.events.some(({ message }) => pattern.test(message));
}

for (const [mechanism, username, password] of [
  ['PLAIN', 'alice', 'alice-secret'],
  ['PLAIN', 'bob', 'b"ob'],
  ['PLAIN', 'carol', 'plain'],
  ['SCRAM-SHA-256', 'alice', 'alice-secret'],
  ['SCRAM-SHA-512', 'alice', 'alice-secret'],
  ['SCRAM-SHA-512', 'böb', 'pä,=ß'],
] as const) {
  test(`${username} logs in with ${mechanism}`, async () => {
    using peer = await connect();
    const answer = await login(peer, { mechanism, username, password });
    assert.equal(answer.errorCode, errorCodes.NONE);
    assert.equal(answer.sessionLifetimeMs, 0);
    assert.equal(
      (await peer.request(describeCluster, { includeClusterAuthorizedOperations: false })).errorCode,
      errorCodes.NONE,
    );
  });
}

test('what a peer is told of a failure is the same for an unknown user and a wrong password', async () => {
  for (const mechanism of mechanisms.split(',')) {
    const answers = [];
    for (const username of ['alice', 'nobody']) {
      using peer = await connect();
      const { errorCode, errorMessage, authBytes } = await login(peer, { mechanism, username, password: 'wrong' });
      answers.push({ errorCode, errorMessage, authBytes });
      await peer.ended;
    }
    assert.equal(answers[0]?.errorCode, errorCodes.SASL_AUTHENTICATION_FAILED);
    assert.match(
      answers[0]?.errorMessage ?? '',
      /^Authentication failed.*(?:invalid credentials|Invalid username or password)/,
    );
    assert.deepEqual(answers[0], answers[1]);
  }
  assert.ok(told(/127\.0\.0\.1:\d+ could not log in to SASL_PLAINTEXT: PLAIN: the credentials are not valid/));
});

test('the salt of a user that does not exist is the same each time, also after a restart', async () => {
  await using own = await ClusterFixture.start({ configuration: { listeners } });
  const salts: string[] = [];
  for (let round = 0; round < 4; round++) {
    if (round === 2) await own.restart();
    using peer = await own.connect(listener);
    await peer.request(saslHandshake, { mechanism: 'SCRAM-SHA-256' });
    const answer = await authenticate(peer, Buffer.from('n,,n=nobody,r=nonce'));
    salts.push(/,s=([^,]+),/.exec(Buffer.from(answer.authBytes).toString())?.[1] ?? '');
  }
  assert.ok(salts[0]);
  assert.equal(new Set(salts).size, 1);
});

test('the versions of APIs are told before a login', async () => {
  using peer = await connect();
  const answer = await peer.request(apiVersions, { clientSoftwareName: 'a', clientSoftwareVersion: '1' });
  assert.equal(answer.errorCode, errorCodes.NONE);
  assert.ok(answer.apiKeys.some(({ apiKey }) => apiKey === saslHandshake.key));
  await login(peer, { mechanism: 'PLAIN', ...alice });
  assert.ok(await peer.request(metadata, { topics: [] }));
});

test('bare tokens follow the first version of the handshake', async () => {
  using peer = await connect();
  const mechanism = 'SCRAM-SHA-256';
  assert.equal((await peer.request(saslHandshake, { mechanism }, 0)).errorCode, 0);
  const client = new ScramClient({ mechanism, ...alice, randomness: systemRandomness });
  const proof = await client.next(await peer.exchange(bare(client.start())));
  assert.ok(proof);
  assert.equal(await client.next(await peer.exchange(bare(proof))), undefined);
  assert.ok(await peer.request(metadata, { topics: [] }));
});

test('a wrong bare token ends the connection without an answer', async () => {
  using peer = await connect();
  await peer.request(saslHandshake, { mechanism: 'PLAIN' }, 0);
  peer.send(bare(encodePlain({ ...alice, password: 'wrong' })));
  await peer.ended;
});

test('a mechanism that is not offered is refused with those that are, and the connection ends', async () => {
  using peer = await connect();
  const answer = await peer.request(saslHandshake, { mechanism: 'GSSAPI' });
  assert.equal(answer.errorCode, errorCodes.UNSUPPORTED_SASL_MECHANISM);
  assert.deepEqual(answer.mechanisms, mechanisms.split(','));
  await peer.ended;
});

for (const [what, send] of [
  ['a request before the login', (peer: WirePeer) => peer.encode(metadata, { topics: [] })],
  [
    'a token before the handshake',
    (peer: WirePeer) => peer.encode(saslAuthenticate, { authBytes: encodePlain(alice) }),
  ],
  ['a frame that is too long before the login', () => [Uint8Array.of(0, 2, 0, 0, 0, 36)]],
  ['a text protocol', () => [Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
] as const) {
  test(`${what} ends the connection`, async () => {
    using peer = await connect();
    peer.send(send(peer));
    await peer.ended;
    assert.ok(told(/closed the connection of/));
  });
}

test('a request that came with the handshake is not begun before the login', async () => {
  using peer = await connect();
  const chunks = [...peer.encode(saslHandshake, { mechanism: 'PLAIN' }), ...peer.encode(metadata, { topics: [] })];
  peer.send(chunks);
  await peer.ended;
});

test('a request that came with the last token is answered once that is examined, and only if it is good', async () => {
  using peer = await connect();
  await peer.request(saslHandshake, { mechanism: 'PLAIN' });
  const frame = (password: string): Uint8Array =>
    Buffer.concat([
      ...peer
        .encode(saslAuthenticate, { authBytes: encodePlain({ ...alice, password }) })
        .map((chunk) => chunk.slice()),
      ...peer.encode(metadata, { topics: [] }).map((chunk) => chunk.slice()),
    ]);
  const second = peer.exchange([]);
  const third = peer.exchange([frame(alice.password)]);
  assert.equal(decodeResponse(saslAuthenticate, 2, await second).errorCode, 0);
  assert.ok(decodeResponse(metadata, 13, await third).brokers.length > 0);

  using other = await connect();
  await other.request(saslHandshake, { mechanism: 'PLAIN' });
  const failure = other.exchange([frame('wrong')]);
  let answered = false;
  void other.exchange([]).then(() => {
    answered = true;
  });
  assert.equal(decodeResponse(saslAuthenticate, 2, await failure).errorCode, errorCodes.SASL_AUTHENTICATION_FAILED);
  await other.ended;
  assert.equal(answered, false);
});

for (const [what, token] of [
  ['an empty token', new Uint8Array(0)],
  ['a token of 60,000 bytes', Buffer.alloc(60_000, 'x')],
  ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0)],
] as const) {
  test(`${what} fails the login in every mechanism`, async () => {
    for (const mechanism of mechanisms.split(',')) {
      using peer = await connect();
      await peer.request(saslHandshake, { mechanism });
      assert.equal((await authenticate(peer, token)).errorCode, errorCodes.SASL_AUTHENTICATION_FAILED, mechanism);
      await peer.ended;
    }
  });
}

test('nobody logs in as somebody else', async () => {
  using peer = await connect();
  await peer.request(saslHandshake, { mechanism: 'PLAIN' });
  const answer = await authenticate(peer, encodePlain(alice, 'bob'));
  assert.equal(answer.errorCode, errorCodes.SASL_AUTHENTICATION_FAILED);
});

test('there is no SASL on a listener without it', async () => {
  using peer = await fixture.connect('PLAINTEXT');
  assert.equal((await peer.request(saslHandshake, { mechanism: 'PLAIN' })).errorCode, errorCodes.ILLEGAL_SASL_STATE);
  assert.equal((await authenticate(peer, encodePlain(alice))).errorCode, errorCodes.ILLEGAL_SASL_STATE);
  assert.ok(await peer.request(metadata, { topics: [] }));
});

test('half-open logins do not keep others out', async () => {
  const peers = await Promise.all(Array.from({ length: 300 }, connect));
  for (const peer of peers) peer.send([Uint8Array.of(0, 0, 0, 100, 0, 17)]);
  using other = await connect();
  assert.equal((await login(other, { mechanism: 'SCRAM-SHA-512', ...alice })).errorCode, 0);
  for (const peer of peers) peer[Symbol.dispose]();
});

test('a session is renewed by the same user in the same mechanism, and ends without', async () => {
  await using own = await ClusterFixture.start({
    configuration: {
      listeners,
      'sasl.enabled.mechanisms': mechanisms,
      'listener.name.sasl_plaintext.plain.connections.max.reauth.ms': '3000',
      'connection.failed.authentication.delay.ms': '0',
    },
    security: { plainUsers: { alice: alice.password, bob: 'b' } },
  });
  const plain = { mechanism: 'PLAIN', ...alice };
  using peer = await own.connect(listener);
  using changing = await own.connect(listener);
  using switching = await own.connect(listener);
  assert.equal((await login(peer, plain)).sessionLifetimeMs, 3000);
  for (const each of [changing, switching]) await login(each, plain);
  assert.equal((await login(peer, plain)).sessionLifetimeMs, 3000);
  assert.equal(
    (await peer.request(saslHandshake, { mechanism: 'PLAIN' })).errorCode,
    errorCodes.ILLEGAL_SASL_STATE,
    'not twice at once',
  );
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.equal((await login(peer, plain)).sessionLifetimeMs, 3000);
  assert.ok(await peer.request(metadata, { topics: [] }));

  const changed = await login(changing, { mechanism: 'PLAIN', username: 'bob', password: 'b' });
  assert.equal(changed.errorCode, errorCodes.SASL_AUTHENTICATION_FAILED);
  await changing.ended;
  const switched = await switching.request(saslHandshake, { mechanism: 'SCRAM-SHA-256' });
  assert.equal(switched.errorCode, errorCodes.UNSUPPORTED_SASL_MECHANISM);
  await switching.ended;

  await until(async () => {
    if (peer.closed) return true;
    peer.send(peer.encode(metadata, { topics: [] }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    return false;
  });
  assert.ok(own.events.some(({ message }) => /its session as alice has ended/.test(message)));
});
