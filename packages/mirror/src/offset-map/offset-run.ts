/** What the offset map is made of. */

/** `count` records that follow one another on both sides: from offset `source`, and from offset `target`. */
export interface OffsetRun {
  readonly source: number;
  readonly target: number;
  readonly count: number;
  /** The route by which its records had come to the source; undefined where they were written there. */
  readonly via?: string | undefined;
}

/** Adds a run behind others, as part of the last one where it follows that on both sides and has its route. */
export function joinRun(runs: OffsetRun[], run: OffsetRun): void {
  const last = runs.at(-1);
  const follows =
    last && last.source + last.count === run.source && last.target + last.count === run.target && last.via === run.via;
  if (follows) runs[runs.length - 1] = { ...last, count: last.count + run.count };
  else runs.push(run);
}

/** A run with its route, if it has one. */
export function routed<Run extends object>(run: Run, via: string | undefined): Run & { readonly via?: string } {
  return via === undefined ? run : { ...run, via };
}
