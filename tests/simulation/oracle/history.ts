/**
 * What clients were told, and what therefore must hold. Every answer of a broker is reported here; the first one that
 * contradicts an earlier one fails the run.
 *
 * An answer is only compared with what was known when its request was sent: what became known since may not have been
 * true when the broker answered.
 */
import { batchHeader, type RecordBatch, RecordBatches } from '@millrace/wire';

/** An invariant does not hold. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** What was known of a partition at a moment. */
export interface Knowledge {
  /** No answer given later may name a smaller high watermark. */
  readonly highWatermark: number;
  readonly startOffset: number;
}

/** The parts of a record's value, as producers write them. */
export interface NumberedValue {
  readonly producer: string;
  readonly number: number;
}

export function numberedValue(producer: string, number: number, padding: string): string {
  return `${producer}|${number}|${padding}`;
}

export function parseValue(value: string): NumberedValue {
  const [producer = '', number = ''] = value.split('|', 2);
  return { producer, number: Number(number) };
}

export class PartitionHistory {
  readonly name: string;
  readonly #fail: (error: Error) => void;
  /** Every record that was acknowledged or read, by offset. */
  readonly #known = new Map<number, string>();
  readonly #acknowledged = new Set<number>();
  /** Offsets of the markers that end transactions, which no consumer is given. */
  readonly #markers = new Set<number>();
  /** Batches that were read, by base offset. */
  readonly #read = new Map<number, { readonly crc: number; readonly values: readonly (readonly [number, string])[] }>();
  #highWatermark = 0;
  #startOffset = 0;
  /** What a client's deletion was answered with. */
  #startAsked = 0;
  /** How far the start may have moved, because somebody asked for it. */
  #startMax = 0;
  #startMayReturn = false;

  constructor(name: string, fail: (error: Error) => void) {
    this.name = name;
    this.#fail = fail;
  }

  get knowledge(): Knowledge {
    const startOffset = this.#startMayReturn ? this.#startAsked : this.#startOffset;
    return { highWatermark: this.#highWatermark, startOffset };
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.size;
  }

  /** How many markers of transactions anybody has read. */
  get markerCount(): number {
    return this.#markers.size;
  }

  isMarker(offset: number): boolean {
    return this.#markers.has(offset);
  }

  /** Whether records may be deleted. */
  get isTrimmed(): boolean {
    return this.#startMax > 0;
  }

  /** Whether all records were deleted, as far as anybody was told. */
  get isEmpty(): boolean {
    return this.#startOffset >= this.#highWatermark;
  }

  /** A segment that retention was about to remove is back when the process ended before, or power was lost after. */
  allowReturn(): void {
    this.#startMayReturn = true;
  }

  /** The start may move up to here from now on. */
  allowStart(offset: number): void {
    this.#startMax = Math.max(this.#startMax, offset);
  }

  /** DeleteRecords was answered: the start is at least here. */
  startMoved(offset: number): void {
    this.#startOffset = Math.max(this.#startOffset, offset);
    this.#startAsked = Math.max(this.#startAsked, offset);
  }

  acknowledge(baseOffset: number, values: readonly string[]): void {
    for (const [index, value] of values.entries()) {
      this.#learn(baseOffset + index, value, 'was acknowledged');
      this.#acknowledged.add(baseOffset + index);
    }
    this.#highWatermark = Math.max(this.#highWatermark, baseOffset + values.length);
  }

  /** A broker named the partition's bounds in answer to a request that was sent when `before` was known. */
  bounds(highWatermark: number, startOffset: number, before: Knowledge): void {
    if (highWatermark < before.highWatermark) {
      this.#violate(`the high watermark ${highWatermark} is below ${before.highWatermark}, where it has been`);
    }
    if (startOffset < before.startOffset) {
      this.#violate(`the start ${startOffset} is below ${before.startOffset}, where it has been`);
    }
    if (startOffset > highWatermark) this.#violate(`the start ${startOffset} is beyond the end ${highWatermark}`);
    if (startOffset > this.#startMax) {
      this.#violate(`the start is ${startOffset}, and nobody asked for more than ${this.#startMax}`);
    }
    this.#highWatermark = Math.max(this.#highWatermark, highWatermark);
    this.#startOffset = Math.max(this.#startOffset, startOffset);
  }

  /**
   * Records were read from `offset` on. Answers them by offset, from `offset` on; checks checksums, that no offset is
   * left out, and that each record is what it has been.
   */
  read(bytes: Uint8Array, offset: number, before: Knowledge, highWatermark: number): Map<number, string> {
    const records = new Map<number, string>();
    let next: number | undefined;
    for (const batch of new RecordBatches(bytes)) {
      batch.verifyCrc();
      if (next === undefined ? batch.lastOffset < offset || batch.baseOffset > offset : batch.baseOffset !== next) {
        this.#violate(`a fetch from ${offset} gave a batch from ${batch.baseOffset} where ${next ?? offset} was due`);
      }
      next = batch.lastOffset + 1;
      if (batchHeader.recordCount(batch.bytes, batch.position) !== batch.lastOffsetDelta + 1) {
        this.#violate(`the batch at ${batch.baseOffset} has gaps`);
      }
      if (next > highWatermark) this.#violate(`the batch at ${batch.baseOffset} ends beyond ${highWatermark}`);
      for (const [at, value] of this.#valuesOf(batch)) if (at >= offset) records.set(at, value);
    }
    if (offset < before.startOffset && records.size > 0)
      this.#violate(`offset ${offset} lies before the start and was read`);
    return records;
  }

  /** The values of a batch by offset; those of a batch that was read before are known by its place and checksum. */
  #valuesOf(batch: RecordBatch): readonly (readonly [number, string])[] {
    const crc = batchHeader.crc(batch.bytes, batch.position);
    const before = this.#read.get(batch.baseOffset);
    if (before?.crc === crc) return before.values;
    const values: [number, string][] = [];
    for (const record of batch.records()) {
      const value = Buffer.from(record.value ?? []).toString();
      this.#learn(record.offset, value, 'was read');
      if (batch.isControl) this.#markers.add(record.offset);
      values.push([record.offset, value]);
    }
    this.#read.set(batch.baseOffset, { crc, values });
    return values;
  }

  /** A consumer was given a record. */
  seen(offset: number, value: string): void {
    this.#learn(offset, value, 'was read');
  }

  /** The whole partition was read, from `startOffset` to the end. `exactlyOnce` names producers that are idempotent. */
  complete(records: ReadonlyMap<number, string>, startOffset: number, exactlyOnce: ReadonlySet<string>): void {
    for (let offset = startOffset; offset < this.#highWatermark; offset++) {
      if (!records.has(offset)) this.#violate(`offset ${offset} can't be read any more`);
    }
    const last = new Map<string, number>();
    for (const [offset, value] of records) {
      const { producer, number } = parseValue(value);
      if (!exactlyOnce.has(producer)) continue;
      const due = (last.get(producer) ?? (startOffset === 0 ? -1 : number - 1)) + 1;
      if (number !== due)
        this.#violate(`${producer}'s record ${number} lies at offset ${offset}, where ${due} was due`);
      last.set(producer, number);
    }
  }

  #learn(offset: number, value: string, how: string): void {
    const known = this.#known.get(offset);
    if (known === undefined) this.#known.set(offset, value);
    else if (known !== value) this.#violate(`offset ${offset} holds ${brief(known)}, and ${brief(value)} ${how} there`);
  }

  #violate(message: string): void {
    this.#fail(new InvariantViolation(`${this.name}: ${message}`));
  }
}

function brief(value: string): string {
  return value.length > 40 ? `${value.slice(0, 40)}...` : value;
}
