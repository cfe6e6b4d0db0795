/**
 * Under which leader epochs of the source the records of a partition were written, as far as it was copied. Logs that
 * have the same epoch for an offset have the same records up to there; where they begin to differ is how a source is
 * noticed that lost records and wrote others at their offsets (KIP-320).
 *
 * Invariants: starts and what lies between them ascend; an epoch of -1 says that from there on nothing is known, as
 * of formats from before Kafka 0.11 and behind a gap. Only the newest starts are kept.
 */
import { batchHeader } from '@millrace/wire';
import type { SourceEpoch } from '../offset-map/source-epoch.ts';

/** Where a leader says that an epoch ends: the largest it has that is not beyond the one asked for, and the offset. */
export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

/** So many starts are kept behind which all is confirmed. */
const keptMax = 16;
const unknown = -1;

/** The leader epochs that a fetched chunk begins with and goes over to, as its headers tell. */
export function epochsIn(bytes: Uint8Array): SourceEpoch[] {
  const found: SourceEpoch[] = [];
  for (let position = 0; position + batchHeader.batchHeaderBytes <= bytes.length; ) {
    const isOld = batchHeader.magic(bytes, position) !== 2;
    const epoch = isOld ? unknown : batchHeader.partitionLeaderEpoch(bytes, position);
    if (epoch !== found.at(-1)?.epoch) found.push({ epoch, start: batchHeader.baseOffset(bytes, position) });
    // What follows old messages is not looked for: that nothing is known is always true.
    if (isOld) return found;
    const size = batchHeader.batchSize(bytes, position);
    if (size < batchHeader.batchHeaderBytes) return found;
    position += size;
  }
  return found;
}

export class SourceEpochs {
  #epochs: SourceEpoch[];

  /** Ascending; those that begin at `position`, where the copy goes on, or behind are left out. */
  constructor(epochs: readonly SourceEpoch[], position: number) {
    this.#epochs = epochs.filter(({ start }) => start < position);
  }

  /** Of the record before the one that is fetched next; -1 when unknown. */
  get last(): number {
    return this.#epochs.at(-1)?.epoch ?? unknown;
  }

  /** Ascending; to be written down with what lies behind what is confirmed. */
  get known(): readonly SourceEpoch[] {
    return this.#epochs;
  }

  /**
   * Takes note of a chunk that was fetched at `from` and is taken up to `next`; answers whether there is a new epoch,
   * which must be written down before its records are sent. What the chunk holds before `from` was taken already.
   */
  add(epochs: readonly SourceEpoch[], from: number, next: number): boolean {
    const before = this.#epochs.length;
    for (const [index, { epoch, start }] of epochs.entries()) {
      const end = epochs[index + 1]?.start ?? next;
      if (start < next && end > from && epoch !== this.last) this.#epochs.push({ epoch, start: Math.max(start, from) });
    }
    return this.#epochs.length > before;
  }

  /** The copy goes on at an offset without having seen what lies before it. */
  jump(position: number): void {
    if (this.last !== unknown) this.#epochs.push({ epoch: unknown, start: position });
  }

  /** Forgets old starts, but none that may be needed to tell the epoch of a record behind `confirmed`. */
  confirm(confirmed: number): void {
    while (this.#epochs.length > keptMax && (this.#epochs[1] as SourceEpoch).start < confirmed) this.#epochs.shift();
  }

  /** The largest known epoch that is not beyond `epoch`, and where it ends in what lies before `position`. */
  floor(epoch: number, position: number): EpochEnd | undefined {
    const index = this.#epochs.findLastIndex((each) => each.epoch !== unknown && each.epoch <= epoch);
    const found = this.#epochs[index];
    return found && { epoch: found.epoch, endOffset: this.#epochs[index + 1]?.start ?? position };
  }
}
