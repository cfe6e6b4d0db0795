/** Which batches the topics of a target take: how large, and from what times, as their configuration tells. */
import type { Admin } from '@millrace/client';
import type { TargetLimits } from '../batches/conversion-limits.ts';
import type { TimeBound, TimeBounds } from '../batches/record-times.ts';

const sizes = ['max.message.bytes', 'segment.bytes'] as const;
const timeType = 'message.timestamp.type';
const before = 'message.timestamp.before.max.ms';
const after = 'message.timestamp.after.max.ms';
/** Of both directions; brokers from 3.6 to before 4.0 go by it where the other has its default. */
const difference = 'message.timestamp.difference.max.ms';
const timeSettings = [before, after, difference] as const;

/** What stands for no bound, as a broker writes it. */
const unbounded = '9223372036854775807';

/** How many topics one request asks about. */
const describedMax = 200;

/** By topic; those are left out of which nothing can be told. Rejects when the cluster can't be asked. */
export async function topicLimits(
  admin: Admin,
  topics: Iterable<string>,
  signal?: AbortSignal,
): Promise<Map<string, TargetLimits>> {
  const keys = [...sizes, timeType, ...timeSettings];
  const resources = [...new Set(topics)].map((name) => ({ type: 'topic' as const, name, keys }));
  const limits = new Map<string, TargetLimits>();
  for (let first = 0; first < resources.length; first += describedMax) {
    const some = resources.slice(first, first + describedMax);
    for (const described of await admin.describeConfigs(some, { signal })) {
      if (described.error !== undefined) continue;
      const values = new Map(described.entries.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])));
      const told = sizes.flatMap((name) => values.get(name) ?? []).map(Number);
      const batchBytesMax = told.length === 0 ? undefined : Math.min(...told);
      limits.set(described.name, { batchBytesMax, times: timesOf(values) });
    }
  }
  return limits;
}

/**
 * What a topic is to be given so that it takes records of all times, as far as its cluster knows such settings: those
 * of a topic that is there tell. Rejects when the cluster can't be asked.
 */
export async function allTimes(admin: Admin, there: string, signal?: AbortSignal): Promise<Record<string, string>> {
  const [described] = await admin.describeConfigs([{ type: 'topic', name: there, keys: [before, after] }], { signal });
  const known = described?.error === undefined ? (described?.entries ?? []) : [];
  return Object.fromEntries(known.map(({ name }) => [name, unbounded]));
}

function timesOf(values: ReadonlyMap<string, string>): TimeBounds | undefined {
  // Who gives the records times of its own takes any.
  if (values.get(timeType) === 'LogAppendTime') return undefined;
  return { before: boundOf(values, before), after: boundOf(values, after) };
}

function boundOf(values: ReadonlyMap<string, string>, own: string): TimeBound | undefined {
  const setting = [own, difference].find((name) => (values.get(name) ?? unbounded) !== unbounded);
  return setting === undefined ? undefined : { ms: Number(values.get(setting)), setting };
}
