/** Copies of state on other members: what they are good for when a member dies, joins, or comes back. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Client, int64, text, topic } from '@millrace/client';
import { openMemoryStore, openOrderedStore } from '@millrace/store';
import { type Job, type JobEvent, type JobMetrics, type JobOptions, startJob } from '@millrace/streams';
import { type Fixture, startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { counting } from './counting-topology.ts';

const quickly = { sessionTimeoutMs: 1_500, heartbeatIntervalMs: 100, commitIntervalMs: 50 };
const configuration = { 'group.min.session.timeout.ms': '500' };
const keys = 400;

interface Member {
  readonly job: Job;
  readonly events: JobEvent[];
}

async function start(
  t: TestContext,
  client: Client,
  [name, from, to]: readonly [string, string, string],
  options: Partial<JobOptions>,
): Promise<Member> {
  const events: JobEvent[] = [];
  const report = (event: JobEvent): void => void events.push(event);
  const job = await startJob(counting(name, from, to), { client, ...quickly, report, ...options });
  t.after(() => job.close().catch(() => undefined));
  return { job, events };
}

/** The same job in a process of its own. */
function spawnMember(
  t: TestContext,
  bootstrap: string,
  [name, from, to]: readonly [string, string, string],
  options: Partial<JobOptions>,
): { readonly child: ChildProcess; metrics(): JobMetrics | undefined } {
  const program = fileURLToPath(new URL('counting-process.ts', import.meta.url));
  const words = [program, bootstrap, name, from, to, JSON.stringify({ ...quickly, ...options })];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let last: JobMetrics | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = JSON.parse(line) as JobMetrics;
  });
  return { child, metrics: () => last };
}

/** Each key so many times. */
async function write({ client }: Fixture, name: string, times: number): Promise<void> {
  await using producer = client.producer();
  for (let time = 0; time < times; time++) {
    for (let key = 0; key < keys; key++) producer.write({ topic: name, key: `k${key}`, value: '' });
  }
  await producer.flush();
}

/** The values of each key in the output, in their order. */
async function counts({ client }: Fixture, name: string): Promise<Map<string, number[]>> {
  const described = topic(name, { key: text, value: int64 });
  const isolation = 'read_committed' as const;
  await using consumer = client.consumer({ topics: [described], from: 'earliest', until: 'end', isolation });
  const found = new Map<string, number[]>();
  for await (const batch of consumer) {
    for (const { key, value } of batch) found.set(key, [...(found.get(key) ?? []), value]);
  }
  return found;
}

async function assertCounted(fixture: Fixture, to: string, times: number): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const found = await counts(fixture, to);
    return found.size === keys && [...found.values()].every(({ length }) => length >= times);
  };
  await until(isDone, 30_000);
  const expected = Array.from({ length: times }, (_, n) => n + 1);
  for (const [key, values] of await counts(fixture, to)) assert.deepEqual(values, expected, key);
}

function isCopied({ standbyLags }: JobMetrics): boolean {
  const lags = Object.values(standbyLags);
  return lags.length > 0 && lags.every((lag) => lag === 0);
}

test('tasks of a killed process go on at their standbys, which read only the tail of the changelog', async (t) => {
  const fixture = await startFixture(t, { configuration });
  const [from, to] = [await fixture.createTopic(2), await fixture.createTopic(2)];
  const place = [uniqueName('standby'), from, to] as const;
  const killed = spawnMember(t, fixture.bootstrap, place, { standbys: 1, transactionTimeoutMs: 2_000 });
  const { job, events } = await start(t, fixture.connect(), place, { standbys: 1 });
  await until(() => job.metrics().tasks.length === 1 && killed.metrics()?.tasks.length === 1, 30_000);
  await write(fixture, from, 5);
  await assertCounted(fixture, to, 5);
  await until(() => isCopied(job.metrics()), 30_000);
  const { recordsCopied, recordsRestored } = job.metrics();
  assert.ok(recordsCopied > keys / 4, `${recordsCopied} were copied`);
  const before = events.length;
  const ended = once(killed.child, 'exit');
  killed.child.kill('SIGKILL');
  await ended;
  await write(fixture, from, 1);
  await until(() => job.metrics().tasks.length === 2, 30_000);
  await assertCounted(fixture, to, 6);
  const restores = events.slice(before).filter(({ event }) => event === 'restore_ended');
  assert.equal(restores.length, 1);
  const read = job.metrics().recordsRestored - recordsRestored;
  assert.equal(restores[0]?.records, read);
  assert.ok(read < keys / 4, `${read} records were read`);
  assert.deepEqual(job.metrics().standbyLags, {});
});

test('a member that joins runs a task with state once it has copied it, and work goes on meanwhile', async (t) => {
  const fixture = await startFixture(t, { configuration });
  const [from, to] = [await fixture.createTopic(2), await fixture.createTopic(2)];
  const place = [uniqueName('warm'), from, to] as const;
  const first = await start(t, fixture.connect(), place, { acceptableLag: 10 });
  await write(fixture, from, 5);
  await assertCounted(fixture, to, 5);
  const second = await start(t, fixture.connect(), place, { acceptableLag: 10 });
  await until(() => second.job.metrics().tasks.length === 1, 30_000);
  const told = second.events.map(({ event }) => event);
  const gotTask = second.events.findIndex(({ event, tasks }) => event === 'tasks_assigned' && tasks?.length === 1);
  assert.ok(gotTask > told.indexOf('warmup_ended') && told.includes('warmup_ended'), told.join());
  await write(fixture, from, 1);
  await assertCounted(fixture, to, 6);
  const { recordsRestored, recordsCopied } = second.job.metrics();
  assert.ok(recordsCopied > keys / 4 && recordsRestored <= 10, `${recordsCopied} copied, ${recordsRestored} restored`);
  const gone = first.events.filter(({ event, tasks }) => event === 'tasks_revoked' && tasks?.length === 1);
  assert.deepEqual([gone.length, first.job.metrics().tasks.length], [1, 1]);
});

test('a standby that comes back with its disk goes on where it was', async (t) => {
  const fixture = await startFixture(t, { configuration });
  const directory = mkdtempSync(join(tmpdir(), 'millrace-standby-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [from, to] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const place = [uniqueName('back'), from, to] as const;
  const { job } = await start(t, fixture.connect(), place, { standbys: 1 });
  await until(() => job.metrics().tasks.length === 1, 30_000);
  await write(fixture, from, 5);
  await assertCounted(fixture, to, 5);
  const copied: number[] = [];
  for (let round = 0; round < 2; round++) {
    const state = openOrderedStore({ directory });
    const standby = await start(t, fixture.connect(), place, { standbys: 1, state });
    await until(() => isCopied(standby.job.metrics()), 30_000);
    copied.push(standby.job.metrics().recordsCopied);
    await standby.job.close();
    await state.close();
  }
  assert.ok((copied[0] ?? 0) >= keys, `${copied[0]} were copied at first`);
  assert.equal(copied[1], 0);
});

test('state of a task that went elsewhere is deleted after a while, and restored when it comes back', async (t) => {
  const fixture = await startFixture(t, { configuration });
  const [from, to] = [await fixture.createTopic(2), await fixture.createTopic(2)];
  const place = [uniqueName('sweep'), from, to] as const;
  const state = openMemoryStore();
  const filled = (): number =>
    [0, 1].filter((n) => [...state.space(`${place[0]}/counts/${n}`).range()].length > 0).length;
  const { job } = await start(t, fixture.connect(), place, { state, stateKeptMs: 200 });
  await write(fixture, from, 1);
  await assertCounted(fixture, to, 1);
  await until(() => filled() === 2, 30_000);
  const second = await start(t, fixture.connect(), place, {});
  await until(() => job.metrics().tasks.length === 1 && filled() === 1, 30_000);
  await second.job.close();
  await until(() => job.metrics().tasks.length === 2, 30_000);
  await write(fixture, from, 1);
  await assertCounted(fixture, to, 2);
  assert.ok(job.metrics().recordsRestored > keys / 4);
});
