/**
 * Puts the records of consecutive source batches into as few batches as hold them: offset deltas are renumbered from 0,
 * timestamp deltas moved to the common base, and the rest of each record, its key, value and headers, is copied without
 * being looked at. What comes out is uncompressed, with room for a header in front.
 *
 * The base timestamp of a batch is that of the first source batch in it, so that this one's deltas stay as they are. A
 * delta that would not be exact any more begins a new batch.
 *
 * This is the hot loop for sources written in tiny batches: numbers of one or two bytes are read in place.
 */
import { batchHeader, CorruptRecordError, type FrameMemory, varint } from '@millrace/wire';
import { CopiedBytes, copyBytes } from './copy-bytes.ts';
import type { SourceRun } from './outgoing-batch.ts';

const { VarintReader, varintSize, varlongSize, writeVarint, writeVarlong } = varint;

/** Room for deltas that grow; beyond it the buffer is enlarged. */
export const growthPerRecord = 4;

const nothing = new CopiedBytes(new Uint8Array(0));

/** Records of one outgoing batch. The first `batchHeader.batchHeaderBytes` of `bytes` are without content. */
export interface JoinedRecords {
  readonly bytes: Buffer;
  readonly recordCount: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly runs: readonly SourceRun[];
}

export interface JoinerOptions {
  /** Records at source offsets below are left out. */
  readonly from: number;
  /** Records at source offsets from here on are left out. */
  readonly until: number;
  /** Bytes of a batch, header included, beyond which a new one begins; a single record may take more. */
  readonly bytesMax: number;
  /** Bytes that the first batch is expected to take, header included. */
  readonly capacity: number;
  /** What batches are written into, each a buffer of its own. Default: memory of their own. */
  readonly memory?: FrameMemory | undefined;
}

export class RecordJoiner {
  readonly #options: JoinerOptions;
  readonly #finished: JoinedRecords[] = [];
  #target = nothing;
  /** Bytes that the batch being filled is expected to take. */
  #expected: number;
  #position = batchHeader.batchHeaderBytes;
  #count = 0;
  #baseTimestamp = 0;
  /** The largest timestamp less the base. */
  #maxDelta = Number.NEGATIVE_INFINITY;
  #runs: SourceRun[] = [];
  #runStart = 0;
  #runEnd = 0;
  #source = nothing;
  #sourceBytes: Uint8Array | undefined;
  #reader = new VarintReader(new Uint8Array(0), 0, 0);

  constructor(options: JoinerOptions) {
    this.#options = options;
    this.#expected = options.capacity;
  }

  /** Uncompressed bytes of the batch that is being filled, header included. */
  get sizeInBytes(): number {
    return this.#position;
  }

  /**
   * Adds the records of the batch whose header lies at `position` of `batch`; uncompressed, they are `records` from
   * `start` to `end`. Throws `CorruptRecordError` when their lengths, offsets or number contradict each other.
   */
  append(batch: Uint8Array, position: number, records: Uint8Array, start: number, end: number): void {
    const recordCount = batchHeader.recordCount(batch, position);
    const lastDelta = batchHeader.lastOffsetDelta(batch, position);
    const baseOffset = batchHeader.baseOffset(batch, position);
    const isStamped = (batchHeader.attributes(batch, position) & batchHeader.batchAttributeBits.logAppendTime) !== 0;
    const time = isStamped ? batchHeader.maxTimestamp(batch, position) : batchHeader.baseTimestamp(batch, position);
    const { from, until } = this.#options;
    this.#readFrom(records);
    if (this.#count === 0) this.#expect(end - start + recordCount * growthPerRecord);
    const reader = this.#reader;
    let shift = this.#shiftTo(time);
    let previous = -1;
    let at = start;
    for (let left = recordCount; left > 0; left--) {
      let size = records[at++]!;
      if (size >= 0x80) {
        const high = records[at++]!;
        if (high < 0x80) size = (size & 0x7f) | (high << 7);
        else {
          reader.position = at - 2;
          // Back to zigzag, where a negative size becomes a negative number or an odd one.
          size = reader.readVarint() * 2;
          at = reader.position;
        }
      }
      if ((size & 1) !== 0) throw new CorruptRecordError('a record claims less than no bytes', at);
      size /= 2;
      const recordEnd = at + size;
      if (size < 1 || recordEnd > end) throw new CorruptRecordError(`a record claims ${size} bytes`, at);
      const attributes = records[at]!;
      let delta = records[at + 1]!;
      let offsetDelta = records[at + 2]!;
      if (size > 3 && (delta | offsetDelta) < 0x80) {
        delta = (delta >>> 1) ^ -(delta & 1);
        offsetDelta = (offsetDelta >>> 1) ^ -(offsetDelta & 1);
        at += 3;
      } else {
        reader.position = at + 1;
        delta = reader.readVarlong();
        offsetDelta = reader.readVarint();
        at = reader.position;
      }
      if (offsetDelta <= previous || offsetDelta > lastDelta || at >= recordEnd) {
        throw misplaced(baseOffset, previous, offsetDelta, at);
      }
      previous = offsetDelta;
      const offset = baseOffset + offsetDelta;
      if (offset >= from && offset < until) {
        if (isStamped) delta = 0;
        if (!this.#write(attributes, delta + shift, at, recordEnd - at)) {
          this.#finish();
          shift = this.#shiftTo(time);
          this.#write(attributes, delta + shift, at, recordEnd - at);
        }
        this.#note(offset);
      }
      at = recordEnd;
    }
    if (at !== end) throw new CorruptRecordError(`${end - at} bytes remain after the last record`, at);
  }

  /** All batches, ascending; the joiner is to be dropped then. */
  finish(): readonly JoinedRecords[] {
    this.#finish();
    return this.#finished;
  }

  /** The batches that are full, ascending, and no longer held here. */
  takeFull(): readonly JoinedRecords[] {
    return this.#finished.splice(0);
  }

  #expect(payloadBytes: number): void {
    const bytes = batchHeader.batchHeaderBytes + payloadBytes;
    if (bytes > this.#expected) this.#expected = bytes;
  }

  #readFrom(records: Uint8Array): void {
    if (this.#sourceBytes === records) return;
    this.#sourceBytes = records;
    this.#source = new CopiedBytes(records);
    this.#reader = new VarintReader(records, 0, records.length);
  }

  /** What timestamp deltas that refer to `time` have to be moved by. */
  #shiftTo(time: number): number {
    if (this.#count > 0) {
      const shift = time - this.#baseTimestamp;
      if (Number.isSafeInteger(shift)) return shift;
      this.#finish();
    }
    this.#baseTimestamp = time;
    return 0;
  }

  /** Writes a record, or answers false when it is for a batch of its own or the next. */
  #write(attributes: number, delta: number, rest: number, restBytes: number): boolean {
    const size = 1 + varlongSize(delta) + varintSize(this.#count) + restBytes;
    const end = this.#position + varintSize(size) + size;
    if (this.#count > 0 && (end > this.#options.bytesMax || !Number.isSafeInteger(delta))) return false;
    if (end > this.#target.buffer.length) this.#grow(end);
    const { buffer } = this.#target;
    let at = writeVarint(buffer, this.#position, size);
    buffer[at++] = attributes;
    at = writeVarlong(buffer, at, delta);
    at = writeVarint(buffer, at, this.#count);
    copyBytes(this.#target, at, this.#source, rest, restBytes);
    this.#position = end;
    this.#count++;
    if (delta > this.#maxDelta) this.#maxDelta = delta;
    return true;
  }

  #note(offset: number): void {
    if (offset !== this.#runEnd) {
      this.#closeRun();
      this.#runStart = offset;
    }
    this.#runEnd = offset + 1;
  }

  #closeRun(): void {
    if (this.#runEnd > this.#runStart)
      this.#runs.push({ offset: this.#runStart, count: this.#runEnd - this.#runStart });
  }

  #grow(needed: number): void {
    const wanted = Math.max(this.#target.buffer.length * 2, this.#expected);
    const { bytesMax, memory } = this.#options;
    const size = Math.max(needed, Math.min(wanted, bytesMax));
    const grown = new CopiedBytes(memory?.take(size) ?? Buffer.allocUnsafeSlow(size));
    const { buffer } = this.#target;
    buffer.copy(grown.buffer, 0, 0, this.#position);
    this.#target = grown;
    memory?.giveBack(buffer);
  }

  #finish(): void {
    if (this.#count === 0) return;
    this.#closeRun();
    const maxTimestamp = this.#baseTimestamp + this.#maxDelta;
    if (!Number.isSafeInteger(maxTimestamp)) {
      throw new CorruptRecordError(`a record has the time ${maxTimestamp}, beyond 2^53 - 1`, 0);
    }
    this.#finished.push({
      bytes: this.#target.buffer.subarray(0, this.#position),
      recordCount: this.#count,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp,
      runs: this.#runs,
    });
    this.#target = nothing;
    // What has not come yet is what has not been taken, at most.
    this.#expected = Math.max(this.#expected - this.#position, 0);
    this.#position = batchHeader.batchHeaderBytes;
    this.#count = 0;
    this.#maxDelta = Number.NEGATIVE_INFINITY;
    this.#runs = [];
    this.#runStart = 0;
    this.#runEnd = 0;
  }
}

function misplaced(baseOffset: number, previous: number, offsetDelta: number, at: number): CorruptRecordError {
  return new CorruptRecordError(
    `a record with the offset delta ${offsetDelta} follows ${previous} in the batch at offset ${baseOffset}`,
    at,
  );
}
