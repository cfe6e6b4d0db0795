/** Records that a job can't work on, on the embedded broker: set aside with the reason, or the job stops at them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { int64, json, text, topic } from '@millrace/client';
import { openOrderedStore } from '@millrace/store';
import {
  type JobEvent,
  keyValueStore,
  type ProcessorContext,
  type RecordFacts,
  type Stream,
  session,
  topology,
  tumbling,
} from '@millrace/streams';
import { startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { letters, newest, start, write } from './job-fixture.ts';

test('a record that a function throws for is set aside whole, with the reason', async (t) => {
  const fixture = await startFixture(t);
  const [from, to, aside] = [await fixture.createTopic(1), await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('poison'));
  made
    .source(topic(from, { key: text, value: text }))
    .flatMap((line) => line.split(' '))
    .map((word) => {
      if (word === 'bad') throw new Error('it is bad');
      return word.length;
    })
    .to(topic(to, { key: text, value: int64 }));
  const events: JobEvent[] = [];
  await start(t, made, fixture.client, { poison: { topic: aside }, report: (event) => void events.push(event) });
  await write(fixture, from, [
    ['a', 'x'],
    ['b', 'half bad'],
    ['c', 'bad'],
    ['d', 'yy'],
  ]);
  await until(async () => (await newest(fixture.client, to)).values.has('d'));
  assert.deepEqual((await newest(fixture.client, to)).values, new Map(Object.entries({ a: 1, d: 2 })));
  const found = await letters(fixture.client, aside);
  const told = found.map(({ key, header }) => [key, header('millrace.reason'), header('millrace.offset')]);
  assert.deepEqual(told, [
    ['b', 'it is bad', '1'],
    ['c', 'it is bad', '2'],
  ]);
});

test('what a bad record had changed of the state is undone', async (t) => {
  const fixture = await startFixture(t);
  const [from, to, aside] = [await fixture.createTopic(1), await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('undone'));
  made
    .source(topic(from, { key: text, value: text }))
    .flatMap((line) => line.split(' '))
    .peek((word) => {
      if (word === 'bad') throw new Error('it is bad');
    })
    .count('words')
    .to(topic(to, { key: text, value: int64 }));
  const job = await start(t, made, fixture.client, { poison: { topic: aside } });
  await write(fixture, from, [['a', 'one']]);
  await until(async () => (await newest(fixture.client, to)).count === 1);
  await write(fixture, from, [
    ['a', 'two three bad'],
    ['a', 'four'],
  ]);
  await until(async () => (await newest(fixture.client, to)).count === 2);
  assert.deepEqual((await newest(fixture.client, to)).values, new Map([['a', 2]]));
  assert.equal(job.metrics().transactionsGivenUp, 1);
});

interface Counted {
  count: number;
}

/** Changes the aggregate that it is given, as it may. */
const counting = {
  value: json<Counted>(),
  initial: (): Counted => ({ count: 0 }),
  add: (aggregate: Counted, value: string): Counted => {
    aggregate.count++;
    if (value === 'bad') throw new Error('it is bad');
    return aggregate;
  },
  merge: (left: Counted, right: Counted): Counted => ({ count: left.count + right.count }),
};
const sizeMs = 1_000_000_000_000;
const counts = keyValueStore({ name: 'counts', key: text, value: counting.value });

function countingProcessor({ store, forward }: ProcessorContext<string, Counted>) {
  const rows = store(counts);
  return (value: string, { key }: RecordFacts<string>): void => {
    const counted = counting.add(rows.get(key) ?? counting.initial(), value);
    rows.put(key, counted);
    forward(key, counted);
  };
}

const aggregates: Record<string, (source: Stream<string, string>) => unknown> = {
  'an aggregate': (source) => source.aggregate('made', counting).changes(),
  'an aggregate in windows': (source) => source.windowedBy(tumbling({ sizeMs })).aggregate('made', counting),
  'an aggregate in sessions': (source) => source.windowedBy(session({ gapMs: sizeMs })).aggregate('made', counting),
  "a processor's store": (source) => source.process({ name: 'made', stores: [counts], init: countingProcessor }),
};

for (const [kind, aggregate] of Object.entries(aggregates)) {
  test(`what a bad record had changed within ${kind} is undone`, async (t) => {
    const fixture = await startFixture(t);
    const [from, to, aside] = [
      await fixture.createTopic(1),
      await fixture.createTopic(1),
      await fixture.createTopic(1),
    ];
    const made = topology(uniqueName('within'));
    const results = aggregate(made.source(topic(from, { key: text, value: text }))) as Stream<
      string,
      Counted | undefined
    >;
    results
      .filter((counted) => counted !== undefined)
      .map((counted) => counted?.count ?? 0)
      .to(topic(to, { key: text, value: int64 }), { key: () => 'all' });
    await start(t, made, fixture.client, { poison: { topic: aside } });
    await write(fixture, from, [
      ['a', 'good'],
      ['a', 'bad'],
      ['a', 'good'],
    ]);
    await until(async () => (await newest(fixture.client, to)).count === 2);
    assert.deepEqual((await newest(fixture.client, to)).values, new Map([['all', 2]]));
  });
}

test('more bad records with effects than a job tries transactions are set aside one by one', async (t) => {
  const fixture = await startFixture(t);
  const [from, to, aside] = [await fixture.createTopic(1), await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('many'));
  made
    .source(topic(from, { key: text, value: text }))
    .flatMap((line) => line.split(' '))
    .peek((word) => {
      if (word === 'bad') throw new Error('it is bad');
    })
    .count('words')
    .to(topic(to, { key: text, value: int64 }));
  const badCount = 25;
  const bad = Array.from({ length: badCount }, () => ['a', 'half bad'] as const);
  await write(fixture, from, [['a', 'one'], ...bad, ['a', 'two']]);
  const job = await start(t, made, fixture.client, { poison: { topic: aside } });
  await Promise.race([job.finished, until(async () => (await newest(fixture.client, to)).count === 2)]);
  assert.deepEqual((await newest(fixture.client, to)).values, new Map([['a', 2]]));
  assert.deepEqual(
    (await letters(fixture.client, aside)).map(({ header }) => header('millrace.offset')),
    bad.map((_, index) => String(index + 1)),
  );
  // What one has undone is committed with it: the next has no more to undo than came after.
  assert.ok(job.metrics().recordsIn <= 4 * badCount, `${job.metrics().recordsIn} records were worked on`);
});

test('a record whose key of state is too long, or whose value its serde refuses, is set aside', async (t) => {
  const fixture = await startFixture(t);
  const directory = mkdtempSync(join(tmpdir(), 'millrace-streams-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const state = openOrderedStore({ directory });
  const [from, to, aside] = [await fixture.createTopic(1), await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('long'));
  const source = made.source(topic(from, { key: text, value: text }));
  // What is no whole number the store's serde refuses.
  const add = (sum: number, value: string): number => sum + Number(value);
  const sums = source.aggregate('sums', { value: int64, initial: () => 0, add });
  sums.map((sum) => Math.floor(sum)).to(topic(to, { key: text, value: int64 }));
  source.windowedBy(tumbling({ sizeMs: 1_000 })).count('by-window');
  const job = await start(t, made, fixture.client, { poison: { topic: aside }, state });
  const long = 'x'.repeat(state.traits.keyBytesMax);
  await write(fixture, from, [
    ['a', '1'],
    [long, '1'],
    ['b', '0.5'],
    ['a', '1'],
    ['b', '2'],
    // Fits the table, and not with what windows add to it.
    [long.slice(10), '1'],
    ['a', '1'],
  ]);
  await until(async () => (await newest(fixture.client, to)).values.get('a') === 3);
  assert.deepEqual((await newest(fixture.client, to)).values, new Map(Object.entries({ a: 3, b: 2 })));
  const found = await letters(fixture.client, aside);
  const told = found.map(({ header }) => `${header('millrace.offset')} ${header('millrace.error')}`);
  assert.deepEqual(told, ['1 state_key_too_long', '2 state_serde_failed', '5 state_key_too_long']);
  await job.close();
  await state.close();
});

test('a job without a place for bad records stops at them, and has kept nothing of them', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('stop'));
  made
    .source(topic(from, { key: text, value: int64 }))
    .map((value) => value + 1)
    .to(topic(to, { key: text, value: int64 }));
  await write(fixture, from, [['a', 'no number']]);
  const job = await start(t, made, fixture.client);
  await assert.rejects(job.finished, { code: 'poison_record', offset: 0 });
  assert.equal((await newest(fixture.client, to)).count, 0);
});
