/** What the times tell at which counts began: whether a counter began anew between two samples. */

/** A sample's own time, and when its counts began; 0 where that is not known. */
export interface Stamped {
  readonly timeMs: number;
  readonly startMs: number;
}

export function startsAnew(previous: Stamped, current: Stamped): boolean {
  // A start that is not before its own sample says nothing.
  if (current.startMs === 0 || current.startMs >= current.timeMs) return false;
  if (current.startMs < previous.timeMs) return false;
  if (current.startMs > previous.timeMs) return true;
  // Each of a delta's samples begins where the one before ends; so do all of a series whose first start was not known.
  if (previous.startMs > previous.timeMs) return false;
  return previous.startMs !== 0 && previous.startMs !== previous.timeMs;
}

/** Whether a sample counts some of what the one before counted too. */
export function overlaps(previous: Stamped, current: Stamped): boolean {
  return current.startMs !== 0 && current.startMs < previous.timeMs && current.startMs !== previous.startMs;
}

export function stampedAt(times: Float64Array, startTimes: Float64Array, at: number): Stamped {
  return { timeMs: times[at] as number, startMs: startTimes[at] ?? 0 };
}
