/** Batches of a log that are written together, and what becomes of them. */

/**
 * What became of batches that were appended: those below `writtenTo` are written, and of the others nothing remains.
 */
export interface WriteOutcome {
  readonly writtenTo: number;
  /** Why not all of them are written: a `DiskError`. */
  readonly failure?: unknown;
}

/** Some first batches may have got to the disk when the writing fails. */
export interface WriteGroup {
  readonly batches: Uint8Array[];
  /** Never rejects, since nobody may be waiting. */
  readonly done: Promise<WriteOutcome>;
  readonly settle: (outcome: WriteOutcome) => void;
}

export function newWriteGroup(): WriteGroup {
  const { promise, resolve } = Promise.withResolvers<WriteOutcome>();
  return { batches: [], done: promise, settle: resolve };
}
