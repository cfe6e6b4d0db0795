import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineContract, implement } from '@millrace/api';
import { Type } from 'typebox';
import { EventHub } from './event-hub.ts';
import { startServer } from './server.ts';

const slow = defineContract({
  method: 'GET',
  path: '/slow',
  summary: 'Slow',
  response: Type.Object({ done: Type.Boolean() }),
});

/** A server with a request in flight that ends when `finish` is called. */
async function serverInFlight(closeGraceMs: number) {
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const server = await startServer({
    port: 0,
    routes: [
      implement(slow, async () => {
        enter();
        await finished;
        return { done: true };
      }),
    ],
    limits: { closeGraceMs },
  });
  const answer = fetch(`${server.url}/slow`);
  answer.catch(() => undefined);
  await entered;
  return { server, answer, finish };
}

test('requests in flight are finished, and new connections refused, while the server closes', async () => {
  const { server, answer, finish } = await serverInFlight(5_000);
  const started = performance.now();
  const closed = server.close();
  await assert.rejects(fetch(`${server.url}/healthz`));
  finish();
  assert.deepEqual(await (await answer).json(), { done: true });
  await closed;
  assert.ok(performance.now() - started < 2_000, 'the kept-alive connection held the server up');
});

test('a request that does not end is cut when the grace period is over', async () => {
  const { server, answer, finish } = await serverInFlight(100);
  const started = performance.now();
  await server.close();
  assert.ok(performance.now() - started < 2_000);
  await assert.rejects(answer);
  finish();
});

test('event streams end at once when the server closes', async () => {
  const hub = new EventHub();
  hub.set('greeting', 'hello');
  const server = await startServer({ port: 0, routes: [hub.route], limits: { closeGraceMs: 60_000 } });
  const answer = await fetch(`${server.url}/api/v1/events`);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.match(
    (await reader?.read())?.value ?? '',
    /^event: snapshot\nid: \w+-1\ndata: {"revision":1,"values":{"greeting":"hello"}}/,
  );
  const started = performance.now();
  await server.close();
  assert.ok(performance.now() - started < 2_000);
  assert.equal((await reader?.read())?.done, true);
});
