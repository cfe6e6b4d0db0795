import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { batchHeader, errorCodes, initProducerId, produce, RecordBatch } from '@millrace/wire';
import { batchOf, ClusterFixture } from '../testing/cluster-fixture.ts';
import { WirePeer } from '../testing/wire-peer.ts';

let fixture: ClusterFixture;

before(async () => {
  fixture = await ClusterFixture.start({ brokers: 2 });
});
after(() => fixture[Symbol.asyncDispose]());

test('offsets follow each other without gaps', async () => {
  await fixture.createTopic('gapless');
  assert.equal((await fixture.produce('gapless', batchOf({ values: ['a', 'b'] }))).baseOffset, 0);
  assert.equal((await fixture.produce('gapless', batchOf({ values: ['c'] }))).baseOffset, 2);
  const { values, highWatermark } = await fixture.fetch('gapless', 0);
  assert.deepEqual(values, ['a', 'b', 'c']);
  assert.equal(highWatermark, 3);
});

test('a broker that does not lead the partition says so', async () => {
  await fixture.createTopic('led', { partitions: 2 });
  const leader = await fixture.leaderOf('led', 0);
  const other = leader === (await fixture.peer(1)) ? await fixture.peer(2) : await fixture.peer(1);
  const partitionData = [{ index: 0, records: batchOf({ values: ['x'] }) }];
  const answer = await other.request(
    produce,
    { acks: 1, timeoutMs: 1, topicData: [{ name: 'led', partitionData }] },
    12,
  );
  assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, errorCodes.NOT_LEADER_OR_FOLLOWER);
});

test('acks 0 gets no answer and stores the record', async () => {
  await fixture.createTopic('unanswered');
  const peer = await fixture.leaderOf('unanswered');
  const partitionData = [{ index: 0, records: batchOf({ values: ['quiet'] }) }];
  const topicData = [{ name: 'unanswered', partitionData }];
  peer.send(peer.encode(produce, { acks: 0, timeoutMs: 1, topicData }, 12));
  // Were there an answer, the next one would not be that of this request.
  assert.deepEqual((await fixture.fetch('unanswered', 0, { waitMs: 1000 })).values, ['quiet']);
});

test('other acks than -1, 0 and 1 are refused', async () => {
  await fixture.createTopic('acks');
  const { errorCode } = await fixture.produce('acks', batchOf({ values: ['x'] }), 0, 2);
  assert.equal(errorCode, errorCodes.INVALID_REQUIRED_ACKS);
});

test('a topic or partition that does not exist is unknown', async () => {
  await fixture.createTopic('known');
  const peer = await fixture.leaderOf('known');
  const ask = async (name: string, index: number): Promise<number | undefined> => {
    const partitionData = [{ index, records: batchOf({ values: ['x'] }) }];
    const answer = await peer.request(produce, { acks: 1, timeoutMs: 1, topicData: [{ name, partitionData }] }, 12);
    return answer.responses[0]?.partitionResponses[0]?.errorCode;
  };
  assert.equal(await ask('unknown', 0), errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await ask('known', 1), errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
});

test('an unknown topic id is told apart from an unknown name', async () => {
  const peer = await fixture.peer();
  const partitionData = [{ index: 0, records: batchOf({ values: ['x'] }) }];
  const topicData = [{ topicId: 'MDAwMDAwMDAwMDAwMDAwMA', partitionData }];
  const answer = await peer.request(produce, { acks: 1, timeoutMs: 1, topicData }, 13);
  assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, errorCodes.UNKNOWN_TOPIC_ID);
});

test('a flipped bit is refused as corrupt', async () => {
  await fixture.createTopic('flipped');
  const batch = batchOf({ values: ['intact'] });
  batch[batch.length - 1] = (batch[batch.length - 1] as number) ^ 1;
  assert.equal((await fixture.produce('flipped', batch)).errorCode, errorCodes.CORRUPT_MESSAGE);
  assert.equal((await fixture.fetch('flipped', 0)).highWatermark, 0);
});

test('a batch cut short is refused as no batch', async () => {
  await fixture.createTopic('short');
  const batch = batchOf({ values: ['intact'] });
  assert.equal(
    (await fixture.produce('short', batch.subarray(0, batch.length - 3))).errorCode,
    errorCodes.INVALID_RECORD,
  );
});

test('two batches for one partition are refused', async () => {
  await fixture.createTopic('two');
  const both = Buffer.concat([batchOf({ values: ['a'] }), batchOf({ values: ['b'] })]);
  assert.equal((await fixture.produce('two', both)).errorCode, errorCodes.INVALID_RECORD);
});

test('a count that does not fit the offsets is refused', async () => {
  await fixture.createTopic('count');
  const batch = batchOf({ values: ['a', 'b'] });
  new DataView(batch.buffer, batch.byteOffset).setInt32(batchHeader.batchHeaderLayout.recordCount, 1);
  batchHeader.updateCrc(batch, 0);
  assert.equal((await fixture.produce('count', batch)).errorCode, errorCodes.INVALID_RECORD);
});

test('a batch larger than max.message.bytes is refused, and the largest allowed one is taken', async () => {
  await fixture.createTopic('sized', { configuration: { 'max.message.bytes': '1000' } });
  const overhead = batchOf({ values: ['x'.repeat(900)] }).length - 900;
  const largest = batchOf({ values: ['x'.repeat(1000 - overhead)] });
  assert.equal(largest.length, 1000);
  assert.equal((await fixture.produce('sized', largest)).errorCode, 0);
  const larger = batchOf({ values: ['x'.repeat(1001 - overhead)] });
  assert.equal((await fixture.produce('sized', larger)).errorCode, errorCodes.MESSAGE_TOO_LARGE);
});

test('timestamps too far in the future are refused', async () => {
  await fixture.createTopic('future');
  const batch = batchOf({ values: ['x'], timestamp: Date.now() + 2 * 3_600_000 });
  assert.equal((await fixture.produce('future', batch)).errorCode, errorCodes.INVALID_TIMESTAMP);
});

test('a topic with LogAppendTime stamps records on arrival', async () => {
  await fixture.createTopic('stamped', { configuration: { 'message.timestamp.type': 'LogAppendTime' } });
  const before_ = Date.now();
  const { logAppendTimeMs } = await fixture.produce('stamped', batchOf({ values: ['x'], timestamp: 1000 }));
  assert.ok(logAppendTimeMs >= before_);
  const { records } = await fixture.fetch('stamped', 0);
  assert.equal(batchHeader.maxTimestamp(records as Uint8Array, 0), logAppendTimeMs);
});

test('a compacted topic takes no record without a key', async () => {
  await fixture.createTopic('compacted', { configuration: { 'cleanup.policy': 'compact' } });
  assert.equal((await fixture.produce('compacted', batchOf({ values: ['x'] }))).errorCode, errorCodes.INVALID_RECORD);
  assert.equal((await fixture.produce('compacted', batchOf({ values: ['x'], key: 'k' }))).errorCode, 0);
});

test('an idempotent batch sent again is stored once and answered with its first offset', async () => {
  await fixture.createTopic('idempotent');
  const send = (baseSequence: number, values: string[]) =>
    fixture.produce('idempotent', batchOf({ values, producerId: 7, producerEpoch: 0, baseSequence }));
  assert.equal((await send(0, ['a', 'b'])).baseOffset, 0);
  assert.equal((await send(2, ['c'])).baseOffset, 2);
  const again = await send(0, ['a', 'b']);
  assert.equal(again.errorCode, 0);
  assert.equal(again.baseOffset, 0);
  assert.deepEqual((await fixture.fetch('idempotent', 0)).values, ['a', 'b', 'c']);
});

test('a gap in the sequence and an old epoch are refused', async () => {
  await fixture.createTopic('sequence');
  const send = (producerEpoch: number, baseSequence: number) =>
    fixture.produce('sequence', batchOf({ values: ['x'], producerId: 9, producerEpoch, baseSequence }));
  assert.equal((await send(1, 0)).errorCode, 0);
  assert.equal((await send(1, 5)).errorCode, errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal((await send(0, 1)).errorCode, errorCodes.INVALID_PRODUCER_EPOCH);
  assert.equal((await send(2, 3)).errorCode, errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal((await send(2, 0)).errorCode, 0);
});

test('sequences are remembered across restarts', async () => {
  await using own = await ClusterFixture.start();
  await own.createTopic('kept');
  const send = (baseSequence: number) =>
    own.produce('kept', batchOf({ values: [`${baseSequence}`], producerId: 3, producerEpoch: 0, baseSequence }));
  await send(0);
  await own.restart();
  assert.equal((await send(0)).baseOffset, 0);
  assert.equal((await send(1)).baseOffset, 1);
  await own.restart();
  assert.equal((await send(3)).errorCode, errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.deepEqual((await own.fetch('kept', 0)).values, ['0', '1']);
});

test('producer ids are never given twice, not even after a restart', async () => {
  await using own = await ClusterFixture.start();
  const allocate = async (): Promise<number> => {
    const draft = { transactionalId: null, transactionTimeoutMs: 1000 };
    return (await (await own.peer()).request(initProducerId, draft)).producerId;
  };
  const first = [await allocate(), await allocate()];
  await own.restart();
  const all = [...first, await allocate(), await allocate()];
  assert.equal(new Set(all).size, 4);
});

test('a failure that acks 0 leaves no answer for closes the connection', async () => {
  await fixture.createTopic('untold');
  using peer = await WirePeer.connect(portOf('untold'));
  const [whole] = [batchOf({ values: ['damaged'] })];
  whole[whole.length - 1] = (whole.at(-1) as number) ^ 1;
  const topicData = [{ name: 'untold', partitionData: [{ index: 0, records: whole }] }];
  peer.send(peer.encode(produce, { acks: 0, timeoutMs: 1, topicData }, 12));
  await peer.ended;
  assert.match(fixture.events.at(-1)?.message ?? '', /untold-0 were not taken: CORRUPT_MESSAGE/);
});

test('nobody gets the producer id of another, whatever epoch is asked for', async () => {
  const peer = await fixture.peer();
  const first = await peer.request(initProducerId, { transactionalId: null, transactionTimeoutMs: 0 });
  const { producerId, producerEpoch } = first;
  const draft = { transactionalId: null, transactionTimeoutMs: 0, producerId, producerEpoch };
  const second = await peer.request(initProducerId, draft);
  assert.deepEqual([second.errorCode, second.producerEpoch], [0, 0]);
  assert.notEqual(second.producerId, producerId);
});

function portOf(topic: string): number {
  const leader = fixture.cluster.topics.byName(topic)?.partitions[0]?.leader;
  return fixture.cluster.brokers.find(({ nodeId }) => nodeId === leader)?.port ?? 0;
}

test('a topic keeps batches in the compression that it asks for', async () => {
  await fixture.createTopic('anew', { configuration: { 'compression.type': 'zstd' } });
  const value = 'x'.repeat(500);
  assert.equal((await fixture.produce('anew', batchOf({ values: [value] }))).errorCode, 0);
  const { records, values } = await fixture.fetch('anew', 0);
  assert.deepEqual(values, [value]);
  assert.equal(new RecordBatch(records as Uint8Array).compression, 'zstd');
});

test('a producer can not say that its times are those of the append', async () => {
  await fixture.createTopic('pretending');
  const batch = batchOf({ values: ['x'] });
  batchHeader.setLogAppendTime(batch, 0, 5);
  batchHeader.updateCrc(batch, 0);
  assert.equal((await fixture.produce('pretending', batch)).errorCode, 0);
  const { records } = await fixture.fetch('pretending', 0);
  assert.equal(new RecordBatch(records as Uint8Array).timestampType, 'CreateTime');
});
