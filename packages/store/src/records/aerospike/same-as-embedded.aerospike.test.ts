/**
 * Any sequence of operations does the same on an Aerospike server as on the embedded store: the same results or the
 * same refusal, and the same record afterwards. (But `list.removeByRank`: of equal elements the server removes any.)
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { openMemoryStore } from '../../ordered/open-ordered-store.ts';
import { openEmbeddedRecords } from '../embedded/embedded-records.ts';
import { add, append, list, map, type Operation, prepend, read, touch, write } from '../operation.ts';
import type { RecordStore } from '../record-store.ts';
import { Double, type Value } from '../value.ts';
import { openAerospikeRecords } from './aerospike-records.ts';

const host = process.env['AEROSPIKE_HOST'];
const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const how = 'needs Aerospike, a server: see aerospike-records.aerospike.test.ts';

const integer = fc.constantFrom<(number | bigint)[]>(0, 1, -2, 7, 2n ** 62n + 1n);
const number = fc.oneof(integer, fc.constantFrom<(number | Double)[]>(0.5, new Double(2)));
const text = fc.constantFrom('', 'a', 'b', 'ä', '😀', '10');
/** Without doubles that are whole: what is read does not tell them from integers, which have another rank. */
const plain: fc.Arbitrary<Value> = fc.oneof(
  integer,
  fc.constant(0.5),
  text,
  fc.constantFrom<Value[]>(null, true, false, Buffer.from('x'), [], [1, 'a'], [1], { a: 1 }, {}),
);
const values = fc.array(plain, { minLength: 1, maxLength: 4 });
const entries = fc.dictionary(text, plain, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
const start = fc.integer({ min: -4, max: 4 });
const count = fc.option(fc.nat(4), { nil: undefined });
const end = fc.option(plain, { nil: undefined });
const keyEnd = fc.option(text, { nil: undefined });
const [n, t, l, m] = ['n', 't', 'l', 'm'];
const bin = fc.constantFrom(n, t, l, m);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  bin.map(read),
  fc.tuple(bin, plain).map(([name, value]) => write(name, value)),
  fc.tuple(bin, number).map(([name, value]) => add(name, value)),
  fc.tuple(bin, text).map(([name, value]) => append(name, value)),
  fc.tuple(bin, text).map(([name, value]) => prepend(name, value)),
  fc.constant(touch()),
  fc.boolean().map((ordered) => list.order(l, ordered)),
  fc.tuple(values, fc.boolean()).map(([each, unique]) => list.append(l, each, { unique })),
  fc.tuple(start, values).map(([at, each]) => list.insert(l, at, each)),
  fc.tuple(start, plain).map(([at, value]) => list.set(l, at, value)),
  fc.tuple(start, count).map(([from, some]) => list.pop(l, from, some)),
  fc.tuple(start, count).map(([from, some]) => list.trim(l, from, some)),
  plain.map((value) => list.removeByValue(l, value)),
  fc.tuple(end, end).map(([from, to]) => list.removeByValueRange(l, from, to)),
  fc.tuple(start, count).map(([from, some]) => list.get(l, from, some)),
  fc.constantFrom(list.size(l), list.clear(l), map.size(m), map.clear(m)),
  fc.tuple(entries, fc.constantFrom('any', 'create', 'update')).map(([each, mode]) => map.put(m, each, mode)),
  fc.tuple(text, integer).map(([name, value]) => map.increment(m, name, value)),
  text.map((name) => map.removeByKey(m, name)),
  fc.array(text, { maxLength: 3 }).map((names) => map.removeByKeys(m, names)),
  fc.tuple(keyEnd, keyEnd).map(([from, to]) => map.removeByKeyRange(m, from, to)),
  fc.tuple(start, count).map(([from, some]) => map.removeByRank(m, from, some)),
  plain.map((value) => map.removeByValue(m, value)),
  fc.tuple(end, end).map(([from, to]) => map.removeByValueRange(m, from, to)),
  text.map((name) => map.getByKey(m, name)),
  fc.array(text, { maxLength: 3 }).map((names) => map.getByKeys(m, names)),
  fc.tuple(keyEnd, keyEnd).map(([from, to]) => map.getByKeyRange(m, from, to)),
  fc.tuple(start, count).map(([from, some]) => map.getByRank(m, from, some)),
  fc.tuple(end, end).map(([from, to]) => map.getByValueRange(m, from, to)),
);

/** The results, or the code of the refusal; and then the record. */
async function seen(store: RecordStore, name: string, steps: readonly (readonly Operation[])[]): Promise<unknown[]> {
  const key = { namespace: process.env['AEROSPIKE_NAMESPACE'] ?? 'test', set: 'same', key: name };
  const all: unknown[] = [];
  for (const operations of steps) {
    try {
      const { generation, bins } = await store.operate(key, operations);
      all.push({ generation, bins });
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      all.push(error.code);
    }
    all.push((await store.get(key))?.bins);
  }
  return all;
}

test('any operations do the same on Aerospike as on the embedded store', {
  skip: host === undefined && how,
  timeout: 300_000,
}, async () => {
  await using embedded = await openEmbeddedRecords({ store: openMemoryStore() });
  await using aerospike = await openAerospikeRecords({ hosts: host ?? '' });
  const steps = fc.array(fc.array(operation, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(steps, async (each) => {
      const name = randomUUID();
      assert.deepEqual(await seen(embedded, name, each), await seen(aerospike, name, each));
    }),
    { numRuns: Math.ceil(500 * scale) },
  );
});
