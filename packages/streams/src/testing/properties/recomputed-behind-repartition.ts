/** Sums by window of records from several partitions, as far as each is in time by its own, computed from lists. */
import { firstStart, type Windows } from '../../topology/windows.ts';

export interface Given {
  readonly key: string;
  readonly time: number;
  readonly amount: number;
}

/** Each record with the largest time of its partition up to it. */
function withHorizons(given: readonly (readonly Given[])[]): (Given & { readonly horizon: number })[] {
  return given.flatMap((partition) => {
    let horizon = -1;
    return partition.map((each) => {
      horizon = Math.max(horizon, each.time);
      return { ...each, horizon };
    });
  });
}

/** `key@start-end=sum at time` of all windows that are closed when all records were read, sorted. */
export function expectedBehindRepartition(windows: Windows, given: readonly (readonly Given[])[]): string[] {
  const all = withHorizons(given);
  const end = Math.max(-1, ...all.map(({ horizon }) => horizon));
  const sums = new Map<string, number>();
  const add = (key: string, start: number, until: number, amount: number): void => {
    const name = `${key}@${start}-${until}`;
    sums.set(name, (sums.get(name) ?? 0) + amount);
  };
  const { graceMs } = windows;
  if (windows.kind === 'time') {
    const { sizeMs, advanceMs } = windows;
    for (const { key, time, amount, horizon } of all) {
      for (let start = firstStart(windows, time); start <= time; start += advanceMs) {
        const until = start + sizeMs;
        if (until + graceMs > horizon && until + graceMs <= end) add(key, start, until, amount);
      }
    }
  } else if (windows.kind === 'session') {
    const apartMs = windows.gapMs + 1;
    const inTime = all.filter(({ time, horizon }) => time + apartMs + graceMs > horizon);
    for (const key of new Set(inTime.map((each) => each.key))) {
      const sorted = inTime.filter((each) => each.key === key).sort((left, right) => left.time - right.time);
      let open: { start: number; last: number; sum: number } | undefined;
      const close = (): void => {
        if (open !== undefined && open.last + 2 * apartMs + graceMs <= end) {
          add(key, open.start, open.last + apartMs, open.sum);
        }
      };
      for (const { time, amount } of sorted) {
        if (open !== undefined && time - open.last < apartMs) {
          open.last = time;
          open.sum += amount;
        } else {
          close();
          open = { start: time, last: time, sum: amount };
        }
      }
      close();
    }
  } else {
    const { differenceMs } = windows;
    const inTime = all.filter(({ time, horizon }) => time + differenceMs + 1 + graceMs > horizon);
    const starts = new Set(inTime.flatMap(({ key, time }) => [`${key} ${time - differenceMs}`, `${key} ${time + 1}`]));
    for (const [key, start] of [...starts].map(
      (each) => [each.split(' ')[0] as string, Number(each.split(' ')[1])] as const,
    )) {
      if (start + 2 * differenceMs + 1 + graceMs > end) continue;
      for (const each of inTime) {
        if (each.key !== key || each.time < start || each.time > start + differenceMs) continue;
        add(key, start, start + differenceMs + 1, each.amount);
      }
    }
  }
  return [...sums].map(([name, sum]) => `${name}=${sum} at ${Number(name.split('-').at(-1)) - 1}`).sort();
}
