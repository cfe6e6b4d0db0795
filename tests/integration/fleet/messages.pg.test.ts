/** Search in the records of a topic, over HTTP, on an embedded broker. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster } from '@millrace/broker';
import { type Client, createClient, unwrap } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import { type AccessFixture, type AskOptions, startAccess } from './access-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';

const directory = await mkdtemp(join(tmpdir(), 'millrace-messages-'));
let databases: DatabaseFixture;
let cluster: Cluster;
let client: Client;
let fixture: AccessFixture;
let member: string;

const topic = (name: string, more: object = {}) => {
  const spec = { name, cluster: 'east', partitions: 2, ...more };
  return { kind: 'topic', id: `east/${name}`, spec } as const;
};

before(async () => {
  databases = await startDatabaseFixture();
  cluster = await startCluster({ name: 'east', dataDirectory: directory, brokers: [{ nodeId: 1, port: 0 }] });
  client = createClient({ bootstrap: cluster.bootstrap });
  fixture = await startAccess(await databases.emptyDatabase());
  const why = { principal: { kind: 'system', name: 'test' }, why: 'the test needs them' } as const;
  const east = { name: 'east', bootstrap: cluster.bootstrap };
  const uses = [{ cluster: 'east', topic: 'consumed', role: 'consumer' }] as const;
  await fixture.plane.record.change(
    [
      { kind: 'cluster', id: 'east', spec: east },
      topic('orders', { owner: 'orders' }),
      topic('open', { owner: 'search', dataClass: 'internal' }),
      topic('consumed', { owner: 'search' }),
      topic('secret', { owner: 'orders', dataClass: 'restricted' }),
      topic('foreign', { owner: 'search' }),
      { kind: 'application', id: 'shop', spec: { name: 'shop', team: 'orders', uses: [...uses] } },
    ],
    why,
  );
  await using admin = client.admin();
  const names = ['orders', 'open', 'consumed', 'secret', 'foreign', 'undeclared', 'millrace.own'];
  unwrap(await admin.createTopics(names.map((name) => ({ topic: name, partitions: 2 }))));
  await using producer = client.producer();
  for (let index = 0; index < 1_000; index++) {
    await producer.send({
      topic: 'orders',
      partition: index % 2,
      key: index % 10 === 0 ? Buffer.from([0xff, index & 0xff]) : `key-${index}`,
      value: JSON.stringify({ id: index, amount: index * 1.5, items: [{ name: `item ${index % 7}` }] }),
      headers: { trace: String(index % 3), ...(index === 500 && { __proto__x: 'x' }) },
      timestamp: 1_700_000_000_000 + index * 1000,
    });
  }
  member = await fixture.token('member', 'orders');
});
after(async () => {
  await fixture[Symbol.asyncDispose]();
  await client.close();
  await cluster.close();
  await databases[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

// biome-ignore lint/suspicious/noExplicitAny: lines of every type
type Line = any;
const search = async (
  body: object,
  name = 'orders',
  how: AskOptions = {},
): Promise<{ found: Line[]; end: Line; lines: Line[] }> => {
  const path = `/api/v1/topics/east/${name}/messages`;
  const answer = await fixture.ask('POST', path, { token: member, body, ...how });
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/x-ndjson/);
  const lines = answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { found: lines.filter(({ type }) => type === 'message'), end: lines.at(-1), lines };
};

test('finds by text in key, value and headers, and says how much it looked at', async () => {
  const byKey = await search({ from: 'earliest', key: 'key-77' });
  assert.deepEqual(byKey.found.map(({ key }) => key).sort(), [
    'key-77',
    'key-771',
    'key-772',
    'key-773',
    'key-774',
    'key-775',
    'key-776',
    'key-777',
    'key-778',
    'key-779',
  ]);
  const { reason, records, found, part, next } = byKey.end;
  assert.deepEqual(
    { reason, records, found, part, next },
    { reason: 'end', records: 1_000, found: 10, part: 1, next: [] },
  );
  const byValue = await search({ from: 'earliest', value: '"id":500,', header: 'trace=2' });
  assert.equal(byValue.found.length, 1);
  const [{ partition, offset, timestamp, keyBase64, headers, valueBytes }] = byValue.found;
  assert.deepEqual([partition, offset, timestamp, keyBase64], [0, 250, 1_700_000_500_000, '//Q=']);
  assert.equal(headers.length, 2);
  assert.ok(valueBytes > 20);
  assert.equal((await search({ from: 'earliest', header: 'trace=2', value: '"id":501,' })).found.length, 0);
});

test('finds by an expression, which may fail for some records without ending the search', async () => {
  const some = await search({ from: 'earliest', filter: 'json.amount > 1490.0 && headers.trace == "1"', limit: 1_000 });
  assert.deepEqual(
    some.found.map(({ value }) => JSON.parse(value).id),
    [994, 997].filter((id) => id % 3 === 1),
  );
  const names = await search({
    from: 'earliest',
    filter: 'json.items.exists(i, i.name.matches("^item [34]$")) && offset < 10',
  });
  assert.equal(names.found.length, 6);
  const texts = await search({ from: 'earliest', filter: 'key.startsWith("key-99")' });
  assert.equal(texts.found.length, 10);
  assert.equal(texts.end.filterErrors, 100, 'keys that are no text have no startsWith');
  const path = '/api/v1/topics/east/orders/messages';
  for (const filter of ['json.amount >', 'a'.repeat(2_001), '('.repeat(500)]) {
    const answer = await fixture.ask('POST', path, { token: member, body: { filter } });
    assert.equal(answer.status, 400, answer.text.slice(0, 200));
  }
});

test('goes from and until offsets and times, and goes on where a bound ended it', async () => {
  const tail = await search({ from: '-3' });
  assert.deepEqual(tail.found.map(({ offset }) => offset).sort(), [497, 497, 498, 498, 499, 499]);
  const time = await search({
    from: new Date(1_700_000_100_000).toISOString(),
    until: new Date(1_700_000_103_000).toISOString(),
  });
  assert.deepEqual(time.found.map(({ value }) => JSON.parse(value).id).sort(), [100, 101, 102]);
  const one = await search({ partitions: [1], from: '10', until: '12' });
  assert.deepEqual(
    one.found.map(({ partition, offset }) => [partition, offset]),
    [
      [1, 10],
      [1, 11],
    ],
  );
  const seen = new Set<string>();
  let body: object = { from: 'earliest', scanRecords: 300, limit: 250 };
  for (let round = 0; round < 20; round++) {
    const { found, end } = await search(body);
    for (const { partition, offset } of found) {
      assert.ok(!seen.has(`${partition}/${offset}`));
      seen.add(`${partition}/${offset}`);
    }
    if (end.reason === 'end') break;
    assert.ok(['limit', 'records'].includes(end.reason), end.reason);
    body = { startAt: end.next, scanRecords: 300, limit: 250 };
  }
  assert.equal(seen.size, 1_000);
  assert.equal((await search({ from: 'earliest', scanBytes: 1, limit: 2_000 })).end.reason, 'bytes');
  const path = '/api/v1/topics/east/orders/messages';
  const browsed = await fixture.ask('GET', `${path}?from=earliest&partition=0&limit=2&valueBytesMax=4`, {
    token: member,
  });
  const values = browsed.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).value);
  assert.deepEqual(values.slice(0, 2), ['{"id', '{"id']);
  for (const query of ['from=yesterday', 'from=2026-99-99T00:00:00Z', 'limit=0', 'scanSeconds=61', 'x=1']) {
    assert.equal((await fixture.ask('GET', `${path}?${query}`, { token: member })).status, 400, query);
  }
});

test('team and data class decide who reads records, and each search is in the audit log', async () => {
  const owner = await fixture.token('owner', 'orders');
  const viewer = await fixture.token('viewer');
  const admin = await fixture.token('admin');
  const may = async (token: string | undefined, name: string): Promise<boolean> => {
    const path = `/api/v1/topics/east/${name}/messages?limit=1`;
    const { status, text } = await fixture.ask('GET', path, { token });
    assert.ok([200, 401, 403].includes(status), text);
    if (token === undefined) return status === 200;
    const body = { objects: [{ kind: 'topic', id: `east/${name}` }] };
    const { json } = await fixture.ask('POST', '/api/v1/me/allowed', { token, body });
    assert.equal(json.objects[0].allowed.includes('read_records'), status === 200, `${name} is told as it is`);
    return status === 200;
  };
  for (const [name, members, owners] of [
    ['orders', true, true],
    ['open', true, true],
    ['consumed', true, true],
    ['secret', false, true],
    ['foreign', false, false],
    ['undeclared', false, false],
    ['millrace.own', false, false],
  ] as const) {
    assert.deepEqual(
      await Promise.all([may(member, name), may(owner, name), may(viewer, name), may(undefined, name)]),
      [members, owners, false, false],
      name,
    );
    assert.equal(await may(admin, name), true);
  }
  await search({ value: 'password=hunter2', why: 'ticket\n12' });
  const rows = await fixture.database.db.selectFrom('audit_entry').selectAll().orderBy('seq').execute();
  const entry = rows.filter(({ action }) => action === 'messages.searched').at(-1);
  assert.deepEqual([entry?.id, entry?.why], ['east/orders', 'ticket\n12']);
  assert.match(JSON.stringify(entry?.after), /"criteria":\["value"\]/);
  assert.doesNotMatch(JSON.stringify(rows), /hunter2/);
});

test('says what is not there', async () => {
  const admin = await fixture.token('admin');
  const gone = await fixture.ask('GET', '/api/v1/topics/east/nothing/messages', { token: admin });
  assert.equal(gone.json.code, 'not_found');
  const partition = await fixture.ask('GET', '/api/v1/topics/east/orders/messages?partition=9', { token: admin });
  assert.match(partition.json.detail, /no partition 9/);
  assert.equal((await search({}, 'open')).end.reason, 'end');
});

const ten = '[1,2,3,4,5,6,7,8,9,10]';
/** It takes years. */
const endless = `${`${ten}.all(a, `.repeat(8)}value != ""${')'.repeat(8)}`;

test('an expression that never ends is ended with the search, and holds up nobody', async () => {
  const searching = search({ from: 'earliest', filter: endless, scanSeconds: 2 });
  const begun = performance.now();
  let asked = 0;
  while (performance.now() - begun < 1_000) {
    await fixture.ask('GET', '/healthz');
    asked++;
  }
  assert.ok(asked > 5, `${asked} requests in a second`);
  const { end, lines } = await searching;
  assert.equal(end.reason, 'time');
  assert.ok(lines.some(({ type }) => type === 'progress') || end.found === 0);
  assert.ok(end.next.length > 0);
});

test('a search ends when its client leaves, and too many at once wait', async () => {
  const url = new URL('/api/v1/topics/east/orders/messages', fixture.server.url);
  const begin = async (leave: AbortController): Promise<void> => {
    for (;;) {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${member}`, 'content-type': 'application/json' },
        body: JSON.stringify({ from: 'earliest', filter: endless, scanSeconds: 60 }),
        signal: leave.signal,
      });
      if (answer.status !== 429) return void (await answer.text());
    }
  };
  const leaves = [1, 2, 3].map(() => new AbortController());
  const begun = leaves.map((leave) => assert.rejects(begin(leave), { name: 'AbortError' }));
  const tooMany = async (): Promise<boolean> => {
    const answer = await fixture.ask('GET', '/api/v1/topics/east/orders/messages?limit=1', { token: member });
    return answer.status === 429;
  };
  await eventually(tooMany);
  for (const leave of leaves) leave.abort();
  await Promise.all(begun);
  await eventually(async () => !(await tooMany()));
});
