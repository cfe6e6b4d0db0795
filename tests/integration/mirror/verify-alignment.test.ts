/** Which records of both sides belong together: by offset maps, with retention, transactions and lag in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { unwrap } from '@millrace/client';
import type { PartitionVerification, VerifyOptions } from '@millrace/mirror';
import {
  assertCounts,
  equal,
  mapOf,
  numbered,
  startVerifyFixture,
  time,
  type VerifyFixture,
  type WrittenRecord,
} from './verify-fixture.ts';

test('a long piece that somebody else wrote is told apart by the map from what follows it', async (t) => {
  const { write, verifyPartition } = await startVerifyFixture(t);
  await write('source', numbered(3000), { perBatch: 500 });
  await write('target', [...numbered(100), ...numbered(2500, 10_000), ...numbered(2900, 100)], { perBatch: 700 });
  const foreign = mapOf({ source: 0, target: 0, count: 100 }, { source: 100, target: 2600, count: 2900 });
  const found = await verifyPartition({ mapOf: () => foreign });
  assertCounts(found, { ...equal, isEqual: false, compared: 3000, onlyInTarget: 2500 });
  assert.equal(found.firstDifference?.targetOffset, 100);
});

test('a target that lags behind is equal, and how much it lacks is said', async (t) => {
  const { write, verifyPartition } = await startVerifyFixture(t);
  await write('source', numbered(100), { perBatch: 10 });
  await write('target', numbered(64), { perBatch: 64 });
  assertCounts(await verifyPartition(), { ...equal, compared: 64, lag: 36 });
  const map = mapOf({ source: 0, target: 0, count: 40 });
  assertCounts(await verifyPartition({ mapOf: () => map }), { ...equal, compared: 64, lag: 36 });
  // It says that more was copied than is there.
  map.append({ source: 40, target: 40, count: 30 });
  const found = await verifyPartition({ mapOf: () => map });
  assertCounts(found, { ...equal, isEqual: false, compared: 64, onlyInSource: 6, lag: 30 });
  assert.match(found.firstDifference?.sentence ?? '', /the offset map says that it lies at target offset 64$/);
});

test('aborted transactions of the source are no part of it', async (t) => {
  const { source, topic, write, verifyPartition } = await startVerifyFixture(t);
  const producer = source.client.producer({ transactionalId: topic });
  const put = async (numbers: readonly number[], end: 'commit' | 'abort'): Promise<void> => {
    const transaction = await producer.begin();
    for (const number of numbers) {
      const [{ key, value }] = numbered(1, number) as [WrittenRecord];
      await transaction.send({ topic, partition: 0, key, value, timestamp: time(number) });
    }
    await transaction[end]();
  };
  await write('source', numbered(5));
  await put([5, 6], 'commit');
  await put([50, 51, 52], 'abort');
  await put([7, 8, 9], 'commit');
  await write('source', numbered(5, 10));
  await write('target', numbered(15), { perBatch: 4 });
  // A marker at 7, three aborted records and their marker at 8 to 11, a marker at 15.
  const runs = [
    { source: 0, target: 0, count: 7 },
    { source: 12, target: 7, count: 3 },
    { source: 16, target: 10, count: 5 },
  ];
  for (const map of [undefined, mapOf(...runs)]) {
    assertCounts(await verifyPartition({ mapOf: () => map }), { ...equal, compared: 15 });
  }
  const wrong = mapOf({ source: 0, target: 0, count: 10 }, { source: 16, target: 10, count: 5 });
  const found = await verifyPartition({ mapOf: () => wrong });
  assertCounts(found, { isEqual: false, changed: 0, misplaced: 3 });
  assert.equal(found.firstDifference?.kind, 'offset');
  assert.match(found.firstDifference?.sentence ?? '', /source offset 12 lies at target offset 7, but the offset map/);
});

test('equal batches that do not lie where the map says are named, and passed over where they do', async (t) => {
  const { write, verifyPartition } = await startVerifyFixture(t);
  await write('source', numbered(30), { perBatch: 10 });
  await write('target', numbered(30), { perBatch: 10 });
  const right = mapOf({ source: 0, target: 0, count: 25 });
  assertCounts(await verifyPartition({ mapOf: () => right }), { ...equal, compared: 30 });
  const wrong = mapOf({ source: 0, target: 0, count: 10 }, { source: 10, target: 11, count: 15 });
  const found = await verifyPartition({ mapOf: () => wrong });
  assertCounts(found, { ...equal, isEqual: false, compared: 30, misplaced: 16 });
  assert.deepEqual([found.firstDifference?.sourceOffset, found.firstDifference?.targetOffset], [10, 10]);
});

test('what one side retains no more is not compared', async (t) => {
  const { source, target, topic, write, verifyPartition } = await startVerifyFixture(t);
  await write('source', numbered(100), { perBatch: 10 });
  await write('target', numbered(80, 20), { perBatch: 15 });
  const map = mapOf({ source: 20, target: 0, count: 80 });
  unwrap(await target.admin.deleteRecords([{ topic, partition: 0, offset: 7 }]));
  const found = await verifyPartition({ mapOf: () => map });
  assertCounts(found, { ...equal, compared: 73, sourceRange: { from: 27, to: 100 }, targetRange: { from: 7, to: 80 } });
  unwrap(await source.admin.deleteRecords([{ topic, partition: 0, offset: 55 }]));
  assertCounts(await verifyPartition({ mapOf: () => map }), {
    ...equal,
    compared: 45,
    targetRange: { from: 35, to: 80 },
  });
});

test('ranges that are to be skipped are no part of the comparison', async (t) => {
  const { write, verifyPartition } = await startVerifyFixture(t);
  await write('source', numbered(50));
  await write('target', [...numbered(30), ...numbered(5, 200), ...numbered(20, 30)], { perBatch: 9 });
  const map = mapOf({ source: 0, target: 0, count: 30 }, { source: 30, target: 35, count: 20 });
  assertCounts(await verifyPartition({ mapOf: () => map }), { isEqual: false, onlyInTarget: 5 });
  const skip = new Map([[0, [{ from: 30, to: 35 }]]]);
  assertCounts(await verifyPartition({ mapOf: () => map, skip }), { ...equal, compared: 50 });
});

test('records that retention removes while they are compared are left out on both sides', async (t) => {
  const fixture = await startVerifyFixture(t, { sourcePartitions: attempts });
  const map = mapOf({ source: 0, target: 0, count: 24 });
  for (let partition = 0; partition < attempts; partition++) {
    const side = partition % 2 === 0 ? 'source' : 'target';
    const found = await compareWhileRemoved(fixture, partition, side, { mapOf: () => map });
    assertCounts(found, equal);
    if (found.sourceRange.from === 0) continue;
    assert.deepEqual([found.sourceRange.from, found.targetRange.from], [23, 23]);
    assert.ok(found.compared < 24);
    return;
  }
  assert.fail(`retention overtook none of ${attempts} comparisons`);
});

test('without a map, a comparison that retention overtakes says that it can not go on', async (t) => {
  const fixture = await startVerifyFixture(t, { sourcePartitions: attempts });
  await assert.rejects(
    async () => {
      for (let partition = 0; partition < attempts; partition++) {
        await compareWhileRemoved(fixture, partition, 'source', {});
      }
    },
    (error) => isMillraceError(error, 'verify_log_changed'),
  );
});

/** A comparison may be quicker than what is to overtake it. */
const attempts = 8;

/** Compares 24 records of a MB, of which one side removes all but the last once it has begun. */
async function compareWhileRemoved(
  fixture: VerifyFixture,
  partition: number,
  side: 'source' | 'target',
  options: Partial<VerifyOptions>,
): Promise<PartitionVerification> {
  const { topic, write, verifyPartition } = fixture;
  const big = numbered(24).map((record) => ({ ...record, value: `${record.value} `.repeat(100_000) }));
  for (const each of ['source', 'target'] as const) await write(each, big, { perBatch: 1, partition });
  let removal: Promise<unknown> | undefined;
  const onProgress = (): void => {
    removal ??= fixture[side].admin.deleteRecords([{ topic, partition, offset: 23 }]);
  };
  try {
    return await verifyPartition({ ...options, partitions: [partition], onProgress }, partition);
  } finally {
    assert.ok(await removal);
  }
}
