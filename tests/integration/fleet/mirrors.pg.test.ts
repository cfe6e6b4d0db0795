/** Mirrors that are declared: they run, as declared, in one process of the control plane after the other. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type CallInput, type Contract, callContract } from '@millrace/api';
import type { Mirror } from '@millrace/api/declared';
import { getMirrorContract, listMirrorsContract, type MirrorDetail, topologyContract } from '@millrace/api/fleet';
import { text, topic } from '@millrace/client';
import { type HttpServer, startServer } from '@millrace/server';
import { sql } from 'kysely';
import { eventually } from '../../support/eventually.ts';
import { millrace } from '../../support/millrace-command.ts';
import { openTestControl, type TestControl } from './control-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { clusterSpec, createTopics, reason, TestCluster } from './inventory-fixture.ts';
import { openTestOnboarding, root, smallTopic } from './onboarding-fixture.ts';

const token = 'a-token-of-tests';
const mirrors = { leaseMs: 2_000, statusMs: 100 };
let database: DatabaseFixture;
let east: TestCluster;
let west: TestCluster;
let url: string;
let control: TestControl;
let server: HttpServer;

before(async () => {
  [database, east, west] = await Promise.all([
    startDatabaseFixture(),
    TestCluster.start('east', 1),
    TestCluster.start('west', 1),
  ]);
  url = await database.emptyDatabase();
  control = await openTestControl(url, { mirrors, name: 'here' });
  server = await startServer({ port: 0, routes: control.control.routes, token });
  const clusters = [east, west].map(({ name, bootstrap }) => clusterSpec(name, bootstrap));
  await control.control.record.change(clusters, reason);
});
after(async () => {
  await server?.close();
  await control?.[Symbol.asyncDispose]();
  await Promise.all([east, west].map((cluster) => cluster?.[Symbol.asyncDispose]()));
  await database?.[Symbol.asyncDispose]();
});

const call = <C extends Contract>(contract: C, input: CallInput<C>) =>
  callContract(server.url, contract, input, { token });
const mirrorNow = (name: string): Promise<MirrorDetail> => call(getMirrorContract, { params: { name } });

async function declare(name: string, spec: Partial<Mirror> | null, by = control): Promise<void> {
  const whole = spec && { name, source: 'east', target: 'west', topics: ['-'], ...spec };
  await by.control.record.change([{ kind: 'mirror', id: name, spec: whole }], reason);
}

async function mirrorIs(name: string, fits: (mirror: MirrorDetail) => boolean): Promise<MirrorDetail> {
  let seen = await mirrorNow(name);
  const describe = (): string => `mirror ${name}: ${JSON.stringify(seen)}; ${control.reports.join('; ')}`;
  await eventually(
    async () => {
      seen = await mirrorNow(name);
      return fits(seen);
    },
    { timeoutMs: 60_000, describe },
  );
  return seen;
}

async function produce({ client }: TestCluster, name: string, values: readonly string[]): Promise<void> {
  await using producer = client.producer();
  const described = topic(name, { key: text, value: text });
  await Promise.all(values.map((value) => producer.send({ topic: described, key: '', value, partition: 0 })));
}

async function valuesIn({ client }: TestCluster, name: string): Promise<string[]> {
  const values: string[] = [];
  await using consumer = client.consumer({ assign: [{ topic: name, partition: 0, offset: 'earliest' }], until: 'end' });
  for await (const { valueBytes } of consumer.records()) values.push(Buffer.from(valueBytes ?? []).toString());
  return values;
}

async function arrives(cluster: TestCluster, name: string, wanted: readonly string[]): Promise<void> {
  let found: readonly string[] = [];
  const describe = (): string => `${name} has ${found.length} of ${wanted.length}; ${control.reports.join('; ')}`;
  const isThere = async (): Promise<boolean> => {
    const listed = await cluster.client.admin().listTopics();
    if (!listed.some((each) => each.topic === name)) return false;
    found = await valuesIn(cluster, name);
    return found.length >= wanted.length;
  };
  await eventually(isThere, { timeoutMs: 60_000, describe });
  assert.deepEqual(found, wanted);
}

const numbered = (word: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${word} ${at}`);

test('a declared mirror copies and tells how it does; a change is taken over, and removal ends it', async () => {
  await createTopics(east, { orders: 1, 'orders.late': 1, payments: 1 });
  await produce(east, 'orders', numbered('order', 100));
  await declare('plain', { topics: ['orders*'], exclude: ['orders.late'] });
  await arrives(west, 'orders', numbered('order', 100));
  const running = await mirrorIs('plain', ({ state, lagRecords }) => state === 'running' && lagRecords === 0);
  assert.deepEqual([running.topicCount, running.partitions, running.assigned, running.lagSeconds], [1, 1, 1, 0]);
  assert.equal(running.recordsCopied, 100);
  assert.match(running.worker ?? '', /^here /);
  assert.deepEqual(
    running.partitionList.map(({ topic: of, targetTopic, lagRecords }) => [of, targetTopic, lagRecords]),
    [['orders', 'orders', 0]],
  );
  const { mirrors: shown } = await call(topologyContract, {});
  assert.deepEqual([shown[0]?.name, shown[0]?.state, shown[0]?.problem], ['plain', 'running', null]);
  const events = await control.database.db
    .selectFrom('change_event')
    .select(['id', 'what'])
    .where('kind', '=', 'mirror')
    .execute();
  const told = events.map(({ id, what }) => `${id} ${what}`).filter((each) => each !== 'plain starting');
  assert.deepEqual(told, ['plain created', 'plain running']);

  await declare('plain', { topics: ['orders*', 'payments'], exclude: ['orders.late'] });
  await produce(east, 'payments', numbered('payment', 10));
  await produce(east, 'orders', ['the last']);
  await arrives(west, 'payments', numbered('payment', 10));
  await arrives(west, 'orders', [...numbered('order', 100), 'the last']);

  await declare('plain', { topics: ['orders', 'payments'], paused: true });
  await mirrorIs(
    'plain',
    ({ state, worker, lagRecords }) => state === 'paused' && worker === null && lagRecords === null,
  );
  await eventually(async () => (await leases()).length === 0);
  await declare('plain', null);
  await assert.rejects(mirrorNow('plain'), /there is no mirror "plain"/);
  const listed = await west.client.admin().listTopics({ internal: true });
  const kept = new Set(listed.map((each) => each.topic));
  assert.deepEqual(
    ['orders', 'payments', 'orders.late'].map((each) => kept.has(each)),
    [true, true, false],
  );
  assert.deepEqual(control.reports, []);
});

/** Names of mirrors that some process runs. */
async function leases(): Promise<string[]> {
  const rows = await control.database.db
    .selectFrom('lease')
    .select('name')
    .where('name', 'like', 'mirror %')
    .where('until', '>', sql<Date>`clock_timestamp()`)
    .execute();
  return rows.map(({ name }) => name);
}

test('what a mirror began with can not be changed, and a topic that is not there yet is waited for', async () => {
  await declare('begun', { topics: ['later'] });
  const isWaiting = ({ troubles }: MirrorDetail): boolean =>
    troubles.some((trouble) => trouble.event === 'topic_failed' && trouble.topic === 'later');
  assert.equal((await mirrorIs('begun', isWaiting)).state, 'running');
  await createTopics(east, { later: 1 });
  await produce(east, 'later', ['it came']);
  await arrives(west, 'later', ['it came']);
  await declare('begun', { topics: ['later'], prefix: 'other.' });
  const refused = await mirrorIs('begun', ({ state }) => state === 'failing');
  assert.match(
    refused.problem ?? '',
    /mirror begun has copied to west from east, under the same names, and that can't/,
  );
  const told = await millrace(['mirror', 'status', 'begun'], { env: environment() });
  assert.equal(told.code, 1);
  assert.match(told.text, /^Mirror begun, east to west, exactly-once: failing, .*run by here.*\nproblem: mirror begun/);
  await declare('begun', { topics: ['later'] });
  await mirrorIs('begun', ({ state }) => state === 'running');
  const listed = await millrace(['mirror', 'list', '--json'], { env: environment() });
  const { mirrors: found } = JSON.parse(listed.text) as { mirrors: { name: string; state: string }[] };
  assert.deepEqual(
    found.map(({ name, state }) => [name, state]),
    [['begun', 'running']],
  );
  const { items } = await call(listMirrorsContract, { query: { cluster: 'east', state: 'paused' } });
  assert.deepEqual(items, []);
  await declare('begun', null);
});

const environment = () => ({ MILLRACE_URL: server.url, MILLRACE_TOKEN: token });

test('a process that lost its lease goes on copying, takes it again if it is free, and ends if it is not', async () => {
  await createTopics(east, { kept: 1 });
  await produce(east, 'kept', ['one']);
  await declare('leased', { topics: ['kept'] });
  await arrives(west, 'kept', ['one']);
  const before = await mirrorIs('leased', ({ recordsCopied }) => recordsCopied === 1);
  const lease = control.database.db.updateTable('lease').where('name', '=', 'mirror leased');
  const epochOf = async (): Promise<number> => {
    const row = control.database.db.selectFrom('lease').select('epoch').where('name', '=', 'mirror leased');
    return (await row.executeTakeFirstOrThrow()).epoch;
  };
  const lostAt = (await epochOf()) + 1;
  await lease.set({ epoch: lostAt, until: sql<Date>`clock_timestamp()` }).execute();
  await eventually(async () => (await epochOf()) > lostAt, { timeoutMs: 60_000 });
  await produce(east, 'kept', ['two']);
  // Of the same worker as before.
  const again = await mirrorIs('leased', ({ recordsCopied }) => recordsCopied === 2);
  assert.equal(again.since, before.since);

  const later = sql<Date>`clock_timestamp() + interval '1 hour'`;
  await lease.set({ epoch: (await epochOf()) + 1, holder: 'somebody else', until: later }).execute();
  await mirrorIs('leased', ({ state }) => state === 'waiting');
  await eventually(() => groupIsEmpty('millrace.mirror.leased'), { timeoutMs: 60_000 });
  await declare('leased', null);
});

async function groupIsEmpty(group: string): Promise<boolean> {
  const [described] = await west.client.admin().describeGroups([group]);
  return described?.error !== undefined || described?.members.length === 0;
}

test('a mirror whose process is killed is run by another one', async (t) => {
  const own = await database.emptyDatabase();
  const program = fileURLToPath(new URL('control-program.ts', import.meta.url));
  const children: ChildProcess[] = [];
  t.after(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const start = async (name: string): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [program, own, name], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await eventually(() => said.includes('ready'), { timeoutMs: 60_000, describe: () => `${name} never was ready` });
    return child;
  };
  await using watcher = await openTestControl(own, { mirrors: { runs: false } });
  await watcher.control.record.change(
    [east, west].map(({ name, bootstrap }) => clusterSpec(name, bootstrap)),
    reason,
  );
  await createTopics(east, { moved: 1 });
  await produce(east, 'moved', numbered('first', 50));
  await declare('moved', { topics: ['moved'] }, watcher);
  const one = await start('one');
  await arrives(west, 'moved', numbered('first', 50));
  await start('two');
  const ended = new Promise((resolve) => one.once('exit', resolve));
  one.kill('SIGKILL');
  await ended;
  const killedAt = performance.now();
  const second = numbered('second', 50);
  await produce(east, 'moved', second);
  await arrives(west, 'moved', [...numbered('first', 50), ...second]);
  t.diagnostic(`taken over within ${Math.round(performance.now() - killedAt)} ms`);
  const row = watcher.database.db.selectFrom('mirror_run').select('process').where('name', '=', 'moved');
  assert.match((await row.executeTakeFirstOrThrow()).process, /^two /);
});

test('a topic that is onboarded at two sites ends with its records at the other', async () => {
  const clusters = new Map([east, west].map(({ name, bootstrap }) => [name, { bootstrap }]));
  await using fixture = await openTestOnboarding(await database.emptyDatabase(), clusters);
  const { record } = fixture.test.control;
  const there = record.current().get('cluster', 'west')?.spec ?? assert.fail();
  const site = { kind: 'site', id: 'west', spec: { name: 'west' } } as const;
  await record.change([site, { kind: 'cluster', id: 'west', spec: { ...there, site: 'west' } }], reason);
  const asked = smallTopic('shop.orders', { sites: ['east', 'west'], partitions: 1, applications: [] });
  await fixture.until(await fixture.ask(root, asked), 'done');
  await produce(east, 'shop.orders', ['one', 'two']);
  await arrives(west, 'shop.orders', ['one', 'two']);
  assert.deepEqual(
    record
      .current()
      .list('mirror')
      .map(({ id }) => id),
    ['east-to-west'],
  );
});
