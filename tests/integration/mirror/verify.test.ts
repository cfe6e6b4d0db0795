/** What readers see of records is compared, whatever the batches they lie in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DifferenceKind, PartitionVerification, RecordField } from '@millrace/mirror';
import {
  assertCounts,
  equal,
  mapOf,
  numbered,
  startVerifyFixture,
  time,
  type WrittenRecord,
} from './verify-fixture.ts';

test('copies in other batches and under another compression are equal', async (t) => {
  const { write, verify } = await startVerifyFixture(t, { sourcePartitions: 2 });
  const headers = [
    { key: 'trace', value: 'a' },
    { key: 'trace', value: null },
  ];
  const records: WrittenRecord[] = [
    ...numbered(500),
    { key: null, value: null, headers },
    { key: '', value: '', headers },
  ];
  await write('source', records, { perBatch: 7 });
  await write('target', records, { perBatch: 100, compression: 'lz4' });
  await write('source', records, { perBatch: 50, compression: 'zstd', partition: 1 });
  await write('target', records, { perBatch: 50, compression: 'zstd', partition: 1 });
  const progress = new Map<number, number>();
  const found = await verify({ onProgress: (reached) => progress.set(reached.partition, reached.records) });
  assert.equal(found.isEqual, true);
  assert.equal(found.manner, 'record by record');
  assert.deepEqual([progress.get(0), progress.get(1)], [502, 502]);
  for (const each of found.partitions)
    assertCounts(each, { ...equal, compared: 502, sourceRange: { from: 0, to: 502 } });
});

const original: WrittenRecord = {
  key: 'key 5',
  value: 'value 5',
  headers: [{ key: 'kind', value: 'order' }],
  timestamp: time(5),
};
const changes: readonly (readonly [field: RecordField, changed: WrittenRecord, sentence: RegExp])[] = [
  [
    'key',
    { ...original, key: 'kez 5' },
    /differ in key \(5 bytes "key 5" in the source, 5 bytes "kez 5" in the target\)$/,
  ],
  [
    'value',
    { ...original, value: 'valve 5' },
    /differ in value \(7 bytes "value 5" in the source, 7 bytes "valve 5" in/,
  ],
  ['value', { ...original, value: null }, /differ in value \(7 bytes "value 5" in the source, null in the target\)$/],
  [
    'headers',
    { ...original, headers: [{ key: 'kind', value: 'ordes' }] },
    /number 1: kind with 5 bytes "order" in the source/,
  ],
  ['headers', { ...original, headers: [] }, /headers \(1 in the source, 0 in the target\)/],
  ['timestamp', { ...original, timestamp: time(6) }, /timestamp \(1700000000005 .* in the source, 1700000000006 /],
];

for (const [field, changed, sentence] of changes) {
  test(`finds that a record differs in its ${field}: ${sentence.source}`, async (t) => {
    const { write, verifyPartition } = await startVerifyFixture(t);
    await write('source', [...numbered(5), original, ...numbered(20, 6)], { perBatch: 4 });
    await write('target', [...numbered(5), changed, ...numbered(20, 6)], { perBatch: 4 });
    const found = await verifyPartition();
    assertCounts(found, { ...equal, isEqual: false, compared: 26, changed: 1 });
    const { firstDifference: difference } = found;
    assert.deepEqual([difference?.kind, difference?.sourceOffset, difference?.targetOffset], ['changed', 5, 5]);
    assert.deepEqual(difference?.fields, [field]);
    assert.match(difference?.sentence ?? '', sentence);
  });
}

interface Shape {
  readonly name: string;
  readonly target: readonly number[];
  readonly kind: DifferenceKind;
  readonly counts: Partial<PartitionVerification>;
  readonly offsets: readonly [source: number | undefined, target: number | undefined];
  readonly sentence: RegExp;
}

const shapes: readonly Shape[] = [
  {
    name: 'a missing record',
    target: [0, 1, 2, 4, 5, 6, 7, 8, 9],
    kind: 'missing',
    counts: { compared: 9, onlyInSource: 1 },
    offsets: [3, undefined],
    sentence: /^the target lacks the record at source offset 3 \(key 5 bytes "key 3", value 7 bytes "value 3"/,
  },
  {
    name: 'a repeated record',
    target: [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9],
    kind: 'extra',
    counts: { compared: 10, onlyInTarget: 1 },
    offsets: [undefined, 4],
    sentence: /^the source lacks the record at target offset 4 .*; the target has the same from offset 3 on$/,
  },
  {
    name: 'a repeated batch',
    target: [0, 1, 2, 3, 4, 2, 3, 4, 5, 6, 7, 8, 9],
    kind: 'extra',
    counts: { compared: 10, onlyInTarget: 3 },
    offsets: [undefined, 5],
    sentence: /^the source lacks 3 records, the first at target offset 5 .*; the target has the same from offset 2 on$/,
  },
  {
    name: 'swapped records',
    target: [0, 1, 3, 2, 4, 5, 6, 7, 8, 9],
    kind: 'order',
    counts: { compared: 10, changed: 2 },
    offsets: [2, 2],
    sentence: /^the 2 records from source offset 2 on stand in another order in the target, from offset 2 on$/,
  },
  {
    name: 'records of somebody else at the end',
    target: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 101],
    kind: 'extra',
    counts: { compared: 10, onlyInTarget: 2 },
    offsets: [undefined, 10],
    sentence: /^the source lacks 2 records, the first at target offset 10/,
  },
];

for (const { name, target, kind, counts, offsets, sentence } of shapes) {
  test(`finds ${name}`, async (t) => {
    const { write, verifyPartition } = await startVerifyFixture(t);
    await write('source', numbered(10), { perBatch: 3 });
    await write(
      'target',
      target.flatMap((number) => numbered(1, number)),
      { perBatch: 2 },
    );
    for (const targetIsolation of ['read_committed', 'read_uncommitted'] as const) {
      const found = await verifyPartition({ targetIsolation });
      assertCounts(found, { ...equal, isEqual: false, ...counts });
      const { firstDifference: difference } = found;
      assert.deepEqual([difference?.kind, difference?.sourceOffset, difference?.targetOffset], [kind, ...offsets]);
      assert.match(difference?.sentence ?? '', sentence);
    }
  });
}

test('aborted records of the target are none to readers of committed ones, and too many to all others', async (t) => {
  const { target, topic, write, verifyPartition } = await startVerifyFixture(t);
  await write('source', numbered(10));
  await write('target', numbered(6));
  const transaction = await target.client.producer({ transactionalId: topic }).begin();
  await transaction.send({ topic, partition: 0, key: 'key 6', value: 'value 6', timestamp: time(6) });
  await transaction.abort();
  await write('target', numbered(4, 6));
  assertCounts(await verifyPartition(), { ...equal, compared: 10 });
  const found = await verifyPartition({ targetIsolation: 'read_uncommitted' });
  assertCounts(found, { ...equal, isEqual: false, compared: 10, onlyInTarget: 1 });
});

test('of a compacted topic the latest record of each key is compared', async (t) => {
  const { write, verify, verifyPartition } = await startVerifyFixture(t, {
    configuration: { 'cleanup.policy': 'compact' },
  });
  const put = (key: string, value: string | null, number: number): WrittenRecord => ({
    key,
    value,
    timestamp: time(number),
  });
  await write('source', [
    put('a', '1', 1),
    put('b', '1', 2),
    put('a', '2', 3),
    put('c', '1', 4),
    put('c', null, 5),
    put('d', '1', 6),
  ]);
  // Compacted: of "a" and "d" the latest record is left, of "c" nothing.
  await write('target', [put('b', '1', 2), put('a', '2', 3), put('d', '1', 6)]);
  assert.equal((await verify()).manner, 'latest by key');
  assertCounts(await verifyPartition(), { ...equal, compared: 4 });
  const map = mapOf({ source: 1, target: 0, count: 2 }, { source: 5, target: 2, count: 1 });
  await write('source', [put('e', '1', 7), put('b', null, 8)]);
  assertCounts(await verifyPartition({ mapOf: () => map }), { ...equal, lag: 2 });

  await write('target', [put('e', '2', 7)]);
  const changed = await verifyPartition({ mapOf: () => map });
  assertCounts(changed, { ...equal, isEqual: false, changed: 1, lag: 1 });
  assert.match(changed.firstDifference?.sentence ?? '', /source offset 6 and target offset 3 differ in value/);
  await write('target', [put('b', null, 8), put('f', '1', 9), put('a', null, 10)]);
  const more = await verifyPartition({ mapOf: () => map });
  assertCounts(more, { isEqual: false, changed: 1, onlyInTarget: 1, onlyInSource: 1, lag: 0 });
});

test('empty topics are equal, and partitions that one side lacks are named', async (t) => {
  const { verify, write } = await startVerifyFixture(t, { sourcePartitions: 3, targetPartitions: 2 });
  const found = await verify();
  assert.deepEqual([found.isEqual, found.onlyInSource, found.onlyInTarget], [false, [2], []]);
  for (const each of found.partitions) assertCounts(each, { ...equal, compared: 0 });
  assert.equal((await verify({ partitions: [0, 1] })).isEqual, true);
  await write('source', numbered(3), { partition: 1 });
  const [, second] = (await verify({ partitions: [0, 1] })).partitions;
  assertCounts(second as PartitionVerification, { ...equal, compared: 0, lag: 3 });
});
