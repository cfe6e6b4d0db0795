import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { errorCodes, fetch, listOffsets, produce, type RequestDraft } from '@millrace/wire';
import { batchOf, ClusterFixture, valuesOf } from '../testing/cluster-fixture.ts';
import { WirePeer } from '../testing/wire-peer.ts';

let fixture: ClusterFixture;

before(async () => {
  fixture = await ClusterFixture.start();
});
after(() => fixture[Symbol.asyncDispose]());

type FetchDraft = RequestDraft<typeof fetch>;

function draftOf(topics: FetchDraft['topics'], rest: Partial<FetchDraft> = {}): FetchDraft {
  return { maxWaitMs: 0, minBytes: 1, maxBytes: 2 ** 24, topics, ...rest };
}

function from(partition: number, fetchOffset: number, partitionMaxBytes = 2 ** 20) {
  return { partition, fetchOffset, partitionMaxBytes };
}

test('an answer begins with the batch that holds the offset', async () => {
  await fixture.createTopic('inside');
  await fixture.produce('inside', batchOf({ values: ['a', 'b', 'c'] }));
  await fixture.produce('inside', batchOf({ values: ['d'] }));
  assert.deepEqual((await fixture.fetch('inside', 1)).values, ['a', 'b', 'c', 'd']);
  assert.deepEqual((await fixture.fetch('inside', 3)).values, ['d']);
});

test('a fetch at the end waits for the next record', async () => {
  await fixture.createTopic('waiting');
  const began = performance.now();
  const fetching = fixture.fetch('waiting', 0, { waitMs: 10_000 });
  // On its own connection, since answers come in the order of requests.
  await using other = await secondConnection();
  await other.produce('waiting', batchOf({ values: ['woken'] }));
  assert.deepEqual((await fetching).values, ['woken']);
  assert.ok(performance.now() - began < 5000);
});

test('a fetch that gets too little answers when its time is up', async () => {
  await fixture.createTopic('patient');
  await fixture.produce('patient', batchOf({ values: ['little'] }));
  const began = performance.now();
  const { values } = await fixture.fetch('patient', 0, { waitMs: 200, bytesMin: 10_000 });
  assert.ok(performance.now() - began >= 190);
  assert.deepEqual(values, ['little']);
});

test('a fetch that waits for many bytes reads again only when they may be there', async () => {
  await fixture.createTopic('greedy');
  const partition = fixture.cluster.topics.byName('greedy')?.partitions[0];
  assert.ok(partition !== undefined);
  const read = partition.read.bind(partition);
  let reads = 0;
  partition.read = (...args) => {
    reads += 1;
    return read(...args);
  };
  const fetching = fixture.fetch('greedy', 0, { waitMs: 30_000, bytesMin: 20_000 });
  await using other = await secondConnection();
  for (let index = 0; index < 25; index++) await other.produce('greedy', batchOf({ values: ['x'.repeat(1000)] }));
  const { values } = await fetching;
  assert.ok(values.length >= 18 && values.length <= 20, `${values.length} records`);
  assert.ok(reads <= 3, `${reads} reads`);
});

test('a fetch does not wait for more than it may be given', async () => {
  await fixture.createTopic('clamped', { partitions: 2 });
  for (let index = 0; index < 5; index++) {
    await fixture.produce('clamped', batchOf({ values: ['x'.repeat(1000)] }));
  }
  const peer = await fixture.peer();
  const rest = { minBytes: 2 ** 31 - 1, maxWaitMs: 60_000 };
  const ofRequest = await peer.request(
    fetch,
    draftOf([{ topic: 'clamped', partitions: [from(0, 0), from(1, 0)] }], { ...rest, maxBytes: 2500 }),
    12,
  );
  assert.equal(valuesOf(ofRequest.responses[0]?.partitions[0]?.records ?? null).length, 2);
  const ofPartition = [{ topic: 'clamped', partitions: [from(0, 0, 3500)] }];
  const answer = await peer.request(fetch, draftOf(ofPartition, { ...rest, minBytes: 3500 }), 12);
  assert.equal(valuesOf(answer.responses[0]?.partitions[0]?.records ?? null).length, 3);
});

test('a fetch holds nothing of what it has found while it waits for more', async () => {
  await fixture.createTopic('unheld');
  await fixture.produce('unheld', batchOf({ values: ['x'.repeat(100_000)] }));
  const partition = fixture.cluster.topics.byName('unheld')?.partitions[0];
  assert.ok(partition !== undefined);
  const read = partition.read.bind(partition);
  let bytesHeld = (): number => -1;
  partition.read = (offset, bytesMax, atLeastOne, endOffset, held) => {
    bytesHeld = () => held?.bytes ?? -1;
    return read(offset, bytesMax, atLeastOne, endOffset, held);
  };
  const fetching = fixture.fetch('unheld', 0, { waitMs: 30_000, bytesMin: 150_000 });
  await until(() => bytesHeld() === 0);
  await using other = await secondConnection();
  await other.produce('unheld', batchOf({ values: ['y'.repeat(100_000)] }));
  assert.equal((await fetching).values.length, 2);
});

test('the first batch comes whole even when it is larger than the limit', async () => {
  await fixture.createTopic('oversized');
  await fixture.produce('oversized', batchOf({ values: ['x'.repeat(5000)] }));
  await fixture.produce('oversized', batchOf({ values: ['second'] }));
  const { values } = await fixture.fetch('oversized', 0, { bytesMax: 100 });
  assert.deepEqual(values, ['x'.repeat(5000)]);
});

test('a fetch of less than nothing from the disk is answered', async () => {
  await using own = await ClusterFixture.start({ tailBytesMax: 0 });
  await own.createTopic('negative');
  await own.produce('negative', batchOf({ values: ['a'] }));
  for (const bytes of [0, -1, -(2 ** 31)]) {
    assert.equal((await own.fetch('negative', 0, { bytesMax: bytes })).errorCode, errorCodes.NONE);
  }
});

test('an answer keeps to the limit for the whole request', async () => {
  await fixture.createTopic('limited', { partitions: 2 });
  for (const partition of [0, 1]) {
    for (let index = 0; index < 5; index++) {
      await fixture.produce('limited', batchOf({ values: ['x'.repeat(1000)] }), partition);
    }
  }
  const peer = await fixture.peer();
  const topics = [{ topic: 'limited', partitions: [from(0, 0), from(1, 0)] }];
  const answer = await peer.request(fetch, draftOf(topics, { maxBytes: 7000 }), 12);
  const counts = answer.responses[0]?.partitions.map(({ records }) => valuesOf(records).length);
  assert.deepEqual(counts, [5, 1]);
});

test('an offset before the start or beyond the end is out of range', async () => {
  await fixture.createTopic('ranged');
  await fixture.produce('ranged', batchOf({ values: ['only'] }));
  assert.equal((await fixture.fetch('ranged', 2)).errorCode, errorCodes.OFFSET_OUT_OF_RANGE);
  assert.equal((await fixture.fetch('ranged', -1)).errorCode, errorCodes.OFFSET_OUT_OF_RANGE);
  assert.equal((await fixture.fetch('ranged', 1)).errorCode, 0);
});

test('a leader epoch from the future is unknown', async () => {
  await fixture.createTopic('epoch');
  const peer = await fixture.peer();
  const topics = [{ topic: 'epoch', partitions: [{ ...from(0, 0), currentLeaderEpoch: 5 }] }];
  const answer = await peer.request(fetch, draftOf(topics), 12);
  assert.equal(answer.responses[0]?.partitions[0]?.errorCode, errorCodes.UNKNOWN_LEADER_EPOCH);
});

test('records are read from the disk after a restart as they were from memory', async () => {
  await using own = await ClusterFixture.start();
  await own.createTopic('stored', { configuration: { 'segment.bytes': '4000', 'index.interval.bytes': '500' } });
  const values = Array.from({ length: 100 }, (_, index) => `value ${index} ${'x'.repeat(index)}`);
  for (const value of values) await own.produce('stored', batchOf({ values: [value] }));
  await own.restart();
  const read: (string | null)[] = [];
  while (read.length < values.length) read.push(...(await own.fetch('stored', read.length, { bytesMax: 3000 })).values);
  assert.deepEqual(read, values);
  assert.deepEqual((await own.fetch('stored', 57, { bytesMax: 10 })).values, [values[57]]);
});

test('an incremental session names only what is new', async () => {
  await fixture.createTopic('session', { partitions: 2 });
  await fixture.produce('session', batchOf({ values: ['first'] }), 0);
  const peer = await fixture.peer();
  const both = [{ topic: 'session', partitions: [from(0, 0), from(1, 0)] }];
  const full = await peer.request(fetch, draftOf(both, { sessionId: 0, sessionEpoch: 0 }), 12);
  assert.notEqual(full.sessionId, 0);
  assert.equal(full.responses[0]?.partitions.length, 2);
  const next = (sessionEpoch: number, topics: FetchDraft['topics'], rest: Partial<FetchDraft> = {}) =>
    peer.request(fetch, draftOf(topics, { sessionId: full.sessionId, sessionEpoch, ...rest }), 12);
  const advanced = [{ topic: 'session', partitions: [from(0, 1)] }];
  assert.deepEqual((await next(1, advanced)).responses, []);
  await fixture.produce('session', batchOf({ values: ['second'] }), 1);
  const changed = await next(2, []);
  assert.deepEqual(
    changed.responses[0]?.partitions.map(({ partitionIndex }) => partitionIndex),
    [1],
  );
  assert.deepEqual(valuesOf(changed.responses[0]?.partitions[0]?.records ?? null), ['second']);
  const forgotten = await next(3, [], { forgottenTopicsData: [{ topic: 'session', partitions: [1] }] });
  assert.deepEqual(forgotten.responses, []);
});

test('an unknown session and a wrong epoch are refused', async () => {
  await fixture.createTopic('refused');
  const peer = await fixture.peer();
  const topics = [{ topic: 'refused', partitions: [from(0, 0)] }];
  const { sessionId } = await peer.request(fetch, draftOf(topics, { sessionEpoch: 0 }), 12);
  const wrong = await peer.request(fetch, draftOf([], { sessionId, sessionEpoch: 7 }), 12);
  assert.equal(wrong.errorCode, errorCodes.INVALID_FETCH_SESSION_EPOCH);
  const unknown = await peer.request(fetch, draftOf([], { sessionId: sessionId + 1, sessionEpoch: 1 }), 12);
  assert.equal(unknown.errorCode, errorCodes.FETCH_SESSION_ID_NOT_FOUND);
});

test('topics are named by id from version 13 on', async () => {
  await fixture.createTopic('by-id');
  await fixture.produce('by-id', batchOf({ values: ['found'] }));
  const topicId = fixture.cluster.topics.byName('by-id')?.id ?? '';
  const peer = await fixture.peer();
  const answer = await peer.request(fetch, draftOf([{ topicId, partitions: [from(0, 0)] }]));
  assert.equal(answer.responses[0]?.topicId, topicId);
  assert.deepEqual(valuesOf(answer.responses[0]?.partitions[0]?.records ?? null), ['found']);
  const absent = [{ topicId: 'MDAwMDAwMDAwMDAwMDAwMA', partitions: [from(0, 0)] }];
  const refused = await peer.request(fetch, draftOf(absent));
  assert.equal(refused.responses[0]?.partitions[0]?.errorCode, errorCodes.UNKNOWN_TOPIC_ID);
});

/** A second connection to the same broker. */
async function secondConnection() {
  const peer = await WirePeer.connect(fixture.cluster.brokers[0]?.port ?? 0);
  return {
    produce: async (topic: string, records: Uint8Array): Promise<void> => {
      const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
      await peer.request(produce, { acks: -1, timeoutMs: 1000, topicData }, 12);
    },
    [Symbol.asyncDispose]: async (): Promise<void> => peer[Symbol.dispose](),
  };
}

test('a segment that can not be read is an error of its partition alone', async () => {
  // No file stays open, so that a removed one can't be read any more.
  await using own = await ClusterFixture.start({ openFilesMax: 0 });
  await own.createTopic('unreadable');
  await own.produce('unreadable', batchOf({ values: ['lost'] }));
  await own.restart();
  const topic = own.cluster.topics.byName('unreadable');
  await rm(topic?.partitions[0]?.log?.segments[0]?.path ?? '');
  assert.equal((await own.fetch('unreadable', 0)).errorCode, errorCodes.KAFKA_STORAGE_ERROR);
  assert.match(own.events.at(-1)?.message ?? '', /could not read unreadable-0/);
  const peer = await own.peer();
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: 1 }];
  const answer = await peer.request(listOffsets, { replicaId: -1, topics: [{ name: 'unreadable', partitions }] }, 7);
  assert.equal(answer.topics[0]?.partitions[0]?.errorCode, errorCodes.KAFKA_STORAGE_ERROR);
  assert.equal(peer.closed, false);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
