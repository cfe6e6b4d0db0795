/** A leader epoch of the source, and the offset of the first record that was copied of it. */
export interface SourceEpoch {
  /** -1 where it is not known. */
  readonly epoch: number;
  readonly start: number;
}
