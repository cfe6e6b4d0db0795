/**
 * The header of a record batch, format v2 (magic 2, Kafka 0.11+, KIP-98): where its 61 bytes lie, and functions that
 * read and change them in place in a larger buffer, without an object a batch. All numbers are big-endian.
 *
 * The checksum covers everything from the attributes on. Base offset, batch length and partition leader epoch lie
 * before it, so a broker sets them without touching the checksum; after any other change `updateCrc` must be called, or
 * `adjustCrc` after one of the header alone.
 *
 * The accessors check no bounds: take positions from `wholeBatchSize` or `readBatches`, which do.
 */
import { crc32c, crc32cByTable } from '../checksum/crc32c.ts';
import { shiftCrc32cDifference } from '../checksum/crc32c-shift.ts';
import { readInt16, readInt32, readInt64, writeInt16, writeInt32, writeInt64 } from './big-endian.ts';
import { CorruptRecordError } from './corrupt-record-error.ts';

export const batchHeaderLayout = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const;

/** Bytes from the start of a batch to its first record. */
export const batchHeaderBytes = 61;
/** Base offset and batch length: the bytes that `batchLength` does not count. */
export const batchOverheadBytes = 12;

/** Bits of `attributes`; the lowest three are the compression's id. */
export const batchAttributeBits = {
  compression: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

/** All that a header says of its batch besides length and checksum. */
export interface BatchHeaderFields {
  readonly baseOffset: number;
  readonly partitionLeaderEpoch: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

export function baseOffset(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position);
}

/** Bytes after this field; the whole batch is `batchOverheadBytes` more. */
export function batchLength(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 8);
}

export function partitionLeaderEpoch(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 12);
}

export function magic(bytes: Uint8Array, position: number): number {
  return (bytes[position + 16]! << 24) >> 24;
}

export function crc(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 17) >>> 0;
}

export function attributes(bytes: Uint8Array, position: number): number {
  return readInt16(bytes, position + 21);
}

export function lastOffsetDelta(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 23);
}

/**
 * Milliseconds since 1970; the one that the records' deltas refer to. With `deleteHorizon` set it is that horizon
 * (KIP-534).
 */
export function baseTimestamp(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position + 27);
}

export function maxTimestamp(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position + 35);
}

/** -1 when the producer is not idempotent. */
export function producerId(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position + 43);
}

export function producerEpoch(bytes: Uint8Array, position: number): number {
  return readInt16(bytes, position + 51);
}

export function baseSequence(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 53);
}

export function recordCount(bytes: Uint8Array, position: number): number {
  return readInt32(bytes, position + 57);
}

/** The offset of the batch's last record, also when compaction removed it. */
export function lastOffset(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position) + readInt32(bytes, position + 23);
}

/** Bytes of the whole batch, from base offset to last record. */
export function batchSize(bytes: Uint8Array, position: number): number {
  return batchOverheadBytes + readInt32(bytes, position + 8);
}

/**
 * The size in bytes of the batch that begins at `position`, when all of it lies before `end`; 0 when it is cut off
 * there, as the last batch of a fetch may be. Refuses other formats than v2 and lengths that can't be with
 * `CorruptRecordError`.
 */
export function wholeBatchSize(bytes: Uint8Array, position: number, end: number = bytes.length): number {
  const available = end - position;
  if (available > batchHeaderLayout.magic && magic(bytes, position) !== 2) throw unsupportedMagic(bytes, position);
  if (available < batchOverheadBytes) return 0;
  const size = batchOverheadBytes + readInt32(bytes, position + 8);
  if (size < batchHeaderBytes) {
    if (available <= batchHeaderLayout.magic && size > available) return 0;
    throw new CorruptRecordError(
      `a record batch claims a length of ${size - batchOverheadBytes} bytes, less than its header takes`,
      position,
    );
  }
  return size > available ? 0 : size;
}

/** Sets the offset of the batch's first record. Lies outside the checksum. */
export function setBaseOffset(bytes: Uint8Array, position: number, offset: number): void {
  writeInt64(bytes, position, offset);
}

/** Sets the epoch of the leader that appended the batch. Lies outside the checksum. */
export function setPartitionLeaderEpoch(bytes: Uint8Array, position: number, epoch: number): void {
  writeInt32(bytes, position + 12, epoch);
}

/** Sets who produced the batch and its first sequence number (-1, -1, -1 for nobody). Call `updateCrc` after it. */
export function setProducer(bytes: Uint8Array, position: number, id: number, epoch: number, sequence: number): void {
  writeInt64(bytes, position + 43, id);
  writeInt16(bytes, position + 51, epoch);
  writeInt32(bytes, position + 53, sequence);
}

/** Sets all attribute bits. Call `updateCrc` or `adjustCrc` after it. */
export function setAttributes(bytes: Uint8Array, position: number, bits: number): void {
  writeInt16(bytes, position + 21, bits);
}

/**
 * Makes `timestamp` (ms) the batch's and all its records' time, as `message.timestamp.type=LogAppendTime`. Call
 * `updateCrc` after it.
 */
export function setLogAppendTime(bytes: Uint8Array, position: number, timestamp: number): void {
  writeInt16(bytes, position + 21, readInt16(bytes, position + 21) | batchAttributeBits.logAppendTime);
  writeInt64(bytes, position + 35, timestamp);
}

/** Writes the header of the batch from `position` to `end`, whose records are there already, and its checksum. */
export function writeHeader(bytes: Uint8Array, position: number, end: number, fields: BatchHeaderFields): void {
  writeInt64(bytes, position, fields.baseOffset);
  writeInt32(bytes, position + 8, end - position - batchOverheadBytes);
  writeInt32(bytes, position + 12, fields.partitionLeaderEpoch);
  bytes[position + 16] = 2;
  writeInt16(bytes, position + 21, fields.attributes);
  writeInt32(bytes, position + 23, fields.lastOffsetDelta);
  writeInt64(bytes, position + 27, fields.baseTimestamp);
  writeInt64(bytes, position + 35, fields.maxTimestamp);
  setProducer(bytes, position, fields.producerId, fields.producerEpoch, fields.baseSequence);
  writeInt32(bytes, position + 57, fields.recordCount);
  writeInt32(bytes, position + 17, crc32c(bytes, 0, position + 21, end));
}

/** The checksum that a whole batch should carry. */
export function computeCrc(bytes: Uint8Array, position: number): number {
  return crc32c(bytes, 0, position + batchHeaderLayout.attributes, position + batchSize(bytes, position));
}

/** Writes the checksum that fits the batch's bytes. */
export function updateCrc(bytes: Uint8Array, position: number): void {
  writeInt32(bytes, position + 17, computeCrc(bytes, position));
}

/** The checksum of the header's bytes that the batch's covers too: what `adjustCrc` wants from before a change. */
export function headerCrc(bytes: Uint8Array, position: number): number {
  return crc32cByTable(bytes, 0, position + batchHeaderLayout.attributes, position + batchHeaderBytes);
}

/**
 * Carries a change of header bytes over into the checksum without reading the records, in well under a microsecond
 * whatever their size. `headerCrcBefore` is what `headerCrc` answered before the change; the length must not have
 * changed. A checksum that did not fit the bytes before does not fit them afterwards: damage stays visible, where
 * `updateCrc` would hide it.
 */
export function adjustCrc(bytes: Uint8Array, position: number, headerCrcBefore: number): void {
  const difference = headerCrcBefore ^ headerCrc(bytes, position);
  const recordsBytes = batchSize(bytes, position) - batchHeaderBytes;
  writeInt32(bytes, position + 17, readInt32(bytes, position + 17) ^ shiftCrc32cDifference(difference, recordsBytes));
}

function unsupportedMagic(bytes: Uint8Array, position: number): CorruptRecordError {
  const found = magic(bytes, position);
  const what =
    found === 0 || found === 1
      ? `a message set of format v${found}, from before Kafka 0.11, is not read; let the brokers convert the topic`
      : `a record batch of the unknown format ${found} is corrupt, or newer than this version reads`;
  return new CorruptRecordError(what, position, 'unsupported_record_format');
}
