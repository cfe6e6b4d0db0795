/** `POST /t` against a real cluster: what is accepted is in the topic, what is not is named. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Cluster, startCluster } from '@millrace/broker';
import { createClient, unwrap } from '@millrace/client';
import { createCollector, readBad, startTracking, trackingEvents } from '@millrace/pipelines';
import { startServer } from '@millrace/server';
import { eventually } from '../../support/eventually.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-collector-'));
const cluster: Cluster = await startCluster({
  name: 'east',
  dataDirectory: folder,
  brokers: [1, 2, 3].map((nodeId) => ({ nodeId, port: 0 })),
});
const client = createClient({ bootstrap: cluster.bootstrap });
const tracking = await startTracking({ client });
const collector = createCollector({ client, deliveryTimeoutMs: 1_500 });
const server = await startServer({ port: 0, routes: collector.routes });
const pickyCollector = createCollector({ client, origins: ['https://shop.example'] });
const pickyServer = await startServer({ port: 0, routes: pickyCollector.routes });
after(async () => {
  for (const part of [server, collector, pickyServer, pickyCollector, tracking, client, cluster]) await part.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of a test's answer
  readonly body: any;
}

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await fetch(`${server.url}/t`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.json() };
}

/** Everything in the topic, as it is stored. */
async function stored() {
  await using consumer = client.consumer({ topics: [trackingEvents], from: 'earliest', until: 'end' });
  const records = [];
  for await (const record of consumer.records()) {
    if (!('unreadable' in record.value)) records.push({ key: record.key, ...record.value });
  }
  return records;
}

const page = (messageId: string, more: object = {}) => ({ type: 'page', messageId, anonymousId: 'ann', ...more });

test('an event that is answered with 200 is in the topic, keyed by its id', async () => {
  const context = { page: { url: 'https://shop.example/cart?x=1', path: '/cart' } };
  assert.deepEqual((await post(page('one', { context }))).body, { accepted: 1 });
  const [event] = (await stored()).filter(({ messageId }) => messageId === 'one');
  assert.equal(event?.key, 'one');
  assert.equal(event?.site, 'shop.example');
  assert.equal(event?.context?.ip, '127.0.0.0');
  assert.deepEqual(event?.context?.page, context.page);
});

test("a batch as a page's sendBeacon sends it from another origin is taken", async () => {
  const batch = [page('b1'), { type: 'track', event: 'Bought', messageId: 'b2', userId: 'u' }];
  const sentAt = new Date().toISOString();
  const answer = await post(JSON.stringify({ sentAt, batch }), {
    'content-type': 'text/plain;charset=UTF-8',
    origin: 'https://blog.example',
  });
  assert.deepEqual([answer.status, answer.body], [200, { accepted: 2 }]);
  const events = (await stored()).filter(({ messageId }) => /^b\d$/.test(messageId));
  assert.deepEqual(events.map(({ key, site }) => [key, site]).sort(), [
    ['b1', 'blog.example'],
    ['b2', 'blog.example'],
  ]);
});

test('the good events of a half-wrong batch are stored, the wrong ones named by index and field', async () => {
  const batch = [page('h0'), { type: 'click', anonymousId: 'a' }, page('h2'), { type: 'page' }, 7];
  const { status, body } = await post({ batch });
  assert.equal(status, 400);
  assert.deepEqual(body.accepted, [0, 2]);
  assert.deepEqual(body.issues, [
    { index: 1, field: '/type', message: 'must be one of track, page, screen, identify, group, alias, request' },
    { index: 3, field: '/anonymousId', message: 'is required when there is no userId' },
    { index: 4, field: '', message: 'must be an object' },
  ]);
  assert.match(body.detail, /^event 1: \/type must be one of .* \(and 2 more, see issues\); correct what is wrong and/);
  assert.match(body.detail, /the other 2 of 5 were accepted and must not be sent again$/);
  const ids = (await stored()).map(({ messageId }) => messageId);
  assert.ok(ids.includes('h0') && ids.includes('h2'));
});

test('what is no event and no batch is refused, with what is wrong', async () => {
  for (const [body, detail] of [
    [{ batch: [] }, /batch must be an array of at least one event; nothing was accepted/],
    [[{ type: 'page' }], /several events go together as \{"batch": \[\.\.\.\]\}; nothing was accepted/],
    [{ batch: {} }, /batch must be an array/],
    [{ batch: Array.from({ length: 1_001 }, () => page('x')) }, /batch must not have more than 1000 events/],
    [{ batch: [page('x')], sentAt: 'now' }, /sentAt must be a time/],
    [{ batch: [page('x')], sentAt: '202789z' }, /sentAt must be a time/],
    [{}, /the event: \/type is required/],
    [page('big', { properties: { text: 'x'.repeat(70_000) } }), /the event: it is larger than 64 KiB/],
    ['{"type":', /not valid JSON/],
  ] as const) {
    const answer = await post(body);
    assert.equal(answer.status, 400);
    assert.match(answer.body.detail, detail);
  }
});

test('a body without any event is kept as a bad one, without addresses, and of nobody who minds', async () => {
  const waiting = async () =>
    (await readBad({ client, limit: 100 })).events.filter(({ excerpt }) => excerpt?.includes('rubbish'));
  const headers = { 'content-type': 'text/plain' };
  const body = '{"rubbish": "at 10:11:12 from 203.0.113.77 and 2001:db8::17", '.padEnd(9_000, 'ä');
  assert.equal((await post(body, headers)).status, 400);
  assert.equal((await post(body, { ...headers, 'sec-gpc': '1' })).status, 400);
  assert.equal((await post('[{"rubbish": true}]')).status, 400);
  const kept = await waiting();
  assert.deepEqual(
    kept.map(({ reason, excerpt }) => [reason, excerpt?.slice(0, 64)]).toSorted(),
    [
      ['unreadable', '[{"rubbish":true}]'],
      ['unreadable', '{"rubbish": "at 10:11:12 from [address] and [address]", ääääääää'],
    ]
      .map(([reason, text]) => [reason, text?.slice(0, 64)])
      .toSorted(),
  );
  assert.ok(kept.every(({ excerpt }) => (excerpt?.length ?? 0) <= 4_096));
  assert.match(kept.map(({ issues }) => issues[0]?.message).join(), /not valid JSON/);
});

test('pages of other origins than those that may are refused, programs and those are not', async () => {
  const send = async (headers: Record<string, string>) => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'text/plain', ...headers },
      body: JSON.stringify(page('picky')),
    };
    const answer = await fetch(`${pickyServer.url}/t`, init);
    return [answer.status, ((await answer.json()) as { code?: string }).code];
  };
  assert.deepEqual(await send({ origin: 'https://shop.example' }), [200, undefined]);
  assert.deepEqual(await send({}), [200, undefined]);
  assert.deepEqual(await send({ origin: 'https://elsewhere.example' }), [403, 'origin_not_allowed']);
});

test('an event that is sent again, later and from elsewhere, is counted once', async () => {
  await eventually(() => tracking.report().complete);
  const event = page('again', { site: 'repeated', timestamp: '2026-01-01T00:00:00Z' });
  await post({ sentAt: '2026-01-01T00:00:01Z', batch: [event, event] });
  await post({ sentAt: '2026-01-01T00:00:09Z', batch: [event] });
  await post(page('last', { site: 'repeated', timestamp: '2026-01-01T00:00:00Z' }));
  await eventually(() => tracking.report({ site: 'repeated' }).totals.events >= 2);
  const { events, pageViews } = tracking.report({ site: 'repeated' }).totals;
  assert.deepEqual({ events, pageViews }, { events: 2, pageViews: 2 });
});

test('requests at the same time all end, each with its own answer', async () => {
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      post({ batch: [page(`many-${index}`), ...(index % 3 === 0 ? [{ type: 'page' }] : [])] }),
    ),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    answers.map((_, index) => (index % 3 === 0 ? 400 : 200)),
  );
  const ids = new Set((await stored()).map(({ messageId }) => messageId));
  assert.equal(answers.filter((_, index) => !ids.has(`many-${index}`)).length, 0);
});

test('a visitor who sends more than all others fills no partition, and is one visitor with one session', async () => {
  const hot = Array.from({ length: 600 }, (_, index) =>
    page(`hot-${index}`, { site: 'hot', anonymousId: 'hot', timestamp: new Date(index * 1_000).toISOString() }),
  );
  const before = await ends();
  assert.equal((await post({ batch: hot })).status, 200);
  const added = (await ends()).map((end, partition) => end - (before[partition] ?? 0));
  assert.ok(Math.max(...added) < 200, `of 600 events ${added.join(', ')} are in the partitions`);
  await post({ batch: [page('cold', { site: 'hot', anonymousId: 'cold' })] });
  await eventually(() => tracking.report({ site: 'hot' }).totals.events === 601);
  const { visitors, sessions } = tracking.report({ site: 'hot' }).totals;
  assert.deepEqual([visitors, sessions], [2, 2]);
});

async function ends(): Promise<number[]> {
  await using admin = client.admin();
  const queries = Array.from({ length: 6 }, (_, partition) => ({
    ...{ topic: trackingEvents.name, partition, at: 'latest' as const },
  }));
  return unwrap(await admin.listOffsets(queries)).map(({ offset }) => offset);
}

test('without brokers the answer is 503 with Retry-After, and never 200', async () => {
  await cluster.close();
  const answer = await post(page('lost'));
  assert.equal(answer.status, 503);
  assert.equal(answer.retryAfter, '1');
  assert.match(answer.body.detail, /could not be stored: .*; send them again a little later/);
});
