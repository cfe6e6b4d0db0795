/** What is sent is one good or one bad event: kept with the reason, replayed once after a fix, and never in the way. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startCluster } from '@millrace/broker';
import { createClient } from '@millrace/client';
import {
  createCollector,
  enrichedEvents,
  readBad,
  registryEventSchemas,
  replayBad,
  startTracking,
  trackingEvents,
} from '@millrace/pipelines';
import { openRegistry } from '@millrace/registry';
import { startServer } from '@millrace/server';
import { eventually } from '../../support/eventually.ts';
import { passableDirectory } from '../../support/passable-directory.ts';

const dataDirectory = await passableDirectory('millrace-bad-');
const cluster = await startCluster({ name: 'east', dataDirectory, brokers: [{ nodeId: 1, port: 0 }] });
const client = createClient({ bootstrap: cluster.bootstrap });
const registry = openRegistry({ home: client });
const schemas = registryEventSchemas(registry);
const tracking = await startTracking({ client, schemas });
const collector = createCollector({ client, schemas });
const server = await startServer({ port: 0, routes: collector.routes });
after(async () => {
  for (const part of [server, collector, tracking, registry, client, cluster]) await part.close();
});

interface Answer {
  readonly accepted?: number | number[];
  readonly withheld?: number;
  readonly issues?: readonly { readonly field: string }[];
}

async function post(batch: readonly unknown[], headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.url}/t`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ batch }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer };
}

/** Clean events of a site, as readers of committed records see them. */
async function cleaned(site: string) {
  const isolation = 'read_committed' as const;
  await using consumer = client.consumer({ topics: [enrichedEvents], from: 'earliest', until: 'end', isolation });
  const events = [];
  for await (const batch of consumer) for (const { value } of batch) if (value.site === site) events.push(value);
  return events;
}

async function settled(site: string, count: number) {
  await eventually(async () => (await cleaned(site)).length >= count);
  await pause(300);
  return cleaned(site);
}

const order = (messageId: string, total: unknown, site = 'shop') => ({
  ...{ type: 'track', event: 'Order Completed', messageId, anonymousId: 'ann', site, properties: { total } },
  context: { ip: '203.0.113.77', userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' },
});

const subject = 'tracking.events-Order Completed';
const schemaOf = (type: unknown): string =>
  JSON.stringify({ type: 'object', required: ['total'], properties: { total: type } });

async function registerSchema(typeOfTotal: unknown): Promise<void> {
  const schema = schemaOf(typeOfTotal);
  await registry.register(subject, { schemaType: 'JSON', schema, references: [], normalize: false });
}

test('an event that breaks its schema is set aside with the reason, and replayed once after a fix', async () => {
  await registerSchema({ type: 'number' });
  const { status, body } = await post([order('o1', 12.5), order('o2', '12.5'), order('o3', 7)]);
  assert.equal(status, 400);
  assert.deepEqual(body.accepted, [0, 2]);
  assert.equal(body.issues?.[0]?.field, '/properties/total');
  // Sent once more, as clients do.
  await post([order('o2', '12.5')]);
  const bad = await readBad({ client, limit: 10 });
  assert.deepEqual([bad.waiting, bad.reasons], [2, { shape: 0, schema: 2, unreadable: 0 }]);
  assert.deepEqual([bad.events[0]?.id, bad.events[0]?.schema], ['o2', { subject, version: 1 }]);
  assert.doesNotMatch(JSON.stringify(bad), /203\.0\.113\.77/);
  assert.deepEqual(await replayBad({ client, schemas }), { judged: 2, replayed: 0, stillBad: 2 });
  assert.equal((await readBad({ client, limit: 10 })).waiting, 2);

  await registerSchema({ type: ['number', 'string'] });
  assert.deepEqual(await replayBad({ client, schemas }), { judged: 2, replayed: 2, stillBad: 0 });
  assert.deepEqual(await replayBad({ client, schemas }), { judged: 0, replayed: 0, stillBad: 0 });
  assert.equal((await readBad({ client, limit: 10 })).waiting, 0);
  const events = await settled('shop', 3);
  assert.deepEqual(events.map(({ messageId }) => messageId).sort(), ['o1', 'o2', 'o3']);
  const replayed = events.find(({ messageId }) => messageId === 'o2');
  assert.equal(replayed?.context?.ip, '203.0.113.0');
  assert.match(replayed?.facts.browser?.name ?? '', /Firefox/);
});

test('a replay that is killed, or runs twice at the same time, doubles nothing', async () => {
  await registerSchema({ type: ['number', 'string'] });
  const ids = Array.from({ length: 200 }, (_, index) => `again-${index}`);
  for (let at = 0; at < ids.length; at += 50) {
    await post(ids.slice(at, at + 50).map((id) => order(id, null, 'twice')));
  }
  assert.equal((await readBad({ client, limit: 0 })).waiting, 200);
  await registerSchema({ type: ['number', 'string', 'null'] });
  const stop = new AbortController();
  const first = replayBad({ client, schemas, signal: stop.signal, onProgress: () => stop.abort() });
  const [, ...others] = await Promise.allSettled([
    first,
    replayBad({ client, schemas }),
    replayBad({ client, schemas }),
  ]);
  assert.ok(others.length === 2);
  await replayBad({ client, schemas });
  assert.equal((await readBad({ client, limit: 0 })).waiting, 0);
  // Counted where they are written: the cleaning would hide what came twice.
  await using consumer = client.consumer({
    topics: [trackingEvents],
    from: 'earliest',
    until: 'end',
    isolation: 'read_committed',
  });
  const written: string[] = [];
  for await (const { value } of consumer.records())
    if ('site' in value && value.site === 'twice') written.push(value.messageId);
  assert.deepEqual(written.sort(), ids.toSorted());
});

test('two events under one id are both kept, the later one under an id of its own that names the first', async () => {
  const event = (path: string) => ({
    type: 'page',
    messageId: 'same',
    anonymousId: 'a',
    site: 'ids',
    context: { page: { path } },
  });
  await post([event('/a'), event('/b'), event('/a')]);
  await post([event('/b'), event('/c')]);
  const events = await settled('ids', 3);
  const [parent, ...children] = events.toSorted((left, right) =>
    (left.parentId ?? '').localeCompare(right.parentId ?? ''),
  );
  assert.deepEqual([parent?.messageId, parent?.parentId], ['same', undefined]);
  assert.deepEqual(
    children.map(({ parentId }) => parentId),
    ['same', 'same'],
  );
  assert.equal(new Set(events.map(({ messageId }) => messageId)).size, 3);
  assert.deepEqual(events.map(({ context }) => context?.page?.path).sort(), ['/a', '/b', '/c']);
});

test('a flood of repetitions and of malformed events costs no good event', async () => {
  const flood = Array.from({ length: 500 }, () => ({
    type: 'page',
    messageId: 'flood',
    anonymousId: 'f',
    site: 'flood',
  }));
  const malformed = Array.from({ length: 500 }, (_, index) => ({
    type: 'click',
    messageId: `m${index}`,
    text: 'x'.repeat(500),
  }));
  const flooding = Array.from({ length: 20 }, (_, index) => post(index % 2 === 0 ? flood : malformed));
  const good = Array.from({ length: 100 }, (_, index) => ({
    type: 'page',
    messageId: `g${index}`,
    anonymousId: `g${index % 9}`,
    site: 'flood',
  }));
  const answers = await Promise.all(Array.from({ length: 10 }, (_, at) => post(good.slice(at * 10, at * 10 + 10))));
  assert.deepEqual(
    answers.map(({ status }) => status),
    answers.map(() => 200),
  );
  await Promise.all(flooding);
  const events = await settled('flood', 101);
  assert.deepEqual(
    events.map(({ messageId }) => messageId).sort(),
    ['flood', ...good.map(({ messageId }) => messageId)].sort(),
  );
  await eventually(() => tracking.report().totals.duplicates >= 4_999);
  assert.equal((await readBad({ client, limit: 0 })).reasons.shape, 5_000);
});

test('who refused consent is not kept, who asked not to be tracked is kept without a name', async () => {
  const event = (messageId: string, context: object = {}) => ({
    ...{ type: 'track', event: 'Read', messageId, anonymousId: 'ann', userId: 'ann@example', site: 'private' },
    properties: { email: 'ann@example' },
    context: { page: { url: 'https://private.example/a?token=1', path: '/a' }, ip: '203.0.113.7', ...context },
  });
  const refused = { consent: { categoryPreferences: { Analytics: false } } };
  const { body } = await post([event('p1'), event('p2', refused), event('p3', { doNotTrack: true })]);
  assert.deepEqual(body, { accepted: 2, withheld: 1 });
  await post([event('p4'), { type: 'identify', userId: 'ann@example' }], { 'sec-gpc': '1' });
  await post([event('p5')], { dnt: '1' });
  // Bad ones too.
  await post([{ ...event('p6', { doNotTrack: true }), type: 'click' }]);
  const events = await settled('private', 4);
  const nameless = events.filter((each) => each.nameless === true);
  assert.deepEqual(nameless.map(({ messageId }) => messageId).sort(), ['p3', 'p4', 'p5']);
  assert.doesNotMatch(JSON.stringify(nameless), /ann|203\.0|token=1/);
  const bad = await readBad({ client, limit: 10_000 });
  assert.equal(bad.events.find(({ id }) => id === 'p6')?.event, undefined);
  const { events: counted, visitors } = tracking.report({ site: 'private' }).totals;
  assert.deepEqual([counted, visitors], [4, 1]);
});
