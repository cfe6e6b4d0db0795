/** `fleet` against a control plane of an embedded cluster, as processes. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster } from '@millrace/broker';
import { type HttpServer, startServer } from '@millrace/server';
import { millrace, type Outcome } from '../../support/millrace-command.ts';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { authorized, type DeclaredFixture, openDeclaredFixture } from '../fleet/declared-fixture.ts';

let directory: string;
let database: DatabaseFixture;
let cluster: Cluster;
let fleet: DeclaredFixture;
let server: HttpServer;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-fleet-'));
  database = await startDatabaseFixture();
  const brokers = [1, 2].map((nodeId) => ({ nodeId, port: 0 }));
  cluster = await startCluster({
    name: 'east',
    dataDirectory: join(directory, 'east'),
    brokers,
    configuration: authorized,
  });
  fleet = await openDeclaredFixture(await database.emptyDatabase(), { east: cluster.bootstrap });
  server = await startServer({ port: 0, routes: fleet.routes, token: 'of-the-test' });
});
after(async () => {
  await server.close();
  await fleet[Symbol.asyncDispose]();
  await cluster.close();
  await database[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function run(...words: string[]): Promise<Outcome> {
  const env = { MILLRACE_URL: server.url, MILLRACE_TOKEN: 'of-the-test', XDG_CONFIG_HOME: directory };
  return millrace(['fleet', ...words], { env, cwd: directory, timeoutMs: 120_000 });
}

/** Writes a file into the folder where commands run. */
async function file(name: string, ...lines: string[]): Promise<string> {
  await writeFile(join(directory, name), `${lines.join('\n')}\n`);
  return name;
}

const topics = (...names: string[]): string[] => [
  'topics:',
  ...names.map((name) => `  - { name: ${name}, cluster: east, partitions: 2, configs: { retention.ms: 86400000 } }`),
];

test('a sound file is counted, and of another one all that is wrong is told with its lines', async () => {
  const sound = await run('lint', await file('sound.yaml', ...topics('a', 'b')));
  assert.deepEqual([sound.code, sound.text], [0, 'sound.yaml is sound: 2 topics.\n']);
  const name = await file(
    'wrong.yaml',
    'topics:',
    '  - { name: a b, cluster: east, partitions: many }',
    'teams: [{ name: x, ownrs: y }]',
  );
  const wrong = await run('lint', name);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /wrong\.yaml:2: topics\[0\]\.partitions must be an integer\n/);
  assert.match(wrong.stderr, /wrong\.yaml:3: teams\[0\]\.ownrs is not known here; did you mean owners\?/);
  const asJson = await run('lint', name, '--json');
  assert.equal(asJson.code, 1);
  assert.equal((JSON.parse(asJson.text) as { problems: object[] }).problems.length, 2);
  assert.equal((await run('lint', 'absent.yaml')).code, 1);
});

test('a file is compared, tried, applied once, exported, and found to be as the fleet is', async () => {
  const name = await file('fleet.yaml', ...topics('orders', 'payments'));
  const before = await run('diff', name);
  assert.equal(before.code, 3);
  assert.match(before.text, /^\+ record {2}topic east\/orders {2}partitions 2, retention\.ms 86400000$/m);
  assert.match(before.text, /^4 differences\.$/m);
  const dry = await run('apply', name, '--dry-run');
  assert.deepEqual([dry.code, /Would make 4 changes\./.test(dry.text)], [0, true]);
  const applied = await run('apply', name, '--yes', '--why', 'the season begins');
  assert.equal(applied.code, 0, applied.stderr);
  assert.match(applied.text, /changes on east: done, 2 steps\.$/m);
  const again = await run('apply', name, '--json');
  assert.deepEqual([again.code, (JSON.parse(again.text) as { differences: object[] }).differences], [0, []]);
  const same = await run('diff', name);
  assert.deepEqual([same.code, same.text], [0, 'An apply would change nothing.\n']);
  const exported = await run('export', '-o', 'out.yaml');
  assert.equal(exported.code, 0, exported.stderr);
  assert.match(await readFile(join(directory, 'out.yaml'), 'utf8'), / {2}- name: orders\n {4}cluster: east\n/);
  const strict = await run('diff', 'out.yaml', '--strict', '--json');
  assert.equal(strict.code, 0, strict.text);
});

test('what is deleted is named, and asked for', async () => {
  assert.equal((await run('apply', await file('three.yaml', ...topics('x', 'y', 'z')), '--yes')).code, 0);
  const asked = await run('apply', '--delete', 'topic/east/x');
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /2 of which destroy something for good.*and there is no terminal to ask on/);
  const deleted = await run('apply', '--delete', 'topic/east/x', '--yes');
  assert.equal(deleted.code, 0, deleted.stderr);
  const fewer = await file('fewer.yaml', ...topics('orders', 'payments', 'y'));
  const uncounted = await run('apply', fewer, '--prune', 'topic', '--yes');
  assert.equal(uncounted.code, 2);
  assert.match(uncounted.stderr, /delete 1 topic that the file leaves out: east\/z\nGive --prune topic=1 to do it/);
  const miscounted = await run('apply', fewer, '--prune', 'topic=7', '--yes');
  assert.equal(miscounted.code, 2);
  const pruned = await run('apply', fewer, '--prune', 'topic=1', '--yes');
  assert.equal(pruned.code, 0, pruned.stderr);
  const left = fleet.record
    .current()
    .list('topic')
    .map(({ id }) => id);
  assert.deepEqual(left.sort(), ['east/orders', 'east/payments', 'east/y']);
});

test('what can not be done is refused, and a wrong kind is wrong usage', async () => {
  const name = await file('less.yaml', 'topics: [{ name: orders, cluster: east, partitions: 1 }]');
  const refused = await run('apply', name);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /refused: topic east\/orders has 2 partitions and is declared with 1: Kafka takes none away/,
  );
  assert.equal((await run('diff', name)).code, 3);
  const wrong = await run('diff', '--kind', 'topics');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /there is no kind 'topics'; there are environment, /);
});

test('a cluster is rebuilt from the record, and from a file, on an empty one', async () => {
  const drilled = await run('drill', '--cluster', 'east');
  assert.equal(drilled.code, 0, drilled.stderr);
  assert.match(
    drilled.text,
    /^Rebuilt east in [\d,]+ ms: 3 topics with 6 partitions, 0 ACLs, 0 quotas; all as declared\.$/m,
  );
  const fromFile = await run('drill', '--cluster', 'east', '--file', 'out.yaml', '--json');
  assert.equal(fromFile.code, 0, fromFile.stderr);
  const result = JSON.parse(fromFile.text) as { same: boolean; made: { topics: number } };
  assert.deepEqual([result.same, result.made.topics], [true, 2]);
  assert.equal((await run('drill', '--cluster', 'north')).code, 2);
});
