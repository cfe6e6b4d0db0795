/**
 * Compares both sides of a partition record by record, in order. Batches that are equal byte for byte are passed over
 * whole. After a difference it looks for the next place where both sides go on together, so that one record missing is
 * one record missing and not a difference in all that follow.
 */
import { sleep } from '@millrace/base';
import type { Record, RecordBatch } from '@millrace/wire';
import type { AlignedSides } from './aligned-sides.ts';
import { changedRecords, extraRecords, misplacedRecord, missingRecords, otherOrder } from './difference.ts';
import { readLog } from './log-reader.ts';
import { type Realignment, realign } from './realignment.ts';
import { RecordCursor } from './record-cursor.ts';
import { isSameRecord } from './record-facts.ts';
import { haveSameRecords } from './same-records.ts';
import type { Difference, PartitionVerification } from './verification.ts';

/** How far it looks for the place where both sides go on together, in records. */
const window = 1000;
/** How long it computes before others get their turn. */
const sliceMs = 5;

/** Rejects with `VerifyError`, and with the client's errors. */
export async function compareInOrder(
  sides: AlignedSides,
  onProgress: (records: number, sourceOffset: number) => void,
): Promise<PartitionVerification> {
  const comparison = new InOrderComparison(sides);
  try {
    await comparison.run(onProgress);
  } finally {
    await comparison.close();
  }
  return comparison.result;
}

class InOrderComparison {
  readonly #sides: AlignedSides;
  readonly #source: RecordCursor;
  readonly #target: RecordCursor;
  #compared = 0;
  #changed = 0;
  #misplaced = 0;
  #onlyInSource = 0;
  #onlyInTarget = 0;
  #lag = 0;
  #first: Difference | undefined;
  #sliceEnd = 0;

  constructor(sides: AlignedSides) {
    const { sourceRange, targetRange } = sides;
    this.#sides = sides;
    this.#source = new RecordCursor(readLog(sides.source, sourceRange.from, sourceRange.to), {
      ...sourceRange,
      place: sides.source,
      isSkipped: (offset) => sides.isSourceSkipped(offset),
      mayBeSkipped: (range) => sides.maySourceBeSkipped(range),
      onLost: (next) => this.#lose('source', next),
    });
    this.#target = new RecordCursor(readLog(sides.target, targetRange.from, targetRange.to), {
      ...targetRange,
      place: sides.target,
      isSkipped: (offset) => sides.isTargetSkipped(offset),
      mayBeSkipped: (range) => sides.mayTargetBeSkipped(range),
      onLost: (next) => this.#lose('target', next),
    });
  }

  get result(): PartitionVerification {
    const { partition, sourceRange, targetRange, passedOver } = this.#sides;
    return {
      partition,
      isEqual: this.#first === undefined,
      sourceRange,
      targetRange,
      compared: this.#compared,
      changed: this.#changed,
      misplaced: this.#misplaced,
      onlyInSource: this.#onlyInSource,
      onlyInTarget: this.#onlyInTarget,
      lag: this.#lag,
      passedOver,
      firstDifference: this.#first,
    };
  }

  async run(onProgress: (records: number, sourceOffset: number) => void): Promise<void> {
    const [source, target] = [this.#source, this.#target];
    while ((await source.ready()) && (await target.ready())) {
      if (!this.#passBatches()) {
        if (source.current === undefined) await source.open();
        if (target.current === undefined) await target.open();
        if (!this.#compareDecoded()) await this.#explain();
      }
      onProgress(this.#compared, source.position);
      await this.#pause();
    }
    await this.#finishTarget();
    await this.#finishSource();
    onProgress(this.#compared, source.position);
  }

  async close(): Promise<void> {
    await this.#source.close();
    await this.#target.close();
  }

  /** Passes over two batches that are equal to the byte; answers false when there are none. */
  #passBatches(): boolean {
    const [source, target] = [this.#source.untouched, this.#target.untouched];
    if (source === undefined || target === undefined || !this.#mayPass(source, target)) return false;
    this.#source.passBatch();
    this.#target.passBatch();
    this.#compared += source.recordCount;
    return true;
  }

  #mayPass(source: RecordBatch, target: RecordBatch): boolean {
    return (
      this.#source.current === undefined &&
      this.#target.current === undefined &&
      haveSameRecords(source, target) &&
      this.#sides.areBatchesTogether(source, target)
    );
  }

  /** Compares what both sides have decoded; answers false at records that differ. */
  #compareDecoded(): boolean {
    const [source, target, sides] = [this.#source, this.#target, this.#sides];
    for (;;) {
      const [left, right] = [source.current, target.current];
      if (left === undefined || right === undefined) return true;
      if (!isSameRecord(left, right)) return false;
      this.#compared++;
      if (!sides.belongTogether(left.offset, right.offset)) {
        this.#misplaced++;
        this.#first ??= misplacedRecord(left, right, sides.mappedTarget(left.offset));
      }
      source.step();
      target.step();
    }
  }

  async #explain(): Promise<void> {
    const left = await this.#source.peek(window);
    const right = await this.#target.peek(window);
    // Retention may have passed by while they were read.
    if (left[0] === undefined || right[0] === undefined || isSameRecord(left[0], right[0])) return;
    const { source, target, isReordered } = this.#realign(left, right);
    const pairs = Math.min(source, target);
    this.#compared += pairs;
    this.#changed += pairs;
    if (pairs > 0)
      this.#first ??= isReordered ? otherOrder(left[0], right[0], pairs) : changedRecords(left[0], right[0], pairs);
    this.#missing(left.slice(pairs, source));
    await this.#extra(right.slice(pairs, target));
    for (let i = 0; i < source; i++) this.#source.step();
    for (let i = 0; i < target; i++) this.#target.step();
  }

  /** Where both sides go on together by their records, or else by the map. */
  #realign(left: readonly Record[], right: readonly Record[]): Realignment {
    const found = realign(left, right);
    const [source, target] = [left[0] as Record, right[0] as Record];
    const mapped = this.#sides.mappedTarget(source.offset);
    if (!found.isLost || mapped === undefined || mapped === target.offset) return found;
    const missing = left.findIndex(({ offset }) => (this.#sides.mappedTarget(offset) ?? Infinity) >= target.offset);
    const extra = right.findIndex(({ offset }) => offset >= mapped);
    return {
      source: mapped > target.offset ? 0 : missing < 0 ? left.length : missing,
      target: mapped < target.offset ? 0 : extra < 0 ? right.length : extra,
      isLost: false,
      isReordered: false,
    };
  }

  #missing(records: readonly Record[]): void {
    const [first] = records;
    if (first === undefined) return;
    this.#onlyInSource += records.length;
    this.#first ??= missingRecords(first, records.length, this.#sides.mappedTarget(first.offset));
  }

  async #extra(records: readonly Record[]): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    this.#onlyInTarget += records.length;
    if (this.#first !== undefined) return;
    const repeats = await this.#repeated(records);
    this.#first = extraRecords(first, records.length, { repeats, mapped: this.#sides.map?.sourceOf(first.offset) });
  }

  /** Where the target has the same records right before these. */
  async #repeated(records: readonly Record[]): Promise<number | undefined> {
    const to = (records[0] as Record).offset;
    const from = Math.max(this.#sides.targetRange.from, to - records.length);
    const log = readLog(this.#sides.target, from, to);
    const cursor = new RecordCursor(log, { place: this.#sides.target, from, to, onLost: () => undefined });
    const before = await cursor.peek(records.length);
    await cursor.close();
    const isSame =
      before.length === records.length && before.every((record, i) => isSameRecord(record, records[i] as Record));
    return isSame ? before[0]?.offset : undefined;
  }

  /** What the target still has when the source has ended, it has too much. */
  async #finishTarget(): Promise<void> {
    for (let records = await this.#target.peek(window); records.length > 0; records = await this.#target.peek(window)) {
      await this.#extra(records);
      for (let i = 0; i < records.length; i++) this.#target.step();
      await this.#pause();
    }
  }

  /** What the source still has when the target has ended is to come yet, unless the map says that it was copied. */
  async #finishSource(): Promise<void> {
    const [source, sides] = [this.#source, this.#sides];
    const missing: Record[] = [];
    while (await source.ready()) {
      const batch = source.untouched;
      if (source.current === undefined && batch !== undefined && sides.isBehindMap(batch.baseOffset)) {
        this.#lag += batch.recordCount;
        source.passBatch();
      } else if (source.current === undefined) await source.open();
      else {
        if (sides.isBehindMap(source.current.offset)) this.#lag++;
        else if (missing.push(source.current.copy()) === window) this.#missing(missing.splice(0));
        source.step();
      }
      await this.#pause();
    }
    this.#missing(missing);
  }

  #lose(side: 'source' | 'target', next: number): void {
    this.#sides.lose(side, next);
    this.#source.raiseFloor(this.#sides.sourceFrom);
    this.#target.raiseFloor(this.#sides.targetFrom);
  }

  async #pause(): Promise<void> {
    const { clock, timers } = this.#sides.source.cluster.settings.platform;
    if (clock.monotonic() < this.#sliceEnd) return;
    await sleep(timers, 0, this.#sides.source.bounds.signal);
    this.#sliceEnd = clock.monotonic() + sliceMs;
  }
}
