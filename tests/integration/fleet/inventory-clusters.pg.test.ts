/** Clusters of an inventory that come and go, and processes that share one, on PostgreSQL. */
import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { getClusterContract, listChangesContract } from '@millrace/api/fleet';
import { eventually } from '../../support/eventually.ts';
import { millrace } from '../../support/millrace-command.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import {
  clusterSpec,
  createTopics,
  type InventoryFixture,
  openInventoryFixture,
  reached,
  TestCluster,
} from './inventory-fixture.ts';

let database: DatabaseFixture;
let east: TestCluster;
let west: TestCluster;
let url: string;
let fixture: InventoryFixture;
/** Processes to be ended after all. */
const others: InventoryFixture[] = [];

before(async () => {
  database = await startDatabaseFixture();
  [east, west] = await Promise.all([TestCluster.start('east', 3), TestCluster.start('west', 1)]);
  await createTopics(east, { idle: 1, orders: 4, payments: 2 });
  await createTopics(west, { first: 1, second: 1 });
  url = await database.emptyDatabase();
  fixture = await openInventoryFixture(url);
  await fixture.declare(clusterSpec('east', east.bootstrap), clusterSpec('west', west.bootstrap));
  await reached(fixture, 'east');
  await reached(fixture, 'west');
});
after(async () => {
  for (const each of [fixture, ...others]) await each?.[Symbol.asyncDispose]();
  await Promise.all([east?.[Symbol.asyncDispose](), west?.[Symbol.asyncDispose]()]);
  await database?.[Symbol.asyncDispose]();
});

test('the command line lists clusters, describes them, and takes an authorizer log', async () => {
  const env = { MILLRACE_URL: fixture.server.url, MILLRACE_TOKEN: fixture.token };
  const run = async (words: readonly string[], input?: string) => {
    const { code, text, stderr } = await millrace(['cluster', ...words], { env, input });
    assert.equal(code, 0, stderr);
    return text;
  };
  const lines = (await run(['list'])).trim().split('\n');
  assert.match(lines[0] ?? '', /^CLUSTER +STATE +SEEN +SITE +ENVIRONMENT +BROKERS +TOPICS/);
  assert.match(lines[1] ?? '', /^east +ok +\d+ s ago +- +- +3 +3 +7/);
  const described = JSON.parse(await run(['describe', 'east', '--refresh', '--json'])) as Record<string, unknown>;
  assert.deepEqual([described['name'], described['topics'], described['problem']], ['east', 3, null]);
  assert.match(await run(['describe', 'west']), /^west: ok, seen \d+ s ago\n +id \S+, bootstrap 127\.0\.0\.1:\d+\n/);
  const line =
    'Principal = User:till is Allowed operation = WRITE from host = 10.1.1.1 on resource = Topic:LITERAL:idle for ' +
    'request = Produce with resourceRefCount = 1';
  const told = await run(['observe', 'east', '-'], `something else\n${line}\n${line}`);
  assert.equal(told, 'Took in 2 lines of the authorizer.\n');
});

test('a cluster that is killed and brought back shows so, and keeps its last known state meanwhile', async () => {
  await west.stop();
  await eventually(() => fixture.inventory.cluster('west')?.problem !== undefined);
  const { problem, stale, topics, observedAt } = await fixture.call(getClusterContract, { params: { name: 'west' } });
  assert.deepEqual([stale, topics], [true, 2]);
  assert.match(problem ?? '', /127\.0\.0\.1/);
  assert.notEqual(observedAt, null);
  await west.startAgain();
  await reached(fixture, 'west');
  const reachable = async () => {
    const { items } = await fixture.call(listChangesContract, { query: { cluster: 'west', kind: 'cluster' } });
    return items.flatMap(({ field, from, to }) => (field === 'reachable' ? [[from, to]] : []));
  };
  await eventually(async () => (await reachable()).length === 2);
  assert.deepEqual(await reachable(), [
    [false, true],
    [true, false],
  ]);
});

test('a cluster that accepts connections and never answers delays no other', async () => {
  const sockets = new Set<Socket>();
  const frozen: Server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => frozen.listen(0, '127.0.0.1', resolve));
  const address = frozen.address();
  assert.ok(typeof address === 'object' && address !== null);
  await fixture.declare(clusterSpec('frozen', `127.0.0.1:${address.port}`));
  await eventually(() => sockets.size > 0);
  const looks = new Set<number>();
  await eventually(() => {
    looks.add(fixture.inventory.cluster('east')?.observedAt?.getTime() ?? 0);
    return fixture.inventory.cluster('frozen')?.problem !== undefined;
  });
  assert.ok(looks.size >= 3, `east was seen ${looks.size} times while the other was waited for`);
  const view = await fixture.call(getClusterContract, { params: { name: 'frozen' } });
  assert.deepEqual([view.observedAt, view.stale, view.topics], [null, true, 0]);
  await fixture.declare({ kind: 'cluster', id: 'frozen', spec: null });
  await eventually(() => fixture.inventory.cluster('frozen') === undefined);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => frozen.close(resolve));
});

test('a process knows what another sees, and goes on when it is gone; a later one knows the last state', async () => {
  const second = await openInventoryFixture(url);
  others.push(second);
  assert.deepEqual([...(second.inventory.cluster('east')?.topics.keys() ?? [])], ['idle', 'orders', 'payments']);
  await createTopics(east, { later: 1 });
  await eventually(() => second.inventory.cluster('east')?.topics.has('later') === true);
  await fixture[Symbol.asyncDispose]();
  const at = Date.now();
  await eventually(() => (second.inventory.cluster('east')?.observedAt?.getTime() ?? 0) > at);
  await Promise.all([east.stop(), west.stop()]);
  await eventually(() => second.inventory.clusters().every(({ problem }) => problem !== undefined));
  const third = await openInventoryFixture(url);
  others.push(third);
  const known = third.inventory.cluster('east');
  assert.deepEqual([known?.stale, known?.topics.size, known?.brokers.length], [true, 4, 3]);
  assert.match(known?.problem ?? '', /127\.0\.0\.1/);
});
