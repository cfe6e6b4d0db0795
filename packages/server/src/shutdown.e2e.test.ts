import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { defineContract, implement, type Route } from '@millrace/api';
import { Type } from 'typebox';
import { anonymous } from './authentication.ts';
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

test('whoever has left, or has a connection and asks nothing, holds up no server that closes', {
  timeout: 60_000,
}, async () => {
  const hub = new EventHub();
  let leftEarly = 0;
  const slowDoor = Promise.withResolvers<void>();
  const server = await startServer({
    port: 0,
    routes: [
      { ...hub.route, handle: ((request) => watched(hub, request.signal, () => leftEarly++)) as Route['handle'] },
    ],
    authentication: {
      token: async () => {
        await slowDoor.promise;
        return { kind: 'user', name: 'vic', role: 'viewer', teams: [] };
      },
      anonymous,
    },
    limits: { closeGraceMs: 600_000, headersTimeoutMs: 300_000 },
  });
  const events = `${server.url}/api/v1/events`;
  const cancelled = await fetch(events);
  await cancelled.body?.cancel();
  const early = new AbortController();
  const asked = fetch(events, { signal: early.signal, headers: { authorization: 'Bearer slow' } });
  const rude = connect(server.port, '127.0.0.1');
  rude.write(`GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer slow\r\n\r\n`);
  const silent = connect(server.port, '127.0.0.1');
  await Promise.all([once(rude, 'connect'), once(silent, 'connect')]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  early.abort();
  await assert.rejects(asked);
  rude.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  slowDoor.resolve();
  // The streams of those who left before they began end as well.
  while (leftEarly < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  const gone = once(silent, 'close');
  silent.resume();
  await server.close();
  await gone;
});

test('whoever asks for a stream and reads nothing of it holds up no server that closes', {
  timeout: 60_000,
}, async () => {
  const hub = new EventHub();
  hub.set('much', 'x'.repeat(50_000_000));
  const server = await startServer({ port: 0, routes: [hub.route], limits: { closeGraceMs: 600_000 } });
  const lazy = connect(server.port, '127.0.0.1');
  lazy.on('error', () => undefined);
  lazy.pause();
  lazy.write(`GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
  await once(lazy, 'readable');
  await server.close();
  lazy.destroy();
});

async function* watched(hub: EventHub, signal: AbortSignal, onEnd: () => void) {
  try {
    yield* await hub.subscribe(undefined, signal);
  } finally {
    onEnd();
  }
}
