/**
 * How far a query is, seen from the cluster: offsets that its group has committed, which exactly once means all of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, unwrap } from '@millrace/client';
import { usageOf } from '../harness/process-usage.ts';
import type { RunningQuery } from './subjects.ts';

const waitMsMax = 180_000;
/** A query that commits nothing for so long behind the end of its input has settled what its later stages had. */
const quietMs = 1_000;

/** So much of the input is not measured: Java and JavaScript compile meanwhile what they run. */
const warmUpShare = 0.2;

interface Moment {
  readonly at: number;
  readonly cpuSeconds: number;
  /** Records of the query's input that are behind it. */
  readonly records: number;
}

export interface Measured {
  readonly recordsPerSecond: number;
  /** Of the query's process, for a million records of its input. */
  readonly cpuSeconds: number;
}

/** Watches a query from the end of its warm-up to the last commit of all its stages. */
export async function measureProgress(
  admin: Admin,
  group: string,
  topics: readonly string[],
  total: number,
  query: RunningQuery,
): Promise<Measured> {
  const began = performance.now();
  let first: Moment | undefined;
  let last: Moment | undefined;
  let sum = 0;
  for (;;) {
    query.check();
    const { records, offsets } = await committed(admin, group, topics);
    const at = performance.now();
    if (offsets > sum) {
      sum = offsets;
      last = { at, cpuSeconds: usageOf(query.pid).cpuSeconds, records };
      if (records >= total * warmUpShare) first ??= last;
    }
    if (first !== undefined && last !== undefined && last.records >= total && at - last.at > quietMs) break;
    if (at - (last?.at ?? began) > waitMsMax)
      throw new Error(`${group} stands still at ${last?.records ?? 0} of ${total}`);
    await sleep(20);
  }
  const records = total - first.records;
  const seconds = (last.at - first.at) / 1000;
  return {
    recordsPerSecond: records / seconds,
    cpuSeconds: ((last.cpuSeconds - first.cpuSeconds) / records) * 1e6,
  };
}

/** Waits until a query has committed nothing for a while. */
export async function untilQuiet(admin: Admin, group: string, query: RunningQuery): Promise<void> {
  let [sum, since] = [-1, performance.now()];
  while (performance.now() - since < 2 * quietMs) {
    query.check();
    const { offsets } = await committed(admin, group, []);
    if (offsets !== sum) [sum, since] = [offsets, performance.now()];
    await sleep(100);
  }
}

async function committed(
  admin: Admin,
  group: string,
  topics: readonly string[],
): Promise<{ readonly records: number; readonly offsets: number }> {
  const found = unwrap(await admin.fetchOffsets(group));
  let [records, offsets] = [0, 0];
  for (const { topic, offset } of found) {
    offsets += offset;
    if (topics.includes(topic)) records += offset;
  }
  return { records, offsets };
}
