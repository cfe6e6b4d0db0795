/**
 * Nexmark on the embedded broker: two members of a job, with state on disk, work through topics of several partitions,
 * one of them goes in the middle, and what is committed is what arrays of the same events answer.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { topic, unwrap } from '@millrace/client';
import { openOrderedStore } from '@millrace/store';
import { type Job, startJob } from '@millrace/streams';
import {
  auctionMsMax,
  auctions,
  bids,
  type NexmarkEvent,
  type NexmarkQuery,
  nexmarkEvents,
  nexmarkQueries,
  persons,
  type Result,
  recomputed,
  recordOf,
} from '@millrace/streams/testing/nexmark';
import { type Fixture, startFixture, until } from '../client/client-fixture.ts';

const partitions = 3;
const seed = 11;
const count = Math.ceil(10_000 * Math.min(1, Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const options = { seed, count, eventsPerSecond: 100, outOfOrderGroupSize: 100 };
// Members are not equally far: what comes later than this would be left out by chance.
const settled = { graceMs: 3_600_000, auctionMsMax: auctionMsMax(options) };

for (const query of nexmarkQueries) {
  test(`${query.name} over two members answers what arrays answer (seed ${seed}, ${count} events)`, async (t) => {
    const fixture = await startFixture(t, { configuration: { 'log.retention.ms': '-1' } });
    const events = [...nexmarkEvents(options), ...eventsBehind()];
    const topics = [persons.name, auctions.name, bids.name, query.output.name];
    unwrap(await fixture.admin.createTopics(topics.map((each) => ({ topic: each, partitions }))));
    const expected = sorted((recomputed[query.name] as (typeof recomputed)[string])(events, settled));
    const first = await start(t, query, fixture);
    await fill(fixture, query, events.slice(0, events.length / 2));
    const second = await start(t, query, fixture);
    await until(() => second.metrics().tasks.length > 0, 20_000);
    await first.close();
    await fill(fixture, query, events.slice(events.length / 2));
    let found: readonly string[] = [];
    await until(async () => {
      found = sorted(await answersOf(fixture, query));
      return found.length >= expected.length && found.join() === expected.join();
    }, 30_000).catch(() => undefined);
    await second.close();
    assert.deepEqual(found, expected);
  });
}

/** One event in each partition that closes the windows of all others. */
function eventsBehind(): NexmarkEvent[] {
  const dateTime = Date.UTC(2016, 0);
  const value = { bidder: 1, price: 1, channel: '', url: '', dateTime, extra: '' };
  return Array.from({ length: 40 }, (_, auction) => ({ kind: 'bid', event: { ...value, auction } }));
}

async function start(t: TestContext, query: NexmarkQuery, fixture: Fixture): Promise<Job> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
  const state = openOrderedStore({ directory });
  const quickly = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 100, commitIntervalMs: 50 };
  const job = await startJob(query.build(settled), { client: fixture.connect(), state, ...quickly });
  t.after(async () => {
    await job.close().catch(() => undefined);
    await state.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return job;
}

async function fill(fixture: Fixture, query: NexmarkQuery, events: readonly NexmarkEvent[]): Promise<void> {
  await using producer = fixture.client.producer();
  for (const each of events) {
    if (!query.inputs.includes(each.kind)) continue;
    if (!producer.write(recordOf(each) as never)) await producer.ready();
  }
  await producer.flush();
}

async function answersOf(fixture: Fixture, query: NexmarkQuery): Promise<Result[]> {
  const described = topic(query.output.name, query.output);
  await using consumer = fixture.client.consumer({
    topics: [described],
    from: 'earliest',
    until: 'end',
    isolation: 'read_committed',
  });
  const results: Result[] = [];
  for await (const batch of consumer) for (const { key, value } of batch) results.push({ key, value });
  if (query.results === 'records') return results;
  return [...new Map(results.map(({ key, value }) => [key, value]))].map(([key, value]) => ({ key, value }));
}

function sorted(results: readonly Result[]): string[] {
  return results.map(({ key, value }) => `${key} ${JSON.stringify(value, inOrder)}`).sort();
}

/** Fields of objects in one order. */
function inOrder(_: string, each: unknown): unknown {
  if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
  return Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1)));
}
