/** Logins that are renewed and pauses that brokers ask for: requests wait, in their order, and none fails. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import {
  apiVersions,
  decodePlain,
  errorCodes,
  heartbeat,
  listGroups,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/wire';
import { saslCredentials } from '../security/sasl-credentials.ts';
import type { SaslOptions } from '../security.ts';
import { ScriptedBroker } from '../testing/scripted-network.ts';
import type { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { renewalTime } from './login.ts';
import { openConnection } from './open-connection.ts';
import { SendGate } from './send-gate.ts';

const plain: SaslOptions = { mechanism: 'PLAIN', username: 'u', password: 'p' };

async function open(
  t: TestContext,
  broker: ScriptedBroker,
  extra: Partial<ConnectionOptions> = {},
  sasl?: SaslOptions,
): Promise<Connection> {
  const { platform } = broker.network;
  const connection = await openConnection({
    host: 'broker',
    port: 9092,
    clientId: 'test',
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 5_000,
    frameBytesMax: 10_000,
    platform,
    sasl: sasl === undefined ? undefined : saslCredentials(sasl, platform, 1_000),
    ...extra,
  });
  t.after(() => connection.close());
  return connection;
}

function beat(connection: Connection, generationId: number): Promise<number> {
  return connection
    .request(heartbeat, { groupId: 'g', generationId, memberId: 'm' })
    .then(({ errorCode }) => errorCode);
}

/** A broker whose sessions live for `lifetimeMs`, and that writes down what it is asked. */
function secured(lifetimeMs: () => number, asked: string[]): ScriptedBroker {
  return new ScriptedBroker()
    .on(saslHandshake, ({ mechanism }) => {
      asked.push('handshake');
      return { errorCode: mechanism === 'PLAIN' ? 0 : 33, mechanisms: ['PLAIN'] };
    })
    .on(saslAuthenticate, ({ authBytes }) => {
      const { password } = decodePlain(authBytes);
      asked.push(`login ${password}`);
      const refused = password === 'wrong';
      return {
        errorCode: refused ? errorCodes.SASL_AUTHENTICATION_FAILED : 0,
        errorMessage: refused ? 'no such user' : null,
        authBytes: new Uint8Array(),
        sessionLifetimeMs: lifetimeMs(),
      };
    })
    .on(heartbeat, ({ generationId }) => {
      asked.push(`beat ${generationId}`);
      return { errorCode: generationId };
    });
}

test('a login is renewed before the session ends, and nothing that is under way fails', async (t) => {
  const asked: string[] = [];
  const broker = secured(() => 1_200, asked);
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const connection = await open(t, broker, { platform: { ...broker.network.platform, clock } }, plain);
  const before = [beat(connection, 1), beat(connection, 2)];
  now = 1_150;
  const after = [beat(connection, 3), beat(connection, 4)];
  assert.equal(connection.pending.count, 5, 'two and the handshake are sent, two wait');
  assert.deepEqual(await Promise.all([...before, ...after]), [1, 2, 3, 4]);
  const login = ['handshake', 'login p'];
  assert.deepEqual(asked, [...login, 'beat 1', 'beat 2', ...login, 'beat 3', 'beat 4']);
  assert.equal(await beat(connection, 5), 5);
  assert.equal(asked.length, 9, 'the new session lives anew');
});

test('a login that is refused when renewed ends the connection, and what waited is told why', async (t) => {
  let password = 'right';
  const broker = secured(() => 1_200, []);
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const sasl: SaslOptions = { ...plain, password: async () => password };
  const connection = await open(t, broker, { platform: { ...broker.network.platform, clock } }, sasl);
  password = 'wrong';
  now = 1_190;
  const refusal = 'could not log in to broker broker:9092 by PLAIN as u: no such user; check user name and password';
  await assert.rejects(beat(connection, 1), (error: Error) => {
    assert.ok(isMillraceError(error, 'connection_lost') && error.retriable);
    assert.ok(isMillraceError(error.cause, 'authentication_failed') && !error.cause.retriable);
    assert.equal((error.cause as unknown as Error).message, refusal);
    return true;
  });
  assert.equal(connection.isOpen, false);
});

test('a mechanism that the broker does not offer is refused with those that it does', async (t) => {
  const broker = secured(() => 0, []);
  await assert.rejects(open(t, broker, {}, { ...plain, mechanism: 'SCRAM-SHA-512' }), {
    code: 'authentication_failed',
    mechanism: 'SCRAM-SHA-512',
    message: /the broker offers only PLAIN; set security.sasl.mechanism to one of these/,
  });
});

test("a password that can not be had is not the broker's fault, and may be there later", async (t) => {
  const sasl: SaslOptions = { ...plain, password: () => Promise.reject(new Error('the vault is sealed')) };
  await assert.rejects(
    open(
      t,
      secured(() => 0, []),
      {},
      sasl,
    ),
    {
      code: 'credentials_unavailable',
      retriable: true,
      message: /the vault is sealed/,
    },
  );
});

test('after an answer with a throttle time requests wait for it, in their order', async (t) => {
  const seen: number[] = [];
  const throttled: number[] = [];
  let sentAt = 0;
  const broker = new ScriptedBroker().on(heartbeat, ({ generationId }) => {
    seen.push(generationId);
    if (generationId === 2) sentAt = performance.now();
    return { errorCode: generationId, throttleTimeMs: generationId === 1 ? 60 : 0 };
  });
  const observer = {
    answered: () => undefined,
    throttled: (_api: string, _broker: string, ms: number) => void throttled.push(ms),
  };
  const connection = await open(t, broker, { observer });
  const startedAt = performance.now();
  await beat(connection, 1);
  const waiting = [beat(connection, 2), beat(connection, 3), beat(connection, 4)];
  assert.equal(connection.pending.count, 3);
  assert.deepEqual(await Promise.all(waiting), [2, 3, 4]);
  assert.deepEqual(seen, [1, 2, 3, 4]);
  assert.deepEqual(throttled, [60]);
  // Node's timers count whole milliseconds.
  assert.ok(sentAt - startedAt >= 59, `waited ${sentAt - startedAt} ms`);
});

test('a broker that throttles by answering late is not obeyed twice', async (t) => {
  const broker = new ScriptedBroker()
    .on(apiVersions, () => ({
      errorCode: 0,
      apiKeys: [
        { apiKey: apiVersions.key, minVersion: 0, maxVersion: 1 },
        { apiKey: heartbeat.key, minVersion: 0, maxVersion: 1 },
      ],
    }))
    .on(heartbeat, ({ generationId }) => ({ errorCode: generationId, throttleTimeMs: 600_000 }));
  const connection = await open(t, broker);
  assert.equal(await beat(connection, 1), 1);
  assert.equal(await beat(connection, 2), 2);
});

test('requests that wait are rejected when the connection ends', async (t) => {
  const broker = new ScriptedBroker().on(heartbeat, () => ({ errorCode: 0, throttleTimeMs: 600_000 }));
  const connection = await open(t, broker);
  await beat(connection, 1);
  const waiting = beat(connection, 2);
  connection.close();
  await assert.rejects(waiting, { code: 'connection_lost' });
});

test('a gate with two reasons opens when both are gone, and keeps the order when shut in between', () => {
  const gate = new SendGate();
  const passed: number[] = [];
  gate.shut();
  gate.shut();
  for (const place of [1, 2, 3]) {
    gate.hold(() => {
      passed.push(place);
      if (place === 2) gate.shut();
    }, assert.ifError);
  }
  gate.open();
  assert.equal(passed.length, 0);
  gate.open();
  assert.deepEqual(passed, [1, 2]);
  gate.hold(() => void passed.push(4), assert.ifError);
  gate.open();
  assert.deepEqual(passed, [1, 2, 3, 4]);
});

test('sessions are renewed within their last 15 percent, never sooner than a second', () => {
  const at = (lifetimeMs: number, float: number): number =>
    renewalTime(1_000, lifetimeMs, { float: () => float, integer: () => 0, bytes: () => new Uint8Array() });
  assert.equal(at(0, 0), Number.POSITIVE_INFINITY);
  assert.deepEqual([at(100_000, 0), at(100_000, 1)], [86_000, 96_000]);
  assert.equal(at(500, 0), 2_050);
});

test('a session that ends while the broker has asked for a pause is renewed before what waited is sent', async (t) => {
  const asked: string[] = [];
  const broker = secured(() => 1_200, asked);
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  broker.on(listGroups, () => ({ throttleTimeMs: 50, errorCode: 0, groups: [] }));
  const connection = await open(t, broker, { platform: { ...broker.network.platform, clock } }, plain);
  await connection.request(listGroups, {});
  const held = [beat(connection, 1), beat(connection, 2)];
  now = 1_190;
  assert.deepEqual(await Promise.all(held), [1, 2]);
  const login = ['handshake', 'login p'];
  assert.deepEqual(asked, [...login, ...login, 'beat 1', 'beat 2']);
});

test('a password that does not come is not waited for without end', async (t) => {
  const never = (): Promise<string> => new Promise(() => undefined);
  const broker = secured(() => 0, []);
  await assert.rejects(open(t, broker, {}, { ...plain, password: never }), {
    code: 'credentials_unavailable',
    message: /no password came within 1000 ms/,
  });
  const abort = new AbortController();
  broker.on(saslHandshake, () => {
    setImmediate(() => setImmediate(() => abort.abort()));
    return { errorCode: 0, mechanisms: ['PLAIN'] };
  });
  const { platform } = broker.network;
  const sasl = { ...saslCredentials({ ...plain, password: never }, platform, 60_000), begin: () => never() as never };
  await assert.rejects(open(t, broker, { signal: abort.signal, sasl }), (error) => error === abort.signal.reason);
});
