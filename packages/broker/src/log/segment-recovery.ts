/**
 * Finds out at start what a log's files hold. A summary vouches for a segment's first bytes; what lies behind is
 * checked batch by batch, checksum included.
 *
 * Bytes at the end that are no whole and sound batch are a write which the process did not live to finish: nobody was
 * told it succeeded, so the file is cut there. Damage with sound batches behind it is one of two things, and either way
 * the file as it was is kept under another name (`.damaged`) and the operator is told:
 *
 * - A sector of zeros was never written: power was lost before the file was synced that far, and what lies behind was
 *   not synced either. The file is cut there, because a gap would lock out the producers of what is missing.
 * - Otherwise the disk is to blame. The segment is written anew from its sound batches, which stay readable at their
 *   offsets.
 *
 * The file is replaced in one step, so that a crash in the middle of the repair leaves it to the next start.
 */
import type { Disk, DiskFile } from '@millrace/base';
import { batchHeader, CorruptRecordError } from '@millrace/wire';
import { hasUnwrittenSector } from '../unwritten-sector.ts';
import { recoverSwaps } from './compaction/segment-swap.ts';
import type { LogEnvironment } from './log-environment.ts';
import { producerBatchAt } from './producer-batch.ts';
import type { ProducerStates } from './producer-states.ts';
import { Segment, segmentOffsetsMax } from './segment.ts';
import { decodeSegmentSummary } from './segment-summary.ts';

/** How much of a file is read at once; a batch may be longer. */
const readBytes = 4 * 1024 * 1024;

/** The segments of a directory, ascending, with the producers' state at their end. Rejects with `DiskError`. */
export async function recoverSegments(
  environment: LogEnvironment,
  directory: string,
  producers: ProducerStates,
  indexIntervalBytes: number,
): Promise<Segment[]> {
  await recoverSwaps(environment.disk, directory);
  const entries = await environment.disk.list(directory);
  await removeOrphans(environment.disk, directory, new Set(entries.map(({ name }) => name)));
  const baseOffsets = entries.flatMap(({ name }) => (/^\d{20}\.log$/.test(name) ? [Number(name.slice(0, 20))] : []));
  const segments: Segment[] = [];
  for (const baseOffset of baseOffsets.sort((left, right) => left - right)) {
    const previous = segments.at(-1);
    if (previous !== undefined && previous.nextOffset !== baseOffset) {
      const message = `${directory} has a gap from offset ${previous.nextOffset} to ${baseOffset}`;
      environment.report({ level: 'error', message: `${message}; what lies between can't be read any more` });
    }
    segments.push(await recoverSegment(environment, directory, baseOffset, producers, indexIntervalBytes));
  }
  return segments;
}

/** Removes what a kill left of a file that was being replaced, and summaries of segments that were being deleted. */
async function removeOrphans(disk: Disk, directory: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of names) {
    const isSummary = /^\d{20}\.index$/.test(name);
    if (name.endsWith('.tmp') || (isSummary && !names.has(name.replace('.index', '.log')))) {
      await disk.remove(`${directory}/${name}`);
    }
  }
}

async function recoverSegment(
  environment: LogEnvironment,
  directory: string,
  baseOffset: number,
  producers: ProducerStates,
  indexIntervalBytes: number,
): Promise<Segment> {
  const plain = new Segment(directory, baseOffset);
  const content = await environment.disk.readFile(plain.summaryPath);
  const known = content && decodeSegmentSummary(baseOffset, content);
  const lease = await environment.files.acquire(plain.path, { create: false });
  try {
    const fileBytes = await lease.file.size();
    let segment = plain;
    if (known !== undefined && known.summary.sizeBytes <= fileBytes) {
      segment = new Segment(directory, baseOffset, known.index);
      segment.restore(known.summary);
      producers.restore(known.summary.producers);
    }
    await scan(lease.file, fileBytes, segment, producers, indexIntervalBytes);
    if (segment.sizeBytes === fileBytes) return segment;
    const rest = Buffer.allocUnsafeSlow(fileBytes - segment.sizeBytes);
    await lease.file.read(rest, segment.sizeBytes);
    const soundFrom = findSoundBatch(rest, 1, segment);
    if (soundFrom !== undefined) {
      await keepDamaged(environment, segment, lease.file, rest);
      if (!hasUnwrittenSector(rest.subarray(0, soundFrom), segment.sizeBytes, offsetBytes(segment.nextOffset))) {
        return await rewriteDamaged(environment, segment, lease.file, rest, producers, indexIntervalBytes);
      }
    }
    const message = `cut ${rest.length} bytes of an unfinished write from ${segment.path}`;
    environment.report({ level: 'warn', message });
    await lease.file.truncate(segment.sizeBytes);
    return segment;
  } finally {
    await lease.release();
  }
}

/** Extends the segment by every sound batch behind its known bytes. */
async function scan(
  file: Pick<DiskFile, 'read'>,
  fileBytes: number,
  segment: Segment,
  producers: ProducerStates,
  indexIntervalBytes: number,
): Promise<void> {
  let wanted = readBytes;
  while (segment.sizeBytes < fileBytes) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(wanted, fileBytes - segment.sizeBytes));
    const bytes = buffer.subarray(0, await file.read(buffer, segment.sizeBytes));
    const before = segment.sizeBytes;
    let position = 0;
    while (isSoundBatch(bytes, position, segment)) {
      segment.extend(bytes, position, indexIntervalBytes);
      const batch = producerBatchAt(bytes, position);
      if (batch !== undefined) segment.addAborted(producers.commit(batch));
      position += batchHeader.batchSize(bytes, position);
    }
    if (segment.sizeBytes > before) wanted = readBytes;
    else if (bytes.length < fileBytes - segment.sizeBytes && isLongerThan(bytes)) wanted *= 4;
    else return;
  }
}

/** Copies a damaged file, known part and rest, to where it stays for the operator. */
async function keepDamaged(
  environment: LogEnvironment,
  segment: Segment,
  file: Pick<DiskFile, 'read'>,
  rest: Uint8Array,
): Promise<void> {
  const content = Buffer.concat([await readStart(file, segment.sizeBytes), rest]);
  await environment.disk.writeFileAtomic(damagedPath(segment), content, { sync: true });
  const kept = `as it was it is kept as ${damagedPath(segment)}`;
  const message = `${segment.path} is damaged at byte ${segment.sizeBytes}; ${kept}`;
  environment.report({ level: 'error', message });
}

/** Writes the segment anew from the sound batches before and in `rest`. */
async function rewriteDamaged(
  environment: LogEnvironment,
  segment: Segment,
  file: Pick<DiskFile, 'read'>,
  rest: Uint8Array,
  producers: ProducerStates,
  indexIntervalBytes: number,
): Promise<Segment> {
  const kept: Uint8Array[] = [await readStart(file, segment.sizeBytes)];
  const missingFrom = segment.nextOffset;
  let missing = 0;
  for (let at = findSoundBatch(rest, 1, segment); at !== undefined; ) {
    const size = batchHeader.batchSize(rest, at);
    missing += batchHeader.baseOffset(rest, at) - segment.nextOffset;
    segment.extend(rest, at, indexIntervalBytes);
    const batch = producerBatchAt(rest, at);
    if (batch !== undefined) segment.addAborted(producers.commit(batch));
    kept.push(rest.subarray(at, at + size));
    at = findSoundBatch(rest, at + size, segment);
  }
  await environment.files.forget(segment.path);
  await environment.disk.writeFileAtomic(segment.path, Buffer.concat(kept), { sync: true });
  environment.report({
    level: 'error',
    message:
      `${missing} records from offset ${missingFrom} on can't be read in ${segment.path}, which is damaged; ` +
      `all others were kept, and the damaged file is ${damagedPath(segment)}. Check the disk`,
  });
  return segment;
}

function damagedPath(segment: Segment): string {
  return `${segment.path}.damaged`;
}

async function readStart(file: Pick<DiskFile, 'read'>, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, await file.read(bytes, 0));
}

/** How a batch with that offset begins. */
function offsetBytes(offset: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(offset));
  return bytes;
}

/** The position of the first sound batch at or after `from` that may follow in the segment. */
function findSoundBatch(bytes: Uint8Array, from: number, segment: Segment): number | undefined {
  const magicAt = batchHeader.batchHeaderLayout.magic;
  for (let at = from; at + batchHeader.batchHeaderBytes <= bytes.length; at++) {
    if (bytes[at + magicAt] === 2 && isSoundBatch(bytes, at, segment)) return at;
  }
  return undefined;
}

/** Whether the bytes begin with a header of a batch that is plausibly longer than they are. */
function isLongerThan(bytes: Uint8Array): boolean {
  if (bytes.length < batchHeader.batchHeaderBytes) return false;
  return batchHeader.magic(bytes, 0) === 2 && batchHeader.batchSize(bytes, 0) > bytes.length;
}

/** Whether a whole batch with a fitting checksum lies at `position`, and may follow in the segment by its offset. */
function isSoundBatch(bytes: Uint8Array, position: number, segment: Segment): boolean {
  try {
    if (batchHeader.wholeBatchSize(bytes, position) === 0) return false;
    // The checksum does not cover the offset.
    if (batchHeader.baseOffset(bytes, position) < segment.nextOffset) return false;
    if (batchHeader.lastOffset(bytes, position) - segment.baseOffset >= segmentOffsetsMax) return false;
    return batchHeader.computeCrc(bytes, position) === batchHeader.crc(bytes, position);
  } catch (error) {
    if (error instanceof CorruptRecordError) return false;
    throw error;
  }
}
