/** What the offset map is made of. */

/** `count` records that follow one another on both sides: from offset `source`, and from offset `target`. */
export interface OffsetRun {
  readonly source: number;
  readonly target: number;
  readonly count: number;
}
