/**
 * What `countsAndWindows` must answer, computed from a list of a partition's records, one list for each kind of window.
 */
import { nameOfLate, nameOfWindow, windowKinds } from './window-kinds.ts';

/** A record of the timed topic. */
export interface CountedRecord {
  readonly key: string;
  readonly timestamp: number;
}

/** The time of a last record that closes every window of those before it. */
export function closingTime(records: readonly CountedRecord[]): number {
  return Math.max(0, ...records.map(({ timestamp }) => timestamp)) + 1_000;
}

/** Results of one partition as `name count`, sorted; those of windows that are closed, and all counts of open ones. */
export function recomputedWindows(records: readonly CountedRecord[]): string[] {
  return [...tumblingAndHopping(records), ...sessions(records), ...slidings(records)].sort();
}

function tumblingAndHopping(records: readonly CountedRecord[]): string[] {
  const results: string[] = [];
  for (const kind of ['tumbling', 'hopping'] as const) {
    const { sizeMs, advanceMs, graceMs } = windowKinds[kind];
    const counts = new Map<string, { readonly closesAt: number; count: number }>();
    let now = -1;
    for (const { key, timestamp } of records) {
      now = Math.max(now, timestamp);
      let windows = 0;
      for (
        let start = timestamp - (timestamp % advanceMs);
        start > timestamp - sizeMs && start >= 0;
        start -= advanceMs
      ) {
        const closesAt = start + sizeMs + graceMs;
        if (closesAt <= now) continue;
        windows++;
        const name = nameOfWindow(kind, key, start, start + sizeMs);
        const window = counts.get(name) ?? { closesAt, count: 0 };
        window.count++;
        counts.set(name, window);
        if (kind === 'tumbling') results.push(`${nameOfWindow('running', key, start, start + sizeMs)} ${window.count}`);
      }
      if (windows === 0) results.push(`${nameOfLate(kind, key, timestamp)} 1`);
    }
    for (const [name, { closesAt, count }] of counts) if (closesAt <= now) results.push(`${name} ${count}`);
  }
  return results;
}

function sessions(records: readonly CountedRecord[]): string[] {
  const { gapMs, graceMs } = windowKinds.session;
  const apartMs = gapMs + 1;
  const results: string[] = [];
  let open: { readonly key: string; readonly start: number; readonly last: number; readonly count: number }[] = [];
  let now = -1;
  for (const { key, timestamp } of records) {
    now = Math.max(now, timestamp);
    const isOpen = (last: number): boolean => last + apartMs + graceMs > now;
    for (const each of open) {
      if (!isOpen(each.last))
        results.push(`${nameOfWindow('session', each.key, each.start, each.last + apartMs)} ${each.count}`);
    }
    open = open.filter(({ last }) => isOpen(last));
    const near = open.filter(
      (each) => each.key === key && each.start < timestamp + apartMs && each.last > timestamp - apartMs,
    );
    const last = Math.max(timestamp, ...near.map((each) => each.last));
    if (!isOpen(last)) {
      results.push(`${nameOfLate('session', key, timestamp)} 1`);
      continue;
    }
    const start = Math.min(timestamp, ...near.map((each) => each.start));
    const count = near.reduce((sum, each) => sum + each.count, 1);
    open = [...open.filter((each) => !near.includes(each)), { key, start, last, count }];
  }
  return results;
}

function slidings(records: readonly CountedRecord[]): string[] {
  const { differenceMs, graceMs } = windowKinds.sliding;
  const results: string[] = [];
  const times = new Map<string, number[]>();
  let closed = Number.NEGATIVE_INFINITY;
  let now = -1;
  for (const { key, timestamp } of records) {
    now = Math.max(now, timestamp);
    const closing = now - differenceMs - 1 - graceMs;
    for (const [each, own] of times) {
      const starts = new Set(own.flatMap((time) => [time - differenceMs, time + 1]));
      for (const start of starts) {
        if (start <= closed || start > closing) continue;
        const count = own.filter((time) => time >= start && time <= start + differenceMs).length;
        if (count > 0) results.push(`${nameOfWindow('sliding', each, start, start + differenceMs + 1)} ${count}`);
      }
    }
    closed = closing;
    if (timestamp <= closed) results.push(`${nameOfLate('sliding', key, timestamp)} 1`);
    else times.set(key, [...(times.get(key) ?? []), timestamp]);
  }
  return results;
}
