/** Batches of a log that are written together, and what becomes of them. */
import type { Releasable } from '@millrace/base';
import type { StoredBatch } from './tail-memory.ts';

/**
 * What became of batches that were appended: those below `writtenTo` are written, and of the others nothing remains.
 */
export interface WriteOutcome {
  readonly writtenTo: number;
  /** Why not all of them are written: a `DiskError`. */
  readonly failure?: unknown;
}

/** What becomes of a batch. */
export interface Appended {
  /** Of its first record. */
  readonly baseOffset: number;
  /** Settles once it can be read, and survives what it has to survive. */
  readonly written: Promise<WriteOutcome>;
  /** Settles once it is in the file, whether that is synced or not: the same, unless every write is synced. */
  readonly stored: Promise<WriteOutcome>;
}

/** Some first batches may have got to the disk when the writing fails. */
export interface WriteGroup {
  /** Their memory is the group's until it settles. */
  readonly batches: readonly Uint8Array[];
  add(batch: StoredBatch): void;
  /** Never rejects, since nobody may be waiting. */
  readonly done: Promise<WriteOutcome>;
  /** As `done`, once the bytes are in the file and whether they are synced or not. */
  readonly stored: Promise<WriteOutcome>;
  readonly settleStored: (outcome: WriteOutcome) => void;
  readonly settle: (outcome: WriteOutcome) => void;
}

/** `synced`: there is a moment between the write and the end, when the group is synced. */
export function newWriteGroup(synced: boolean): WriteGroup {
  const batches: Uint8Array[] = [];
  const memory: Releasable[] = [];
  const { promise: done, resolve } = Promise.withResolvers<WriteOutcome>();
  const early = synced ? Promise.withResolvers<WriteOutcome>() : undefined;
  return {
    batches,
    add(batch) {
      batches.push(batch.bytes);
      memory.push(batch.buffer);
    },
    done,
    stored: early?.promise ?? done,
    settleStored: (outcome) => early?.resolve(outcome),
    settle(outcome) {
      for (const each of memory.splice(0)) each.release();
      early?.resolve(outcome);
      resolve(outcome);
    },
  };
}
