/**
 * Removes records from a batch, as log compaction does: what stays keeps its bytes, its offset and its time, and the
 * batch its offsets, producer and sequence numbers. A compressed batch is compressed again by the same codec.
 *
 * KIP-534: a batch that keeps tombstones gets a horizon, the time from which they may go. It takes the place of the
 * base timestamp, so the records' timestamp deltas are written anew.
 */
import { compress, decompress } from '../compression/compression.ts';
import { writeInt16, writeInt32, writeInt64 } from './big-endian.ts';
import { CorruptRecordError } from './corrupt-record-error.ts';
import { decompressedBytesMaxDefault, type RecordBatch } from './record-batch.ts';
import * as header from './record-batch-header.ts';
import { VarintReader, varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

/** What a filter sees of a record. The key is a view that is valid during the call. */
export interface FilteredRecord {
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly isTombstone: boolean;
}

export interface BatchFilter {
  /** Whether the record stays. */
  keep(record: FilteredRecord): boolean;
  /**
   * The horizon in ms since 1970 that the batch gets if it has none yet; undefined for none. `tombstones`: whether
   * there are some among the records that stay.
   */
  horizon?(tombstones: boolean): number | undefined;
}

/** A record's place in the uncompressed bytes of its batch. */
interface Span {
  readonly start: number;
  /** Behind its size. */
  readonly body: number;
  readonly end: number;
  readonly timestampDelta: number;
  /** Behind its timestamp delta. */
  readonly rest: number;
}

/**
 * The batch without the records that the filter refuses: `bytes` is the batch's own slice when nothing changes, else
 * the caller's. Rejects with `CompressionError` or `CorruptRecordError`.
 */
export async function filterBatch(
  batch: RecordBatch,
  filter: BatchFilter,
): Promise<{ readonly bytes: Uint8Array; readonly recordCount: number }> {
  const payload = batch.slice.subarray(header.batchHeaderBytes);
  const isEmpty = batch.recordCount === 0 && payload.length === 0;
  const records = isEmpty ? payload : await decompress(batch.compression, payload, decompressedBytesMaxDefault);
  const { kept, tombstones } = select(batch, records, filter);
  const horizon = batch.hasDeleteHorizon || kept.length === 0 ? undefined : filter.horizon?.(tombstones);
  if (kept.length === batch.recordCount && horizon === undefined) {
    return { bytes: batch.slice, recordCount: kept.length };
  }
  const body = horizon === undefined ? copyOf(records, kept) : rebased(records, kept, batch.baseTimestamp - horizon);
  const compressed = kept.length === 0 ? body : await compress(batch.compression, body);
  return { bytes: assemble(batch, kept, compressed, horizon), recordCount: kept.length };
}

/**
 * The batch without any record: its offsets, producer and sequence numbers remain, and so does its largest timestamp.
 */
export function emptyBatch(batch: RecordBatch): Uint8Array {
  return assemble(batch, [], new Uint8Array(0), undefined);
}

/**
 * The batch without any record and of no producer or transaction: only its offsets remain, and its largest timestamp.
 */
export function placeholderBatch(batch: RecordBatch): Uint8Array {
  const { transactional, control } = header.batchAttributeBits;
  const bytes = emptyBatch(batch);
  header.setProducer(bytes, 0, -1, -1, -1);
  writeInt16(bytes, header.batchHeaderLayout.attributes, header.attributes(bytes, 0) & ~(transactional | control));
  header.updateCrc(bytes, 0);
  return bytes;
}

function select(
  batch: RecordBatch,
  records: Uint8Array,
  filter: BatchFilter,
): { readonly kept: readonly Span[]; readonly tombstones: boolean } {
  const reader = new VarintReader(records, 0, records.length);
  const kept: Span[] = [];
  let tombstones = false;
  for (let index = 0; index < batch.recordCount; index++) {
    const start = reader.position;
    const size = reader.readVarint();
    const body = reader.position;
    const end = body + size;
    if (size < 1 || end > records.length) throw new CorruptRecordError(`a record claims ${size} bytes`, start);
    reader.position = body + 1;
    const timestampDelta = reader.readVarlong();
    const rest = reader.position;
    const offset = batch.baseOffset + reader.readVarint();
    const keyLength = reader.readVarint();
    const keyStart = reader.position;
    if (keyLength > 0) reader.position += keyLength;
    if (reader.position >= end) throw new CorruptRecordError('a key ends behind its record', start);
    const key = keyLength < 0 ? null : records.subarray(keyStart, keyStart + keyLength);
    const isTombstone = reader.readVarint() < 0;
    if (filter.keep({ offset, key, isTombstone })) {
      kept.push({ start, body, end, timestampDelta, rest });
      tombstones ||= isTombstone;
    }
    reader.position = end;
  }
  return { kept, tombstones };
}

function copyOf(records: Uint8Array, kept: readonly Span[]): Uint8Array {
  const size = kept.reduce((sum, { start, end }) => sum + end - start, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const { start, end } of kept) {
    bytes.set(records.subarray(start, end), at);
    at += end - start;
  }
  return bytes;
}

/** The records with `shift` more in their timestamp deltas. */
function rebased(records: Uint8Array, kept: readonly Span[], shift: number): Uint8Array {
  const sizes = kept.map(({ timestampDelta, rest, end }) => 1 + varlongSize(timestampDelta + shift) + end - rest);
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + varintSize(size) + size, 0));
  let at = 0;
  for (const [index, { body, timestampDelta, rest, end }] of kept.entries()) {
    at = writeVarint(bytes, at, sizes[index] as number);
    bytes[at++] = records[body] as number;
    at = writeVarlong(bytes, at, timestampDelta + shift);
    bytes.set(records.subarray(rest, end), at);
    at += end - rest;
  }
  return bytes;
}

function assemble(
  batch: RecordBatch,
  kept: readonly Span[],
  payload: Uint8Array,
  horizon: number | undefined,
): Uint8Array {
  const bytes = new Uint8Array(header.batchHeaderBytes + payload.length);
  bytes.set(batch.slice.subarray(0, header.batchHeaderBytes));
  bytes.set(payload, header.batchHeaderBytes);
  writeInt32(bytes, header.batchHeaderLayout.batchLength, bytes.length - header.batchOverheadBytes);
  writeInt32(bytes, header.batchHeaderLayout.recordCount, kept.length);
  let { attributes } = batch;
  if (kept.length === 0) {
    // Nothing is compressed and nothing waits for a horizon.
    attributes &= ~(header.batchAttributeBits.compression | header.batchAttributeBits.deleteHorizon);
    if (batch.hasDeleteHorizon) writeInt64(bytes, header.batchHeaderLayout.baseTimestamp, batch.maxTimestamp);
  } else if (batch.timestampType === 'CreateTime') {
    const newest = kept.reduce((max, span) => Math.max(max, span.timestampDelta), Number.NEGATIVE_INFINITY);
    writeInt64(bytes, header.batchHeaderLayout.maxTimestamp, batch.baseTimestamp + newest);
  }
  if (horizon !== undefined) {
    attributes |= header.batchAttributeBits.deleteHorizon;
    writeInt64(bytes, header.batchHeaderLayout.baseTimestamp, horizon);
  }
  writeInt16(bytes, header.batchHeaderLayout.attributes, attributes);
  header.updateCrc(bytes, 0);
  return bytes;
}
