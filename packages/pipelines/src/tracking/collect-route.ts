/**
 * `POST /t`: takes one event or a batch, answers 2xx only when the brokers have acknowledged all of it.
 *
 * Each event is judged on its own: the good ones of a batch are stored also when others are wrong, and the answer says
 * which is which. An answer of 503 means that nothing is known to be stored: sent again, events with a `messageId`
 * count once.
 */
import { randomUUID } from 'node:crypto';
import { defineContract, implement, ProblemError, type ProblemIssue, type Route } from '@millrace/api';
import { messageOf } from '@millrace/base';
import type { Client, Producer } from '@millrace/client';
import { type Static, Type } from 'typebox';
import { acceptEvent } from './accept-event.ts';
import { IncomingEvent, issuesOfIncoming, isTime, time, visitorOf } from './event.ts';
import { eventBytesMax, trackingEvents } from './topic.ts';

export const batchEventsMax = 1_000;

const Batch = Type.Object({
  batch: Type.Array(IncomingEvent, { minItems: 1, maxItems: batchEventsMax }),
  sentAt: Type.Optional(time),
});

export const collectContract = defineContract({
  method: 'POST',
  path: '/t',
  summary: 'Takes a tracking event, or a batch of them',
  description: 'Answers 200 only when all events are stored. Give each event a messageId: sent again, it counts once.',
  body: Type.Union([IncomingEvent, Batch]),
  bodyCheckedBy: 'handler',
  bodyBytesMax: 2 ** 20,
  response: Type.Object({ accepted: Type.Integer({ description: 'How many events were stored' }) }),
  anyOrigin: true,
  problems: ['invalid_request', 'unavailable'],
});

export interface CollectorOptions {
  readonly client: Client;
  /** From arrival to acknowledgement at the latest, in ms; then the answer is 503. Default 10,000. */
  readonly deliveryTimeoutMs?: number | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** The route, and the producer behind it, which closing flushes. */
export interface Collector extends AsyncDisposable {
  readonly route: Route;
  close(): Promise<void>;
}

const bufferBytesMax = 16 * 2 ** 20;

export function createCollector(options: CollectorOptions): Collector {
  const now = options.now ?? Date.now;
  const producer = options.client.producer({
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? 10_000,
    bufferBytesMax,
    // Failures reach each request through its promises.
    onDelivery: () => undefined,
  });
  const route = implement(collectContract, async (request) => {
    const { events, sentAt } = batchOf(request.body);
    if (producer.bufferedBytes >= bufferBytesMax) throw unavailable('more events arrive than the brokers take');
    const site = hostOf(request.header('origin')) ?? 'unknown';
    const receivedAt = now();
    const userAgent = request.header('user-agent');
    const receipt = { receivedAt, remoteAddress: request.remoteAddress, userAgent, sentAt, newId: randomUUID };
    const accepted: number[] = [];
    const issues: ProblemIssue[] = [];
    const records: Stored[] = [];
    for (const [index, event] of events.entries()) {
      const judged = judge(event, (given) => ({ ...receipt, site: hostOf(given.context?.page?.url) ?? site }));
      if ('issues' in judged) issues.push(...judged.issues.map((issue) => ({ index, ...issue })));
      else {
        accepted.push(index);
        records.push(judged);
      }
    }
    await store(producer, records);
    if (issues.length > 0) throw wrongEvents(events.length, accepted, issues);
    return { accepted: accepted.length };
  });
  const close = (): Promise<void> => producer.close();
  return { route, close, [Symbol.asyncDispose]: close };
}

interface Stored {
  readonly key: string;
  readonly value: string;
}

type Judged = Stored | { readonly issues: readonly { field: string; message: string }[] };

function judge(value: unknown, receiptOf: (event: IncomingEvent) => Parameters<typeof acceptEvent>[1]): Judged {
  const issues = issuesOfIncoming(value);
  if (issues.length > 0) return { issues };
  const event = acceptEvent(value as IncomingEvent, receiptOf(value as IncomingEvent));
  const stored = JSON.stringify(event);
  if (Buffer.byteLength(stored) > eventBytesMax) {
    return { issues: [{ field: '', message: `is larger than ${eventBytesMax / 1024} KiB` }] };
  }
  return { key: visitorOf(event), value: stored };
}

/** The events of a body, not yet checked. */
function batchOf(body: unknown): { events: readonly unknown[]; sentAt: string | undefined } {
  if (Array.isArray(body)) throw wrongBatch('', 'several events go together as {"batch": [...]}');
  if (typeof body !== 'object' || body === null || !('batch' in body)) return { events: [body], sentAt: undefined };
  const { batch, sentAt } = body as Partial<Static<typeof Batch>>;
  if (!Array.isArray(batch) || batch.length === 0) throw wrongBatch('batch', 'must be an array of at least one event');
  if (batch.length > batchEventsMax) throw wrongBatch('batch', `must not have more than ${batchEventsMax} events`);
  if (sentAt !== undefined && !isTime(sentAt)) {
    throw wrongBatch('sentAt', 'must be a time as in RFC 3339');
  }
  return { events: batch, sentAt };
}

function wrongBatch(field: string, message: string): ProblemError {
  const detail = `${field} ${message}; nothing was accepted`.trimStart();
  const pointer = field === '' ? '' : `/${field}`;
  return new ProblemError('invalid_request', detail, { issues: [{ field: pointer, message }], accepted: [] });
}

function wrongEvents(count: number, accepted: readonly number[], issues: readonly ProblemIssue[]): ProblemError {
  const [first] = issues;
  const wrong = count - accepted.length;
  const named = `${count === 1 ? 'the event' : `event ${first?.index}`}: ${first?.field || 'it'} ${first?.message}`;
  const rest =
    accepted.length === 0
      ? 'nothing was accepted'
      : `the other ${accepted.length} of ${count} were accepted and must not be sent again`;
  const others = wrong > 1 ? ` (and ${wrong - 1} more, see issues)` : '';
  return new ProblemError('invalid_request', `${named}${others}; correct what is wrong and send it again; ${rest}`, {
    issues,
    accepted,
  });
}

async function store(producer: Producer, records: readonly Stored[]): Promise<void> {
  try {
    await Promise.all(records.map(({ key, value }) => producer.send({ topic: trackingEvents.name, key, value })));
  } catch (error) {
    throw unavailable(messageOf(error), error);
  }
}

function unavailable(reason: string, cause?: unknown): ProblemError {
  return new ProblemError('unavailable', `the events could not be stored: ${reason}; send them again a little later`, {
    cause,
    retryAfterSeconds: 1,
  });
}

function hostOf(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  return new URL(url).hostname || undefined;
}
