/** Finds records by their timestamp, as ListOffsets asks for. */
import { type RecordBatch, readBatches } from '@millrace/wire';
import { DamagedRecordsError } from './damage.ts';
import type { Log, ReadChunks } from './log.ts';
import type { Segment } from './segment.ts';

/** A record's place in time. */
export interface FoundOffset {
  readonly offset: number;
  /** Milliseconds. */
  readonly timestamp: number;
}

const readBytes = 1024 * 1024;

/** The first record that can be read whose timestamp is at least `timestamp`, or undefined. */
export async function findByTimestamp(log: Log, timestamp: number): Promise<FoundOffset | undefined> {
  for (const segment of [...log.segments]) {
    if (segment.maxTimestamp < timestamp || segment.nextOffset <= log.startOffset) continue;
    const from = segment.index.offsetBefore(timestamp);
    const found = await search(log, from, segment.nextOffset, (batch) =>
      batch.maxTimestamp < timestamp ? undefined : firstFrom(batch, timestamp, log.startOffset),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The record with the largest timestamp, the first of them when there are several, or undefined in an empty log. */
export async function findMaxTimestamp(log: Log): Promise<FoundOffset | undefined> {
  for (;;) {
    let best: Segment | undefined;
    for (const segment of log.segments) {
      if (segment.maxTimestamp >= 0 && segment.maxTimestamp > (best?.maxTimestamp ?? -1)) best = segment;
    }
    if (best === undefined) return undefined;
    const { maxTimestamp, maxTimestampBatch, nextOffset } = best;
    const from = Math.max(maxTimestampBatch, log.startOffset);
    const found = await search(log, from, nextOffset, (batch) => firstFrom(batch, maxTimestamp, log.startOffset));
    // Compaction may have removed the record since.
    if (found !== undefined || log.segments.includes(best)) return found;
  }
}

/** Goes through the batches from an offset up to another until one gives an answer. */
async function search(
  log: Log,
  from: number,
  to: number,
  examine: (batch: RecordBatch) => FoundOffset | undefined,
): Promise<FoundOffset | undefined> {
  for (let offset = from; offset < to; ) {
    let chunks: ReadChunks;
    try {
      chunks = await log.read(offset, readBytes, true);
    } catch (error) {
      if (!(error instanceof DamagedRecordsError)) throw error;
      offset = error.nextOffset;
      continue;
    }
    if (chunks.length === 0) return undefined;
    for (const chunk of chunks) {
      for (const batch of readBatches(chunk)) {
        const found = examine(batch);
        if (found !== undefined) return found;
        offset = batch.lastOffset + 1;
      }
    }
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
