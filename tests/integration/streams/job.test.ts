/** Jobs on the embedded broker: what comes out, what a restart needs, and how members share the work. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { int64, text, topic, unwrap } from '@millrace/client';
import { openOrderedStore } from '@millrace/store';
import { type Job, startJob, topology, tumbling } from '@millrace/streams';
import { startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { newest, start, wordCount, write } from './job-fixture.ts';

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
