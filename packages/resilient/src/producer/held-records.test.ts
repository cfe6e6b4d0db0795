/** Records that are kept while a producer goes from one side to the other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import { json, topic } from '@millrace/client';
import { type HeldRecord, HeldRecords, recordOf } from './held-records.ts';

const limits = { batchBytesMax: 1_000, bufferBytesMax: 4_000 };
const orders = topic('orders', { value: json<{ id: number }>() });

test('what is held are copies, in their order, as they would have been written', async () => {
  const held = new HeldRecords(nodePlatform, limits);
  const key = Buffer.from('key');
  const before = Date.now();
  held.add(
    'orders',
    { topic: orders, key, value: { id: 1 }, headers: { trace: 'a' }, partition: 3 } as never,
    0,
    undefined,
  );
  held.add('orders', { topic: orders, value: { id: 2 }, timestamp: 7 } as never, 0, undefined);
  key.fill('x');
  assert.ok(held.bytes > 0);
  const taken: HeldRecord[] = [];
  await held.drainTo((record) => void taken.push(record));
  assert.equal(held.bytes, 0);
  assert.ok(held.isEmpty);
  const [first, second] = taken.map(recordOf);
  assert.equal(Buffer.from(first?.key as Uint8Array).toString(), 'key');
  assert.deepEqual([first?.value, first?.headers, first?.partition], ['{"id":1}', [['trace', 'a']], 3]);
  assert.ok((first?.timestamp ?? 0) >= before);
  assert.deepEqual(
    [second?.value, second?.key, second?.partition, second?.timestamp],
    ['{"id":2}', null, undefined, 7],
  );
});

test('what comes while held records are handed on is held on, behind them', async () => {
  const held = new HeldRecords(nodePlatform, limits);
  const taken: string[] = [];
  const add = (value: string): void => held.add('orders', { topic: 'orders', value }, 0, undefined);
  add('1');
  add('2');
  const take = ({ value }: HeldRecord): Promise<void> | undefined => {
    taken.push(String(value));
    if (value !== '1') return undefined;
    return Promise.resolve().then(() => add('3'));
  };
  await held.drainTo(take);
  assert.deepEqual(taken, ['1', '2']);
  assert.ok(!held.isEmpty);
  await held.drainTo(take);
  assert.deepEqual(taken, ['1', '2', '3']);
  assert.ok(held.isEmpty);
  assert.equal(held.bytes, 0);
});

test('a record that can not be written is refused at once, and memory is bounded', () => {
  const held = new HeldRecords(nodePlatform, limits);
  const add = (value: unknown): void => held.add('orders', { topic: 'orders', value } as never, 0, undefined);
  assert.throws(() => add({ id: 1 }), { code: 'serialize_failed' });
  assert.throws(() => add('x'.repeat(1_000)), { code: 'record_too_large' });
  assert.ok(held.isEmpty);
  assert.throws(
    () => {
      for (;;) add('x'.repeat(500));
    },
    { code: 'buffer_full' },
  );
  assert.ok(held.bytes >= 2 * limits.bufferBytesMax && held.bytes < 3 * limits.bufferBytesMax);
  assert.throws(() => held.add('orders', { topic: 'orders', value: 'y' }, 2 * limits.bufferBytesMax, undefined), {
    code: 'buffer_full',
  });
});
