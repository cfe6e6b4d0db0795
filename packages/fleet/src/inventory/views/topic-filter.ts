/** Which topics a query asks for. Pure. */
import { ProblemError } from '@millrace/api';
import type { TopicFlag } from '@millrace/api/fleet';
import type { ObservedTopic } from '../inventory.ts';
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

const flags: Readonly<Record<TopicFlag, (row: TopicRow, quietBefore: number) => boolean>> = {
  unowned: ({ owner, internal }) => owner === null && !internal,
  idle: ({ topic }, before) => isQuiet(topic, topic?.trafficAt ?? topic?.newestRecordAt, before),
  unconsumed: ({ topic }, before) => isQuiet(topic, topic?.consumedAt, before),
  under_replicated: ({ underReplicated }) => underReplicated > 0,
  offline: ({ offline }) => offline > 0,
  undeclared: ({ declared, internal }) => declared === undefined && !internal,
  missing: ({ topic }) => topic === undefined,
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
  return (row) =>
    (internal || !row.internal) &&
    (cluster === undefined || row.cluster === cluster) &&
    (site === undefined || row.spec.site === site) &&
    (zone === undefined || row.spec.zone === zone) &&
    (environment === undefined || row.spec.environment === environment) &&
    (owner === undefined || row.owner === owner) &&
    (dataClass === undefined || row.declared?.dataClass === dataClass) &&
    (needle === undefined || row.lowerName.includes(needle)) &&
    chosen.every((flag) => flags[flag](row, quietBefore));
}

/** Whether a topic has a flag; quiet is what was so for a day. */
export function hasFlag(flag: TopicFlag, row: TopicRow, now: number): boolean {
  return flags[flag](row, now - quietHoursDefault * hourMs);
}

/** What was never seen to happen has not happened for as long as anybody has looked. */
function isQuiet(topic: ObservedTopic | undefined, at: number | undefined, before: number): boolean {
  if (topic === undefined) return false;
  return (at === undefined || at < 0 ? topic.seenSince : at) <= before;
}
