/** The times at which an expression is evaluated: evenly spaced, an instant being one of them. */

export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  /** How many; at least 0. */
  readonly count: number;
}

export function gridOf(startMs: number, endMs: number, stepMs: number): Grid {
  return { startMs, stepMs, count: endMs < startMs ? 0 : Math.floor((endMs - startMs) / stepMs) + 1 };
}

export function timeAt({ startMs, stepMs }: Grid, index: number): number {
  return startMs + index * stepMs;
}
