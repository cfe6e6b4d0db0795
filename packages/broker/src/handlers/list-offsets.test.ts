import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { errorCodes, listOffsets } from '@millrace/wire';
import { batchOf, ClusterFixture } from '../testing/cluster-fixture.ts';

let fixture: ClusterFixture;

before(async () => {
  fixture = await ClusterFixture.start();
  await fixture.createTopic('timed', { configuration: { 'segment.bytes': '300', 'index.interval.bytes': '100' } });
  for (const timestamp of [1000, 2000, 2000, 5000, 4000]) {
    await fixture.produce('timed', batchOf({ values: [`${timestamp}`, 'next'], timestamp }));
  }
});
after(() => fixture[Symbol.asyncDispose]());

async function find(timestamp: number, topic = 'timed') {
  const partitions = [{ partitionIndex: 0, timestamp }];
  const peer = await fixture.peer();
  const answer = await peer.request(listOffsets, { replicaId: -1, topics: [{ name: topic, partitions }] });
  const {
    errorCode,
    offset,
    timestamp: found,
  } = answer.topics[0]?.partitions[0] ?? { errorCode: -1, offset: -9, timestamp: -9 };
  return { errorCode, offset, timestamp: found };
}

test('latest and earliest are the ends of the log', async () => {
  assert.deepEqual(await find(-1), { errorCode: 0, offset: 10, timestamp: -1 });
  assert.deepEqual(await find(-2), { errorCode: 0, offset: 0, timestamp: -1 });
  assert.deepEqual(await find(-4), { errorCode: 0, offset: 0, timestamp: -1 });
});

test('a timestamp finds the first record at or after it', async () => {
  assert.deepEqual(await find(0), { errorCode: 0, offset: 0, timestamp: 1000 });
  assert.deepEqual(await find(1001), { errorCode: 0, offset: 2, timestamp: 2000 });
  assert.deepEqual(await find(2000), { errorCode: 0, offset: 2, timestamp: 2000 });
  assert.deepEqual(await find(2001), { errorCode: 0, offset: 6, timestamp: 5000 });
  assert.deepEqual(await find(5001), { errorCode: 0, offset: -1, timestamp: -1 });
});

test('the greatest timestamp is that of the first record that has it', async () => {
  assert.deepEqual(await find(-3), { errorCode: 0, offset: 6, timestamp: 5000 });
});

test('there is no tiered storage to ask about', async () => {
  assert.deepEqual(await find(-5), { errorCode: 0, offset: -1, timestamp: -1 });
});

test('an empty partition begins and ends at 0 and has no timestamps', async () => {
  await fixture.createTopic('empty');
  assert.equal((await find(-1, 'empty')).offset, 0);
  assert.equal((await find(-3, 'empty')).offset, -1);
  assert.equal((await find(7, 'empty')).offset, -1);
});

test('an unknown topic is an error', async () => {
  assert.equal((await find(-1, 'absent')).errorCode, errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
});
