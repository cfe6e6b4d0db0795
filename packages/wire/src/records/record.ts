/**
 * Records of one batch, decoded as they are touched.
 *
 * Iterating parses the lengths of a record and checks them as strictly as Kafka does; keys, values and headers become objects
 * only when they are read, and then as views: they share the memory of the batch, and keep all of it alive as long as they
 * live. `copy()` gives a record that stands alone.
 *
 * The iterator is written by hand and hands out one result object again and again, which `for..of` allows: no generator, no
 * allocation a record but the record.
 */
import { CorruptRecordError } from './corrupt-record-error.ts';
import { VarintReader } from './varint.ts';

/** A header of a record. Keys may repeat, and their order counts. `value` is a view over the batch. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** Longer header keys are decoded at once, and only those in the first places are remembered. */
const comparedKeyMax = 32;
const rememberedKeysMax = 16;

const noHeaders: readonly RecordHeader[] = Object.freeze([]);

/** What the records of a batch share. `bytes` holds the records uncompressed. */
interface RecordSource {
  readonly bytes: Buffer;
  readonly memory: ArrayBufferLike;
  readonly memoryOffset: number;
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** The time of all records when the broker stamped the batch, else undefined. */
  readonly logAppendTime: number | undefined;
  /** Header keys as they were last decoded, by their place: records of a batch mostly have the same ones. */
  readonly headerKeys: DecodedKey[];
}

interface DecodedKey {
  start: number;
  length: number;
  text: string;
}

/** A record: a view over its batch's bytes. Immutable; valid as long as those bytes are left alone. */
export class Record {
  readonly #source: RecordSource;
  readonly #timestampDelta: number;
  readonly #keyStart: number;
  readonly #valueStart: number;
  /** The record's offset less that of its batch. */
  readonly offsetDelta: number;
  /** Bytes of the key; -1 when there is none. */
  readonly keyLength: number;
  /** Bytes of the value; -1 when it is null (a tombstone). */
  readonly valueLength: number;

  /** Not for callers: records come from a batch. */
  constructor(
    source: RecordSource,
    offsetDelta: number,
    timestampDelta: number,
    keyStart: number,
    keyLength: number,
    valueStart: number,
    valueLength: number,
  ) {
    this.#source = source;
    this.#timestampDelta = timestampDelta;
    this.#keyStart = keyStart;
    this.#valueStart = valueStart;
    this.offsetDelta = offsetDelta;
    this.keyLength = keyLength;
    this.valueLength = valueLength;
  }

  get offset(): number {
    return this.#source.baseOffset + this.offsetDelta;
  }

  /** Milliseconds since 1970: the producer's clock, or the broker's if the topic says LogAppendTime; -1 when unknown. */
  get timestamp(): number {
    const { logAppendTime, baseTimestamp } = this.#source;
    return logAppendTime ?? baseTimestamp + this.#timestampDelta;
  }

  /** The key as a fresh view at each read, or null. */
  get key(): Uint8Array | null {
    if (this.keyLength < 0) return null;
    const source = this.#source;
    return new Uint8Array(source.memory, source.memoryOffset + this.#keyStart, this.keyLength);
  }

  /** The value as a fresh view at each read, or null. */
  get value(): Uint8Array | null {
    if (this.valueLength < 0) return null;
    const source = this.#source;
    return new Uint8Array(source.memory, source.memoryOffset + this.#valueStart, this.valueLength);
  }

  /** The key decoded as UTF-8 without a view in between (what is not UTF-8 becomes U+FFFD), or null. */
  keyText(): string | null {
    if (this.keyLength < 0) return null;
    return this.#source.bytes.toString('utf8', this.#keyStart, this.#keyStart + this.keyLength);
  }

  /** The value decoded as UTF-8 without a view in between (what is not UTF-8 becomes U+FFFD), or null. */
  valueText(): string | null {
    if (this.valueLength < 0) return null;
    return this.#source.bytes.toString('utf8', this.#valueStart, this.#valueStart + this.valueLength);
  }

  /** Number of headers, read without decoding them. */
  get headerCount(): number {
    return this.#headerReader().readVarint();
  }

  /** The headers in their order, decoded afresh at each read. */
  get headers(): readonly RecordHeader[] {
    const reader = this.#headerReader();
    const count = reader.readVarint();
    if (count === 0) return noHeaders;
    const source = this.#source;
    const { memory, memoryOffset } = source;
    const headers: RecordHeader[] = [];
    for (let i = 0; i < count; i++) {
      const keyLength = reader.readVarint();
      const key = headerKey(source, i, reader.position, keyLength);
      reader.position += keyLength;
      const valueLength = reader.readVarint();
      const value = valueLength < 0 ? null : new Uint8Array(memory, memoryOffset + reader.position, valueLength);
      if (valueLength > 0) reader.position += valueLength;
      headers.push({ key, value });
    }
    return headers;
  }

  /** The same record over its own copy of its bytes, so that it neither keeps its batch's memory alive nor depends on it. */
  copy(): Record {
    const { bytes, baseOffset, baseTimestamp, logAppendTime } = this.#source;
    const reader = this.#headerReader();
    skipHeaders(reader, reader.readVarint());
    const start = this.#keyStart;
    const own = Buffer.allocUnsafeSlow(reader.position - start);
    bytes.copy(own, 0, start, reader.position);
    const source = {
      bytes: own,
      memory: own.buffer,
      memoryOffset: 0,
      baseOffset,
      baseTimestamp,
      logAppendTime,
      headerKeys: [],
    };
    return new Record(
      source,
      this.offsetDelta,
      this.#timestampDelta,
      0,
      this.keyLength,
      this.#valueStart - start,
      this.valueLength,
    );
  }

  #headerReader(): VarintReader {
    const { bytes } = this.#source;
    return new VarintReader(bytes, this.#valueStart + (this.valueLength < 0 ? 0 : this.valueLength), bytes.length);
  }
}

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
 * The records of a batch, to be iterated synchronously and as often as wanted. Iterating throws `CorruptRecordError` when
 * lengths, offsets or the count contradict the bytes; memory does not depend on the count claimed.
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
 * Walks the records. Lengths and deltas of one or two bytes, which is nearly all, are read here byte by byte without a call; a record
 * with a longer one is parsed again by `#parseAny`. A read past the end answers undefined and does no harm: the position is then
 * past the record's end too, and that is checked last.
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
    // No header, the record filled exactly, even zigzag numbers and so no negative ones: else all is looked at closely.
    if (bytes[at++] !== 0 || at !== end || at > bytes.length || ((size | offsetDelta) & 1) !== 0)
      return this.#parseAny();
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
    if (size < 1 || end > reader.end) throw corrupt(`a record claims ${size} bytes`, start);
    reader.position = start + 1;
    const timestampDelta = reader.readVarlong();
    const offsetDelta = reader.readVarint();
    if (offsetDelta < 0 || offsetDelta > this.#lastOffsetDelta) {
      throw corrupt(
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
      throw corrupt('the fields of a record do not fill it exactly', start);
    }
    this.#position = end;
    return new Record(this.#source, offsetDelta, timestampDelta, keyStart, keyLength, valueStart, valueLength);
  }

  #finish(): void {
    const left = this.#bytes.length - this.#position;
    if (left !== 0) throw corrupt(`${left} bytes remain after the last record`, this.#position);
  }
}

/** Decodes a header's key, or answers the text of the same place's last one if the bytes are the same. */
function headerKey(source: RecordSource, index: number, start: number, length: number): string {
  const { bytes, headerKeys } = source;
  const last = headerKeys[index];
  if (last !== undefined && last.length === length && length <= comparedKeyMax) {
    let i = 0;
    while (i < length && bytes[start + i] === bytes[last.start + i]) i++;
    if (i === length) return last.text;
  }
  const text = bytes.toString('utf8', start, start + length);
  if (index < rememberedKeysMax) headerKeys[index] = { start, length, text };
  return text;
}

/** Steps over `count` headers and checks their lengths; their end is checked by the record's. */
function skipHeaders(reader: VarintReader, count: number): void {
  if (count < 0) throw corrupt(`a record claims ${count} headers`, reader.position);
  for (let i = 0; i < count; i++) {
    const keyLength = reader.readVarint();
    if (keyLength < 0) throw corrupt(`a header's key claims ${keyLength} bytes`, reader.position);
    reader.position += keyLength;
    const valueLength = reader.readVarint();
    if (valueLength < -1) throw corrupt(`a header's value claims ${valueLength} bytes`, reader.position);
    if (valueLength > 0) reader.position += valueLength;
  }
}

function corrupt(what: string, position: number): CorruptRecordError {
  return new CorruptRecordError(
    `${what}; the batch is corrupt, fetch it again or check the log it came from`,
    position,
  );
}
