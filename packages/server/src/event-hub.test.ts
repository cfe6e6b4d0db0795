import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HubEvent } from '@millrace/api/fleet';
import { EventHub } from './event-hub.ts';
import { eventText } from './event-stream.ts';
import { startServer } from './server.ts';

/** Takes `count` events from a subscription. */
async function take(hub: EventHub, count: number, lastEventId?: string) {
  const stop = new AbortController();
  const events: { id?: string | undefined; event?: string | undefined; data: HubEvent }[] = [];
  for await (const event of await hub.subscribe(lastEventId, stop.signal)) {
    events.push(event);
    if (events.length === count) stop.abort();
  }
  return events;
}

test('a subscriber gets a snapshot, then each change', async () => {
  const hub = new EventHub();
  hub.set('a', 1);
  hub.set('b', { deep: true });
  const seen = take(hub, 3);
  await new Promise(setImmediate);
  hub.set('a', 2);
  await new Promise(setImmediate);
  hub.set('c', 3);
  assert.deepEqual(
    (await seen).map(({ event, data }) => [event, data]),
    [
      ['snapshot', { revision: 2, values: { a: 1, b: { deep: true } } }],
      ['change', { revision: 3, name: 'a', value: 2 }],
      ['change', { revision: 4, name: 'c', value: 3 }],
    ],
  );
});

test('one that comes back with its last event id gets only what changed since', async () => {
  const hub = new EventHub();
  hub.set('a', 1);
  hub.set('b', 1);
  const [snapshot] = await take(hub, 1);
  hub.set('b', 2);
  assert.deepEqual(
    (await take(hub, 1, snapshot?.id)).map(({ data }) => data),
    [{ revision: 3, name: 'b', value: 2 }],
  );
  assert.equal((await take(hub, 1, 'anotherlife-1'))[0]?.event, 'snapshot');
  assert.equal((await take(hub, 1, 'nonsense'))[0]?.event, 'snapshot');
});

test('a slow subscriber skips replaced values, and gets the last one', async () => {
  const hub = new EventHub();
  const stop = new AbortController();
  const events = await hub.subscribe(undefined, stop.signal);
  await events.next();
  for (let value = 0; value < 10_000; value++) hub.set('count', value);
  assert.deepEqual((await events.next()).value?.data, { revision: 10_000, name: 'count', value: 9_999 });
  stop.abort();
  assert.equal((await events.next()).done, true);
});

test('line breaks in a value do not break the stream', () => {
  assert.equal(eventText({ id: '1', event: 'x', data: 'a\nb\r' }), 'event: x\nid: 1\ndata: "a\\nb\\r"\n\n');
});

test('a quiet stream shows that it is alive, and a client that leaves ends its subscription', async () => {
  const hub = new EventHub();
  await using server = await startServer({ port: 0, routes: [hub.route], limits: { heartbeatMs: 20 } });
  const gone = new AbortController();
  const answer = await fetch(`${server.url}/api/v1/events`, { signal: gone.signal });
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  let text = '';
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes(': alive')) text += (await reader?.read())?.value ?? '';
  gone.abort();
  await reader?.read().catch((error: unknown) => assert.ok(error));
});
