/**
 * What the tracking pipeline answers: totals over the events it has counted. README.md of the pipeline defines each
 * word.
 */
import { type Static, Type } from 'typebox';
import { defineContract } from './contract.ts';

const count = Type.Integer({ minimum: 0 });

export const TrackingCounts = Type.Object({
  events: Type.Integer({ minimum: 0, description: 'Distinct events, requests of an imported log included' }),
  requests: Type.Integer({ minimum: 0, description: 'Events of type request: lines of an access log' }),
  pageViews: Type.Integer({ minimum: 0, description: 'Pages seen by people' }),
  visits: Type.Integer({ minimum: 0, description: 'Sessions with at least one page view' }),
  visitors: Type.Integer({ minimum: 0, description: 'Distinct visitors, automated ones left out' }),
  people: Type.Integer({ minimum: 0, description: 'Visitors, those joined that have logged in as one user' }),
  sessions: Type.Integer({ minimum: 0, description: 'Runs of activity of a visitor without 30 minutes of silence' }),
  bounces: Type.Integer({ minimum: 0, description: 'Visits of a single page view' }),
  sessionSeconds: Type.Integer({ minimum: 0, description: 'All sessions from first to last event, in seconds' }),
  automated: Type.Integer({ minimum: 0, description: 'Events of bots, feed readers and other programs' }),
  firstAt: Type.Union([Type.String(), Type.Null()], { description: 'Time of the earliest event' }),
  lastAt: Type.Union([Type.String(), Type.Null()], { description: 'Time of the latest event' }),
});
/** Figures over a set of events. */
export type TrackingCounts = Static<typeof TrackingCounts>;

export const TrackingTotals = Type.Object(
  {
    site: Type.Union([Type.String(), Type.Null()], { description: 'The site counted; null for all sites together' }),
    ...TrackingCounts.properties,
    duplicates: Type.Integer({ minimum: 0, description: 'Records that repeated an event, of any site; not counted' }),
    unreadable: Type.Integer({ minimum: 0, description: 'Records in the topic that are no events; not counted' }),
    statuses: Type.Array(Type.Object({ status: count, requests: count }), { description: 'By status ascending' }),
    pages: Type.Array(Type.Object({ site: Type.String(), path: Type.String(), views: count }), {
      description: 'The most viewed pages, most first, ties by site and path',
    }),
    sites: Type.Array(Type.Object({ site: Type.String(), ...TrackingCounts.properties }), {
      description: 'The 100 sites with the most events, most first, ties by name',
    }),
  },
  { description: 'Totals of first-party tracking' },
);
export type TrackingTotals = Static<typeof TrackingTotals>;

export const TrackingReport = Type.Object({
  observedAt: Type.String({ description: 'When these totals were true' }),
  complete: Type.Boolean({ description: 'Whether everything that was in the topic at the start has been counted' }),
  totals: TrackingTotals,
});
export type TrackingReport = Static<typeof TrackingReport>;

export const trackingTotalsContract = defineContract({
  method: 'GET',
  path: '/api/v1/pipelines/tracking',
  summary: 'Totals of first-party tracking',
  query: Type.Object({
    site: Type.Optional(Type.String({ description: 'Only this site; all sites without it' })),
    pages: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, description: 'How many pages; default 20' })),
  }),
  response: TrackingReport,
  problems: ['not_found'],
});
