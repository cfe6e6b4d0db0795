/**
 * Compares the latest record of each key on both sides of a compacted partition, whatever either side has compacted
 * away. A tombstone and no record at all are the same.
 *
 * The target is read first: the last record it has says up to where it has the source's. Keys that were written anew
 * behind what is compared are left out, since compaction may have taken their older records. Without an offset map
 * it is not known what the target lacks yet, so then the mirror has to be at rest.
 */
import { sleep } from '@millrace/base';
import type { Record } from '@millrace/wire';
import type { AlignedSides } from './aligned-sides.ts';
import type { BatchFilter } from './batch-filter.ts';
import { changedRecords, extraRecords, missingRecords } from './difference.ts';
import { type KeyDifference, LatestByKey, type Side } from './latest-by-key.ts';
import { boundOf, readLog } from './log-reader.ts';
import { RecordCursor } from './record-cursor.ts';
import type { Difference, OffsetRange, PartitionVerification } from './verification.ts';

/** How long it computes before others get their turn. */
const sliceMs = 5;

/** Rejects with `VerifyError`, and with the client's errors. */
export async function compareLatest(
  sides: AlignedSides,
  onProgress: (records: number, sourceOffset: number) => void,
): Promise<PartitionVerification> {
  const comparison = new LatestComparison(sides, onProgress);
  await comparison.run();
  return comparison.result();
}

class LatestComparison {
  readonly #sides: AlignedSides;
  readonly #onProgress: (records: number, sourceOffset: number) => void;
  readonly #latest = new LatestByKey();
  #lag = 0;
  #records = 0;
  #sliceEnd = 0;

  constructor(sides: AlignedSides, onProgress: (records: number, sourceOffset: number) => void) {
    this.#sides = sides;
    this.#onProgress = onProgress;
  }

  async run(): Promise<void> {
    const sides = this.#sides;
    let lastTarget = -1;
    await this.#read('target', sides.targetRange, (record) => {
      lastTarget = record.offset;
      if (record.offset >= sides.targetFrom) this.#latest.take('target', record);
    });
    const covered = lastTarget < 0 ? sides.sourceFrom : sides.sourceBehind(lastTarget);
    await this.#read('source', sides.sourceRange, (record) => {
      if (record.offset >= covered) {
        this.#lag++;
        this.#latest.excuse(record);
      } else if (record.offset >= sides.sourceFrom) this.#latest.take('source', record);
    });
    if (this.#latest.differences().next().done === true) return;
    await this.#excuseOthers();
    for (const side of ['source', 'target'] as const) {
      const from = side === 'source' ? sides.sourceTo : sides.targetTo;
      const now = { from, to: await boundOf(sides[side], 'latest') };
      await this.#read(side, now, (record) => this.#latest.excuse(record));
    }
  }

  /** Leaves out keys of records that are not compared, for which compaction may have taken others. */
  async #excuseOthers(): Promise<void> {
    for (const side of ['source', 'target'] as const) {
      const { filter } = this.#sides[side];
      if (filter === undefined) continue;
      const others: BatchFilter = {
        prepare: (bytes) => filter.prepare(bytes),
        isLeftOut: (batch) => !filter.isLeftOut(batch),
      };
      const all = {
        from: await boundOf(this.#sides[side], 'earliest'),
        to: await boundOf(this.#sides[side], 'latest'),
      };
      await this.#read(side, all, (record) => this.#latest.excuse(record), others);
    }
  }

  async result(): Promise<PartitionVerification> {
    const { partition, sourceRange, targetRange, passedOver } = this.#sides;
    const counts = { changed: 0, onlyInSource: 0, onlyInTarget: 0 };
    let first: KeyDifference | undefined;
    for (const difference of this.#latest.differences()) {
      if (this.#isLost(difference)) continue;
      if (difference.source === undefined) counts.onlyInTarget++;
      else if (difference.target === undefined) counts.onlyInSource++;
      else counts.changed++;
      if (first === undefined || placeOf(difference) < placeOf(first)) first = difference;
    }
    return {
      partition,
      isEqual: first === undefined,
      sourceRange,
      targetRange,
      compared: this.#latest.compared,
      ...counts,
      misplaced: 0,
      lag: this.#lag,
      passedOver,
      firstDifference: first && (await this.#describe(first)),
    };
  }

  /** Whether retention reached a record after it was read. */
  #isLost({ source, target }: KeyDifference): boolean {
    return (source ?? Infinity) < this.#sides.sourceFrom || (target ?? Infinity) < this.#sides.targetFrom;
  }

  async #read(
    side: Side,
    { from, to }: OffsetRange,
    take: (record: Record) => void,
    filter = this.#sides[side].filter,
  ): Promise<void> {
    const sides = this.#sides;
    const cursor = new RecordCursor(readLog({ ...sides[side], filter }, from, to), {
      place: sides[side],
      from,
      to,
      isSkipped: (offset) => (side === 'source' ? sides.isSourceSkipped(offset) : sides.isTargetSkipped(offset)),
      onLost: (next) => sides.lose(side, next),
    });
    try {
      while (await cursor.ready()) {
        if (cursor.current === undefined) await cursor.open();
        for (; cursor.current !== undefined; cursor.step()) {
          take(cursor.current);
          this.#records++;
        }
        this.#onProgress(this.#records, side === 'source' ? cursor.position : sides.sourceFrom);
        await this.#pause();
      }
    } finally {
      await cursor.close();
    }
  }

  async #describe({ source, target }: KeyDifference): Promise<Difference> {
    const left = source === undefined ? undefined : await this.#recordAt('source', source);
    const right = target === undefined ? undefined : await this.#recordAt('target', target);
    if (left !== undefined && right !== undefined) return changedRecords(left, right, 1);
    if (left !== undefined && target === undefined)
      return missingRecords(left, 1, this.#sides.mappedTarget(left.offset));
    if (right !== undefined && source === undefined) {
      return extraRecords(right, 1, { mapped: this.#sides.map?.sourceOf(right.offset) });
    }
    const sentence =
      `the latest records of a key differ, source offset ${source ?? 'none'} and target offset ${target ?? 'none'}, ` +
      'and have been compacted away since';
    return { kind: 'changed', sourceOffset: source, targetOffset: target, count: 1, fields: [], sentence };
  }

  async #recordAt(side: Side, offset: number): Promise<Record | undefined> {
    let found: Record | undefined;
    await this.#read(side, { from: offset, to: offset + 1 }, (record) => {
      found = record.copy();
    });
    return found;
  }

  async #pause(): Promise<void> {
    const { clock, timers } = this.#sides.source.cluster.settings.platform;
    if (clock.monotonic() < this.#sliceEnd) return;
    await sleep(timers, 0, this.#sides.source.bounds.signal);
    this.#sliceEnd = clock.monotonic() + sliceMs;
  }
}

function placeOf({ source, target }: KeyDifference): number {
  return source ?? target ?? 0;
}
