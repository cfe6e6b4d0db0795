/**
 * Record batches as views over the bytes of a fetch, a produce request or a log segment: nothing is copied, and a
 * number is read from the bytes when it is asked for. Compressed records are decompressed when they are asked for,
 * never before.
 */
import { type Compression, compressionOfId, decompress, decompressSync } from '../compression/compression.ts';
import { CorruptRecordError } from './corrupt-record-error.ts';
import * as header from './record-batch-header.ts';
import { Records } from './records.ts';

/** Limit for the decompressed records of one batch, unless the caller names one. */
export const decompressedBytesMaxDefault = 128 * 1024 * 1024;

export interface RecordsOptions {
  /** Refuse a batch whose records take more than this uncompressed, before the memory is taken. Default 128 MiB. */
  readonly maxDecompressedBytes?: number | undefined;
}

/** A view over one whole batch. Changing the bytes under it changes what it answers. */
export class RecordBatch {
  /** The buffer in which the batch lies. */
  readonly bytes: Uint8Array;
  /** Where in it the batch begins. */
  readonly position: number;
  /** Bytes of the whole batch, header included. */
  readonly sizeInBytes: number;

  /** Throws `CorruptRecordError` unless a whole v2 batch lies at `position`. Does not check the checksum. */
  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
    this.sizeInBytes = header.wholeBatchSize(bytes, position);
    if (this.sizeInBytes === 0) {
      throw new CorruptRecordError('a record batch is longer than the bytes there are', position);
    }
  }

  get baseOffset(): number {
    return header.baseOffset(this.bytes, this.position);
  }

  /** The offset of the last record, also when compaction has removed that record. */
  get lastOffset(): number {
    return header.lastOffset(this.bytes, this.position);
  }

  get lastOffsetDelta(): number {
    return header.lastOffsetDelta(this.bytes, this.position);
  }

  get partitionLeaderEpoch(): number {
    return header.partitionLeaderEpoch(this.bytes, this.position);
  }

  get crc(): number {
    return header.crc(this.bytes, this.position);
  }

  get attributes(): number {
    return header.attributes(this.bytes, this.position);
  }

  /** Throws `CompressionError` for an id that no codec has. */
  get compression(): Compression {
    return compressionOfId(this.attributes & header.batchAttributeBits.compression);
  }

  get timestampType(): 'CreateTime' | 'LogAppendTime' {
    return (this.attributes & header.batchAttributeBits.logAppendTime) === 0 ? 'CreateTime' : 'LogAppendTime';
  }

  get isTransactional(): boolean {
    return (this.attributes & header.batchAttributeBits.transactional) !== 0;
  }

  /** Whether it holds a marker of Kafka's own instead of an application's records; see `readControlRecord`. */
  get isControl(): boolean {
    return (this.attributes & header.batchAttributeBits.control) !== 0;
  }

  get hasDeleteHorizon(): boolean {
    return (this.attributes & header.batchAttributeBits.deleteHorizon) !== 0;
  }

  get baseTimestamp(): number {
    return header.baseTimestamp(this.bytes, this.position);
  }

  get maxTimestamp(): number {
    return header.maxTimestamp(this.bytes, this.position);
  }

  /** -1 without an idempotent producer. */
  get producerId(): number {
    return header.producerId(this.bytes, this.position);
  }

  get producerEpoch(): number {
    return header.producerEpoch(this.bytes, this.position);
  }

  /** Sequence number of the first record; -1 without an idempotent producer. */
  get baseSequence(): number {
    return header.baseSequence(this.bytes, this.position);
  }

  get recordCount(): number {
    return header.recordCount(this.bytes, this.position);
  }

  /** The batch's own bytes, as a view. */
  get slice(): Uint8Array {
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + this.position, this.sizeInBytes);
  }

  /** Throws `CorruptRecordError` when the checksum does not fit the bytes. */
  verifyCrc(): void {
    const expected = header.crc(this.bytes, this.position);
    const actual = header.computeCrc(this.bytes, this.position);
    if (actual !== expected) {
      throw new CorruptRecordError(
        `the batch at offset ${this.baseOffset} has checksum ${hex(actual)} where its header says ${hex(expected)}`,
        this.position,
      );
    }
  }

  /** The records, decompressed on this thread if need be. Throws `CompressionError` and `CorruptRecordError`. */
  records(options: RecordsOptions = {}): Records {
    const payload = this.#payload();
    const type = this.compression;
    if (type === 'none') return this.#recordsOver(payload);
    if (payload.length === 0 && this.recordCount === 0) return this.#recordsOver(payload);
    return this.#recordsOver(
      decompressSync(type, payload, options.maxDecompressedBytes ?? decompressedBytesMaxDefault),
    );
  }

  /**
   * The records, decompressed off this thread where that pays. The bytes must not change meanwhile. Rejects likewise.
   */
  async recordsAsync(options: RecordsOptions = {}): Promise<Records> {
    const payload = this.#payload();
    const type = this.compression;
    if (type === 'none' || (payload.length === 0 && this.recordCount === 0)) return this.#recordsOver(payload);
    return this.#recordsOver(
      await decompress(type, payload, options.maxDecompressedBytes ?? decompressedBytesMaxDefault),
    );
  }

  #payload(): Uint8Array {
    const { buffer, byteOffset } = this.bytes;
    const start = byteOffset + this.position + header.batchHeaderBytes;
    return new Uint8Array(buffer, start, this.sizeInBytes - header.batchHeaderBytes);
  }

  #recordsOver(bytes: Uint8Array): Records {
    const count = this.recordCount;
    const lastOffsetDelta = this.lastOffsetDelta;
    if (count < 0 || lastOffsetDelta < 0 || count > lastOffsetDelta + 1) {
      throw new CorruptRecordError(
        `a batch claims ${count} records with a last offset delta of ${lastOffsetDelta}`,
        this.position,
      );
    }
    return new Records({
      bytes,
      count,
      baseOffset: this.baseOffset,
      lastOffsetDelta,
      baseTimestamp: this.baseTimestamp,
      logAppendTime: this.timestampType === 'LogAppendTime' ? this.maxTimestamp : undefined,
    });
  }
}

/**
 * The batches of a fetched `records` field, one after the other. A broker may cut the last one off at its byte limit:
 * such a trailing part is left out, and `trailingBytes` says how long it is once iteration has ended. Throws
 * `CorruptRecordError` at bytes that are no v2 batch.
 */
export function readBatches(bytes: Uint8Array): RecordBatches {
  return new RecordBatches(bytes);
}

/** What `readBatches` answers: iterable once or more often, always from the start. */
export class RecordBatches implements Iterable<RecordBatch> {
  readonly bytes: Uint8Array;
  /** Bytes after the last whole batch, known when an iteration has come to its end. */
  trailingBytes = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  [Symbol.iterator](): Iterator<RecordBatch, undefined> {
    return new RecordBatchIterator(this);
  }
}

class RecordBatchIterator implements Iterator<RecordBatch, undefined> {
  readonly #batches: RecordBatches;
  #position = 0;

  constructor(batches: RecordBatches) {
    this.#batches = batches;
  }

  next(): IteratorResult<RecordBatch, undefined> {
    const { bytes } = this.#batches;
    const size = header.wholeBatchSize(bytes, this.#position);
    if (size === 0) {
      this.#batches.trailingBytes = bytes.length - this.#position;
      return { done: true, value: undefined };
    }
    const batch = new RecordBatch(bytes, this.#position);
    this.#position += size;
    return { done: false, value: batch };
  }
}

function hex(checksum: number): string {
  return `0x${checksum.toString(16).padStart(8, '0')}`;
}
