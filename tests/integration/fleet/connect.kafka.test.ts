/** Kafka Connect: a real worker, on an embedded cluster, driven by plans. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Spec } from '@millrace/api/declared';
import type { ConnectView } from '@millrace/api/fleet';
import { nodePlatform } from '@millrace/base';
import { startCluster } from '@millrace/broker';
import { createClient } from '@millrace/client';
import { startConnectWorker } from '@millrace/engines';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { openConnect } from '@millrace/fleet/connect';
import { eventually } from '../../support/eventually.ts';
import { startDatabaseFixture } from './database-fixture.ts';
import { admin, openPlansFixture } from './plans-fixture.ts';

const kafka = await kafkaForTests('any');
const { skip } = kafka;
const sinkClass = 'org.apache.kafka.connect.file.FileStreamSinkConnector';

test('connectors are made, changed, paused, restarted and deleted as declared, and no secret is seen', {
  skip,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-connect-test-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const secretFile = join(directory, 'secret');
  await writeFile(secretFile, 'from a file\n');
  await writeFile(join(directory, 'connect.secrets'), 'key=resolved by Connect\n');
  const cluster = stack.adopt(
    await startCluster({ name: 'east', dataDirectory: join(directory, 'east'), brokers: [{ nodeId: 1, port: 0 }] }),
    (each) => each.close(),
  );
  const worker = stack.use(
    await startConnectWorker({
      distribution: kafka.distribution,
      bootstrap: cluster.bootstrap,
      configuration: {
        'config.providers': 'file',
        'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
      },
    }),
  );
  const databases = stack.use(await startDatabaseFixture());
  const environment: Record<string, string> = { SINK_PASSWORD: 'of the environment' };
  let views: (() => Promise<ConnectView[]>) | undefined;
  const fixture = stack.use(
    await openPlansFixture(await databases.emptyDatabase(), ({ record }) => {
      const part = openConnect({ record, platform: nodePlatform, environment });
      const [list] = part.routes;
      views = async () => {
        const request = { principal: admin, signal: AbortSignal.timeout(20_000) };
        return ((await list?.handle(request as never)) as { items: ConnectView[] }).items;
      };
      return [part];
    }),
  );
  const view = async (): Promise<ConnectView> => (await views?.())?.[0] ?? assert.fail('no Connect cluster');
  const sink = (name: string) => view().then(({ connectors }) => connectors.find((each) => each.name === name));
  const spec = (config: Spec<'connector'>['config'], state?: 'paused' | 'stopped') => ({
    ...{ name: 'sink', connect: 'main', ...(state && { state }) },
    config: { 'connector.class': sinkClass, 'tasks.max': 1, topics: 'lines', ...config },
  });
  const declare = (config: Spec<'connector'>['config'], state?: 'paused' | 'stopped') =>
    fixture.declare({ kind: 'connector', id: 'main/sink', spec: spec(config, state) });
  const output = join(directory, 'out');
  const secrets = {
    'sink.password': 'env:SINK_PASSWORD',
    'sink.note': `file:${secretFile}`,
    'sink.api.key': `\${file:${join(directory, 'connect.secrets')}:key}`,
  };
  await fixture.declare(
    { kind: 'cluster', id: 'east', spec: { name: 'east', bootstrap: cluster.bootstrap } },
    { kind: 'connect', id: 'main', spec: { name: 'main', cluster: 'east', url: worker.url } },
  );
  await declare({ file: output, ...secrets }, 'paused');
  const apply = (input: object = {}) => fixture.plan('connect_apply', input);

  const first = await apply();
  assert.deepEqual(
    first.steps.map(({ title }) => title),
    ['Make the connector main/sink'],
  );
  const done = await fixture.apply(first);
  assert.deepEqual((await apply()).steps, [], 'as declared, its references resolved');
  assert.equal((await sink('sink'))?.state, 'paused', 'it never ran');
  const shown = (await sink('sink'))?.config ?? {};
  for (const [name, reference] of Object.entries(secrets)) assert.equal(shown[name], reference);
  assert.doesNotMatch(
    JSON.stringify([first, done, await view()]),
    /of the environment|from a file|resolved by Connect/,
  );
  assert.equal((await view()).version, kafka.distribution.version);

  environment['SINK_PASSWORD'] = 'another';
  await declare({ file: output, ...secrets });
  const second = await apply({ connectors: ['main/sink'] });
  assert.deepEqual(
    second.steps.map(({ title }) => title),
    ['Configure the connector main/sink: sink.password', 'Resume the connector main/sink'],
  );
  await fixture.apply(second);
  await eventually(async () => (await sink('sink'))?.tasks[0]?.state === 'running', { timeoutMs: 60_000 });

  await declare({ file: join(directory, 'no such folder', 'out'), ...secrets });
  await fixture.apply(await apply());
  await using client = createClient({ bootstrap: cluster.bootstrap });
  await using producer = client.producer();
  await producer.send({ topic: 'lines', value: 'a line' });
  await eventually(async () => (await sink('sink'))?.tasks[0]?.state === 'failed', { timeoutMs: 60_000 });
  const failed = (await sink('sink'))?.tasks[0];
  assert.match(failed?.failure ?? '', /ConnectException: /);
  assert.doesNotMatch(failed?.failure ?? '', /\n/);
  const restart = (input: object) => fixture.plan('connect_restart', { connect: 'main', connector: 'sink', ...input });
  const restarting = await restart({});
  assert.deepEqual(
    restarting.steps.map(({ title }) => title),
    ['Restart of main/sink: task 0'],
  );
  await fixture.apply(restarting);
  await declare({ file: output, ...secrets }, 'stopped');
  await fixture.apply(await apply());
  await eventually(async () => (await sink('sink'))?.state === 'stopped');
  assert.deepEqual((await restart({})).steps, [], 'nothing has failed');

  await assert.rejects(apply({ delete: ['main/sink'] }), { code: 'conflict', message: /is declared/ });
  await fixture.declare({ kind: 'connector', id: 'main/sink', spec: null });
  const nothing = await apply({ connects: ['main'] });
  assert.deepEqual([nothing.steps, nothing.notes], [[], ['not declared, and left as they are, on main: sink']]);
  const deletion = await apply({ delete: ['main/sink'] });
  assert.deepEqual(
    deletion.steps.map(({ title, destructive }) => [title, destructive]),
    [['Delete the connector main/sink', true]],
  );
  assert.doesNotMatch(JSON.stringify(deletion), /another|from a file/);
  await fixture.apply(deletion);
  await eventually(async () => (await view()).connectors.length === 0);

  await assert.rejects(declare({ file: output, 'sink.password': 'as it is' }), { code: 'invalid_declaration' });
  await worker.close();
  assert.match((await view()).problem ?? '', /Kafka Connect main does not answer/);
});
