/** Jobs on the embedded broker: what comes out, what a restart needs, and how members share the work. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Client, int64, text, topic, unwrap } from '@millrace/client';
import { openOrderedStore } from '@millrace/store';
import {
  type Job,
  type JobEvent,
  type JobOptions,
  startJob,
  type Topology,
  topology,
  tumbling,
} from '@millrace/streams';
import { type Fixture, startFixture, uniqueName, until } from '../client/client-fixture.ts';

const quickly = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 100, commitIntervalMs: 50 };

async function start(t: TestContext, made: Topology, client: Client, options: Partial<JobOptions> = {}): Promise<Job> {
  const job = await startJob(made, { client, ...quickly, ...options });
  t.after(() => job.close().catch(() => undefined));
  return job;
}

async function write(fixture: Fixture, name: string, records: readonly (readonly [string | null, string])[]) {
  await using producer = fixture.client.producer();
  for (const [key, value] of records) {
    if (!producer.write({ topic: name, key, value })) await producer.ready();
  }
  await producer.flush();
}

/** The newest value of each key, as readers of committed records see them; and how many records there are in all. */
async function newest(client: Client, name: string): Promise<{ values: Map<string, number>; count: number }> {
  const described = topic(name, { key: text, value: int64 });
  await using consumer = client.consumer({
    topics: [described],
    from: 'earliest',
    until: 'end',
    isolation: 'read_committed',
  });
  const values = new Map<string, number>();
  let count = 0;
  for await (const batch of consumer) {
    for (const { key, value } of batch) {
      values.set(key, value);
      count++;
    }
  }
  return { values, count };
}

function wordCount(name: string, from: string, to: string): Topology {
  const made = topology(name);
  made
    .source(topic(from, { value: text }))
    .flatMap((line) => line.split(' '))
    .keyBy('by-word', (word) => word, { key: text, value: text })
    .count('words')
    .to(topic(to, { key: text, value: int64 }));
  return made;
}

test('a job maps records from one topic to another', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(2), await fixture.createTopic(2)];
  const made = topology(uniqueName('map'));
  made
    .source(topic(from, { key: text, value: text }))
    .map((value) => value.length)
    .to(topic(to, { key: text, value: int64 }));
  await write(fixture, from, [
    ['a', 'one'],
    ['b', 'three'],
  ]);
  const job = await start(t, made, fixture.client);
  await until(async () => (await newest(fixture.client, to)).count === 2);
  assert.deepEqual((await newest(fixture.client, to)).values, new Map(Object.entries({ a: 3, b: 5 })));
  await job.close();
});

test('words are counted over a repartition, with state in a changelog', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(3), await fixture.createTopic(2)];
  const lines = Array.from({ length: 300 }, (_, n) => [null, `w${n % 7} w${n % 3}`] as const);
  const job = await start(t, wordCount(uniqueName('count'), from, to), fixture.client);
  await write(fixture, from, lines);
  await until(async () => (await newest(fixture.client, to)).count === 600);
  const expected = new Map<string, number>();
  for (const [, line] of lines) for (const word of line.split(' ')) expected.set(word, (expected.get(word) ?? 0) + 1);
  assert.deepEqual(new Map([...(await newest(fixture.client, to)).values].sort()), new Map([...expected].sort()));
  await job.close();
});

test('a restart with its state on disk reads nothing of the changelog, one without it reads all', async (t) => {
  const fixture = await startFixture(t);
  const directory = mkdtempSync(join(tmpdir(), 'millrace-streams-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [from, to] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const name = uniqueName('restart');
  const round = async (state: boolean, total: number): Promise<Job> => {
    const store = state ? openOrderedStore({ directory }) : undefined;
    const job = await start(t, wordCount(name, from, to), fixture.client, { state: store });
    await write(fixture, from, [[null, 'a b']]);
    await until(async () => (await newest(fixture.client, to)).count === total);
    await job.close();
    await store?.close();
    return job;
  };
  await round(true, 2);
  const second = await round(true, 4);
  assert.equal(second.metrics().recordsRestored, 0);
  const third = await round(false, 6);
  assert.ok(third.metrics().recordsRestored > 0);
  assert.deepEqual((await newest(fixture.client, to)).values, new Map(Object.entries({ a: 3, b: 3 })));
});

test('a second member takes half of the tasks, and no record counts twice', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(4), await fixture.createTopic(4)];
  const made = wordCount(uniqueName('two'), from, to);
  const first = await start(t, made, fixture.connect());
  const send = (n: number) =>
    write(
      fixture,
      from,
      Array.from({ length: n }, (_, i) => [null, `w${i % 10}`] as const),
    );
  await send(200);
  await until(() => first.metrics().tasks.length === 8);
  const second = await start(t, made, fixture.connect());
  await send(200);
  await until(() => first.metrics().tasks.length === 4 && second.metrics().tasks.length === 4, 20_000);
  await send(200);
  await until(async () => (await newest(fixture.client, to)).count >= 600, 20_000);
  await second.close();
  await until(() => first.metrics().tasks.length === 8, 20_000);
  await send(100);
  await until(async () => (await newest(fixture.client, to)).count >= 700, 20_000);
  const { values, count } = await newest(fixture.client, to);
  assert.equal(count, 700);
  assert.deepEqual(
    [...values.values()],
    Array.from({ length: 10 }, () => 70),
  );
});

test('partitions go through a repartition by time, so that no record is late for the others', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(2), await fixture.createTopic(1)];
  {
    await using producer = fixture.client.producer();
    for (let n = 0; n < 10_000; n++) {
      const record = { topic: from, key: `k${n % 5}`, value: '', partition: n % 2, timestamp: 1_000 + n };
      if (!producer.write(record)) await producer.ready();
    }
  }
  const made = topology(uniqueName('order'));
  made
    .source(topic(from, { key: text, value: text }))
    .keyBy('all', () => 'all', { key: text })
    .windowedBy(tumbling({ sizeMs: 100, graceMs: 20 }), { emit: 'close' })
    .count('counts')
    .to(topic(to, { key: text, value: int64 }), { key: (_, { key }) => `${key.start}` });
  const job = await start(t, made, fixture.client);
  await until(() => job.metrics().recordsIn === 20_000, 30_000);
  await until(async () => (await newest(fixture.client, to)).count === 99);
  assert.deepEqual(job.metrics().lateRecords, {});
  assert.deepEqual(new Set((await newest(fixture.client, to)).values.values()), new Set([100]));
});

test('what was read of a repartition topic is deleted', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const name = uniqueName('purge');
  await start(t, wordCount(name, from, to), fixture.client, { purgeIntervalMs: 20 });
  const place = { topic: `millrace.repartition.${name}.by-word`, partition: 0 };
  await until(async () => {
    await write(fixture, from, [[null, 'a b c']]);
    const [first] = unwrap(await fixture.admin.listOffsets([{ ...place, at: 'earliest' }]));
    return (first?.offset ?? 0) >= 3;
  });
});

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
  await using consumer = fixture.client.consumer({ topics: [aside], from: 'earliest', until: 'end' });
  const found: unknown[] = [];
  for await (const batch of consumer) {
    for (const record of batch) {
      const header = (key: string): string => Buffer.from(record.header(key) ?? []).toString();
      found.push([String(Buffer.from(record.keyBytes ?? [])), header('millrace.reason'), header('millrace.offset')]);
    }
  }
  assert.deepEqual(found, [
    ['b', 'it is bad', '1'],
    ['c', 'it is bad', '2'],
  ]);
});

test('what wall-clock time makes is committed with where the task is, so that the group can refuse it', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('clock'));
  made
    .source(topic(from, { key: text, value: text }))
    .process<string, number>({
      name: 'ticks',
      key: text,
      value: int64,
      init: ({ schedule, forward }) => {
        schedule(20, 'clock', () => forward('tick', 1));
        return () => undefined;
      },
    })
    .to(topic(to, { key: text, value: int64 }));
  await start(t, made, fixture.client);
  await until(async () => (await newest(fixture.client, to)).count > 0);
  const [found] = unwrap(await fixture.admin.fetchOffsets(made.name, [{ topic: from, partition: 0 }]));
  assert.equal(found?.offset, 0);
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
  await using consumer = fixture.client.consumer({
    topics: [aside],
    from: 'earliest',
    until: 'end',
    isolation: 'read_committed',
  });
  const found: string[] = [];
  for await (const batch of consumer) {
    for (const record of batch) {
      const header = (key: string): string => Buffer.from(record.header(key) ?? []).toString();
      found.push(`${header('millrace.offset')} ${header('millrace.error')}`);
    }
  }
  assert.deepEqual(found, ['1 state_key_too_long', '2 state_serde_failed', '5 state_key_too_long']);
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

test('a topology that does not fit the state is refused with what to do', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const name = uniqueName('form');
  const job = await start(t, wordCount(name, from, to), fixture.client);
  await job.close();
  const changed = topology(name);
  changed.source(topic(from, { key: text, value: text })).toTable('words');
  await assert.rejects(startJob(changed, { client: fixture.client }), {
    code: 'state_mismatch',
    message: /another name/,
  });
});
