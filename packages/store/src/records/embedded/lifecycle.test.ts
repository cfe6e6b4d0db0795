/**
 * What only the embedded store promises: expiry to the millisecond, its sweep, crashes, and what a failed write means.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryVolume } from '../../ordered/memory-engine.ts';
import { openMemoryStore } from '../../ordered/open-ordered-store.ts';
import type { OrderedStore } from '../../ordered/ordered-store.ts';
import { StoreError } from '../../store-error.ts';
import { add, read } from '../operation.ts';
import type { RecordKey, UserKey } from '../record-key.ts';
import type { RecordStore } from '../record-store.ts';
import { ManualTime } from '../testing/manual-time.ts';
import { refusal } from '../testing/suite.ts';
import { openEmbeddedRecords } from './embedded-records.ts';

const place = { namespace: 'test', set: 'set' };
const key = (key: UserKey): RecordKey => ({ ...place, key });

async function open(store: OrderedStore, time = new ManualTime()): Promise<RecordStore> {
  return openEmbeddedRecords({ store, clock: time, timers: time });
}

/** Keys in the store, of records, of the sweep and of indexes. */
function countsOf(store: OrderedStore): { records: number; sweeps: number; entries: number } {
  const count = (kind: string): number =>
    store
      .spaces()
      .filter((name) => name.startsWith(`${kind}\0`))
      .reduce((sum, name) => sum + [...store.space(name).range()].length, 0);
  return { records: count('r'), sweeps: count('s'), entries: count('i') };
}

test('a record is there until the last millisecond of its life', async () => {
  const time = new ManualTime();
  const records = await open(openMemoryStore(), time);
  await records.put(key('a'), { x: 1 }, { ttl: 10 });
  await time.pass(9_999);
  assert.equal((await records.get(key('a')))?.ttl, 1);
  await time.pass(1);
  assert.equal(await records.get(key('a')), undefined);
  assert.equal(await records.remove(key('a')), false);
});

test('the sweep removes expired records with all that belongs to them, and no others', async () => {
  const time = new ManualTime();
  const store = openMemoryStore();
  const records = await open(store, time);
  await records.createIndex({ ...place, bin: 'x', name: 'by-x', type: 'integer' });
  for (let number = 0; number < 1_200; number++) await records.put(key(number), { x: number }, { ttl: 10 });
  await records.put(key('long'), { x: 1 }, { ttl: 100 });
  await records.put(key('ever'), { x: 1 });
  assert.deepEqual(countsOf(store), { records: 1_202, sweeps: 1_201, entries: 1_202 });
  for (let second = 0; second < 12; second++) await time.pass(1_000);
  assert.deepEqual(countsOf(store), { records: 2, sweeps: 1, entries: 2 });
});

test('a record whose life changes again and again has one entry for the sweep, and expires in time', async () => {
  const time = new ManualTime();
  const store = openMemoryStore();
  const records = await open(store, time);
  for (const ttl of [10, 20, 30, 5, 15]) {
    await records.put(key('a'), { x: ttl }, { ttl });
    assert.equal(countsOf(store).sweeps, 1);
  }
  for (let second = 0; second < 14; second++) await time.pass(1_000);
  assert.equal((await records.get(key('a')))?.ttl, 1);
  await records.put(key('b'), { x: 1 }, { ttl: 3 });
  await records.touch(key('b'), 'never');
  for (let second = 0; second < 6; second++) await time.pass(1_000);
  assert.equal(await records.get(key('a')), undefined);
  assert.equal((await records.get(key('b')))?.ttl, undefined);
  assert.deepEqual(countsOf(store), { records: 1, sweeps: 0, entries: 0 });
});

test('a change of a record that has expired and was not swept makes a new one', async () => {
  const time = new ManualTime();
  const store = openMemoryStore();
  const records = await open(store, time);
  await records.createIndex({ ...place, bin: 'x', name: 'by-x', type: 'integer' });
  await records.put(key('a'), { x: 1, y: 1 }, { ttl: 1 });
  await time.pass(999);
  await Promise.all([time.pass(1), records.get(key('a'))]);
  const { generation } = await records.operate(key('a'), [add('x', 5)]);
  assert.equal(generation, 1);
  assert.deepEqual((await records.get(key('a')))?.bins, { x: 5 });
  assert.deepEqual(countsOf(store), { records: 1, sweeps: 0, entries: 1 });
});

test('records, indexes and lives are as they were after a crash', async () => {
  const volume = new MemoryVolume();
  const time = new ManualTime();
  const records = await open(openMemoryStore({ volume }), time);
  await records.createIndex({ ...place, bin: 'x', name: 'by-x', type: 'integer' });
  await records.put(key('a'), { x: 1 }, { ttl: 10 });
  await records.put(key('b'), { x: 1 }, { durable: true });
  await records.put(key('c'), { x: 1 });
  volume.crash(0);
  const again = await open(openMemoryStore({ volume }), time);
  const found = await again.query({ index: { namespace: 'test', name: 'by-x' }, where: { equals: 1 } });
  assert.deepEqual(found.records.map((record) => record.key.key).sort(), ['a', 'b']);
  assert.equal((await again.get(key('a')))?.ttl, 10);
});

test('an index whose making was cut off is made to its end when the store is opened', async () => {
  const volume = new MemoryVolume();
  const records = await open(openMemoryStore({ volume }));
  for (let number = 0; number < 1_200; number++) await records.put(key(number), { x: number });
  const making = records.createIndex({ ...place, bin: 'x', name: 'by-x', type: 'integer' });
  making.catch(() => undefined);
  const index = { namespace: 'test', name: 'by-x' };
  await records.put(key('meanwhile'), { x: 7 });
  await assert.rejects(records.query({ index, where: { equals: 7 } }), refusal('index_not_found'));
  volume.crash();
  const again = await open(openMemoryStore({ volume }));
  const found = await again.query({ index, where: { from: 0, to: 10 } });
  assert.equal(found.records.length, 12);
});

test('a write that fails refuses what was decided on it, and the store goes on with what is there', async () => {
  const store = openMemoryStore();
  const records = await open(store);
  await records.put(key('a'), { n: 1 });
  const write = store.write.bind(store);
  store.write = () => Promise.reject(new StoreError('disk_full'));
  const first = records.operate(key('a'), [add('n', 1)]);
  await Promise.resolve();
  const behind = records.operate(key('a'), [add('n', 1)]);
  await assert.rejects(first, /The disk is full/);
  await assert.rejects(behind);
  store.write = write;
  const { bins } = await records.operate(key('a'), [add('n', 10), read('n')]);
  assert.deepEqual(bins, { n: 11 });
});

test('the part of the index that has to stay in memory is told for a million keys', async () => {
  await using records = await open(openMemoryStore());
  await records.put(key('a'), { n: 1 });
  const stats = await records.stats();
  assert.ok(stats.indexBytesPerMillion > 0);
});
