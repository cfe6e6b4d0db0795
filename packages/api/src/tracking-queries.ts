/** What can be asked of the tracking pipeline besides its totals. README.md of the pipeline defines each word. */
import { type Static, Type } from 'typebox';
import { defineContract } from './contract.ts';
import { ProblemIssue } from './problem.ts';

const count = Type.Integer({ minimum: 0 });
const nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Number>>(type: T) =>
  Type.Union([type, Type.Null()]);
const instant = Type.String({ description: 'RFC 3339' });
const site = Type.String({ minLength: 1, maxLength: 256, description: 'Of which site' });
const time = Type.String({ format: 'date-time', maxLength: 40 });
const path = '/api/v1/pipelines/tracking';

export const TrackingSessions = Type.Object(
  {
    site: Type.String(),
    sessions: Type.Array(
      Type.Object({
        visitor: Type.String(),
        user: Type.Union([Type.String(), Type.Null()], { description: 'Who has logged in with this visitor' }),
        start: instant,
        end: instant,
        seconds: Type.Number(),
        events: count,
        pageViews: count,
        entry: nullable(Type.String({ description: 'Path of the first page view' })),
        exit: nullable(Type.String({ description: 'Path of the last page view' })),
        source: nullable(Type.String({ description: 'Campaign, search engine, network or host that it came from' })),
      }),
    ),
    more: Type.Boolean({ description: 'Whether there are more than were asked for' }),
  },
  { description: 'Sessions of a site, by when they began' },
);
export type TrackingSessions = Static<typeof TrackingSessions>;

export const trackingSessionsContract = defineContract({
  method: 'GET',
  path: `${path}/sessions`,
  summary: 'Sessions of a site',
  permission: 'administer',
  query: Type.Object({
    site,
    from: Type.Optional(time),
    to: Type.Optional(time),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: 'Default 100' })),
    order: Type.Optional(Type.Union([Type.Literal('newest'), Type.Literal('oldest')])),
  }),
  response: TrackingSessions,
  problems: ['not_found', 'unavailable'],
});

export const TrackingFunnel = Type.Object(
  {
    site: Type.String(),
    withinSeconds: Type.Number(),
    steps: Type.Array(
      Type.Object({
        step: Type.String(),
        people: count,
        ofFirst: nullable(Type.Number({ description: 'Part of the people of the first step' })),
        ofPrevious: nullable(Type.Number({ description: 'Part of the people of the step before' })),
        medianSeconds: nullable(Type.Number({ description: 'From the first step' })),
      }),
    ),
  },
  { description: 'How many people went how far' },
);
export type TrackingFunnel = Static<typeof TrackingFunnel>;

export const trackingFunnelContract = defineContract({
  method: 'GET',
  path: `${path}/funnel`,
  summary: 'How many people did one thing, then another',
  query: Type.Object({
    site,
    steps: Type.String({
      maxLength: 8_192,
      description: 'A JSON array of 1 to 20 steps: paths of pages, beginning with a slash, and names of events',
    }),
    withinSeconds: Type.Optional(Type.Number({ minimum: 1, description: 'Default 7 days' })),
    from: Type.Optional(time),
    to: Type.Optional(time),
  }),
  response: TrackingFunnel,
  problems: ['invalid_request', 'not_found', 'unavailable'],
});

export const TrackingRetention = Type.Object(
  {
    site: Type.String(),
    period: Type.Union([Type.Literal('day'), Type.Literal('week')]),
    cohorts: Type.Array(
      Type.Object({
        start: Type.String({ description: 'First day of the period, UTC' }),
        people: count,
        returned: Type.Array(count, { description: 'How many were there in this period, the next, and so on' }),
      }),
    ),
  },
  { description: 'Of people who first came in one period, how many were there in the next ones' },
);
export type TrackingRetention = Static<typeof TrackingRetention>;

export const trackingRetentionContract = defineContract({
  method: 'GET',
  path: `${path}/retention`,
  summary: 'How many people come back',
  query: Type.Object({
    site,
    period: Type.Optional(Type.Union([Type.Literal('day'), Type.Literal('week')])),
    periods: Type.Optional(Type.Integer({ minimum: 1, maximum: 400, description: 'Default 8' })),
  }),
  response: TrackingRetention,
  problems: ['not_found', 'unavailable'],
});

export const TrackingLive = Type.Object(
  {
    site: nullable(Type.String()),
    from: Type.String({ description: 'Begin of the first minute' }),
    minutes: Type.Array(count, { description: 'Page views of each minute' }),
    pageViews: count,
    visitors: count,
    pages: Type.Array(Type.Object({ site: Type.String(), path: Type.String(), views: count })),
  },
  { description: 'Page views of the last minutes' },
);
export type TrackingLive = Static<typeof TrackingLive>;

export const trackingLiveContract = defineContract({
  method: 'GET',
  path: `${path}/live`,
  summary: 'Page views of the last minutes',
  query: Type.Object({
    site: Type.Optional(site),
    minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 120, description: 'Default 30' })),
    pages: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000, description: 'Default 20' })),
  }),
  response: TrackingLive,
  problems: ['unavailable'],
});

const reasons = ['shape', 'schema', 'unreadable'] as const;

export const TrackingBad = Type.Object(
  {
    waiting: Type.Integer({ minimum: 0, description: 'Bad events that no replay has taken' }),
    reasons: Type.Object({ shape: count, schema: count, unreadable: count }),
    events: Type.Array(
      Type.Object({
        id: Type.String(),
        reason: Type.Enum(reasons),
        issues: Type.Array(Type.Omit(ProblemIssue, ['index'])),
        schema: Type.Optional(Type.Object({ subject: Type.String(), version: Type.Integer() })),
        receivedAt: instant,
        event: Type.Optional(Type.Unknown({ description: 'As it was sent, without its address' })),
        excerpt: Type.Optional(Type.String()),
        replays: Type.Optional(count),
      }),
    ),
  },
  { description: 'What was sent and is no good event' },
);
export type TrackingBad = Static<typeof TrackingBad>;

export const trackingBadContract = defineContract({
  method: 'GET',
  path: `${path}/bad`,
  summary: 'Bad events, with the reason',
  permission: 'administer',
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, description: 'Default 20' })),
    reason: Type.Optional(Type.Enum(reasons)),
  }),
  response: TrackingBad,
  problems: ['unavailable'],
});

export const TrackingReplay = Type.Object(
  {
    judged: Type.Integer({ minimum: 0, description: 'Bad events that were judged once more' }),
    replayed: Type.Integer({ minimum: 0, description: 'Those that are good now' }),
    stillBad: count,
  },
  { description: 'What a replay came to' },
);
export type TrackingReplay = Static<typeof TrackingReplay>;

export const trackingReplayContract = defineContract({
  method: 'POST',
  path: `${path}/replay`,
  summary: 'Judges bad events once more, and takes those that are good now',
  permission: 'administer',
  response: TrackingReplay,
  problems: ['unavailable'],
});
