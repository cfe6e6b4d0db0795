import assert from 'node:assert/strict';
import { test } from 'node:test';
import { float64, int64, json, text, topic } from '@millrace/client';
import { hopping, keyValueStore, session, testDriver, topology, tumbling } from '../index.ts';

const lines = topic('lines', { value: text });
const words = topic('words', { key: text, value: int64 });

function plain<K, V>(records: readonly { readonly key: K; readonly value: V }[]): [K, V][] {
  return records.map(({ key, value }) => [key, value]);
}

test('words are counted', () => {
  const job = topology('word-count');
  job
    .source(lines)
    .flatMap((line) => line.split(' '))
    .keyBy('by-word', (word) => word, { key: text, value: text })
    .count('counts')
    .to(words);
  const driver = testDriver(job);
  driver.pipe(lines, { value: 'to be or not to be' });
  assert.deepEqual(plain(driver.read(words)), [
    ['to', 1],
    ['be', 1],
    ['or', 1],
    ['not', 1],
    ['to', 2],
    ['be', 2],
  ]);
  assert.match(job.describe(), /store counts \(key-value\)/);
});

const readings = topic('readings', { key: text, value: json<{ celsius: number }>() });
const averages = topic('averages', { key: text, value: float64 });

test('a window that is emitted on close goes on once, when stream time has passed its end and grace', () => {
  const job = topology('averages');
  job
    .source(readings)
    .windowedBy(tumbling({ sizeMs: 10, graceMs: 5 }), { emit: 'close' })
    .aggregate('sums', {
      value: json<{ sum: number; count: number }>(),
      initial: () => ({ sum: 0, count: 0 }),
      add: ({ sum, count }, { celsius }) => ({ sum: sum + celsius, count: count + 1 }),
    })
    .map(({ sum, count }) => sum / count)
    .to(averages, { key: (_, { key }) => `${key.key}@${key.start}` });
  const driver = testDriver(job);
  const pipe = (key: string, celsius: number, timestamp: number): void =>
    driver.pipe(readings, { key, value: { celsius }, timestamp });
  pipe('a', 10, 1);
  pipe('a', 20, 9);
  pipe('b', 5, 12);
  pipe('a', 30, 8);
  assert.deepEqual(driver.read(averages), []);
  pipe('b', 7, 15);
  assert.deepEqual(driver.read(averages), [{ key: 'a@0', value: 20, timestamp: 9 }]);
  pipe('a', 99, 3);
  assert.equal(driver.lateCount('sums'), 1);
  pipe('a', 1, 100);
  assert.deepEqual(plain(driver.read(averages)), [['b@10', 6]]);
});

test('hopping windows overlap, and each change goes on', () => {
  const job = topology('hops');
  const counted = job
    .source(readings)
    .windowedBy(hopping({ sizeMs: 10, advanceMs: 5 }))
    .count('counts');
  counted.to(words, { key: (_, { key }) => `${key.key} ${key.start}-${key.end}` });
  const driver = testDriver(job);
  for (const timestamp of [3, 7, 12]) driver.pipe(readings, { key: 'a', value: { celsius: 0 }, timestamp });
  assert.deepEqual(plain(driver.read(words)), [
    ['a 0-10', 1],
    ['a 0-10', 2],
    ['a 5-15', 1],
    ['a 5-15', 2],
    ['a 10-20', 1],
  ]);
});

test('a window over closed windows takes their results in time', () => {
  const job = topology('cascade');
  job
    .source(readings)
    .windowedBy(tumbling({ sizeMs: 10, graceMs: 3 }), { emit: 'close' })
    .count('inner')
    .map((count, { key }) => ({ count, key: key.key }))
    .process<string, number>({
      name: 'unwindow',
      key: text,
      value: int64,
      init: ({ forward }) => ({ process: ({ count, key }) => forward(key, count) }),
    })
    .windowedBy(tumbling({ sizeMs: 20 }), { emit: 'close' })
    .reduce('outer', (left, right) => left + right)
    .to(words, { key: (_, { key }) => `${key.key}@${key.start}` });
  const driver = testDriver(job);
  for (const timestamp of [1, 5, 11, 19, 22, 25, 31, 47, 90]) {
    driver.pipe(readings, { key: 'k', value: { celsius: 1 }, timestamp });
  }
  assert.equal(driver.lateCount('outer'), 0);
  assert.deepEqual(plain(driver.read(words)), [
    ['k@0', 4],
    ['k@20', 3],
    ['k@40', 1],
  ]);
});

test('sessions that a record connects become one', () => {
  const job = topology('sessions');
  const { results, late } = job
    .source(readings)
    .windowedBy(session({ gapMs: 10, graceMs: 20 }), { emit: 'close' })
    .aggregateWithLate('visits', {
      value: int64,
      initial: () => 0,
      add: (count) => count + 1,
      merge: (left, right) => left + right,
    });
  results.to(words, { key: (_, { key }) => `${key.key} ${key.start}-${key.end}` });
  late.to(topic('late', { key: text, value: json<{ celsius: number }>() }));
  const driver = testDriver(job);
  const pipe = (timestamp: number, key = 'a'): void =>
    driver.pipe(readings, { key, value: { celsius: timestamp }, timestamp });
  for (const timestamp of [100, 115, 107]) pipe(timestamp);
  pipe(123, 'b');
  pipe(124);
  pipe(140);
  pipe(109);
  pipe(200);
  pipe(150);
  assert.deepEqual(plain(driver.read(words)), [
    ['b 123-134', 1],
    ['a 100-135', 5],
    ['a 140-151', 1],
  ]);
  assert.equal(driver.read('late').length, 1);
});

test('records of a session may be just its gap apart, also when they come in order', () => {
  const job = topology('boundary');
  const results = job
    .source(readings)
    .windowedBy(session({ gapMs: 10 }), { emit: 'close' })
    .count('visits');
  results.to(words, { key: (_, { key }) => `${key.key} ${key.start}-${key.end}` });
  const driver = testDriver(job);
  for (const timestamp of [100, 110, 121, 200]) driver.pipe(readings, { key: 'a', value: { celsius: 1 }, timestamp });
  assert.deepEqual(plain(driver.read(words)), [
    ['a 100-121', 2],
    ['a 121-132', 1],
  ]);
});

const orders = topic('orders', { key: text, value: json<{ item: string }>() });
const payments = topic('payments', { key: text, value: json<{ amount: number }>() });
const paid = topic('paid', { key: text, value: text });

test('records of two streams meet within their window, and those that met nobody go on when nobody can come', () => {
  const job = topology('payments');
  job
    .source(orders)
    .leftJoin(job.source(payments), {
      name: 'paid',
      within: 10,
      with: (order, payment) => `${order.item}:${payment?.amount ?? 'unpaid'}`,
    })
    .to(paid);
  const driver = testDriver(job);
  const order = (key: string, item: string, timestamp: number): void =>
    driver.pipe(orders, { key, value: { item }, timestamp });
  const pay = (key: string, amount: number, timestamp: number): void =>
    driver.pipe(payments, { key, value: { amount }, timestamp });
  order('1', 'book', 100);
  order('2', 'pen', 101);
  pay('1', 7, 108);
  pay('1', 8, 111);
  order('1', 'ink', 112);
  assert.deepEqual(plain(driver.read(paid)), [
    ['1', 'book:7'],
    ['1', 'ink:7'],
    ['1', 'ink:8'],
  ]);
  pay('9', 0, 121);
  assert.deepEqual(driver.read(paid), []);
  pay('9', 0, 122);
  assert.deepEqual(driver.read(paid), [{ key: '2', value: 'pen:unpaid', timestamp: 101 }]);
});

const users = topic('users', { key: text, value: json<{ name: string } | null>() });

test('a stream finds what a table has, and tables join as they change', () => {
  const job = topology('names');
  const named = job.table(users, 'users');
  const counts = job.source(orders).count('orders');
  named.join(counts, ({ name }, count) => `${name} ${count}`).to(paid);
  const driver = testDriver(job);
  driver.pipe(orders, { key: '1', value: { item: 'book' } });
  driver.pipe(users, { key: '1', value: { name: 'Ada' } });
  driver.pipe(orders, { key: '1', value: { item: 'pen' } });
  driver.pipe(users, { key: '1', value: null });
  assert.deepEqual(plain(driver.read(paid)), [
    ['1', null],
    ['1', 'Ada 1'],
    ['1', 'Ada 2'],
    ['1', null],
  ]);
});

test('a branch narrows the type of its values', () => {
  type Event = { readonly kind: 'bid'; readonly price: number } | { readonly kind: 'note'; readonly text: string };
  const events = topic('events', { key: text, value: json<Event>() });
  const isBid = (event: Event): event is Extract<Event, { kind: 'bid' }> => event.kind === 'bid';
  const job = topology('branches');
  const { bids, rest } = job.source(events).branch({ bids: isBid, rest: () => true });
  bids.map(({ price }) => price).to(words);
  rest.map(({ kind }) => kind).to(paid);
  const driver = testDriver(job);
  driver.pipe(events, { key: 'a', value: { kind: 'bid', price: 3 } });
  driver.pipe(events, { key: 'b', value: { kind: 'note', text: 'hi' } });
  assert.deepEqual(plain(driver.read(words)), [['a', 3]]);
  assert.deepEqual(plain(driver.read(paid)), [['b', 'note']]);
});

test('a processor has its stores and is called by both clocks', () => {
  const seen = keyValueStore({ name: 'seen', key: text, value: int64 });
  const job = topology('own-work');
  job
    .source(orders)
    .process<string, string>({
      name: 'watch',
      stores: [seen],
      value: text,
      init: (context) => {
        const rows = context.store(seen);
        context.schedule(100, 'stream', (time) => context.forward('stream', `${time}`));
        context.schedule(50, 'clock', (now) => context.forward('clock', `${now}`, 0));
        return (_, { key }) => rows.put(key, (rows.get(key) ?? 0) + 1);
      },
    })
    .to(paid);
  const driver = testDriver(job);
  driver.pipe(orders, { key: 'x', value: { item: 'a' }, timestamp: 10 });
  driver.pipe(orders, { key: 'x', value: { item: 'a' }, timestamp: 250 });
  driver.advance(60);
  assert.deepEqual(plain(driver.read(paid)), [
    ['stream', '250'],
    ['clock', '60'],
  ]);
  const store = driver.store('seen');
  assert.ok('put' in store);
  assert.equal(store.name, 'seen');
});

test('names that are used twice, and values without a serde, are refused with what to do', () => {
  const job = topology('refused');
  const source = job.source(orders);
  source.count('n');
  assert.throws(() => source.count('n'), { code: 'invalid_topology', message: /used twice/ });
  assert.throws(() => source.map(() => 1).keyBy('k', () => 'a', { key: text }), {
    message: /needs the serde of its values/,
  });
  assert.throws(() => topology('no spaces'), { code: 'invalid_topology' });
});
