/** Goes through the batches of a segment while nothing is written to it, checking each. */
import { MillraceError } from '@millrace/base';
import { CompressionError, CorruptRecordError, RecordBatch } from '@millrace/wire';
import type { FileCache } from './file-cache.ts';
import type { Segment } from './segment.ts';

/** A batch of a segment is damaged. */
export class DamagedSegment extends MillraceError {
  readonly code = 'segment_damaged';
  readonly segment: Segment;

  constructor(segment: Segment, cause: Error) {
    super(`${segment.path} is damaged: ${cause.message}; check the disk`, { cause });
    this.segment = segment;
  }
}

/** How fast it goes: called after each piece of work, with the bytes that were read. */
interface Pace {
  pause(bytes: number): Promise<void>;
}

const readBytes = 1024 * 1024;
/** Bytes that say how long a batch is. */
const headBytes = 12;

/**
 * Calls `visit` with each batch from the one at `position` on, one after the other; the batch is valid during the call.
 * Rejects with `DamagedSegment`, `DiskError` and what `pace` and `visit` reject with.
 */
export async function visitBatches(
  files: FileCache,
  segment: Segment,
  position: number,
  pace: Pace,
  visit: (batch: RecordBatch) => Promise<void>,
): Promise<void> {
  const lease = await files.acquire(segment.path, { create: false });
  try {
    let buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, Math.max(headBytes, segment.sizeBytes - position)));
    for (let at = position; at < segment.sizeBytes; ) {
      const wanted = Math.min(buffer.length, segment.sizeBytes - at);
      const bytes = buffer.subarray(0, await lease.file.read(buffer.subarray(0, wanted), at));
      await pace.pause(bytes.length);
      const used = await visitWhole(segment, bytes, pace, visit);
      at += used;
      if (used > 0) continue;
      const size = bytes.length < headBytes ? 0 : headBytes + bytes.readInt32BE(8);
      if (size <= bytes.length || at + size > segment.sizeBytes) {
        throw new DamagedSegment(segment, new Error(`no batch begins at byte ${at}`));
      }
      buffer = Buffer.allocUnsafeSlow(size);
    }
  } catch (error) {
    if (error instanceof CorruptRecordError || error instanceof CompressionError)
      throw new DamagedSegment(segment, error);
    throw error;
  } finally {
    await lease.release();
  }
}

/** Visits the whole batches at the start of `bytes`, and answers how long they are. */
async function visitWhole(
  segment: Segment,
  bytes: Buffer,
  pace: Pace,
  visit: (batch: RecordBatch) => Promise<void>,
): Promise<number> {
  let at = 0;
  while (at + headBytes <= bytes.length && at + headBytes + bytes.readInt32BE(at + 8) <= bytes.length) {
    const batch = new RecordBatch(bytes, at);
    batch.verifyCrc();
    if (batch.baseOffset < segment.baseOffset || batch.lastOffset >= segment.nextOffset) {
      throw new CorruptRecordError(`the batch at byte ${at} has an offset that is not of its segment`, at);
    }
    await visit(batch);
    await pace.pause(0);
    at += batch.sizeInBytes;
  }
  return at;
}
