/**
 * Makes outgoing batches of groups of source batches that can't pass as they are, or should not alone. Since their
 * checksums are computed anew, those of the source batches are checked first: damage must not be signed.
 */
import {
  batchHeader,
  type Compression,
  compress,
  compressionId,
  compressionOfId,
  consecutiveCrcsFit,
  decompress,
  decompressSync,
  type FrameMemory,
  RecordBatch,
} from '@millrace/wire';
import type { BatchGroup, SourceChunk } from './chunk-plan.ts';
import { type ConversionLimits, rebuiltBytesMaxOf } from './conversion-limits.ts';
import type { OutgoingBatch, SourceRun } from './outgoing-batch.ts';
import { growthPerRecord, type JoinedRecords, RecordJoiner } from './record-joiner.ts';
import { RecordTooLargeError } from './record-too-large-error.ts';
import type { WorkTurns } from './work-turns.ts';

const { batchHeaderBytes } = batchHeader;

/**
 * How many times the largest batch the records of a compressed one may take uncompressed: well compressible ones are
 * not cut for nothing, and memory stays bounded.
 */
const expansionMax = 32;

/** Batches with less payload than this are checked together. */
const togetherBelow = 2048;

/** Decompressing a tiny batch takes about as long as joining so many bytes. */
const decompressionCost = 4096;

/** A failure and the source offset at which it begins: what lies before can be converted. */
export class FailedAt {
  readonly offset: number;
  readonly error: unknown;

  constructor(offset: number, error: unknown) {
    this.offset = offset;
    this.error = error;
  }
}

/** Rebuilds a group of uncompressed batches. Throws `FailedAt`. */
export function rebuildPlain(chunk: SourceChunk, group: BatchGroup, limits: ConversionLimits): OutgoingBatch[] {
  const { bytes } = chunk;
  const capacity = batchHeaderBytes + group.payloadBytes + group.recordCount * growthPerRecord;
  const joiner = joinerFor(chunk, rebuiltBytesMaxOf(limits), capacity);
  const areSound = fitTogether(bytes, group);
  for (const position of group.positions) {
    try {
      if (!areSound) checkCrc(bytes, position);
      const end = position + batchHeader.batchSize(bytes, position);
      joiner.append(bytes, position, bytes, position + batchHeaderBytes, end);
    } catch (error) {
      throw new FailedAt(batchHeader.baseOffset(bytes, position), error);
    }
  }
  return joiner.finish().map((joined) => {
    if (joined.bytes.length > limits.batchBytesMax) throw tooLarge(joined, joined.bytes.length, limits);
    return sealed(joined, joined.bytes, 'none');
  });
}

/** Rebuilds a group of compressed batches, by the codec that they have. Rejects with `FailedAt`. */
export async function rebuildCompressed(
  chunk: SourceChunk,
  group: BatchGroup,
  limits: ConversionLimits,
  turns: WorkTurns,
): Promise<OutgoingBatch[]> {
  const { bytes } = chunk;
  const { decompressedBytesMax } = limits;
  const type = compressionOfId(group.compressionId);
  const joiner = joinerFor(chunk, rebuiltBytesMaxOf(limits) * expansionMax, 0);
  const isJoined = group.positions.length > 1;
  const areSound = fitTogether(bytes, group);
  const batches: OutgoingBatch[] = [];
  for (const position of group.positions) {
    try {
      if (!areSound) checkCrc(bytes, position);
      const end = position + batchHeader.batchSize(bytes, position);
      const payload = bytes.subarray(position + batchHeaderBytes, end);
      // Those that are joined are small, and not worth a promise each.
      const records = isJoined
        ? decompressSync(type, payload, decompressedBytesMax)
        : await decompress(type, payload, decompressedBytesMax);
      joiner.append(bytes, position, records, 0, records.length);
      const rest = turns.spend(records.length + decompressionCost);
      if (rest !== undefined) await rest;
    } catch (error) {
      throw new FailedAt(batchHeader.baseOffset(bytes, position), error);
    }
    for (const full of joiner.takeFull()) await packInto(batches, full, type, limits, chunk.memory);
  }
  for (const rest of joiner.finish()) await packInto(batches, rest, type, limits, chunk.memory);
  return batches;
}

function joinerFor({ from, until, memory }: SourceChunk, bytesMax: number, capacity: number): RecordJoiner {
  return new RecordJoiner({ from, until: until ?? Number.MAX_SAFE_INTEGER, bytesMax, capacity, memory });
}

/** Whether the group is of small batches that fit their checksums. Others must be checked one by one. */
function fitTogether(bytes: Uint8Array, { positions, payloadBytes }: BatchGroup): boolean {
  const first = positions[0] as number;
  const last = positions.at(-1) as number;
  const end = last + batchHeader.batchSize(bytes, last);
  // Batches in between that are left out are read with the others: that must not outweigh what is saved.
  const isWorthIt = payloadBytes < positions.length * togetherBelow && end - first < payloadBytes * 4;
  return isWorthIt && consecutiveCrcsFit(bytes, first, end);
}

function checkCrc(bytes: Uint8Array, position: number): void {
  if (batchHeader.computeCrc(bytes, position) !== batchHeader.crc(bytes, position)) {
    new RecordBatch(bytes, position).verifyCrc();
  }
}

/** Adds the records as one compressed batch, or as many as the limit asks for. What they lay in is given back. */
async function packInto(
  batches: OutgoingBatch[],
  joined: JoinedRecords,
  type: Compression,
  limits: ConversionLimits,
  memory: FrameMemory | undefined,
): Promise<void> {
  const { bytes } = joined;
  const packed = await compress(type, bytes.subarray(batchHeaderBytes));
  const isSmaller = batchHeaderBytes + packed.length < bytes.length;
  const size = isSmaller ? batchHeaderBytes + packed.length : bytes.length;
  const isSingle = joined.recordCount === 1;
  if (size > (isSingle ? limits.batchBytesMax : rebuiltBytesMaxOf(limits))) {
    if (isSingle) throw tooLarge(joined, size, limits);
    for (const part of halves(joined)) await packInto(batches, part, type, limits, memory);
    memory?.giveBack(bytes);
  } else if (isSmaller) {
    memory?.giveBack(bytes);
    const batch = memory?.take(size).subarray(0, size) ?? Buffer.allocUnsafeSlow(size);
    batch.set(packed, batchHeaderBytes);
    batches.push(sealed(joined, batch, type));
  } else batches.push(sealed(joined, bytes, 'none'));
}

/** The records in parts of half their bytes, or of a single record that takes more. */
function halves(joined: JoinedRecords): JoinedRecords[] {
  const { bytes, runs } = joined;
  // As a batch they are what a joiner takes; its offsets count the records from 0.
  const numbered = sealed({ ...joined, runs: [{ offset: 0, count: joined.recordCount }] }, bytes, 'none');
  const joiner = new RecordJoiner({
    from: 0,
    until: joined.recordCount,
    bytesMax: Math.ceil(bytes.length / 2),
    capacity: bytes.length,
  });
  joiner.append(numbered.bytes, 0, bytes, batchHeaderBytes, bytes.length);
  return joiner.finish().map((part) => {
    const first = part.runs[0]?.offset as number;
    return { ...part, runs: cutRuns(runs, first, first + part.recordCount) };
  });
}

/** The runs of the records from the `start`-th to before the `end`-th. */
function cutRuns(runs: readonly SourceRun[], start: number, end: number): SourceRun[] {
  const cut: SourceRun[] = [];
  let before = 0;
  for (const { offset, count } of runs) {
    const skipped = Math.max(start - before, 0);
    const taken = Math.min(end - before, count) - skipped;
    if (taken > 0) cut.push({ offset: offset + skipped, count: taken });
    before += count;
  }
  return cut;
}

/** `batch` holds the records already, and room for the header. */
function sealed(joined: JoinedRecords, batch: Uint8Array, compression: Compression): OutgoingBatch {
  const { recordCount, baseTimestamp, maxTimestamp, runs } = joined;
  batchHeader.writeHeader(batch, 0, batch.length, {
    baseOffset: runs[0]?.offset ?? 0,
    partitionLeaderEpoch: -1,
    attributes: compressionId(compression),
    lastOffsetDelta: recordCount - 1,
    baseTimestamp,
    maxTimestamp,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    recordCount,
  });
  return { bytes: batch, recordCount, runs };
}

function tooLarge(joined: JoinedRecords, sizeInBytes: number, { batchBytesMax }: ConversionLimits): FailedAt {
  const offset = joined.runs[0]?.offset ?? 0;
  return new FailedAt(offset, new RecordTooLargeError(offset, sizeInBytes, batchBytesMax));
}
