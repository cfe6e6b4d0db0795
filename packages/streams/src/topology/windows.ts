/** Kinds of windows, and which of them a time belongs to. Times and lengths are milliseconds. */
import { TopologyError } from '../errors.ts';

/** A key in a window: from `start` to before `end`. */
export interface Windowed<K> {
  readonly key: K;
  readonly start: number;
  /** Exclusive. Of a session: the first time that is farther from its last record than the gap. */
  readonly end: number;
}

interface CommonOptions {
  /** How long after its end, in stream time, a window still takes records. Default 0. */
  readonly graceMs?: number | undefined;
}

/** Windows of one length that begin every `advanceMs`: tumbling when that is their length. */
export interface TimeWindows {
  readonly kind: 'time';
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly graceMs: number;
}

/** A window ends where a key had no record for more than `gapMs`. */
export interface SessionWindows {
  readonly kind: 'session';
  readonly gapMs: number;
  /** Records of a key that are so far apart or farther are in two sessions: one more than the gap, as in Kafka. */
  readonly apartMs: number;
  readonly graceMs: number;
}

/** A window for each set of records of a key that are no more than `differenceMs` apart. */
export interface SlidingWindows {
  readonly kind: 'sliding';
  readonly differenceMs: number;
  readonly graceMs: number;
}

export type Windows = TimeWindows | SessionWindows | SlidingWindows;

/** Windows side by side: each record is in one. */
export function tumbling(options: CommonOptions & { readonly sizeMs: number }): TimeWindows {
  return hopping({ ...options, advanceMs: options.sizeMs });
}

/** Windows of `sizeMs` that begin every `advanceMs`: each record is in `sizeMs / advanceMs` of them. */
export function hopping(options: CommonOptions & { readonly sizeMs: number; readonly advanceMs: number }): TimeWindows {
  const { sizeMs, advanceMs, graceMs = 0 } = options;
  checkTime('sizeMs', sizeMs, 1);
  checkTime('advanceMs', advanceMs, 1);
  checkTime('graceMs', graceMs, 0);
  if (advanceMs > sizeMs) {
    throw new TopologyError(
      `advanceMs (${advanceMs}) is larger than sizeMs (${sizeMs}), so records would be in no window`,
    );
  }
  return { kind: 'time', sizeMs, advanceMs, graceMs };
}

/** Windows of activity: records of a key that are no more than `gapMs` apart are in one. */
export function session(options: CommonOptions & { readonly gapMs: number }): SessionWindows {
  const { gapMs, graceMs = 0 } = options;
  checkTime('gapMs', gapMs, 1);
  checkTime('graceMs', graceMs, 0);
  return { kind: 'session', gapMs, apartMs: gapMs + 1, graceMs };
}

/** Windows that begin and end at records: each set of records no more than `differenceMs` apart has one. */
export function sliding(options: CommonOptions & { readonly differenceMs: number }): SlidingWindows {
  const { differenceMs, graceMs = 0 } = options;
  checkTime('differenceMs', differenceMs, 1);
  checkTime('graceMs', graceMs, 0);
  return { kind: 'sliding', differenceMs, graceMs };
}

/** The start of the first window that a time is in; none begins before 0. */
export function firstStart({ sizeMs, advanceMs }: TimeWindows, time: number): number {
  return Math.max(0, Math.floor((time - sizeMs + advanceMs) / advanceMs) * advanceMs);
}

/** Windows as `describe()` shows them, and as the fingerprint of state has them. */
export function formOf(windows: Windows): string {
  if (windows.kind === 'session') return `session gap=${windows.gapMs}`;
  if (windows.kind === 'sliding') return `sliding difference=${windows.differenceMs}`;
  const { sizeMs, advanceMs } = windows;
  return sizeMs === advanceMs ? `tumbling size=${sizeMs}` : `hopping size=${sizeMs} advance=${advanceMs}`;
}

export function checkTime(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new TopologyError(`${name} must be a whole number of milliseconds from ${least} on, but is ${value}`);
}
