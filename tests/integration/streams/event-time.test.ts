/**
 * Event time behind a repartition topic, in jobs: the same records come to the same windows in one process and in four,
 * which are those that a plain computation finds; and a partition without records holds nothing up.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Client, int64, text, topic } from '@millrace/client';
import { hopping, type Job, session, sliding, startJob, type Topology, topology, tumbling } from '@millrace/streams';
import { type Fixture, startFixture, uniqueName, until } from '../client/client-fixture.ts';

const quickly = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 100, commitIntervalMs: 30 };
const partitions = 4;

interface Given {
  readonly partition: number;
  readonly key: string;
  readonly time: number;
}

/** Partitions go through time at paces of their own; some records are out of order, some too late. */
function makeRecords(): Given[] {
  const records: Given[] = [];
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  for (let partition = 0; partition < partitions; partition++) {
    let time = 1_000;
    for (let n = 0; n < 300; n++) {
      time += random(4 + 4 * partition);
      records.push({ partition, key: `k${random(8)}`, time: Math.max(0, time - random(120)) });
    }
    // Beyond all windows: each partition goes on to here, so that nothing waits for one that is at its end.
    for (const end of [100_000, 200_000]) records.push({ partition, key: 'end', time: end });
  }
  return records;
}

function countWindows(name: string, from: string, to: string): Topology {
  const made = topology(name);
  const keyed = made.source(topic(from, { value: text })).keyBy('by-key', (key) => key, { key: text });
  const sink = topic(to, { key: text, value: int64 });
  for (const [kind, counted] of Object.entries({
    tumbling: keyed.windowedBy(tumbling({ sizeMs: 100, graceMs: 20 }), { emit: 'close' }).count('tumbling'),
    hopping: keyed.windowedBy(hopping({ sizeMs: 100, advanceMs: 50 }), { emit: 'close' }).count('hopping'),
    session: keyed.windowedBy(session({ gapMs: 20, graceMs: 10 }), { emit: 'close' }).count('session'),
    sliding: keyed.windowedBy(sliding({ differenceMs: 30, graceMs: 10 }), { emit: 'close' }).count('sliding'),
  })) {
    counted.to(sink, { key: (_, { key }) => `${kind} ${key.key}@${key.start}-${key.end}` });
  }
  return made;
}

async function start(t: TestContext, made: Topology, client: Client, idleMaxMs: number): Promise<Job> {
  const job = await startJob(made, { client, ...quickly, idleMaxMs });
  t.after(() => job.close().catch(() => undefined));
  return job;
}

async function write({ client }: Fixture, name: string, records: readonly Given[]): Promise<void> {
  await using producer = client.producer({ batchBytesMax: 2_000 });
  for (const { partition, key, time } of records) {
    if (!producer.write({ topic: name, value: key, partition, timestamp: time })) await producer.ready();
  }
  await producer.flush();
}

/** Windows with their counts, ascending; those of the ends left out. */
async function results(client: Client, name: string): Promise<string[]> {
  const described = topic(name, { key: text, value: int64 });
  const isolation = 'read_committed' as const;
  await using consumer = client.consumer({ topics: [described], from: 'earliest', until: 'end', isolation });
  const found: string[] = [];
  for await (const batch of consumer) {
    for (const { key, value } of batch) if (!key.includes(' end@')) found.push(`${key}=${value}`);
  }
  return found.sort();
}

/** Tumbling and hopping windows, by the largest time of each partition up to each record. */
function expectedOf(records: readonly Given[]): string[] {
  const horizons = new Map<number, number>();
  const counts = new Map<string, number>();
  for (const { partition, key, time } of records) {
    const horizon = Math.max(horizons.get(partition) ?? -1, time);
    horizons.set(partition, horizon);
    for (const [kind, advanceMs, graceMs] of [['tumbling', 100, 20] as const, ['hopping', 50, 0] as const]) {
      for (let start = Math.floor(time / advanceMs) * advanceMs; start > time - 100; start -= advanceMs) {
        const name = `${kind} ${key}@${start}-${start + 100}`;
        if (start >= 0 && start + 100 + graceMs > horizon) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
  }
  return [...counts].flatMap(([name, count]) => (name.includes(' end@') ? [] : [`${name}=${count}`])).sort();
}

test('windows behind a repartition are the same with one member and with four', async (t) => {
  const fixture = await startFixture(t);
  const records = makeRecords();
  const found: string[][] = [];
  for (const members of [1, 4]) {
    const [from, to] = [await fixture.createTopic(partitions), await fixture.createTopic(1)];
    const made = countWindows(uniqueName('windows'), from, to);
    const jobs: Job[] = [];
    for (let n = 0; n < members; n++) jobs.push(await start(t, made, fixture.connect(), 3_600_000));
    await until(() => jobs.every((job) => job.metrics().tasks.length === (2 * partitions) / members), 30_000);
    await write(fixture, from, records);
    const expected = expectedOf(records);
    const isDone = async (): Promise<boolean> => {
      const sofar = await results(fixture.client, to);
      return (
        sofar.filter((each) => /^(tumbling|hopping)/.test(each)).length >= expected.length &&
        sofar.length > expected.length
      );
    };
    await until(isDone, 30_000);
    for (const job of jobs) await job.close();
    const all = await results(fixture.client, to);
    assert.deepEqual(
      all.filter((each) => /^(tumbling|hopping)/.test(each)),
      expected,
    );
    found.push(all);
    const late = jobs.map((job) => job.metrics().lateRecords['tumbling'] ?? 0).reduce((sum, each) => sum + each, 0);
    assert.ok(late > 0);
  }
  assert.deepEqual(found[1], found[0]);
  assert.ok(
    found[0]?.some((each) => each.startsWith('session')) && found[0].some((each) => each.startsWith('sliding')),
  );
});

test('windows behind a repartition are the same while members come and go', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(partitions), await fixture.createTopic(1)];
  const made = countWindows(uniqueName('moves'), from, to);
  const records = makeRecords();
  const expected = expectedOf(records);
  const jobs = [await start(t, made, fixture.connect(), 3_600_000), await start(t, made, fixture.connect(), 3_600_000)];
  const read = (): number =>
    jobs.reduce((sum, job) => sum + (job.metrics().operators[`source ${from}`]?.recordsIn ?? 0), 0);
  const chunks = 6;
  const perPartition = records.length / partitions;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const isIn = (_: Given, place: number): boolean =>
      Math.floor(((place % perPartition) * chunks) / perPartition) === chunk;
    const before = read();
    await write(fixture, from, records.filter(isIn));
    await until(() => read() > before, 30_000);
    // The tasks of one go to the other, and some of them on to the next.
    await jobs.at(-2)?.close();
    jobs.push(await start(t, made, fixture.connect(), 3_600_000));
    await until(() => jobs.at(-1)?.metrics().tasks.length === partitions, 30_000);
  }
  const fixed = async (): Promise<string[]> =>
    (await results(fixture.client, to)).filter((each) => /^(tumbling|hopping)/.test(each));
  await until(async () => (await fixed()).length >= expected.length, 30_000);
  assert.deepEqual(await fixed(), expected);
});

test('partitions without records hold no window up behind a repartition', async (t) => {
  const fixture = await startFixture(t);
  const [from, to] = [await fixture.createTopic(partitions), await fixture.createTopic(1)];
  const made = countWindows(uniqueName('idle'), from, to);
  const jobs = [await start(t, made, fixture.connect(), 0), await start(t, made, fixture.connect(), 0)];
  await until(() => jobs.every((job) => job.metrics().tasks.length === partitions), 30_000);
  await write(fixture, from, [
    { partition: 2, key: 'a', time: 1_010 },
    { partition: 2, key: 'a', time: 1_020 },
    { partition: 2, key: 'b', time: 2_000 },
  ]);
  await until(async () => (await results(fixture.client, to)).includes('tumbling a@1000-1100=2'), 30_000);
});
