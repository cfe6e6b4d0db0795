/** Finds records by their timestamp, as ListOffsets asks for. */
import { type RecordBatch, readBatches } from '@millrace/wire';
import type { FileCache } from './file-cache.ts';
import type { Log } from './log.ts';
import type { Segment } from './segment.ts';

/** A record's place in time. */
export interface FoundOffset {
  readonly offset: number;
  /** Milliseconds. */
  readonly timestamp: number;
}

const readBytes = 1024 * 1024;

/** The first record that can be read whose timestamp is at least `timestamp`, or undefined. */
export async function findByTimestamp(log: Log, files: FileCache, timestamp: number): Promise<FoundOffset | undefined> {
  for (const segment of [...log.segments]) {
    if (segment.maxTimestamp < timestamp || segment.nextOffset <= log.startOffset) continue;
    const from = segment.index.floorOfTimestamp(timestamp);
    const found = await searchSegment(segment, files, from, (batch) =>
      batch.maxTimestamp < timestamp ? undefined : firstFrom(batch, timestamp, log.startOffset),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The record with the largest timestamp, the first of them when there are several, or undefined in an empty log. */
export async function findMaxTimestamp(log: Log, files: FileCache): Promise<FoundOffset | undefined> {
  let best: Segment | undefined;
  for (const segment of log.segments) {
    if (segment.maxTimestamp >= 0 && segment.maxTimestamp > (best?.maxTimestamp ?? -1)) best = segment;
  }
  if (best === undefined) return undefined;
  const { maxTimestamp, maxTimestampBatch } = best;
  const from = best.index.floor(maxTimestampBatch);
  return searchSegment(best, files, from, (batch) =>
    batch.baseOffset < maxTimestampBatch ? undefined : firstFrom(batch, maxTimestamp, log.startOffset),
  );
}

/** Goes through the batches from a position on until one gives an answer. */
async function searchSegment(
  segment: Segment,
  files: FileCache,
  from: number,
  examine: (batch: RecordBatch) => FoundOffset | undefined,
): Promise<FoundOffset | undefined> {
  let offset = await segment.offsetAt(files, from);
  while (offset < segment.nextOffset) {
    const bytes = await segment.read(files, offset, readBytes, true);
    for (const batch of readBatches(bytes)) {
      const found = examine(batch);
      if (found !== undefined) return found;
      offset = batch.lastOffset + 1;
    }
    if (bytes.length === 0) return undefined;
  }
  return undefined;
}

function firstFrom(batch: RecordBatch, timestamp: number, startOffset: number): FoundOffset | undefined {
  for (const record of batch.records()) {
    if (record.timestamp >= timestamp && record.offset >= startOffset) {
      return { offset: record.offset, timestamp: record.timestamp };
    }
  }
  return undefined;
}
