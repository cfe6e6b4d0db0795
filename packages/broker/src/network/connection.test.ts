import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Timer } from '@millrace/base';
import {
  apiVersions,
  ByteReader,
  correlationIdOf,
  decodeResponse,
  describeCluster,
  errorCodes,
  fetch,
  listGroups,
  metadata,
} from '@millrace/wire';
import { PendingFetch } from '../fetch/pending-fetch.ts';
import { roomFor } from '../testing/answer-room.ts';
import { batchOf, ClusterFixture } from '../testing/cluster-fixture.ts';
import { WirePeer } from '../testing/wire-peer.ts';

let fixture: ClusterFixture;

before(async () => {
  fixture = await ClusterFixture.start({ brokers: 2, configuration: { 'socket.request.max.bytes': '100000' } });
});
after(() => fixture[Symbol.asyncDispose]());

function connect(): Promise<WirePeer> {
  return WirePeer.connect(fixture.cluster.brokers[0]?.port ?? 0);
}

test('an unknown version of ApiVersions is answered in version 0 with what there is', async () => {
  using peer = await connect();
  const [chunk] = peer.encode(apiVersions, { clientSoftwareName: 'test', clientSoftwareVersion: '1' });
  const frame = Buffer.from(chunk ?? []);
  frame.writeInt16BE(99, 6);
  const answer = decodeResponse(apiVersions, 0, await peer.exchange([frame]));
  assert.equal(answer.errorCode, errorCodes.UNSUPPORTED_VERSION);
  const produceRange = answer.apiKeys.find(({ apiKey }) => apiKey === 0);
  assert.deepEqual([produceRange?.minVersion, produceRange?.maxVersion], [0, 13]);
});

test('the cluster is described alike by all its brokers', async () => {
  const peers = [await fixture.peer(1), await fixture.peer(2)];
  const [first, second] = await Promise.all(
    peers.map((peer) => peer.request(describeCluster, { includeClusterAuthorizedOperations: false })),
  );
  assert.deepEqual(first, second);
  assert.deepEqual(
    first?.brokers.map(({ brokerId }) => brokerId),
    [1, 2],
  );
  assert.equal(first?.clusterId, fixture.cluster.clusterId);
});

test('answers come in the order of the requests', async () => {
  await fixture.createTopic('ordered');
  using peer = await WirePeer.connect(
    fixture.cluster.brokers.find(({ nodeId }) => nodeId === leaderOf('ordered'))?.port ?? 0,
  );
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }];
  const slow = peer.encode(
    fetch,
    { maxWaitMs: 300, minBytes: 1, maxBytes: 100, topics: [{ topic: 'ordered', partitions }] },
    12,
  );
  const quick = peer.encode(metadata, { topics: [] });
  const answers = await Promise.all([peer.exchange(slow), peer.exchange(quick)]);
  const ids = answers.map(correlationIdOf);
  assert.ok((ids[0] ?? 0) < (ids[1] ?? 0));
});

test('requests that arrive byte by byte are answered', async () => {
  using peer = await connect();
  const [chunk] = peer.encode(metadata, { topics: [] });
  const answer = peer.exchange([]);
  for (const byte of chunk ?? []) {
    peer.send([Uint8Array.of(byte)]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(new ByteReader(await answer).int32() > 0);
});

test('bytes after a request are ignored, as librdkafka 2.15 sends some', async () => {
  using peer = await connect();
  const frame = Buffer.from('000000190003000d00000003000772646b61666b610000000000010000', 'hex');
  assert.equal(correlationIdOf(await peer.exchange([frame])), 3);
});

for (const [what, frame] of [
  ['a frame larger than socket.request.max.bytes', [0x7f, 0xff, 0xff, 0xff]],
  ['a negative length', [0xff, 0xff, 0xff, 0xff]],
  ['an unknown API', [0, 0, 0, 10, 0x7f, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff]],
  ['an unknown version', [0, 0, 0, 10, 0, 3, 0, 99, 0, 0, 0, 1, 0xff, 0xff]],
  ['a request that ends early', [0, 0, 0, 10, 0, 3, 0, 4, 0, 0, 0, 1, 0xff, 0xff]],
  ['a text protocol', [...Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
] as const) {
  test(`${what} ends the connection and nobody else's`, async () => {
    using peer = await connect();
    using bystander = await connect();
    peer.send([Uint8Array.from(frame)]);
    await peer.ended;
    assert.match(fixture.events.at(-1)?.message ?? '', /closed the connection of 127\.0\.0\.1/);
    assert.ok(await bystander.request(metadata, { topics: [] }));
  });
}

test('a connection that ends while its fetch waits leaves nobody waiting', async () => {
  await fixture.createTopic('left');
  const leader = leaderOf('left');
  const peer = await WirePeer.connect(fixture.cluster.brokers.find(({ nodeId }) => nodeId === leader)?.port ?? 0);
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }];
  peer.send(
    peer.encode(fetch, { maxWaitMs: 60_000, minBytes: 1, maxBytes: 100, topics: [{ topic: 'left', partitions }] }, 12),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  peer[Symbol.dispose]();
  await peer.ended;
  assert.equal((await fixture.produce('left', batchOf({ values: ['x'] }))).errorCode, 0);
});

test('closing the cluster does not wait for fetches', async () => {
  await using own = await ClusterFixture.start();
  await own.createTopic('closing');
  const peer = await own.peer();
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }];
  peer.send(
    peer.encode(
      fetch,
      { maxWaitMs: 60_000, minBytes: 1, maxBytes: 100, topics: [{ topic: 'closing', partitions }] },
      12,
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  const began = performance.now();
  await own.cluster.close();
  assert.ok(performance.now() - began < 5000);
});

function leaderOf(topic: string): number {
  return fixture.cluster.topics.byName(topic)?.partitions[0]?.leader ?? 0;
}

test('requests beyond what may be in work at once wait, and all are answered in order', async () => {
  using peer = await connect();
  const answers: Promise<Uint8Array>[] = [];
  const chunks: Uint8Array[] = [];
  for (let index = 0; index < 1000; index++) {
    answers.push(peer.exchange([]));
    chunks.push(...peer.encode(metadata, { topics: [] }));
  }
  // One chunk with all of them, many more than the bound.
  peer.send([Buffer.concat(chunks)]);
  const ids = (await Promise.all(answers)).map(correlationIdOf);
  assert.deepEqual(
    ids,
    ids.map((_, index) => (ids[0] as number) + index),
  );
});

test('a fetch that outlives its connection ends at once', async () => {
  const timers = { pending: 0 };
  const onClosed = (callback: () => void): (() => void) => {
    callback();
    return () => undefined;
  };
  await fixture.createTopic('outlived');
  const partition = fixture.cluster.topics.byName('outlived')?.partitions[0];
  assert.ok(partition);
  const after = (): Timer => {
    timers.pending += 1;
    const cancel = (): void => {
      timers.pending -= 1;
    };
    const timer: Timer = { cancel, unref: () => timer };
    return timer;
  };
  const target = {
    topic: 'outlived',
    topicId: '',
    partition: 0,
    fetchOffset: 0,
    bytesMax: 1,
    leaderEpoch: -1,
    lastFetchedEpoch: -1,
  };
  const known = { key: '', target, highWatermark: -1, startOffset: -1, lastStableOffset: -1, errorCode: 0 };
  const fetches = [{ session: known, partition, errorCode: 0, chunks: [] }];
  const limits = { bytesMin: 1, bytesMax: 1, waitMs: 2 ** 31 - 1, committedOnly: false };
  const connection = { isClosed: true, onClosed, throttle: () => undefined };
  await new PendingFetch(fetches, limits, { after, soon: setImmediate }, connection, roomFor(0)).run();
  assert.equal(timers.pending, 0);
});

test('a connection without requests is closed after connections.max.idle.ms', async () => {
  await using own = await ClusterFixture.start({ configuration: { 'connections.max.idle.ms': '100' } });
  await own.createTopic('idle');
  using peer = await WirePeer.connect(own.cluster.brokers[0]?.port ?? 0);
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }];
  const topics = [{ topic: 'idle', partitions }];
  await peer.request(fetch, { maxWaitMs: 400, minBytes: 1, maxBytes: 100, topics }, 12);
  assert.equal(peer.closed, false, 'a request that waits keeps its connection');
  const began = performance.now();
  await peer.ended;
  assert.ok(performance.now() - began >= 90);
});

test('a connection whose frames never end where its chunks end is not taken for a slow one', async () => {
  await using own = await ClusterFixture.start({ configuration: { 'connections.max.idle.ms': '200' } });
  using peer = await WirePeer.connect(own.cluster.brokers[0]?.port ?? 0);
  let rest: Uint8Array = new Uint8Array(0);
  const until = performance.now() + 1000;
  while (performance.now() < until && !peer.closed) {
    // The rest of one request and the first bytes of the next.
    const next = Buffer.concat(peer.encode(metadata, { topics: [] }));
    const chunk = Buffer.concat([rest, next.subarray(0, 10)]);
    rest = next.subarray(10);
    if (chunk.length > 10) await Promise.race([peer.exchange([chunk]), peer.ended]);
    else peer.send([chunk]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(peer.closed, false);
});

test('a chunk full of requests does not keep other connections waiting', async () => {
  using full = await connect();
  using other = await connect();
  await Promise.all([full, other].map((peer) => peer.request(metadata, { topics: [] })));
  const order: string[] = [];
  const count = 1500;
  const chunks: Uint8Array[] = [];
  const answers: Promise<unknown>[] = [];
  for (let index = 0; index < count; index++) {
    chunks.push(...full.encode(listGroups, {}, 0));
    answers.push(full.exchange([]).then(() => index === count - 1 && order.push('last of many')));
  }
  const flood = Buffer.concat(chunks);
  assert.ok(flood.length < 64 * 1024, 'they come in one chunk');
  full.send([flood]);
  answers.push(other.request(metadata, { topics: [] }).then(() => order.push('other')));
  await Promise.all(answers);
  assert.deepEqual(order, ['other', 'last of many']);
});
