/** Joins of tables by a foreign key, against a plain computation over the rows that there are at the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, text, topic } from '@millrace/client';
import fc from 'fast-check';
import { keyValueStore, testDriver, topology } from '../index.ts';
import { KeyValueStore } from '../state/key-value-store.ts';
import { type PrefixedKey, prefixedKeySerde, prefixOf } from '../state/prefixed-key.ts';
import { emptySpace } from '../state/state-space.ts';
import { Task } from '../task/task.ts';
import { SortedRows } from '../testing/properties/task-rig.ts';
import type { AnySerde } from './node.ts';
import { type SubTopology, subTopologies } from './plan.ts';

interface Order {
  readonly customer: string | null;
  readonly item: string;
}

const orders = topic('orders', { key: text, value: json<Order | null>() });
const customers = topic('customers', { key: text, value: json<{ name: string } | null>() });
const output = topic('output', { key: text, value: json<string>() });

function joinOf(keepsUnmet: boolean) {
  const job = topology('foreign');
  const left = job.table(orders, 'orders');
  const right = job.table(customers, 'customers').filter(({ name }) => name !== 'hidden');
  const options = { value: json<string>() };
  const keyOf = ({ customer }: Order): string | null => customer;
  const joined = keepsUnmet
    ? left.leftJoinBy('named', right, keyOf, ({ item }, found) => `${item} of ${found?.name}`, options)
    : left.joinBy('named', right, keyOf, ({ item }, { name }) => `${item} of ${name}`, options);
  joined.to(output);
  return { job, driver: testDriver(job) };
}

const changes = fc.array(
  fc.oneof(
    fc.record({
      of: fc.constant('order' as const),
      key: fc.constantFrom('1', '2', '3'),
      value: fc.option(fc.record({ customer: fc.constantFrom('a', 'b', null), item: fc.constantFrom('book', 'pen') })),
    }),
    fc.record({
      of: fc.constant('customer' as const),
      key: fc.constantFrom('a', 'b'),
      value: fc.option(fc.record({ name: fc.constantFrom('Ada', 'Bob', 'hidden') })),
    }),
  ),
  { maxLength: 30 },
);

for (const [kind, keepsUnmet] of [
  ['join', false],
  ['left join', true],
] as const) {
  test(`a ${kind} by a foreign key has what its rows come to, after each of their changes`, () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const { driver } = joinOf(keepsUnmet);
        const [left, right] = [new Map<string, Order>(), new Map<string, string>()];
        const found = new Map<string, string>();
        for (const step of steps) {
          if (step.of === 'order') {
            driver.pipe(orders, { key: step.key, value: step.value });
            if (step.value === null) left.delete(step.key);
            else left.set(step.key, step.value);
          } else {
            driver.pipe(customers, { key: step.key, value: step.value });
            if (step.value === null || step.value.name === 'hidden') right.delete(step.key);
            else right.set(step.key, step.value.name);
          }
          for (const { key, value } of driver.read(output)) {
            if (value === null) found.delete(key);
            else found.set(key, value);
          }
          const expected = [...left].flatMap(([key, { customer, item }]): [string, string][] => {
            const name = customer === null ? undefined : right.get(customer);
            return name === undefined && !keepsUnmet ? [] : [[key, `${item} of ${name}`]];
          });
          assert.deepEqual([...found].sort(), expected.sort());
        }
      }),
    );
  });
}

test('a row that changes nothing of the result of others leaves them alone', () => {
  const { driver } = joinOf(false);
  driver.pipe(customers, { key: 'a', value: { name: 'Ada' } });
  driver.pipe(orders, { key: '1', value: { customer: 'a', item: 'book' } });
  driver.pipe(orders, { key: '2', value: { customer: 'a', item: 'pen' } });
  driver.read(output);
  driver.pipe(orders, { key: '2', value: { customer: 'a', item: 'ink' } });
  driver.pipe(customers, { key: 'b', value: { name: 'Bob' } });
  assert.deepEqual(
    driver.read(output).map(({ key, value }) => [key, value]),
    [['2', 'ink of Ada']],
  );
});

test('an answer to a question that a row would not ask any more is dropped', () => {
  const { job } = joinOf(false);
  const [sub] = subTopologies(job.graph) as [SubTopology];
  const results: unknown[] = [];
  const task = new Task(sub, 0, {
    now: () => 0,
    write: ({ topic: to, key, value }) =>
      void ((to as typeof output).name === output.name && results.push([key, value])),
    space: () => emptySpace,
    cacheBytesMax: Number.POSITIVE_INFINITY,
    effects: { count: 0 },
    late: () => undefined,
    upstreams: new Map(),
  });
  const feed = (from: string, key: string, value: unknown): void => {
    const bytes = { keyBytes: Buffer.from(key), valueBytes: Buffer.from('-') };
    task.process({ topic: from, partition: 0, offset: 0, timestamp: 0, headers: [], key, value, ...bytes });
  };
  const answer = (foreignKey: string, name: string): void =>
    feed('millrace.repartition.foreign.named-answers', '1', { foreignKey, right: { name } });
  feed('orders', '1', { customer: 'a', item: 'book' });
  feed('orders', '1', { customer: 'b', item: 'book' });
  answer('a', 'Ada');
  assert.deepEqual(results, []);
  answer('b', 'Bob');
  assert.equal(results.length, 1);
});

test('keys are found by their prefix, in the cache and on disk', () => {
  const part = text as AnySerde;
  const definition = {
    ...keyValueStore({ name: 'pairs', key: prefixedKeySerde(part, part), value: json<number>() as AnySerde }),
    prefixOf: (key: unknown) => prefixOf(part, (key as PrefixedKey).first),
  };
  const steps = fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(fc.constantFrom('a', 'b', 'ab'), fc.constantFrom('b', 'bc', ''), fc.option(fc.nat(9))),
      },
      { weight: 1, arbitrary: fc.constant('commit' as const) },
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 300, Number.POSITIVE_INFINITY), (given, cacheBytesMax) => {
      const rows = new SortedRows();
      const store = new KeyValueStore<PrefixedKey, number>(definition, rows, cacheBytesMax, { count: 0 });
      const expected = new Map<string, number>();
      for (const step of given) {
        if (step === 'commit') {
          const change = (key: Uint8Array, value: Uint8Array | null): void =>
            rows.put(Buffer.from(key), value === null ? null : Buffer.from(value));
          store.takeChanges({ change, drop: () => undefined });
          store.written();
        } else {
          const [first, second, value] = step as [string, string, number | null];
          store.put({ first, second }, value);
          if (value === null) expected.delete(`${first}/${second}`);
          else expected.set(`${first}/${second}`, value);
        }
        for (const prefix of ['a', 'b', 'ab']) {
          const found = [...store.withPrefix(prefixOf(part, prefix))].map(([{ first, second }, value]) => [
            `${first}/${second}`,
            value,
          ]);
          assert.deepEqual(found.sort(), [...expected].filter(([name]) => name.startsWith(`${prefix}/`)).sort());
        }
      }
    }),
  );
});
