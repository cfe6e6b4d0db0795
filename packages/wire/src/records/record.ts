/**
 * A record: a view over the bytes of its batch.
 *
 * Keys, values and headers become objects only when they are read, and then as views: they share the memory of the
 * batch, and keep all of it alive as long as they live. `copy()` gives a record that stands alone.
 */
import { skipHeaders } from './record-headers.ts';
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
export interface RecordSource {
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

  /**
   * Milliseconds since 1970: the producer's clock, or the broker's if the topic says LogAppendTime; -1 when unknown.
   */
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

  /**
   * The same record over its own copy of its bytes, so that it neither keeps its batch's memory alive nor depends on
   * it.
   */
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
