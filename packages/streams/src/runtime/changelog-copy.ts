/**
 * Copies a changelog into the space of its store in one task, batch by batch: rows, and with them how far they are. Of
 * rows by time it drops those that the store would drop, since changelogs say nothing of that.
 *
 * It reads nothing itself: whoever restores state, or keeps a standby of it, hands it what was read.
 */
import type { Platform } from '@millrace/base';
import type { OrderedSpace, OrderedStore } from '@millrace/store';
import { noteKey, readNote, rowTag } from '../state/state-space.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import { bucketStart } from '../state/window-row-key.ts';
import { positionIn, positionRow } from './changelog-position.ts';

export interface ChangelogCopyOptions {
  readonly platform: Platform;
  readonly state: OrderedStore;
  readonly space: OrderedSpace;
  readonly definition: StoreDefinition;
  /** How far the operators of the store are behind the stream time of their task, in ms. */
  readonly delayMs: number;
}

/** What was read of a changelog: committed records, in their order. */
export interface ChangelogBatch
  extends Iterable<{ readonly keyBytes: Uint8Array | null; readonly valueBytes: Uint8Array | null }> {
  readonly nextOffset: number;
  readonly highWatermark: number;
}

export class ChangelogCopy {
  readonly #options: ChangelogCopyOptions;
  #next: number;
  #at: number;
  /** Buckets below are dropped. */
  #firstBucket = Number.NEGATIVE_INFINITY;

  private constructor(options: ChangelogCopyOptions, next: number, at: number) {
    this.#options = options;
    this.#next = next;
    this.#at = at;
  }

  /** Goes on behind the rows that are there, or begins anew. The changelog is there from `first` to before `end`. */
  static async begin(options: ChangelogCopyOptions, first: number, end: number): Promise<ChangelogCopy> {
    const { state, space, platform } = options;
    const now = platform.clock.now();
    const known = positionIn(space, now);
    if (known !== undefined && known.offset <= end) {
      return new ChangelogCopy(options, Math.max(first, known.offset), known.at);
    }
    const batch = state.batch();
    batch.deleteRange(space);
    await state.write(batch);
    return new ChangelogCopy(options, first, now);
  }

  /** Offset of the next changelog record. */
  get next(): number {
    return this.#next;
  }

  /** Writes what was read. Answers how many records that were. */
  async take(records: ChangelogBatch): Promise<number> {
    const { state, space, platform } = this.#options;
    const batch = state.batch();
    let count = 0;
    let note: Uint8Array | undefined;
    for (const { keyBytes, valueBytes } of records) {
      count++;
      if (keyBytes === null) continue;
      if (valueBytes === null) batch.delete(space, keyBytes);
      else batch.put(space, keyBytes, valueBytes);
      if (keyBytes.length === 1 && keyBytes[0] === noteKey[0] && valueBytes !== null) note = valueBytes;
    }
    const expired = note === undefined ? undefined : this.#expiredBucket(readNote(note).streamTime);
    if (expired !== undefined) batch.deleteRange(space, { from: Uint8Array.of(rowTag), to: bucketStart(expired) });
    const { nextOffset, highWatermark } = records;
    const at = nextOffset >= highWatermark ? platform.clock.now() : this.#at;
    const position = positionRow(nextOffset, at);
    batch.put(space, position.key, position.value);
    await state.write(batch);
    this.#next = nextOffset;
    this.#at = at;
    return count;
  }

  /** Notes that nothing more is in the changelog by now, so that the rows are as good as new. */
  async confirm(): Promise<void> {
    const { state, space, platform } = this.#options;
    this.#at = platform.clock.now();
    const batch = state.batch();
    const position = positionRow(this.#next, this.#at);
    batch.put(space, position.key, position.value);
    await state.write(batch);
  }

  /** The first bucket that is not expired, where that has moved. */
  #expiredBucket(streamTime: number): number | undefined {
    const { definition, delayMs } = this.#options;
    if (definition.kind !== 'window') return undefined;
    const first = Math.floor((streamTime - delayMs - definition.retentionMs) / definition.bucketMs);
    if (first <= this.#firstBucket) return undefined;
    this.#firstBucket = first;
    return first;
  }
}
