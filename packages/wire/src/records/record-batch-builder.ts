/**
 * Builds a record batch (format v2) directly in one growable buffer: room for the header stays free in front, records
 * are appended behind it in their final bytes, and building writes header and checksum.
 *
 * A record's size precedes it and is known after it is written. The bytes that the size will take are guessed from the
 * record before; a wrong guess, rare because only sizes around 64 and 8,192 bytes are near a border, moves the record
 * by a byte or two.
 */
import { assert } from '@millrace/base';
import { type Compression, compress, compressionId, compressSync } from '../compression/compression.ts';
import { batchAttributeBits, batchHeaderBytes, writeHeader } from './record-batch-header.ts';
import { RecordBuildError } from './record-build-error.ts';
import { fieldRoom, fieldSize, writeField } from './record-field.ts';
import { type HeaderInput, headersRoom, headersSize, writeHeaders } from './record-headers.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

export interface BuildOptions {
  /** Default `none`. A batch that does not get smaller is left uncompressed. */
  readonly compression?: Compression | undefined;
  /** The codec's own scale; its default when absent. Only gzip and zstd have levels. */
  readonly level?: number | undefined;
  /** Default -1: not idempotent. */
  readonly producerId?: number | undefined;
  readonly producerEpoch?: number | undefined;
  readonly baseSequence?: number | undefined;
  readonly transactional?: boolean | undefined;
  /** Marks a control batch; `buildControlBatch` does it right. */
  readonly control?: boolean | undefined;
  /** Default 0: the broker assigns the offset. */
  readonly baseOffset?: number | undefined;
  /** Default -1: the broker sets it. */
  readonly partitionLeaderEpoch?: number | undefined;
}

/** The largest batch: lengths on the wire are 32-bit, and buffers of this size are still sure to be allocated. */
const batchBytesMax = 0x7fffffff;
/** The longest size, timestamp delta and offset delta, and the attributes. */
const recordOverheadMax = 5 + 10 + 5 + 1;
const noHeaders: readonly HeaderInput[] = [];

/** Collects records and makes a batch of them. Not to be touched between the call of `buildAsync` and its end. */
export class RecordBatchBuilder {
  #buffer: Buffer;
  #position = batchHeaderBytes;
  #recordCount = 0;
  #lastOffsetDelta = -1;
  #baseTimestamp = 0;
  #maxTimestamp = 0;
  /** What the last record took besides key and value. */
  #overhead = 6;
  #building = false;

  /** `capacity` is the size in bytes that the buffer starts with; it doubles when full and is kept by `reset`. */
  constructor(capacity = 4096) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(capacity, 256));
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Bytes of the batch if it were built uncompressed now, header included. */
  get sizeInBytes(): number {
    return this.#position;
  }

  /** Bytes of memory that the builder holds. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Timestamp of the first record; 0 while there is none. */
  get baseTimestamp(): number {
    return this.#baseTimestamp;
  }

  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** By how many bytes appending this record would enlarge the batch. Exact. */
  sizeOf(
    timestamp: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: readonly HeaderInput[] = noHeaders,
  ): number {
    const delta = this.#recordCount === 0 ? 0 : timestamp - this.#baseTimestamp;
    const body =
      1 +
      varlongSize(delta) +
      varintSize(this.#lastOffsetDelta + 1) +
      fieldSize(key) +
      fieldSize(value) +
      headersSize(headers);
    return varintSize(body) + body;
  }

  /**
   * Appends a record. `timestamp` is in ms since 1970; `null` is no key, or a tombstone's value; `offsetDelta` is one
   * more than the last record's unless given (it may skip offsets, never go back). Key, value and headers are copied.
   * Throws `RecordBuildError` when the batch would pass 2 GiB, or for a timestamp that is no
   * whole number.
   */
  append(
    timestamp: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: readonly HeaderInput[] = noHeaders,
    offsetDelta: number = this.#lastOffsetDelta + 1,
  ): void {
    assert(offsetDelta > this.#lastOffsetDelta, 'a record was appended at an offset before the last one');
    this.#accept(timestamp, offsetDelta, this.#write(timestamp, key, value, headers, offsetDelta));
  }

  /**
   * Appends a record unless the batch would then be larger than `sizeMax` bytes uncompressed; answers whether it did.
   * Cheaper than `sizeOf` and `append`, because text is measured once. Leaves the batch as it was when it answers
   * false.
   */
  tryAppend(
    sizeMax: number,
    timestamp: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: readonly HeaderInput[] = noHeaders,
  ): boolean {
    const atLeast = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
    if (this.#position + atLeast > sizeMax) return false;
    const offsetDelta = this.#lastOffsetDelta + 1;
    const end = this.#write(timestamp, key, value, headers, offsetDelta);
    if (end > sizeMax) return false;
    this.#accept(timestamp, offsetDelta, end);
    return true;
  }

  /** Forgets the records and keeps the memory. What an uncompressed `build` answered is void from now on. */
  reset(): void {
    assert(!this.#building, 'a record batch builder was reset while it builds');
    this.#position = batchHeaderBytes;
    this.#recordCount = 0;
    this.#lastOffsetDelta = -1;
    this.#baseTimestamp = 0;
    this.#maxTimestamp = 0;
  }

  /**
   * The batch. Uncompressed it is a view over the builder's own memory, valid until the next `append` or `reset`;
   * compressed it is the caller's. May be called again, with other options too.
   */
  build(options: BuildOptions = {}): Uint8Array {
    const compression = options.compression ?? 'none';
    if (compression === 'none') return this.#finishPlain(options);
    return this.#finish(options, compression, compressSync(compression, this.#records(), options.level));
  }

  /** As `build`, compressing off this thread where that pays. The builder must be left alone until it resolves. */
  async buildAsync(options: BuildOptions = {}): Promise<Uint8Array> {
    const compression = options.compression ?? 'none';
    if (compression === 'none') return this.#finishPlain(options);
    this.#building = true;
    try {
      return this.#finish(options, compression, await compress(compression, this.#records(), options.level));
    } finally {
      this.#building = false;
    }
  }

  #accept(timestamp: number, offsetDelta: number, end: number): void {
    if (this.#recordCount === 0) {
      this.#baseTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    } else if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    this.#recordCount++;
    this.#lastOffsetDelta = offsetDelta;
    this.#position = end;
  }

  /** Writes a record behind the last one and answers its end; nothing of it counts until it is accepted. */
  #write(
    timestamp: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: readonly HeaderInput[],
    offsetDelta: number,
  ): number {
    assert(!this.#building, 'a record was appended while its batch was being built');
    const start = this.#position;
    const fields = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
    // Three bytes a character at worst, so this suffices whatever the fields are; if it is not there, exact needs are
    // looked at.
    if (start + fields * 3 + 64 > this.#buffer.length || headers.length > 0) this.#makeRoom(key, value, headers);
    const timestampDelta = this.#recordCount === 0 ? 0 : timestamp - this.#baseTimestamp;
    if (timestampDelta !== (timestampDelta | 0) || this.#recordCount === 0) checkTimestamp(timestamp, timestampDelta);
    const buffer = this.#buffer;
    const widthGuessed = varintSize(fields + this.#overhead);
    const bodyGuessed = start + widthGuessed;
    let at = bodyGuessed;
    // The record's attributes, without a meaning so far.
    buffer[at++] = 0;
    at = writeVarlong(buffer, at, timestampDelta);
    at = writeVarint(buffer, at, offsetDelta);
    at = writeField(buffer, at, key);
    at = writeField(buffer, at, value);
    if (headers.length === 0) buffer[at++] = 0;
    else at = writeHeaders(buffer, at, headers);
    const size = at - bodyGuessed;
    this.#overhead = size - fields;
    const width = varintSize(size);
    if (width !== widthGuessed) buffer.copyWithin(start + width, bodyGuessed, at);
    return writeVarint(buffer, start, size) + size;
  }

  #makeRoom(key: Uint8Array | string | null, value: Uint8Array | string | null, headers: readonly HeaderInput[]): void {
    const needed = this.#position + recordOverheadMax + fieldRoom(key) + fieldRoom(value) + headersRoom(headers);
    if (needed <= this.#buffer.length) return;
    if (needed > batchBytesMax) {
      throw new RecordBuildError(
        'record_too_large',
        `with this record the batch could take ${needed} bytes, more than a batch may (${batchBytesMax}); ` +
          'begin a new batch, or split the record',
      );
    }
    const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(needed, this.#buffer.length * 2), batchBytesMax));
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
  }

  #records(): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, batchHeaderBytes, this.#position - batchHeaderBytes);
  }

  #finishPlain(options: BuildOptions): Uint8Array {
    this.#writeHeader(this.#buffer, this.#position, options, 'none');
    return new Uint8Array(this.#buffer.buffer, 0, this.#position);
  }

  #finish(options: BuildOptions, compression: Compression, compressed: Uint8Array): Uint8Array {
    const size = batchHeaderBytes + compressed.length;
    const plain = size >= this.#position;
    const batch = Buffer.allocUnsafeSlow(plain ? this.#position : size);
    if (plain) this.#buffer.copy(batch, batchHeaderBytes, batchHeaderBytes, this.#position);
    else batch.set(compressed, batchHeaderBytes);
    this.#writeHeader(batch, batch.length, options, plain ? 'none' : compression);
    return batch;
  }

  #writeHeader(batch: Buffer, end: number, options: BuildOptions, compression: Compression): void {
    const attributes =
      compressionId(compression) |
      (options.transactional === true ? batchAttributeBits.transactional : 0) |
      (options.control === true ? batchAttributeBits.control : 0);
    writeHeader(batch, 0, end, {
      baseOffset: options.baseOffset ?? 0,
      partitionLeaderEpoch: options.partitionLeaderEpoch ?? -1,
      attributes,
      lastOffsetDelta: Math.max(this.#lastOffsetDelta, 0),
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
      producerId: options.producerId ?? -1,
      producerEpoch: options.producerEpoch ?? -1,
      baseSequence: options.baseSequence ?? -1,
      recordCount: this.#recordCount,
    });
  }
}

/** Once the first one is a safe integer, only a difference that is no 32-bit integer can hide one that is not. */
function checkTimestamp(timestamp: number, delta: number): void {
  if (Number.isSafeInteger(timestamp) && Number.isSafeInteger(delta)) return;
  throw new RecordBuildError(
    'invalid_timestamp',
    `${timestamp} is no timestamp for a record: give whole milliseconds since 1970`,
  );
}
