/** Questions about a job's state over HTTP: to the process that has it, to another, and while it moves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type Client, json, text, topic } from '@millrace/client';
import {
  type Job,
  type JobOptions,
  nodeListener,
  type QueryHandler,
  type QueryOptions,
  session,
  startJob,
  type Topology,
  topology,
  tumbling,
} from '@millrace/streams';
import { type Fixture, startFixture, uniqueName, until } from '../client/client-fixture.ts';

const quickly = { sessionTimeoutMs: 1_500, heartbeatIntervalMs: 100, commitIntervalMs: 50 };
const configuration = { 'group.min.session.timeout.ms': '500' };
const keys = Array.from({ length: 20 }, (_, n) => `k ${n}/é`);

function topologyOf(name: string, from: string): Topology {
  const made = topology(name);
  const source = made.source(topic(from, { key: text, value: text }));
  source.count('counts');
  source.windowedBy(tumbling({ sizeMs: 100 })).count('by-window');
  source.windowedBy(session({ gapMs: 50 })).count('by-session');
  source
    .map((value) => ({ value, large: 2n ** 60n }))
    .aggregate('last', {
      value: json<{ value: string }>(),
      initial: () => ({ value: '' }),
      add: (_, { value }) => ({ value }),
    });
  return made;
}

interface Process {
  readonly job: Job;
  readonly url: string;
}

/** A member with a server of its own. */
async function start(
  t: TestContext,
  client: Client,
  made: Topology,
  options: Partial<JobOptions> = {},
  queries: QueryOptions = { fetch },
): Promise<Process> {
  let handler: QueryHandler | undefined;
  const listener = nodeListener((request) => (handler as QueryHandler)(request));
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const applicationServer = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const job = await startJob(made, { client, ...quickly, ...options, applicationServer });
  handler = job.queries(queries);
  t.after(async () => {
    await job.close().catch(() => undefined);
    server.closeAllConnections();
    server.close();
  });
  return { job, url: `http://${applicationServer}` };
}

async function ask(url: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url, init);
  return { status: response.status, body: response.status === 307 ? undefined : await response.json() };
}

/** Each key once, at these times. */
async function write({ client }: Fixture, name: string, times: readonly number[]): Promise<void> {
  await using producer = client.producer();
  for (const timestamp of times) {
    for (const key of keys) producer.write({ topic: name, key, value: `at ${timestamp}`, timestamp });
  }
  await producer.flush();
}

const pathOf = (key: string): string => encodeURIComponent(key);

async function untilCounted({ url }: Process, count: number): Promise<void> {
  const isCounted = async (): Promise<boolean> => {
    const answers = await Promise.all(keys.map((key) => ask(`${url}/stores/counts/keys/${pathOf(key)}`)));
    return answers.every(({ body }) => (body as { value?: number }).value === count);
  };
  await until(isCounted, 30_000);
}

test('any process answers for all keys, and what it has not got comes from the one that has', async (t) => {
  const fixture = await startFixture(t, { configuration });
  const from = await fixture.createTopic(2);
  const made = topologyOf(uniqueName('queries'), from);
  const processes = [await start(t, fixture.connect(), made), await start(t, fixture.connect(), made)];
  await until(() => processes.every(({ job }) => job.metrics().tasks.length === 1), 30_000);
  await write(fixture, from, [1_010, 1_020, 1_130]);
  for (const process of processes) {
    await untilCounted(process, 3);
    const { url } = process;
    const [key = ''] = keys;
    assert.deepEqual(await ask(`${url}/stores/last/keys/${pathOf(key)}`), {
      status: 200,
      body: { value: { value: 'at 1130' } },
    });
    assert.deepEqual((await ask(`${url}/stores/by-window/windows/${pathOf(key)}?from=1000&to=1050`)).body, {
      windows: [{ start: 1_000, end: 1_100, value: 2 }],
    });
    assert.deepEqual((await ask(`${url}/stores/by-session/windows/${pathOf(key)}?from=1100`)).body, {
      windows: [{ start: 1_130, end: 1_181, value: 1 }],
    });
    const rows = keys.map((each) => ({ key: each, value: 3 })).sort((left, right) => (left.key < right.key ? -1 : 1));
    assert.deepEqual((await ask(`${url}/stores/counts/keys`)).body, { rows });
    const behind = pathOf(rows[4]?.key ?? '');
    assert.deepEqual((await ask(`${url}/stores/counts/keys?after=${behind}&limit=3`)).body, { rows: rows.slice(5, 8) });
    assert.equal((await ask(`${url}/stores/counts/keys/nothing`)).status, 404);
    assert.equal((await ask(`${url}/stores/other/keys/a`)).status, 404);
    assert.equal((await ask(`${url}/stores/by-window/keys/a`)).status, 400);
    assert.equal((await ask(`${url}/stores/counts/keys?limit=many`)).status, 400);
  }
});

test('without a way to ask other processes, whoever asks is sent to the one that has the key', async (t) => {
  const fixture = await startFixture(t, { configuration });
  const from = await fixture.createTopic(2);
  const made = topologyOf(uniqueName('redirects'), from);
  const processes = [
    await start(t, fixture.connect(), made, {}, {}),
    await start(t, fixture.connect(), made, {}, {}),
  ] as const;
  await until(() => processes.every(({ job }) => job.metrics().tasks.length === 1), 30_000);
  await write(fixture, from, [1_010]);
  await untilCounted(processes[0], 1);
  const statuses = await Promise.all(
    keys.map(
      async (key) =>
        (await ask(`${processes[0].url}/stores/counts/keys/${pathOf(key)}`, { redirect: 'manual' })).status,
    ),
  );
  assert.deepEqual([...new Set(statuses)].sort(), [200, 307]);
});

test('a standby answers whoever takes what may be old, and says so', async (t) => {
  const fixture = await startFixture(t, { configuration });
  const from = await fixture.createTopic(1);
  const made = topologyOf(uniqueName('stale'), from);
  const first = await start(t, fixture.connect(), made, { standbys: 1 }, {});
  await until(() => first.job.metrics().tasks.length === 1, 30_000);
  const standby = await start(t, fixture.connect(), made, { standbys: 1 }, {});
  await write(fixture, from, [1_010]);
  await untilCounted(first, 1);
  await until(() => standby.job.metrics().standbyLags['0_0'] === 0, 30_000);
  const path = `${standby.url}/stores/counts/keys/${pathOf(keys[0] ?? '')}`;
  assert.equal((await ask(path, { redirect: 'manual' })).status, 307);
  assert.deepEqual((await ask(`${path}?stale=true`)).body, { value: 1, stale: true, offsetsBehind: 0 });
});

test('the application says who may ask', async (t) => {
  const fixture = await startFixture(t, { configuration });
  const made = topologyOf(uniqueName('guarded'), await fixture.createTopic(1));
  const authorize = (request: Request): boolean => request.headers.get('authorization') === 'Bearer right';
  const { url } = await start(t, fixture.connect(), made, {}, { authorize, prefix: '/state' });
  assert.equal((await ask(`${url}/state/stores`)).status, 403);
  const { status, body } = await ask(`${url}/state/stores`, { headers: { authorization: 'Bearer right' } });
  assert.equal(status, 200);
  assert.deepEqual((body as { stores: { name: string }[] }).stores.map(({ name }) => name).sort(), [
    'by-session',
    'by-window',
    'counts',
    'last',
  ]);
});
