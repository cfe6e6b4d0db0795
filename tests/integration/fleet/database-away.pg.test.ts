/** What is answered while the system of record is away: one clear sentence, also by what streams its answer. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster } from '@millrace/broker';
import { createClient, unwrap } from '@millrace/client';
import { type AccessFixture, type Answer, type AskOptions, installationToken, startAccess } from './access-fixture.ts';
import { DatabaseLine } from './config-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { addressOf, operationsOf } from './mounted-routes.ts';

const directory = await mkdtemp(join(tmpdir(), 'millrace-away-'));
let database: DatabaseFixture;
let line: DatabaseLine;
let cluster: Cluster;
let fixture: AccessFixture;
let member: string;

before(async () => {
  database = await startDatabaseFixture();
  line = await DatabaseLine.to(await database.emptyDatabase());
  cluster = await startCluster({ name: 'east', dataDirectory: directory, brokers: [{ nodeId: 1, port: 0 }] });
  fixture = await startAccess(line.url);
  const why = { principal: { kind: 'system', name: 'test' }, why: 'the test needs it' } as const;
  const spec = { name: 'east', bootstrap: cluster.bootstrap };
  await fixture.plane.record.change([{ kind: 'cluster', id: 'east', spec }], why);
  await using client = createClient({ bootstrap: cluster.bootstrap });
  await using admin = client.admin();
  unwrap(await admin.createTopics([{ topic: 'orders', partitions: 1 }]));
  await using producer = client.producer();
  await producer.send({ topic: 'orders', value: 'a record' });
  member = await fixture.token('member', 'orders');
});
after(async () => {
  await fixture[Symbol.asyncDispose]();
  await line[Symbol.asyncDispose]();
  await cluster.close();
  await database[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const ask = (method: string, path: string, how: AskOptions = {}): Promise<Answer> =>
  fixture.ask(method, path, { token: installationToken, ...how });

const messages = '/api/v1/topics/east/orders/messages';
/** Of an event that this process has not heard of: another may have. */
const lastEvent = { 'last-event-id': `00000000-1-${Number.MAX_SAFE_INTEGER % 1e15}` };

/** Streams whose first line or event needs the database. */
const streams: readonly (() => Promise<Answer>)[] = [
  () => ask('GET', `${messages}?from=earliest`),
  () => ask('POST', messages, { body: { from: 'earliest', value: 'record' } }),
  () => ask('GET', '/api/v1/events', { headers: lastEvent }),
];

function assertAway({ status, headers, json }: Answer, what: string): void {
  assert.equal(status, 503, what);
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/, what);
  assert.equal(json.code, 'unavailable', what);
  assert.equal(json.detail, 'the system of record can not be asked now; try again in a moment', what);
  assert.equal(headers.get('retry-after'), '1', what);
}

test('streams answer 503 with a sentence while the database is away, never a 200 that breaks off', async () => {
  const [browse, search] = streams;
  assert.match((await browse?.())?.text ?? '', /a record/);
  line.cut();
  try {
    for (const stream of streams) assertAway(await stream(), stream.toString());
    assertAway(await ask('GET', messages, { token: member }), 'a token that only the database knows');
    // What is in memory is told all the same.
    const leave = new AbortController();
    const events = await fetch(new URL('/api/v1/events', fixture.server.url), { signal: leave.signal });
    assert.equal(events.status, 200);
    const { value } = (await events.body?.getReader().read()) ?? {};
    assert.match(Buffer.from(value ?? []).toString(), /^event: snapshot/);
    leave.abort();
  } finally {
    line.mend();
  }
  assert.match((await search?.())?.text ?? '', /a record/);
  assert.deepEqual(fixture.failures, []);
});

test('whatever is asked while the database is away is answered, or told that it is away', async () => {
  const operations = (await operationsOf(fixture.server.url)).filter(({ isStream }) => !isStream);
  const away: string[] = [];
  line.cut();
  try {
    for (const operation of operations) {
      const { method, path } = operation;
      const body = method === 'POST' || method === 'PUT' ? {} : undefined;
      const answer = await ask(method, addressOf(operation), { body });
      if (answer.status === 503 && answer.json.code === 'unavailable') {
        assertAway(answer, `${method} ${path}`);
        away.push(path);
      }
      assert.ok(answer.status !== 500, `${method} ${path}: ${answer.text}`);
    }
  } finally {
    line.mend();
  }
  for (const path of ['/api/v1/audit', '/api/v1/changes', '/api/v1/operations']) assert.ok(away.includes(path), path);
  assert.deepEqual(fixture.failures, []);
});
