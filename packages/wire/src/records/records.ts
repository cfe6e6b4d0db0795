/**
 * The records of one batch, decoded as they are touched: iterating parses the lengths of a record and checks them as
 * strictly as Kafka does, and no more.
 *
 * The iterator is written by hand and hands out one result object again and again, which `for..of` allows: no
 * generator, no allocation a record but the record.
 */
import { CorruptRecordError } from './corrupt-record-error.ts';
import { Record, type RecordSource } from './record.ts';
import { skipHeaders } from './record-headers.ts';
import { VarintReader } from './varint.ts';

/** What `Records` needs to know of the batch. */
export interface RecordsDescription {
  /** The records' bytes, uncompressed. Not copied. */
  readonly bytes: Uint8Array;
  /** How many records the header claims. */
  readonly count: number;
  readonly baseOffset: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly logAppendTime: number | undefined;
}

/**
 * The records of a batch, to be iterated synchronously and as often as wanted. Iterating throws `CorruptRecordError`
 * when lengths, offsets or the count contradict the bytes; memory does not depend on the count claimed.
 */
export class Records implements Iterable<Record> {
  /** Number of records that the batch's header claims, and that iterating either yields or refuses. */
  readonly count: number;
  readonly #source: RecordSource;
  readonly #lastOffsetDelta: number;

  constructor(description: RecordsDescription) {
    const { bytes, count, baseOffset, lastOffsetDelta, baseTimestamp, logAppendTime } = description;
    this.count = count;
    this.#lastOffsetDelta = lastOffsetDelta;
    this.#source = {
      bytes: Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      memory: bytes.buffer,
      memoryOffset: bytes.byteOffset,
      baseOffset,
      baseTimestamp,
      logAppendTime,
      headerKeys: [],
    };
  }

  /** Bytes that the records take uncompressed. */
  get sizeInBytes(): number {
    return this.#source.bytes.length;
  }

  [Symbol.iterator](): Iterator<Record, undefined> {
    return new RecordIterator(this.#source, this.count, this.#lastOffsetDelta);
  }

  /** Parses every record and keeps none: throws `CorruptRecordError` where iterating would. */
  check(): void {
    const iterator = new RecordIterator(this.#source, this.count, this.#lastOffsetDelta);
    while (!iterator.next().done);
  }
}

/**
 * Walks the records. Lengths and deltas of one or two bytes, which is nearly all, are read here byte by byte without a
 * call; a record with a longer one is parsed again by `#parseAny`. A read past the end answers undefined and does no
 * harm: the position is then past the record's end too, and that is checked last.
 */
class RecordIterator implements Iterator<Record, undefined> {
  readonly #source: RecordSource;
  readonly #bytes: Buffer;
  readonly #reader: VarintReader;
  readonly #lastOffsetDelta: number;
  readonly #result: { done: boolean; value: Record | undefined } = { done: false, value: undefined };
  #position = 0;
  #remaining: number;

  constructor(source: RecordSource, count: number, lastOffsetDelta: number) {
    this.#source = source;
    this.#bytes = source.bytes;
    this.#reader = new VarintReader(source.bytes, 0, source.bytes.length);
    this.#lastOffsetDelta = lastOffsetDelta;
    this.#remaining = count;
  }

  next(): IteratorResult<Record, undefined> {
    const result = this.#result;
    if (this.#remaining > 0) {
      this.#remaining--;
      result.value = this.#parse();
    } else {
      if (!result.done) this.#finish();
      result.value = undefined;
      result.done = true;
    }
    return result as IteratorResult<Record, undefined>;
  }

  #parse(): Record {
    const bytes = this.#bytes;
    let at = this.#position;
    let size = bytes[at++]!;
    if (size >= 0x80) {
      const high = bytes[at++]!;
      if (high >= 0x80) return this.#parseAny();
      size = (size & 0x7f) | (high << 7);
    }
    const end = at + (size >>> 1);
    // The record's attributes: one byte without a meaning so far.
    at++;
    let timestampDelta = bytes[at++]!;
    if (timestampDelta >= 0x80) {
      const high = bytes[at++]!;
      if (high >= 0x80) return this.#parseAny();
      timestampDelta = (timestampDelta & 0x7f) | (high << 7);
    }
    let offsetDelta = bytes[at++]!;
    if (offsetDelta >= 0x80) {
      const high = bytes[at++]!;
      if (high >= 0x80) return this.#parseAny();
      offsetDelta = (offsetDelta & 0x7f) | (high << 7);
    }
    let keyLength = bytes[at++]!;
    if (keyLength >= 0x80) {
      const high = bytes[at++]!;
      if (high >= 0x80) return this.#parseAny();
      keyLength = (keyLength & 0x7f) | (high << 7);
    }
    const keyStart = at;
    keyLength = (keyLength >>> 1) ^ -(keyLength & 1);
    if (keyLength > 0) at += keyLength;
    let valueLength = bytes[at++]!;
    if (valueLength >= 0x80) {
      const high = bytes[at++]!;
      if (high >= 0x80) return this.#parseAny();
      valueLength = (valueLength & 0x7f) | (high << 7);
    }
    const valueStart = at;
    valueLength = (valueLength >>> 1) ^ -(valueLength & 1);
    if (valueLength > 0) at += valueLength;
    if (bytes[at] === 0) at++;
    else at = at < end && end <= bytes.length ? this.#endOfHeaders(at) : -1;
    // The record filled exactly, and even zigzag numbers, so no negative ones: else it is looked at closely.
    if (at !== end || ((size | offsetDelta) & 1) !== 0) return this.#parseAny();
    offsetDelta >>>= 1;
    if (keyLength < -1 || valueLength < -1 || offsetDelta > this.#lastOffsetDelta) return this.#parseAny();
    this.#position = at;
    timestampDelta = (timestampDelta >>> 1) ^ -(timestampDelta & 1);
    return new Record(this.#source, offsetDelta, timestampDelta, keyStart, keyLength, valueStart, valueLength);
  }

  #endOfHeaders(position: number): number {
    const reader = this.#reader;
    reader.position = position;
    skipHeaders(reader, reader.readVarint());
    return reader.position;
  }

  /** Parses any record, and says what is wrong with one that is none. */
  #parseAny(): Record {
    const reader = this.#reader;
    reader.position = this.#position;
    const size = reader.readVarint();
    const start = reader.position;
    const end = start + size;
    if (size < 1 || end > reader.end) throw new CorruptRecordError(`a record claims ${size} bytes`, start);
    reader.position = start + 1;
    const timestampDelta = reader.readVarlong();
    const offsetDelta = reader.readVarint();
    if (offsetDelta < 0 || offsetDelta > this.#lastOffsetDelta) {
      throw new CorruptRecordError(
        `a record has the offset delta ${offsetDelta} in a batch that ends at ${this.#lastOffsetDelta}`,
        start,
      );
    }
    const keyLength = reader.readVarint();
    const keyStart = reader.position;
    if (keyLength > 0) reader.position = keyStart + keyLength;
    const valueLength = reader.readVarint();
    const valueStart = reader.position;
    if (valueLength > 0) reader.position = valueStart + valueLength;
    skipHeaders(reader, reader.readVarint());
    if (reader.position !== end || keyLength < -1 || valueLength < -1) {
      throw new CorruptRecordError('the fields of a record do not fill it exactly', start);
    }
    this.#position = end;
    return new Record(this.#source, offsetDelta, timestampDelta, keyStart, keyLength, valueStart, valueLength);
  }

  #finish(): void {
    const left = this.#bytes.length - this.#position;
    if (left !== 0) throw new CorruptRecordError(`${left} bytes remain after the last record`, this.#position);
  }
}
