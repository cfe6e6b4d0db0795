/** Which topics a query asks for. Pure. */
import { ProblemError } from '@millrace/api';
import type { TopicFlag, TopicView } from '@millrace/api/fleet';
import type { TopicRow } from './fleet-rows.ts';

export interface TopicFilter {
  readonly q?: string | undefined;
  readonly cluster?: string | undefined;
  readonly site?: string | undefined;
  readonly zone?: string | undefined;
  readonly environment?: string | undefined;
  readonly owner?: string | undefined;
  readonly dataClass?: string | undefined;
  readonly internal?: boolean | undefined;
  readonly only?: string | undefined;
  readonly quietHours?: number | undefined;
}

const hourMs = 3_600_000;
const quietHoursDefault = 24;

const flags: Readonly<Record<TopicFlag, (view: TopicView, quietBefore: number) => boolean>> = {
  unowned: ({ owner, internal }) => owner === null && !internal,
  idle: (view, quietBefore) => isQuiet(view.trafficAt ?? view.newestRecordAt, view, quietBefore),
  unconsumed: (view, quietBefore) => isQuiet(view.consumedAt, view, quietBefore),
  under_replicated: ({ underReplicated }) => underReplicated > 0,
  offline: ({ offline }) => offline > 0,
  undeclared: ({ declared, internal }) => !declared && !internal,
  missing: ({ there }) => !there,
};

export const topicFlags = Object.keys(flags) as readonly TopicFlag[];

/** Throws `ProblemError` for a flag that there is none of. */
export function topicFilter(query: TopicFilter, now: number): (row: TopicRow) => boolean {
  const wanted = query.only?.split(',') ?? [];
  const chosen = topicFlags.filter((flag) => wanted.includes(flag));
  if (chosen.length < new Set(wanted).size) {
    const message = `takes ${topicFlags.join(', ')}`;
    throw new ProblemError('invalid_request', `the query string has the wrong shape: only ${message}`, {
      issues: [{ field: '/only', message }],
    });
  }
  const needle = query.q?.toLowerCase();
  const { cluster, site, zone, environment, owner, dataClass, internal = false } = query;
  const quietBefore = now - (query.quietHours ?? quietHoursDefault) * hourMs;
  return ({ view, lowerName, spec }) =>
    (internal || !view.internal) &&
    (cluster === undefined || view.cluster === cluster) &&
    (site === undefined || spec.site === site) &&
    (zone === undefined || spec.zone === zone) &&
    (environment === undefined || spec.environment === environment) &&
    (owner === undefined || view.owner === owner) &&
    (dataClass === undefined || view.dataClass === dataClass) &&
    (needle === undefined || lowerName.includes(needle)) &&
    chosen.every((flag) => flags[flag](view, quietBefore));
}

/** The flags that a topic has. */
export function flagsOf(view: TopicView, now: number): TopicFlag[] {
  const quietBefore = now - quietHoursDefault * hourMs;
  return topicFlags.filter((flag) => flags[flag](view, quietBefore));
}

/** What was never seen to happen has not happened for as long as anybody has looked. */
function isQuiet(at: string | null, { there, seenSince }: TopicView, before: number): boolean {
  const since = at ?? seenSince;
  return there && since !== null && Date.parse(since) <= before;
}
