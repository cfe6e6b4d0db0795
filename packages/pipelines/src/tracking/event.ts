/**
 * The shape of a tracking event: what senders may post, and what is stored. Field names and meanings are those of
 * Segment's common fields, with a place for each of Snowplow's (README.md has the table). Fields that are not named
 * here are kept as they came.
 */
import { type Checker, compileChecker, type Issue } from '@millrace/api';
import { type Static, Type } from 'typebox';

/** A time as in RFC 3339, wherever one is sent. */
export const time = Type.String({ format: 'date-time', maxLength: 40 });
const id = Type.String({ minLength: 1, maxLength: 128 });
const name = Type.String({ minLength: 1, maxLength: 256 });
const line = Type.String({ maxLength: 1_024 });
const address = Type.String({ maxLength: 8_192 });
const pixels = Type.Number({ minimum: 0, maximum: 1_000_000 });
const anything = Type.Unsafe<Record<string, unknown>>({ type: 'object' });

export const eventTypes = ['track', 'page', 'screen', 'identify', 'group', 'alias', 'request'] as const;

const Context = Type.Object({
  page: Type.Optional(
    Type.Object({
      url: Type.Optional(address),
      path: Type.Optional(address),
      search: Type.Optional(address),
      title: Type.Optional(line),
      referrer: Type.Optional(address),
    }),
  ),
  userAgent: Type.Optional(Type.String({ maxLength: 2_048 })),
  ip: Type.Optional(Type.String({ maxLength: 64 })),
  locale: Type.Optional(line),
  timezone: Type.Optional(line),
  screen: Type.Optional(
    Type.Object({
      width: Type.Optional(pixels),
      height: Type.Optional(pixels),
      density: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    }),
  ),
  viewport: Type.Optional(Type.Object({ width: Type.Optional(pixels), height: Type.Optional(pixels) })),
  campaign: Type.Optional(anything),
  consent: Type.Optional(
    Type.Object({ categoryPreferences: Type.Optional(Type.Record(Type.String(), Type.Boolean())) }),
  ),
  doNotTrack: Type.Optional(Type.Boolean()),
  globalPrivacyControl: Type.Optional(Type.Boolean()),
  library: Type.Optional(Type.Object({ name: Type.Optional(line), version: Type.Optional(line) })),
  request: Type.Optional(Type.Object({ method: Type.Optional(line), protocol: Type.Optional(line) })),
  response: Type.Optional(
    Type.Object({
      status: Type.Optional(Type.Integer({ minimum: 0, maximum: 999 })),
      bytes: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  ),
});

const fields = {
  type: Type.Enum(eventTypes),
  event: Type.Optional(name),
  name: Type.Optional(name),
  messageId: Type.Optional(id),
  anonymousId: Type.Optional(id),
  userId: Type.Optional(id),
  groupId: Type.Optional(id),
  previousId: Type.Optional(id),
  site: Type.Optional(name),
  platform: Type.Optional(name),
  session: Type.Optional(
    Type.Object({
      id: Type.Optional(id),
      index: Type.Optional(Type.Integer({ minimum: 0 })),
      previousId: Type.Optional(id),
    }),
  ),
  timestamp: Type.Optional(time),
  originalTimestamp: Type.Optional(time),
  sentAt: Type.Optional(time),
  properties: Type.Optional(anything),
  traits: Type.Optional(anything),
  context: Type.Optional(Context),
};

export const IncomingEvent = Type.Object(fields, {
  description: 'An event as a sender posts it; needs anonymousId or userId, and a track event needs its name in event',
});
/** An event as a sender posts it. */
export type IncomingEvent = Static<typeof IncomingEvent>;

export const TrackingEvent = Type.Object({
  ...fields,
  messageId: id,
  site: name,
  timestamp: time,
  receivedAt: time,
  nameless: Type.Optional(Type.Literal(true)),
  parentId: Type.Optional(id),
});
/**
 * An event as it is stored. `timestamp` is when it happened, by our clock; `originalTimestamp` is what the sender said,
 * absent when it said nothing. `nameless`: whoever it is about asked not to be tracked, and nothing tells who it is.
 * `parentId`: it came under the id of another event, this one, and got an id of its own.
 */
export type TrackingEvent = Static<typeof TrackingEvent>;

export const incomingEventChecker = compileChecker(IncomingEvent);
export const trackingEventChecker = compileChecker(TrackingEvent);
const timeChecker = compileChecker(time);

/** Everything wrong with an event that a sender posted; empty when it can be accepted. */
export function issuesOfIncoming(value: unknown): Issue[] {
  return incomingEventChecker.check(value) ? rulesBroken(value) : incomingEventChecker.issues(value);
}

/** Everything wrong with a value found in the topic. */
export function issuesOfStored(value: unknown): Issue[] {
  const checker: Checker<typeof TrackingEvent> = trackingEventChecker;
  return checker.check(value) ? rulesBroken(value) : checker.issues(value);
}

/** Whether a value is a time that can be stored with an event. */
export function isTime(value: unknown): value is string {
  return timeChecker.check(value) && exists(value);
}

/** Which browser or device an event is about, or else which user; undefined when nothing tells. */
export function visitorOf(event: IncomingEvent): string | undefined {
  return event.anonymousId ?? (event.userId === undefined ? undefined : userKey(event.userId));
}

/** A known user among visitors. */
export function userKey(userId: string): string {
  return `user:${userId}`;
}

const times = ['timestamp', 'originalTimestamp', 'sentAt'] as const;

/** What a schema can't say. */
function rulesBroken(event: IncomingEvent & Partial<TrackingEvent>): Issue[] {
  const issues: Issue[] = [];
  if (event.anonymousId === undefined && event.userId === undefined && event.nameless !== true) {
    issues.push({ field: '/anonymousId', message: 'is required when there is no userId' });
  }
  if (event.type === 'track' && event.event === undefined) {
    issues.push({ field: '/event', message: 'is required for a track event: what happened' });
  }
  for (const field of times) {
    if (event[field] !== undefined && !exists(event[field])) {
      issues.push({ field: `/${field}`, message: 'is not a time that exists' });
    }
  }
  return issues;
}

/** The schema's format takes a leap second and a 31st of February; a clock doesn't. */
function exists(moment: string): boolean {
  return !Number.isNaN(Date.parse(moment));
}
