/**
 * Nexmark through the driver against what arrays of the same events answer, in order and out of order, with and without
 * events that come too late, and with commits anywhere between.
 */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { seededRandomness } from '@millrace/base';
import { testDriver } from '../../driver/test-driver.ts';
import {
  auctionMsMax,
  type NexmarkEvent,
  type NexmarkOptions,
  type NexmarkQuery,
  nexmarkEvents,
  nexmarkQueries,
  type QueryOptions,
  type Result,
  recomputed,
  recordOf,
  type SettledOptions,
  sampleEvents,
} from './index.ts';

const count = Math.ceil(20_000 * Math.min(1, Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const inputs: readonly {
  readonly name: string;
  readonly generate: Partial<NexmarkOptions>;
  readonly graceMs: number;
}[] = [
  { name: 'in order', generate: {}, graceMs: 0 },
  { name: 'out of order', generate: { outOfOrderGroupSize: 1000 }, graceMs: 10_000 },
  {
    name: 'some of them late',
    generate: { outOfOrderGroupSize: 100, delayed: { probability: 0.1, maxMs: 15_000 } },
    graceMs: 2_000,
  },
];

for (const { name, generate, graceMs } of inputs) {
  const seed = 7;
  // Slow events: some tens of windows, and auctions that are open for a while.
  const options = { seed, count, eventsPerSecond: 100, ...generate };
  const events = [...nexmarkEvents(options)];
  for (const query of nexmarkQueries) {
    test(`${query.name} answers what arrays answer on ${count} events, ${name} (seed ${seed})`, () => {
      assert.ok(check(query, events, { graceMs, auctionMsMax: auctionMsMax(options) }) > 0);
    });
  }
}

test('events that come late are dropped by windows and joins, and no answer is the same without', () => {
  const options = { seed: 3, count, eventsPerSecond: 100, delayed: { probability: 0.1, maxMs: 15_000 } };
  const events = [...nexmarkEvents(options)];
  const tight = { graceMs: 0, auctionMsMax: auctionMsMax(options) };
  const wide = { ...tight, graceMs: 15_000 };
  for (const name of ['q4', 'q5', 'q6']) {
    const answer = recomputed[name] as (typeof recomputed)[string];
    assert.notDeepEqual(sorted(answer(events, tight)), sorted(answer(events, wide)), name);
  }
});

const sample = resolve(import.meta.dirname, '../../../../../../shared/data/streaming/nexmark');
const sampled = sampleEvents(sample);
test("all queries answer what arrays answer on a sample of Nexmark's events", {
  skip:
    sampled === undefined &&
    `needs the sample of Nexmark's events, which may not be published with the code, at ${sample}`,
}, () => {
  for (const query of nexmarkQueries) {
    const answered = check(query, sampled as NexmarkEvent[], { graceMs: 0, auctionMsMax: 30_000 });
    // The sample has no bid on an auction that query 2 selects.
    assert.equal(answered > 0, query.name !== 'q2', query.name);
  }
});

test('events follow the rules: shares, rate, ids, hot auctions, bidders and sellers, prices', () => {
  const all = [...nexmarkEvents({ seed: 1, count: 50_000 })];
  const persons = all.flatMap(({ kind, event }) => (kind === 'person' ? [event] : []));
  const auctions = all.flatMap(({ kind, event }) => (kind === 'auction' ? [event] : []));
  const bids = all.flatMap(({ kind, event }) => (kind === 'bid' ? [event] : []));
  assert.deepEqual([persons.length, auctions.length, bids.length], [1000, 3000, 46_000]);
  assert.equal((all.at(-1)?.event.dateTime ?? 0) - (all[0]?.event.dateTime ?? 0), 4_999);
  assert.deepEqual([persons.at(-1)?.id, auctions.at(-1)?.id], [1999, 3999]);
  const near = (share: number, expected: number): void => assert.ok(Math.abs(share - expected) < 0.02, `${share}`);
  // What is hot is drawn the usual way too, now and then.
  near(bids.filter(({ auction }) => auction % 100 === 0).length / bids.length, 1 / 2 + 1 / 2 / 100);
  near(bids.filter(({ bidder }) => bidder % 100 === 1).length / bids.length, 3 / 4 + 1 / 4 / 100);
  near(auctions.filter(({ seller }) => seller % 100 === 0).length / auctions.length, 3 / 4 + 1 / 4 / 100);
  for (const power of [2, 3, 4, 5, 6, 7]) {
    near(bids.filter(({ price }) => price >= 10 ** power && price < 10 ** (power + 1)).length / bids.length, 1 / 6);
  }
  near(bids.filter(({ channel }) => !channel.startsWith('channel-')).length / bids.length, 1 / 2);
  for (const { dateTime, expires } of auctions) assert.ok(expires > dateTime && expires - dateTime <= auctionMsMax({}));
  const mean = (texts: readonly { readonly extra: string }[]): number =>
    texts.reduce((sum, { extra }) => sum + extra.length, 0) / texts.length;
  assert.ok(Math.abs(mean(bids) - 68) < 2, `${mean(bids)}`);
});

test('the same seed gives the same events, another seed others', () => {
  const of = (seed: number) => JSON.stringify([...nexmarkEvents({ seed, count: 200 })]);
  assert.equal(of(5), of(5));
  assert.notEqual(of(5), of(6));
});

/** Answers how many results there are. */
function check(query: NexmarkQuery, events: readonly NexmarkEvent[], options: SettledOptions): number {
  const found = run(query, events, options);
  const expected = sorted((recomputed[query.name] as (typeof recomputed)[string])(events, options));
  assert.deepEqual(sorted(found), expected);
  return expected.length;
}

function run(query: NexmarkQuery, events: readonly NexmarkEvent[], options: QueryOptions): Result[] {
  const driver = testDriver(query.build(options));
  const randomness = seededRandomness(1);
  for (const each of events) {
    if (!query.inputs.includes(each.kind)) continue;
    const { topic, ...record } = recordOf(each);
    driver.pipe(topic as never, record as never);
    if (randomness.integer(300) === 0) driver.commit();
  }
  // What one commit has sent on may wait for the next one further down.
  for (let stage = 0; stage < 3; stage++) driver.commit();
  const records = driver.read(query.output);
  if (query.results === 'records') return records.map(({ key, value }) => ({ key, value }));
  return [...new Map(records.map(({ key, value }) => [key, value]))].map(([key, value]) => ({ key, value }));
}

function sorted(results: readonly Result[]): string[] {
  return results.map(({ key, value }) => `${key} ${canonical(value)}`).sort();
}

/** JSON with fields in one order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1)))
      : each,
  );
}
