/** Kafka Connect: a real worker, on an embedded cluster, driven by plans. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Spec } from '@millrace/api/declared';
import type { ConnectView, PlanView } from '@millrace/api/fleet';
import { startCluster } from '@millrace/broker';
import { createClient } from '@millrace/client';
import { type ConnectWorker, startConnectWorker } from '@millrace/engines';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { eventually } from '../../support/eventually.ts';
import { startDatabaseFixture } from './database-fixture.ts';
import { admin, openPlansFixture, type PlansFixture } from './plans-fixture.ts';

const kafka = await kafkaForTests('any');
const { skip } = kafka;
const sinkClass = 'org.apache.kafka.connect.file.FileStreamSinkConnector';

const output = (): string => join(directory, 'out');
const environment: Record<string, string> = { SINK_PASSWORD: 'of the environment' };
const stack = new AsyncDisposableStack();
let directory: string;
let bootstrap: string;
let worker: ConnectWorker;
let fixture: PlansFixture;
let views: () => Promise<ConnectView[]>;

const view = async (): Promise<ConnectView> => (await views())[0] ?? assert.fail('no Connect cluster');
const sink = () => view().then(({ connectors }) => connectors.find(({ name }) => name === 'sink'));
const apply = (input: object = {}) => fixture.plan('connect_apply', input);
const titles = ({ steps }: PlanView): string[] => steps.map(({ title }) => title);
const secrets = (): Record<string, string> => ({
  'sink.password': 'env:SINK_PASSWORD',
  'sink.note': `file:${join(directory, 'secret')}`,
  'sink.api.key': `\${file:${join(directory, 'connect.secrets')}:key}`,
});
const declare = (config: Spec<'connector'>['config'], state?: 'paused' | 'stopped') =>
  fixture.declare({
    kind: 'connector',
    id: 'main/sink',
    spec: {
      ...{ name: 'sink', connect: 'main', ...(state && { state }) },
      config: { 'connector.class': sinkClass, 'tasks.max': 1, topics: 'lines', ...config },
    },
  });

before(async () => {
  if (skip !== false) return;
  directory = await mkdtemp(join(tmpdir(), 'millrace-connect-test-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'secret'), 'from a file\n');
  await writeFile(join(directory, 'connect.secrets'), 'key=resolved by Connect\n');
  const cluster = stack.adopt(
    await startCluster({ name: 'east', dataDirectory: join(directory, 'east'), brokers: [{ nodeId: 1, port: 0 }] }),
    (each) => each.close(),
  );
  bootstrap = cluster.bootstrap;
  const configuration = {
    'config.providers': 'file',
    'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
  };
  worker = stack.use(await startConnectWorker({ distribution: kafka.distribution, bootstrap, configuration }));
  const databases = stack.use(await startDatabaseFixture());
  fixture = stack.use(await openPlansFixture(await databases.emptyDatabase(), { environment }));
  const list = fixture.plane.routes.find(({ contract }) => contract.path === '/api/v1/connect');
  views = async () => {
    const request = { principal: admin, signal: AbortSignal.timeout(20_000) };
    return ((await list?.handle(request as never)) as { items: ConnectView[] }).items;
  };
  await fixture.declare(
    { kind: 'cluster', id: 'east', spec: { name: 'east', bootstrap } },
    { kind: 'connect', id: 'main', spec: { name: 'main', cluster: 'east', url: worker.url } },
  );
});
after(() => stack.disposeAsync());

test('a connector is made as declared, its references resolved, and no secret is seen', { skip }, async () => {
  await declare({ file: output(), ...secrets() }, 'paused');
  const first = await apply();
  assert.deepEqual(titles(first), ['Make the connector main/sink']);
  const done = await fixture.apply(first);
  assert.deepEqual((await apply()).steps, [], 'as declared, its references resolved');
  assert.equal((await sink())?.state, 'paused', 'it never ran');
  const shown = (await sink())?.config ?? {};
  for (const [name, reference] of Object.entries(secrets())) assert.equal(shown[name], reference);
  assert.doesNotMatch(
    JSON.stringify([first, done, await view()]),
    /of the environment|from a file|resolved by Connect/,
  );
  assert.equal((await view()).version, kafka.distribution.version);
  const literal = declare({ file: output(), 'sink.password': 'as it is' });
  await assert.rejects(literal, { code: 'invalid_declaration' });
});

test('a secret that has changed, and a state that is another, are applied', { skip }, async () => {
  environment['SINK_PASSWORD'] = 'another';
  await declare({ file: output(), ...secrets() });
  const plan = await apply({ connectors: ['main/sink'] });
  assert.deepEqual(titles(plan), [
    'Configure the connector main/sink: sink.password',
    'Resume the connector main/sink',
  ]);
  await fixture.apply(plan);
  await eventually(async () => (await sink())?.tasks[0]?.state === 'running', { timeoutMs: 60_000 });
});

test('what has failed is shown with the reason, and restarted', { skip }, async () => {
  await declare({ file: join(directory, 'no such folder', 'out'), ...secrets() });
  await fixture.apply(await apply());
  await using client = createClient({ bootstrap });
  await using producer = client.producer();
  await producer.send({ topic: 'lines', value: 'a line' });
  await eventually(async () => (await sink())?.tasks[0]?.state === 'failed', { timeoutMs: 60_000 });
  const failed = (await sink())?.tasks[0];
  assert.match(failed?.failure ?? '', /^[^\n]*ConnectException: [^\n]*$/);
  const restart = () => fixture.plan('connect_restart', { connect: 'main', connector: 'sink' });
  const plan = await restart();
  assert.deepEqual(titles(plan), ['Restart of main/sink: task 0']);
  await fixture.apply(plan);
  await declare({ file: output(), ...secrets() }, 'stopped');
  await fixture.apply(await apply());
  assert.equal((await sink())?.state, 'stopped');
  assert.deepEqual((await restart()).steps, [], 'nothing has failed');
});

test('only what is named and not declared is deleted', { skip }, async () => {
  await assert.rejects(apply({ delete: ['main/sink'] }), { code: 'conflict', message: /is declared/ });
  await fixture.declare({ kind: 'connector', id: 'main/sink', spec: null });
  const nothing = await apply({ connects: ['main'] });
  assert.deepEqual([nothing.steps, nothing.notes], [[], ['not declared, and left as they are, on main: sink']]);
  const deletion = await apply({ delete: ['main/sink'] });
  assert.deepEqual([titles(deletion), deletion.destructive], [['Delete the connector main/sink'], true]);
  assert.doesNotMatch(JSON.stringify([deletion, await view()]), /another|from a file/);
  await fixture.apply(deletion);
  assert.deepEqual((await view()).connectors, []);
});

test('a Connect cluster that does not answer says so', { skip }, async () => {
  await worker.close();
  assert.match((await view()).problem ?? '', /Kafka Connect main does not answer/);
});
