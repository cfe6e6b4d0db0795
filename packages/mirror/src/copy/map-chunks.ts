/**
 * A partition's offset map as its journal holds it: in chunks, each a record by its number, of which the newest grows
 * and is written again and again. Chunks whose records the target has deleted are taken out of the journal.
 */
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { joinRun, type OffsetRun } from '../offset-map/offset-run.ts';
import type { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';

/** A chunk that holds so many runs is closed, and another begun. */
const chunkRunsMax = 1000;

/** A chunk that is not written any more, and the target offset behind all that it tells of. */
export interface ClosedChunk {
  readonly chunk: number;
  readonly targetEnd: number;
}

/** What a taken over journal holds. */
export interface KnownChunks {
  readonly map: PartitionOffsetMap;
  /** The number of the next chunk. */
  readonly chunk: number;
  /** Runs of the map that no chunk holds yet. */
  readonly runs: readonly OffsetRun[];
  /** The chunks there are, ascending; none by default. */
  readonly closed?: readonly ClosedChunk[] | undefined;
}

/** A chunk to be written, or taken out. */
export interface ChunkEntry {
  readonly chunk: number;
  readonly value: JournalChunk | undefined;
}

export class MapChunks {
  readonly map: PartitionOffsetMap;
  #chunk: number;
  /** Of the newest chunk, stored all. */
  #runs: OffsetRun[];
  #closed: ClosedChunk[];
  #removed: number[] = [];

  constructor({ map, chunk, runs, closed = [] }: KnownChunks) {
    this.map = map;
    this.#chunk = chunk;
    this.#runs = [...runs];
    this.#closed = [...closed];
  }

  /** What is here, for whoever goes on with it. */
  get known(): KnownChunks {
    // What is still to be taken out is so at the next occasion.
    const removed = this.#removed.map((chunk) => ({ chunk, targetEnd: 0 }));
    return { map: this.map, chunk: this.#chunk, runs: this.#runs, closed: [...removed, ...this.#closed] };
  }

  /** Adds records that are stored. */
  append(run: OffsetRun): void {
    this.map.append(run);
    joinRun(this.#runs, run);
  }

  /** Forgets closed chunks that tell only of target offsets before this one, which readers of the target have lost. */
  dropBefore(target: number): void {
    const [oldest] = this.#closed;
    if (oldest === undefined || oldest.targetEnd > target) return;
    this.map.dropBefore(target);
    const kept = this.#closed.filter(({ targetEnd }) => targetEnd > target);
    this.#removed.push(...this.#closed.slice(0, this.#closed.length - kept.length).map(({ chunk }) => chunk));
    this.#closed = kept;
  }

  /**
   * What the journal is to be told: the newest chunk, with `head` and the runs that are on their way, the one before
   * when that is closed by it, and what is taken out.
   */
  entries(head: Omit<JournalChunk, 'runs'>, ahead: readonly OffsetRun[]): ChunkEntry[] {
    const entries: ChunkEntry[] = this.#removed.map((chunk) => ({ chunk, value: undefined }));
    this.#removed = [];
    if (this.#runs.length >= chunkRunsMax) {
      entries.push({ chunk: this.#chunk, value: { ...head, runs: this.#runs } });
      this.#closed.push({ chunk: this.#chunk, targetEnd: head.confirmed.target });
      this.#chunk += 1;
      this.#runs = [];
    }
    const runs = [...this.#runs];
    for (const run of ahead) joinRun(runs, run);
    entries.push({ chunk: this.#chunk, value: { ...head, runs } });
    return entries;
  }
}
