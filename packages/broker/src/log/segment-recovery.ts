/**
 * Finds out at start what a log's files hold. A summary vouches for a segment's first bytes; what lies behind is
 * checked batch by batch, checksum included.
 *
 * Bytes at the end that are no whole and sound batch are a write which the process did not live to finish: nobody was
 * told it succeeded, so the file is cut there. Damage with sound batches behind it is one of two things, and either way
 * the operator is told:
 *
 * - A sector of zeros was never written: power was lost before the file was synced that far, and what lies behind was
 *   not synced either. The file is cut there, because a gap would lock out the producers of what is missing; as it was
 *   it is kept under another name (`.damaged`).
 * - Otherwise the disk is to blame. The damaged bytes stay where they are and count as a hole; all sound batches stay
 *   readable at their offsets.
 */
import type { Disk, DiskFile } from '@millrace/base';
import { batchHeader, CorruptRecordError } from '@millrace/wire';
import { hasUnwrittenSector, sectorBytes } from '../unwritten-sector.ts';
import { recoverSwaps } from './compaction/segment-swap.ts';
import { describeHole, type Hole } from './damage.ts';
import { findSoundBatch, isSoundBatchAt } from './find-sound-batch.ts';
import type { LogEnvironment } from './log-environment.ts';
import { producerBatchAt } from './producer-batch.ts';
import type { ProducerStates } from './producer-states.ts';
import { Segment, segmentOffsetsMax } from './segment.ts';
import { decodeSegmentSummary, encodeSegmentSummary } from './segment-summary.ts';

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
  const summarized = content && decodeSegmentSummary(baseOffset, content);
  const lease = await environment.files.acquire(plain.path, { create: false });
  try {
    const fileBytes = await lease.file.size();
    let segment = plain;
    if (summarized !== undefined && summarized.summary.sizeBytes <= fileBytes) {
      segment = new Segment(directory, baseOffset, summarized.index);
      segment.restore(summarized.summary);
      producers.restore(summarized.summary.producers);
    }
    const scanned = (): Promise<void> => scan(lease.file, fileBytes, segment, producers, indexIntervalBytes);
    await scanned();
    const known = segment.holes.length;
    while (segment.sizeBytes < fileBytes) {
      const hole = await nextHole(lease.file, segment, fileBytes);
      if (hole === undefined) {
        await cut(environment, segment, lease.file, fileBytes);
        break;
      }
      segment.skip(hole);
      environment.report({ level: 'error', message: describeHole(segment.path, hole) });
      await scanned();
    }
    if (segment.holes.length > known) await vouch(environment, segment, lease.file, producers);
    return segment;
  } finally {
    await lease.release();
  }
}

/** The damage at the end of what is known of a segment; undefined when nothing sound, or nothing synced, follows. */
async function nextHole(file: DiskFile, segment: Segment, fileBytes: number): Promise<Hole | undefined> {
  const { sizeBytes: position, nextOffset: offset } = segment;
  const range = { end: fileBytes, offsetMin: offset, offsetEnd: segment.baseOffset + segmentOffsetsMax };
  const head = await readPart(file, position, batchHeader.batchHeaderBytes);
  const claimed = head.length < batchHeader.batchHeaderBytes ? 0 : position + batchHeader.batchSize(head, 0);
  const isWhole = claimed > position && (await isSoundBatchAt(file, claimed, range));
  const end = isWhole ? claimed : await findSoundBatch(file, position + 1, fileBytes, range);
  if (typeof end !== 'number') return undefined;
  const bytes = await readPart(file, position, end - position + sectorBytes);
  if (hasUnwrittenSector(bytes, end - position, position, offsetBytes(offset))) return undefined;
  const nextOffset = batchHeader.baseOffset(await readPart(file, end, batchHeader.batchHeaderBytes), 0);
  return { position, end, offset, nextOffset };
}

/** Cuts what is no batch from the end of the file. If there is more to it than a torn write, it is kept aside first. */
async function cut(environment: LogEnvironment, segment: Segment, file: DiskFile, fileBytes: number): Promise<void> {
  const bytes = fileBytes - segment.sizeBytes;
  if (!(await isTornWrite(file, segment, fileBytes))) {
    await copyFile(environment.disk, file, fileBytes, damagedPath(segment));
    const kept = `as it was it is kept as ${damagedPath(segment)}`;
    const message = `${segment.path} is damaged at byte ${segment.sizeBytes}; ${kept}`;
    environment.report({ level: 'error', message });
  }
  const message = `cut ${bytes} bytes of an unfinished write from ${segment.path}`;
  environment.report({ level: 'warn', message });
  await file.truncate(segment.sizeBytes);
}

/** Whether all that follows is at most one batch: one that was not wholly written, as its header says. */
async function isTornWrite(file: DiskFile, segment: Segment, fileBytes: number): Promise<boolean> {
  const head = await readPart(file, segment.sizeBytes, batchHeader.batchHeaderBytes);
  if (head.length < batchHeader.batchHeaderBytes) return true;
  const offsetEnd = segment.baseOffset + segmentOffsetsMax;
  const range = { end: fileBytes, offsetMin: segment.nextOffset, offsetEnd };
  return (await findSoundBatch(file, segment.sizeBytes + 1, fileBytes, range)) === undefined;
}

/** Leaves a summary, so that damage is found and told once and not at every start. */
async function vouch(
  environment: LogEnvironment,
  segment: Segment,
  file: DiskFile,
  producers: ProducerStates,
): Promise<void> {
  await file.sync();
  const content = encodeSegmentSummary(segment.summary(producers.snapshot()), segment.index);
  await environment.disk.writeFileAtomic(segment.summaryPath, content, { sync: true });
  segment.summarizedBytes = segment.sizeBytes;
}

async function copyFile(disk: Disk, file: DiskFile, bytes: number, path: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await disk.remove(temporary);
  const copy = await disk.open(temporary, { create: true });
  try {
    for (let at = 0; at < bytes; at += readBytes) {
      await copy.write([await readPart(file, at, Math.min(readBytes, bytes - at))], at);
    }
    await copy.sync();
  } finally {
    await copy.close();
  }
  await disk.rename(temporary, path);
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

function damagedPath(segment: Segment): string {
  return `${segment.path}.damaged`;
}

async function readPart(file: Pick<DiskFile, 'read'>, position: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, await file.read(bytes, position));
}

/** How a batch with that offset begins. */
function offsetBytes(offset: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(offset));
  return bytes;
}

/** Whether the bytes begin with a header of a batch that is plausibly longer than they are. */
function isLongerThan(bytes: Uint8Array): boolean {
  if (bytes.length < batchHeader.batchHeaderBytes) return false;
  return batchHeader.magic(bytes, 0) === 2 && batchHeader.batchSize(bytes, 0) > bytes.length;
}

/**
 * Whether a whole batch with a fitting checksum lies at `position`, may follow in the segment by its offset, and says
 * of its times and its producer what can be read.
 */
function isSoundBatch(bytes: Uint8Array, position: number, segment: Segment): boolean {
  try {
    if (batchHeader.wholeBatchSize(bytes, position) === 0) return false;
    // The checksum does not cover the offset.
    if (batchHeader.baseOffset(bytes, position) < segment.nextOffset) return false;
    if (batchHeader.lastOffset(bytes, position) - segment.baseOffset >= segmentOffsetsMax) return false;
    if (batchHeader.lastOffsetDelta(bytes, position) < 0 || batchHeader.recordCount(bytes, position) < 0) return false;
    if (batchHeader.computeCrc(bytes, position) !== batchHeader.crc(bytes, position)) return false;
    void [batchHeader.maxTimestamp(bytes, position), producerBatchAt(bytes, position)];
    return true;
  } catch (error) {
    if (error instanceof CorruptRecordError) return false;
    throw error;
  }
}
