import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  apiVersions,
  ByteReader,
  ByteWriter,
  decodeRequestHeader,
  describeCluster,
  encodeResponse,
  heartbeat,
  listGroups,
  metadata,
} from '@millrace/wire';
import fc from 'fast-check';
import { type Peer, ScriptedBroker, scriptedNetwork } from '../testing/scripted-network.ts';
import type { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { openConnection } from './open-connection.ts';

const beat = { groupId: 'g', generationId: 1, memberId: 'm' };

async function open(t: TestContext, options: Pick<ConnectionOptions, 'platform'>, extra = {}): Promise<Connection> {
  const connection = await openConnection({
    host: 'broker',
    port: 9092,
    clientId: 'test',
    connectTimeoutMs: 10_000,
    requestTimeoutMs: 10_000,
    frameBytesMax: 10_000,
    ...options,
    ...extra,
  });
  t.after(() => connection.close());
  return connection;
}

function correlationIdOf(frame: Uint8Array): number {
  return decodeRequestHeader(new ByteReader(frame)).correlationId;
}

test('requests are sent without waiting, and each gets its own answer', async (t) => {
  let open1 = 0;
  let most = 0;
  const broker = new ScriptedBroker().on(heartbeat, ({ generationId }) => {
    most = Math.max(most, open1);
    return { errorCode: generationId };
  });
  const connection = await open(t, broker.network);
  const answers = Array.from({ length: 20 }, async (_, generationId) => {
    open1++;
    const { errorCode } = await connection.request(heartbeat, { ...beat, generationId });
    open1--;
    return errorCode;
  });
  assert.deepEqual(await Promise.all(answers), [...Array(20).keys()]);
  assert.equal(most, 20);
  assert.equal(connection.pending.count, 0);
});

test('a broker that does not know our version of ApiVersions is asked in its own', async (t) => {
  const asked: number[] = [];
  const writer = new ByteWriter();
  const { platform } = scriptedNetwork((peer, frame) => {
    const { apiVersion, correlationId } = decodeRequestHeader(new ByteReader(frame));
    asked.push(apiVersion);
    const apiKeys = [
      { apiKey: apiVersions.key, minVersion: 0, maxVersion: 2 },
      { apiKey: heartbeat.key, minVersion: 0, maxVersion: 1 },
    ];
    const refused = apiVersion > 2;
    const draft = { errorCode: refused ? 35 : 0, apiKeys };
    peer.send(
      Buffer.concat(encodeResponse(writer, apiVersions, refused ? 0 : apiVersion, correlationId, draft).chunks),
    );
  });
  const connection = await open(t, { platform });
  assert.deepEqual(asked, [4, 2]);
  assert.equal(connection.version(heartbeat), 1);
  await assert.rejects(connection.request(describeCluster, { includeClusterAuthorizedOperations: false }), {
    code: 'unsupported_api',
    message: 'broker broker:9092 does not offer DescribeCluster; it may be too old, upgrade it',
  });
});

test('a broker of a cluster that is not accepted is given up before anything is asked of it', async (t) => {
  const broker = new ScriptedBroker().on(metadata, () => ({ clusterId: 'other', topics: [], brokers: [] }));
  const told: string[] = [];
  const acceptsCluster = (id: string): boolean => {
    told.push(id);
    return id === 'one';
  };
  const opened = open(t, broker.network, { acceptsCluster });
  await assert.rejects(opened, { code: 'wrong_cluster', clusterId: 'other', broker: 'broker:9092', retriable: true });
  assert.deepEqual(told, ['other']);
  broker.on(metadata, () => ({ clusterId: 'one', topics: [], brokers: [] }));
  assert.equal((await open(t, broker.network, { acceptsCluster })).isOpen, true);
});

test('an answer that arrives in pieces is no alert of TLS, whatever a piece begins with', async (t) => {
  const writer = new ByteWriter();
  const { platform } = scriptedNetwork((peer, frame) => {
    const { apiVersion, correlationId } = decodeRequestHeader(new ByteReader(frame));
    // A version that holds the bytes with which an alert begins.
    const apiKeys = [{ apiKey: heartbeat.key, minVersion: 0, maxVersion: 0x1503 }];
    const chunks = encodeResponse(writer, apiVersions, apiVersion, correlationId, { errorCode: 0, apiKeys }).chunks;
    const answer = Buffer.concat(chunks);
    const at = answer.indexOf(Buffer.from([0x15, 0x03]));
    assert.ok(at > 0);
    peer.send(answer.subarray(0, at));
    peer.send(answer.subarray(at));
  });
  const connection = await open(t, { platform });
  assert.ok(connection.supports(heartbeat, 0));
});

test('a request that is not answered in time ends the connection, and the others are told why', async (t) => {
  const broker = new ScriptedBroker()
    .on(heartbeat, () => 'silence')
    .on(listGroups, () => ({ errorCode: 0, groups: [] }));
  const connection = await open(t, broker.network);
  const late = connection.request(heartbeat, beat, { timeoutMs: 30 });
  const behind = connection.request(heartbeat, beat, { timeoutMs: 5_000 });
  await assert.rejects(late, {
    code: 'request_timeout',
    retriable: true,
    message: /Heartbeat: no answer from broker:9092 within 30 ms/,
  });
  await assert.rejects(behind, { code: 'connection_lost', message: /Heartbeat was not answered within 30 ms/ });
  assert.equal(connection.isOpen, false);
  await assert.rejects(connection.request(listGroups, {}), { code: 'connection_lost' });
});

test('the nearest deadline counts, whatever was asked first', async (t) => {
  const broker = new ScriptedBroker().on(heartbeat, () => 'silence');
  const connection = await open(t, broker.network);
  const startedAt = performance.now();
  const patient = connection.request(heartbeat, beat, { timeoutMs: 5_000 });
  const hasty = connection.request(heartbeat, beat, { timeoutMs: 20 });
  await assert.rejects(hasty, { code: 'request_timeout' });
  await assert.rejects(patient, { code: 'connection_lost' });
  assert.ok(performance.now() - startedAt < 2_000);
});

/** What a peer that is no proper broker sends instead of an answer. */
const nonsense: [name: string, send: (peer: Peer, frame: Uint8Array) => void, message: RegExp][] = [
  [
    'an HTTP server',
    (peer) => peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
    /announced a frame of 1213486160 bytes/,
  ],
  [
    'an answer to another request',
    (peer) => peer.send(Buffer.from([0, 0, 0, 8, 0, 0, 0, 99, 0, 0, 0, 0])),
    /answered request 99 where \d+ was expected/,
  ],
  [
    'an answer that breaks off',
    (peer, frame) => {
      const answer = Buffer.from([0, 0, 0, 5, 0, 0, 0, 0, 0]);
      answer.writeInt32BE(correlationIdOf(frame), 4);
      peer.send(answer);
    },
    /something that is no answer/,
  ],
  ['the end of the connection', (peer) => peer.end(), /the broker closed it/],
];

for (const [name, send, message] of nonsense) {
  test(`${name} in place of an answer ends the connection with a clear error`, async (t) => {
    let isOpen = false;
    const network = scriptedNetwork((peer, frame) => {
      if (isOpen) send(peer, frame);
      else answerVersions(peer, frame);
    });
    const connection = await open(t, network);
    isOpen = true;
    const [first, second] = [connection.request(heartbeat, beat), connection.request(heartbeat, beat)];
    const results = await Promise.allSettled([first, second]);
    for (const result of results) assert.equal(result.status, 'rejected');
    const reason = (results[1] as PromiseRejectedResult).reason as Error;
    assert.match(reason.message, message);
    assert.equal(connection.isOpen, false);
  });
}

function answerVersions(peer: Peer, frame: Uint8Array): void {
  const { correlationId } = decodeRequestHeader(new ByteReader(frame));
  const apiKeys = [{ apiKey: heartbeat.key, minVersion: 0, maxVersion: 4 }];
  peer.send(
    Buffer.concat(encodeResponse(new ByteWriter(), apiVersions, 4, correlationId, { errorCode: 0, apiKeys }).chunks),
  );
}

test('whatever bytes come, requests end in an error or an answer, and nothing is thrown elsewhere', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 6 }),
      async (chunks) => {
        let isOpen = false;
        const network = scriptedNetwork((peer, frame) => {
          if (!isOpen) return answerVersions(peer, frame);
          for (const chunk of chunks) peer.send(chunk);
          setImmediate(() => peer.end());
        });
        const connection = await open(t, network);
        isOpen = true;
        const result = await connection.request(heartbeat, beat).catch((error: { code: string }) => error);
        assert.ok(
          'errorCode' in result || ['connection_lost', 'malformed_message'].includes(result.code),
          JSON.stringify(result),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test('connecting ends with the reason of a refusal', async (t) => {
  const { platform } = scriptedNetwork(() => undefined);
  await assert.rejects(open(t, { platform }, { port: 1 }), { code: 'connect_failed', message: /connection refused/ });
  const silent = open(t, { platform }, { connectTimeoutMs: 50 });
  await assert.rejects(silent, { code: 'request_timeout', message: /ApiVersions: no answer/ });
});
