/** The pipeline of logs on a cluster: lines in by each way, found by each filter, and all of it after restarts. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  callContract,
  followContract,
  logAlertsContract,
  logShapesContract,
  searchLinesContract,
  tailLinesContract,
} from '@millrace/api';
import { type Client, createClient } from '@millrace/client';
import { startLogs } from '@millrace/pipelines';
import { startServer } from '@millrace/server';
import { startFixture, until } from '../client/client-fixture.ts';

/** Lines are for those who may read records. */
const token = 'a-token';

function newDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-logs-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function startPipeline(t: TestContext, client: Client, directory: string) {
  const logs = await startLogs({ client, directory, deliveryTimeoutMs: 1_000 });
  t.after(() => logs.close());
  const server = await startServer({
    port: 0,
    routes: [...logs.collectorRoutes, ...logs.routes],
    token,
  });
  t.after(() => server.close());
  const { url } = server;
  const isComplete = async (): Promise<boolean> => {
    try {
      logs.checkComplete();
      return true;
    } catch {
      return false;
    }
  };
  await until(isComplete, 30_000);
  return {
    url,
    async post(path: string, contentType: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
      const init = { method: 'POST', body, headers: { 'content-type': contentType, ...headers } };
      const answer = await fetch(`${url}${path}`, init as RequestInit);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    search: (query: Record<string, string | number>) => callContract(url, searchLinesContract, { query }, { token }),
    async found(count: number, query: Record<string, string | number> = {}) {
      const asked = { limit: 10_000, ...query };
      await until(
        async () => (await callContract(url, searchLinesContract, { query: asked }, { token })).lines.length >= count,
        30_000,
      );
      return (await callContract(url, searchLinesContract, { query: asked }, { token })).lines;
    },
    shapes: async () => (await callContract(url, logShapesContract, { query: {} })).templates,
    alerts: async () => (await callContract(url, logAlertsContract, {})).alerts,
    async close() {
      await server.close();
      await logs.close();
    },
  };
}

test('lines come in as text, JSON and OTLP, masked, and are found by each filter', async (t) => {
  const { client } = await startFixture(t);
  const pipeline = await startPipeline(t, client, newDirectory(t));
  const text =
    '2026-01-05 10:00:00 ERROR [main] shop.Payments: card refused, password=hunter2\n\n2026-01-05 10:00:01 INFO ok\n';
  const first = await pipeline.post('/logs?service=shop&host=a', 'text/plain', gzipSync(text), {
    'content-encoding': 'gzip',
  });
  assert.deepEqual(first, { status: 200, body: { accepted: 2 } });
  const objects =
    '{"level":"warn","msg":"slow query","time":1767607202000,"service":"db","took":812}\nplain words\n{broken\n';
  assert.deepEqual((await pipeline.post('/logs', 'application/x-ndjson', objects)).body, { accepted: 3 });
  const otlp = {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] },
        scopeLogs: [
          {
            scope: { name: 'http' },
            logRecords: [
              {
                timeUnixNano: '1767607203000000000',
                severityNumber: 17,
                body: { stringValue: 'upstream gone' },
                attributes: [{ key: 'attempts', value: { intValue: '3' } }],
                traceId: '5b8efff798038103d269b633813fc60c',
              },
            ],
          },
        ],
      },
    ],
  };
  assert.equal((await pipeline.post('/v1/logs', 'application/json', JSON.stringify(otlp))).status, 200);
  const lines = await pipeline.found(6);
  assert.equal(lines.length, 6);
  const bodies = async (query: Record<string, string>): Promise<string[]> =>
    (await pipeline.search(query)).lines.map(({ body }) => body);
  const refused = '2026-01-05 10:00:00 ERROR [main] shop.Payments: card refused, password=[secret]';
  assert.deepEqual(await bodies({ text: 'CARD refused' }), [refused]);
  assert.deepEqual(await bodies({ text: '"refused card"' }), []);
  assert.deepEqual(await bodies({ text: 'upstre*' }), ['upstream gone']);
  assert.deepEqual(await bodies({ text: '812' }), ['slow query']);
  assert.deepEqual(await bodies({ label: 'service=shop,component=shop.Payments' }), [refused]);
  assert.deepEqual(await bodies({ severity: 'error+' }), ['upstream gone', refused]);
  assert.deepEqual(await bodies({ from: '2026-01-05T10:00:02Z', until: '2026-01-05T10:00:02Z' }), ['slow query']);
  const cart = lines.find(({ body }) => body === 'upstream gone');
  assert.deepEqual(cart?.labels, { component: 'http', service: 'cart' });
  assert.deepEqual([cart?.attributes, cart?.traceId], [{ attempts: 3 }, '5b8efff798038103d269b633813fc60c']);
  assert.deepEqual(await bodies({ template: cart?.template ?? '' }), ['upstream gone']);
  await assert.rejects(bodies({ severity: 'loud' }), /severity has "loud"/);
});

test('a batch that comes again is stored once where its key or records tell, twice where nothing does', async (t) => {
  const { client } = await startFixture(t);
  const pipeline = await startPipeline(t, client, newDirectory(t));
  const send = (body: string, key?: string) =>
    pipeline.post('/logs', 'text/plain', body, key === undefined ? {} : { 'idempotency-key': key });
  assert.deepEqual((await send('with a key', 'k1')).body, { accepted: 1 });
  assert.deepEqual((await send('with a key', 'k1')).body, { accepted: 1, repeated: true });
  const other = await send('something else', 'k1');
  assert.deepEqual([other.status, other.body['code']], [409, 'conflict']);
  await Promise.all([send('with a key', 'k2'), send('with a key', 'k2'), send('without'), send('without')]);
  assert.equal((await send('x', ' ')).status, 400);
  const record = { body: { stringValue: 'a record' }, timeUnixNano: '1767607203000000001' };
  const untimed = { body: { stringValue: 'no time' } };
  for (const logRecords of [[record], [record], [untimed], [untimed]]) {
    const otlp = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
    assert.equal((await pipeline.post('/v1/logs', 'application/json', otlp)).status, 200);
  }
  const bodies = (await pipeline.found(7)).map(({ body }) => body);
  assert.deepEqual(bodies.toSorted(), [
    ...['a record', 'no time', 'no time'],
    ...['with a key', 'with a key', 'without', 'without'],
  ]);
});

test('a stack trace in a body is one record, and a line that is too large is cut', async (t) => {
  const { client } = await startFixture(t);
  const pipeline = await startPipeline(t, client, newDirectory(t));
  const trace = '2026-01-05 10:00:00 ERROR it broke\n  at pay (pay.js:1)\nCaused by: nothing';
  const lines = `${trace}\n{"msg":"an object"}\n  at no place\n`;
  assert.deepEqual((await pipeline.post('/logs', 'text/plain', lines)).body, { accepted: 3 });
  assert.deepEqual((await pipeline.post('/logs?join=none', 'text/plain', trace)).body, { accepted: 3 });
  const large = JSON.stringify({ msg: '\u0001'.repeat(250_000), more: 'ä'.repeat(250_000) });
  assert.equal((await pipeline.post('/logs', 'application/x-ndjson', large)).status, 200);
  const bodies = (await pipeline.found(7)).map(({ body }) => body);
  assert.ok(bodies.includes(trace) && bodies.includes('  at pay (pay.js:1)'));
  assert.ok(bodies.some((body) => /more characters were cut\)$/.test(body)));
});

test('counts and lines are the same after restarts, without the store too; pages have each line once', async (t) => {
  const { client, connect } = await startFixture(t);
  const directory = newDirectory(t);
  const first = await startPipeline(t, client, directory);
  const lines = Array.from({ length: 5_000 }, (_, n) => `request ${n} of user ${n % 7} took ${n % 90} ms`);
  for (let at = 0; at < lines.length; at += 1_000) {
    await first.post('/logs?service=web', 'text/plain', lines.slice(at, at + 1_000).join('\n'));
  }
  await first.found(5_000);
  await until(async () => (await first.shapes())[0]?.count === 5_000, 30_000);
  await first.close();
  const again = await startPipeline(t, connect(), directory);
  await again.post('/logs?service=web', 'text/plain', 'request 5000 of user 1 took 5 ms\nsomething else');
  const bodies: string[] = [];
  await again.found(5_002);
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await again.search({ limit: 777, ...(cursor === undefined ? {} : { cursor }) });
    bodies.push(...page.lines.map(({ body }) => body));
    cursor = page.next;
  }
  assert.equal(bodies.length, 5_002);
  assert.equal(new Set(bodies).size, 5_002);
  const shapes = (await again.shapes()).map(({ text, count }) => ({ text, count }));
  assert.deepEqual(shapes, [
    { text: 'request <*> of user <*> took <*> ms', count: 5_001 },
    { text: 'something else', count: 1 },
  ]);
  await until(async () => (await again.alerts()).length > 0, 30_000);
  assert.deepEqual(
    (await again.alerts()).map(({ kind, text }) => [kind, text]),
    [['new', 'something else']],
  );
  await again.close();
  const anew = await startPipeline(t, connect(), newDirectory(t));
  assert.equal((await anew.found(5_002)).length, 5_002);
  assert.deepEqual(
    (await anew.shapes()).map(({ text, count }) => ({ text, count })),
    shapes,
  );
});

test('who watches gets the lines that it asked for as they come', async (t) => {
  const { client } = await startFixture(t);
  const pipeline = await startPipeline(t, client, newDirectory(t));
  const stop = new AbortController();
  const seen: string[] = [];
  const watching = (async () => {
    const query = { severity: 'error+' };
    for await (const { data } of followContract(
      pipeline.url,
      tailLinesContract,
      { query },
      { token, signal: stop.signal },
    )) {
      if ('body' in data) seen.push(data.body);
    }
  })().catch((error: unknown) => assert.ok(stop.signal.aborted, String(error)));
  let sent = 0;
  await until(async () => {
    sent++;
    await pipeline.post(
      '/logs',
      'text/plain',
      `2026-01-05 10:00:00 ERROR broken\n2026-01-05 10:00:00 INFO fine ${sent}`,
    );
    return seen.length > 0;
  }, 30_000);
  stop.abort();
  await watching;
  assert.deepEqual(new Set(seen), new Set(['2026-01-05 10:00:00 ERROR broken']));
});

test('a cluster that is away is waited for, and a sender is told to come again', async (t) => {
  const { stop, restart, bootstrap } = await startFixture(t);
  const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 100 });
  t.after(() => client.close());
  const pipeline = await startPipeline(t, client, newDirectory(t));
  assert.equal((await pipeline.post('/logs', 'text/plain', 'before')).status, 200);
  await pipeline.found(1);
  await stop();
  const away = await pipeline.post('/logs', 'text/plain', 'meanwhile');
  assert.equal(away.status, 503);
  assert.equal(away.body['code'], 'unavailable');
  await restart();
  assert.equal((await pipeline.post('/logs', 'text/plain', 'after')).status, 200);
  assert.deepEqual(
    (await pipeline.found(2)).map(({ body }) => body).filter((body) => body !== 'meanwhile'),
    ['after', 'before'],
  );
});
