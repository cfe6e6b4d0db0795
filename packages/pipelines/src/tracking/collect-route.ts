/**
 * `POST /t`: takes one event or a batch, answers 2xx only when the brokers have acknowledged all of it.
 *
 * Each event is judged on its own: the good ones of a batch are stored also when others are bad, the bad ones are
 * stored with the reason in a topic of theirs, and the answer says which is which. An answer of 503 means that nothing
 * is known to be stored: sent again, events with a `messageId` count once.
 *
 * Bad events have a producer and memory of their own: a flood of them takes nothing from good ones.
 */
import { randomUUID } from 'node:crypto';
import {
  type Contract,
  defineContract,
  implement,
  ProblemError,
  type ProblemIssue,
  type Route,
  type RouteRequest,
  UnreadableBody,
} from '@millrace/api';
import { messageOf } from '@millrace/base';
import type { Client, Producer } from '@millrace/client';
import { type Static, Type } from 'typebox';
import type { Receipt } from './accept-event.ts';
import { unreadableBody } from './bad/bad-event.ts';
import { judgeEvent } from './bad/judge-event.ts';
import { IncomingEvent, isTime, time } from './event.ts';
import type { EventSchemas } from './event-schemas.ts';
import { type PrivacyHeaders, privacyChoiceOf } from './privacy-choice.ts';
import { badEvents, trackingEvents } from './topics.ts';

export const batchEventsMax = 1_000;

const Batch = Type.Object({
  batch: Type.Array(IncomingEvent, { minItems: 1, maxItems: batchEventsMax }),
  sentAt: Type.Optional(time),
});

const contract = {
  method: 'POST',
  summary: 'Takes a tracking event, or a batch of them',
  description: 'Answers 200 only when all events are stored. Give each event a messageId: sent again, it counts once.',
  body: Type.Union([IncomingEvent, Batch]),
  bodyCheckedBy: 'handler',
  takesUnreadable: true,
  bodyBytesMax: 2 ** 20,
  response: Type.Object({
    accepted: Type.Integer({ description: 'How many events were stored' }),
    withheld: Type.Optional(
      Type.Integer({ minimum: 1, description: 'How many were not, since whom they are about did not consent' }),
    ),
  }),
  anyOrigin: true,
  problems: ['malformed_request', 'invalid_request', 'origin_not_allowed', 'unavailable'],
} as const satisfies Omit<Contract, 'path'>;

type CollectRequestContract = typeof contract & { readonly path: string };

export const collectContract = defineContract({ ...contract, path: '/t' });
/** Where libraries of Segment's send batches when they are given another host. */
export const segmentBatchContract = defineContract({ ...contract, path: '/v1/batch' });

export interface CollectorOptions {
  readonly client: Client;
  /** What events have to look like; without them only their common fields are checked. */
  readonly schemas?: EventSchemas | undefined;
  /**
   * Pages of which origins may send (`https://shop.example`); all when absent. Programs that name none may always.
   */
  readonly origins?: readonly string[] | undefined;
  /** From arrival to acknowledgement at the latest, in ms; then the answer is 503. Default 10,000. */
  readonly deliveryTimeoutMs?: number | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** The routes, and the producers behind them, which closing flushes. */
export interface Collector extends AsyncDisposable {
  readonly routes: readonly Route[];
  close(): Promise<void>;
}

const bufferBytesMax = 16 * 2 ** 20;
const badBufferBytesMax = 2 * 2 ** 20;

/** A record to be stored. */
interface Stored {
  readonly key: string;
  readonly value: string;
}

/** What became of the events of a request. */
interface Judged {
  readonly good: Stored[];
  readonly bad: Stored[];
  readonly accepted: number[];
  readonly issues: ProblemIssue[];
  withheld: number;
}

export function createCollector(options: CollectorOptions): Collector {
  const { schemas, now = Date.now } = options;
  const producerOf = (bytesMax: number): Producer =>
    options.client.producer({
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 10_000,
      bufferBytesMax: bytesMax,
      // Failures reach each request through its promises.
      onDelivery: () => undefined,
    });
  const good = producerOf(bufferBytesMax);
  const bad = producerOf(badBufferBytesMax);
  const handle = async (request: RouteRequest<CollectRequestContract>) => {
    refuseOrigin(request.header('origin'), options.origins);
    let batch: ReturnType<typeof batchOf>;
    try {
      batch = batchOf(request.body);
    } catch (error) {
      await keepUnreadable(request, error as ProblemError);
      throw error;
    }
    const { events, sentAt } = batch;
    if (good.bufferedBytes >= bufferBytesMax) throw unavailable('more events arrive than the brokers take');
    await schemas?.ready().catch((error: unknown) => {
      throw unavailable(messageOf(error), error);
    });
    const judged = judgeAll(events, request, { receivedAt: now(), sentAt, schemas });
    await store([
      [good, trackingEvents.name, judged.good],
      [bad, badEvents.name, judged.bad],
    ]);
    const { accepted, issues, withheld } = judged;
    if (issues.length > 0) throw wrongEvents(events.length, accepted, issues);
    return { accepted: accepted.length, ...(withheld > 0 && { withheld }) };
  };
  /** What no event can be told apart in is one bad event, of those who may be known. */
  const keepUnreadable = async (request: RouteRequest<CollectRequestContract>, problem: ProblemError) => {
    const { body } = request;
    const text = body instanceof UnreadableBody ? Buffer.from(body.bytes).toString() : JSON.stringify(body);
    if (text.trim() === '' || privacyChoiceOf(undefined, privacyHeadersOf(request)) !== 'named') return;
    if (bad.bufferedBytes >= badBufferBytesMax) throw unavailable('more bad events arrive than the brokers take');
    const kept = unreadableBody(text, problem, now());
    await store([[bad, badEvents.name, [{ key: kept.id, value: JSON.stringify(kept) }]]]);
  };
  const close = async (): Promise<void> => {
    await Promise.all([good.close(), bad.close()]);
  };
  const routes = [implement(collectContract, handle), implement(segmentBatchContract, handle)];
  return { routes, close, [Symbol.asyncDispose]: close };
}

function judgeAll(
  events: readonly unknown[],
  request: RouteRequest<CollectRequestContract>,
  { schemas, ...known }: Pick<Receipt, 'receivedAt' | 'sentAt'> & { readonly schemas: EventSchemas | undefined },
): Judged {
  const { remoteAddress } = request;
  const site = hostOf(request.header('origin')) ?? 'unknown';
  const receipt = { ...known, remoteAddress, userAgent: request.header('user-agent'), newId: randomUUID };
  const headers = privacyHeadersOf(request);
  const judged: Judged = { good: [], bad: [], accepted: [], issues: [], withheld: 0 };
  for (const [index, event] of events.entries()) {
    const ownSite = hostOf((event as IncomingEvent | null)?.context?.page?.url) ?? site;
    const choice = privacyChoiceOf(event, headers);
    const judgement = judgeEvent(event, { ...receipt, site: ownSite }, choice, schemas);
    if ('good' in judgement) {
      judged.accepted.push(index);
      judged.good.push({ key: judgement.good.messageId, value: judgement.value });
    } else if ('bad' in judgement) {
      judged.issues.push(...judgement.bad.issues.map((issue) => ({ index, ...issue })));
      judged.bad.push({ key: judgement.bad.id, value: JSON.stringify(judgement.bad) });
    } else judged.withheld++;
  }
  return judged;
}

function privacyHeadersOf(request: RouteRequest<CollectRequestContract>): PrivacyHeaders {
  return { globalPrivacyControl: request.header('sec-gpc'), doNotTrack: request.header('dnt') };
}

/** @throws ProblemError */
function refuseOrigin(origin: string | undefined, origins: readonly string[] | undefined): void {
  if (origin === undefined || origins === undefined || origins.includes(origin)) return;
  throw new ProblemError('origin_not_allowed', `pages of ${origin} may not send events here`);
}

/** The events of a body, not yet checked. @throws ProblemError */
function batchOf(body: unknown): { events: readonly unknown[]; sentAt: string | undefined } {
  if (body instanceof UnreadableBody) throw body.problem;
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

async function store(parts: readonly (readonly [Producer, string, readonly Stored[]])[]): Promise<void> {
  try {
    await Promise.all(
      parts.flatMap(([producer, topic, records]) => records.map((record) => producer.send({ topic, ...record }))),
    );
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

/** `url` comes unchecked. */
function hostOf(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  return new URL(url).hostname || undefined;
}
