/** What anybody posts to the collector, under any headers: it is refused, or stored as events that can be read. */
import assert from 'node:assert/strict';
import type { Client, Producer } from '@millrace/client';
import { createCollector, trackingEvents } from '@millrace/pipelines';
import { hostNameOf, parseJsonBody } from '@millrace/server/testing/decoders';
import { attemptLater, type FuzzTarget } from '../fuzz-target.ts';
import { reshapeBy } from '../reshape.ts';

interface Sent {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}

const sent: Sent[] = [];
/** Stores all that it is given. */
const producer: Pick<Producer, 'bufferedBytes' | 'send'> = {
  bufferedBytes: 0,
  send: async ({ topic, key, value }) => {
    sent.push({ topic: String(topic), key: String(key), value: String(value) });
    return { topic: String(topic), partition: 0, offset: sent.length, timestamp: 0 };
  },
};
const client = { producer: () => producer } as unknown as Client;
const {
  routes: [route],
} = createCollector({ client, now: () => 1_700_000_000_000 });
assert.ok(route);

const event = {
  type: 'page',
  messageId: 'm-1',
  anonymousId: 'a-1',
  timestamp: '2023-11-14T22:13:20.5+01:00',
  sentAt: '2023-11-14T22:13:21Z',
  properties: { price: 1.5, list: [1, { deep: null }] },
  context: {
    ip: '2001:db8::1',
    page: { url: 'https://shop.example/a?b#c', title: 'A' },
    screen: { width: 1, height: 2 },
  },
};
const track = { type: 'track', event: 'bought', userId: 'u', context: { ip: '192.0.2.77', response: { status: 200 } } };

/** Times that a calendar has and clocks don't, or the other way round. */
const oddTimes = [
  ['2016-12-31T23:59:60Z', '2016-12-31T23:59:60Z'],
  ['0000-01-01T00:00:00+23:59', '9999-12-31T23:59:59-23:59'],
  ['2023-02-29T12:00:00Z', '2023-11-14t22:13:21.123456789z'],
];

/**
 * An input is two lines of headers (Host and Origin), then a byte that says what follows: a body as it is, or one of
 * which a field gets another value.
 */
export const collector: FuzzTarget = {
  name: 'collector',
  inputs: 10_000,
  seeds: () =>
    [
      event,
      track,
      { batch: [event, track], sentAt: '2023-11-14T22:13:22Z' },
      { batch: [track, { type: 'x' }] },
      ...oddTimes.map(([timestamp, sentAt]) => ({ ...track, timestamp, sentAt })),
    ].flatMap((body) =>
      [0, 1].map((kind) => Buffer.from(`[::1]:8800\nhttps://shop.example:1\n${kind}${JSON.stringify(body)}`)),
    ),
  async run(input) {
    const bytes = Buffer.from(input);
    const first = bytes.indexOf('\n');
    const second = bytes.indexOf('\n', first + 1);
    const [host, from] = [bytes.toString('latin1', 0, first), bytes.toString('latin1', first + 1, second)];
    const name = hostNameOf(host);
    sent.length = 0;
    const header = (wanted: string): string | undefined => (wanted === 'origin' ? from : undefined);
    const { signal } = new AbortController();
    const answer = await attemptLater(async () => {
      const body = { value: parseJsonBody(bytes.subarray(second + 2)) };
      if (((bytes[second + 1] ?? 0) & 1) === 1) reshapeBy(body, bytes);
      const { value } = body;
      const request = {
        params: undefined,
        query: undefined,
        body: value,
        header,
        remoteAddress: '::ffff:192.0.2.1',
        signal,
      };
      return route.handle(request as never);
    });
    for (const { topic, value } of sent) if (topic === trackingEvents.name) assertReadable(value);
    return `${name === undefined} ${Math.min(sent.length, 3)} ${answer.replace(/"[^"]*"/g, '').slice(0, 60)}`;
  },
};

function assertReadable(value: string): void {
  const stored = trackingEvents.value.deserialize(Buffer.from(value));
  assert.ok(!('unreadable' in stored), `${JSON.stringify(stored)}: ${value.slice(0, 2000)}`);
}
