/**
 * Results that no record makes (of windows that close, of records that nobody met, at commits) and that a function
 * throws for, on the embedded broker: set aside one by one, or the job stops at them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64, text, topic } from '@millrace/client';
import {
  type Job,
  type Stream,
  session,
  sliding,
  topology,
  tumbling,
  type Windowed,
  windowedKey,
} from '@millrace/streams';
import { type Fixture, startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { type Letter, letters, newest, start } from './job-fixture.ts';

/** All values, in the order of their times. */
const joined = {
  value: text,
  initial: () => '',
  add: (all: string, value: string) => all + value,
  merge: (left: string, right: string) => left + right,
};
const windows = tumbling({ sizeMs: 10 });

test('results of every kind that a function throws for are set aside, and all others are sent', async (t) => {
  const fixture = await startFixture(t);
  const { client } = fixture;
  const [from, other] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const [seen, to, aside] = [await fixture.createTopic(1), await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('results'));
  const source = made.source(topic(from, { key: text, value: text }));
  const later = made.source(topic(other, { key: text, value: text }));
  const within = { beforeMs: 0, afterMs: 10 };
  const join = { name: 'joined', within, with: (left: string, right: string | undefined) => left + (right ?? '') };
  const found = {
    closed: source.windowedBy(windows, { emit: 'close' }).aggregate('closed', joined),
    sessions: source.windowedBy(session({ gapMs: 10 }), { emit: 'close' }).aggregate('sessions', joined),
    slidings: source.windowedBy(sliding({ differenceMs: 10 }), { emit: 'close' }).aggregate('slidings', joined),
    committed: source.windowedBy(windows, { emit: 'commit' }).aggregate('committed', joined),
    totals: source.aggregate('totals', { ...joined, emit: 'commit' }).changes(),
    held: source.toTable('newest').suppress('held', { forMs: 10 }),
    joined: source.leftJoin(later, join),
  };
  for (const [kind, results] of Object.entries(found)) {
    const each = results as unknown as Stream<string | Windowed<string>, unknown>;
    const named = {
      key: (_: unknown, { key }: { readonly key: string | Windowed<string> }) => `${kind} ${plain(key)}`,
    };
    const counted = each.map(() => 1);
    // What is sent there before the function throws must be undone.
    if (kind !== 'closed') counted.to(topic(seen, { key: text, value: int64 }), named);
    const checked = each.map((value, { key }) => {
      if (plain(key) === 'bad' || value === 'bad twin') throw new Error(`${kind} are bad`);
      return 1;
    });
    checked.to(topic(to, { key: text, value: int64 }), named);
  }
  const job = await start(t, made, client, { poison: { topic: aside } });
  await fill(fixture, from, [
    ['bad', 'x', 1_000],
    ['good', 'y', 1_000],
    // Of one key and time: what tells their results apart is the value alone.
    ['twin', 'bad twin', 1_000],
    ['twin', 'good twin', 1_000],
    ['end', '', 9_000],
  ]);
  const kinds = Object.keys(found).sort();
  const isThere = async (): Promise<boolean> => {
    const { values } = await newest(client, to);
    return kinds.every((kind) => values.has(`${kind} good`));
  };
  await settled(job, isThere);
  assert.equal((await newest(client, to)).values.get('joined twin'), 1);
  const sent = new Set((await newest(client, seen)).values.keys());
  assert.deepEqual(
    [...sent].filter((name) => name.endsWith(' bad')),
    [],
  );
  assert.deepEqual((await letters(client, aside)).map(described).sort(), [
    'closed bad x 1000-1010 closed are bad',
    'committed bad x 1000-1010 committed are bad',
    'held bad x - held are bad',
    'joined-left bad x - joined are bad',
    'joined-left twin bad twin - joined are bad',
    'sessions bad x 1000-1011 sessions are bad',
    'slidings bad x 990-1001 slidings are bad',
    'totals bad x - totals are bad',
  ]);
  const { recordsSetAside, resultsSetAside } = job.metrics();
  assert.deepEqual([recordsSetAside, resultsSetAside >= kinds.length], [0, true]);
});

test('a result that a serde of state further down refuses is set aside, not the record that moved time', async (t) => {
  const fixture = await startFixture(t);
  const { client } = fixture;
  const [from, to, aside] = [await fixture.createTopic(1), await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('refused'));
  const closed = made
    .source(topic(from, { key: text, value: text }))
    .windowedBy(windows, { emit: 'close' })
    .aggregate('closed', joined);
  // What is no whole number the serde refuses, when the commit has the row written.
  const add = (_: number, value: string): number => (value === 'x' ? 0.5 : 1);
  const options = { key: windowedKey(text, windows), value: int64, initial: () => 0, add };
  const target = topic(to, { key: text, value: int64 });
  closed
    .aggregate('sums', options)
    .changes()
    .map(() => 1)
    .to(target, { key: (_, { key }) => key.key });
  const job = await start(t, made, client, { poison: { topic: aside } });
  await fill(fixture, from, [
    ['bad', 'x', 1_000],
    ['good', 'y', 1_000],
    ['end', 'z', 2_000],
    ['last', '', 3_000],
  ]);
  await settled(job, async () => (await newest(client, to)).values.has('end'));
  assert.deepEqual([...(await newest(client, to)).values.keys()].sort(), ['end', 'good']);
  const found = await letters(client, aside);
  assert.deepEqual(
    found.map(({ key, header }) => [key, header('millrace.store'), header('millrace.error')]),
    [['bad', 'closed', 'state_serde_failed']],
  );
});

test('a job without a place for bad results stops at them, and names the store', async (t) => {
  const fixture = await startFixture(t);
  const { client } = fixture;
  const [from, to] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('stop'));
  made
    .source(topic(from, { key: text, value: text }))
    .windowedBy(windows, { emit: 'close' })
    .aggregate('closed', joined)
    .map((): number => {
      throw new Error('none is good');
    })
    .to(topic(to, { key: text, value: int64 }), { key: (_, { key }) => key.key });
  const job = await start(t, made, client);
  await fill(fixture, from, [
    ['a', 'x', 1_000],
    ['a', 'y', 2_000],
  ]);
  const message = /a result of store 'closed' for the window from 1000 to 1010 .* none is good; .*poison/;
  await assert.rejects(job.finished, { code: 'poison_result', store: 'closed', message });
});

function plain(key: string | Windowed<string>): string {
  return typeof key === 'string' ? key : key.key;
}

function described({ key, value, header }: Letter): string {
  const [start, end] = [header('millrace.window.start'), header('millrace.window.end')];
  return `${header('millrace.store')} ${key} ${value} ${start}-${end} ${header('millrace.reason')}`;
}

/** Resolves when this holds, rejects when the job ends before. */
async function settled(job: Job, holds: () => Promise<boolean>): Promise<void> {
  await Promise.race([job.finished, until(holds)]);
}

async function fill({ client }: Fixture, name: string, records: readonly (readonly [string, string, number])[]) {
  await using producer = client.producer();
  for (const [key, value, timestamp] of records) producer.write({ topic: name, key, value, timestamp });
  await producer.flush();
}
