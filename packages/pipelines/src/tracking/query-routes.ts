/** What can be asked of tracking over HTTP, of whatever view there is at the moment. */
import {
  implement,
  ProblemError,
  type Route,
  trackingBadContract,
  trackingFunnelContract,
  trackingLiveContract,
  trackingReplayContract,
  trackingRetentionContract,
  trackingSessionsContract,
} from '@millrace/api';
import type { Client } from '@millrace/client';
import { readBad } from './bad/read-bad.ts';
import { replayBad } from './bad/replay-bad.ts';
import type { EventSchemas } from './event-schemas.ts';
import { funnelOf } from './query/funnel.ts';
import { liveOf } from './query/live.ts';
import { retentionOf } from './query/retention.ts';
import { sessionsOf } from './query/sessions.ts';
import { dayMs } from './view/step-table.ts';
import type { TrackingView } from './view/tracking-view.ts';

export interface QueryParts {
  readonly client: Client;
  readonly schemas: EventSchemas | undefined;
  /** Throws while there is none. */
  view(): TrackingView;
}

const stepsMost = 20;

export function queryRoutes({ client, schemas, view }: QueryParts): Route[] {
  const of = (site: string): TrackingView => {
    const found = view();
    if (found.figures.has(site)) return found;
    throw new ProblemError('not_found', `no event of a site ${JSON.stringify(site)} has been counted`);
  };
  return [
    implement(trackingSessionsContract, ({ query: { site, from, to, limit = 100, order = 'newest' } }) =>
      sessionsOf(of(site), { site, ...timesOf({ from, to }), limit, newest: order === 'newest' }),
    ),
    implement(trackingFunnelContract, ({ query: { site, steps, withinSeconds, from, to } }) => {
      const withinMs = withinSeconds === undefined ? 7 * dayMs : withinSeconds * 1_000;
      return funnelOf(of(site), { site, steps: stepsIn(steps), withinMs, ...timesOf({ from, to }) });
    }),
    implement(trackingRetentionContract, ({ query: { site, period = 'day', periods = 8 } }) =>
      retentionOf(of(site), { site, period, periods }),
    ),
    implement(trackingLiveContract, ({ query: { site, minutes = 30, pages = 20 } }) =>
      liveOf(view(), { site, minutes, pages, now: Date.now() }),
    ),
    implement(trackingBadContract, ({ query: { limit = 20, reason }, signal }) =>
      readBad({ client, limit, reason, signal }),
    ),
    implement(trackingReplayContract, ({ signal }) => replayBad({ client, schemas, signal })),
  ];
}

function timesOf({ from, to }: { readonly from: string | undefined; readonly to: string | undefined }) {
  return {
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(to !== undefined && { to: Date.parse(to) }),
  };
}

function stepsIn(text: string): string[] {
  let steps: unknown;
  try {
    steps = JSON.parse(text);
  } catch {
    steps = undefined;
  }
  const isGood = (step: unknown): step is string => typeof step === 'string' && step !== '';
  if (Array.isArray(steps) && steps.length > 0 && steps.length <= stepsMost && steps.every(isGood)) return steps;
  throw new ProblemError(
    'invalid_request',
    `steps must be a JSON array of 1 to ${stepsMost} texts, such as ["/","/cart"]`,
  );
}
