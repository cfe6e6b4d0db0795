/**
 * Finds out where the copy of a partition goes on, from what the journal announced and what the target's own log holds.
 *
 * The journal's newest chunk tells up to where all is stored, whose data may lie behind, and which source offset each
 * of it has. What of it was stored is in the target's log: the owner's batches carry its producer id, epoch and
 * sequence numbers. The log is read up to the marker of the new owner, behind which nothing of the old one can come any
 * more. So nothing is guessed, whatever compaction and retention have done to the source meanwhile.
 */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { joinRun, type OffsetRun, routed } from '../offset-map/offset-run.ts';
import { AnnouncedRecords } from './announced-records.ts';
import { mapOfChunks } from './chunk-map.ts';
import { markerMsMax, scanLog } from './log-scan.ts';
import type { ResumePoint } from './resume-point.ts';
import { StoredRecords } from './stored-records.ts';
import { isMarkerOf, lossOf, type Takeover, TargetTruncatedError } from './target-truncation.ts';

/** What was found besides where to go on. */
export interface Recovered extends ResumePoint {
  /** Records that somebody else wrote behind what was confirmed, and was not expected to. */
  readonly foreignRecords: number;
}

/**
 * Where the copy goes on after the last of `chunks` (ascending, at least one). `isExpected`: whether somebody else may
 * well write there. Rejects with `TargetTruncatedError` when the target has lost what was copied, with `KafkaError`, or
 * a retriable error when the target can't be read within the bounds, or the marker does not come.
 */
export async function recoverPartition(
  cluster: Cluster,
  place: TopicPartition,
  chunks: readonly { readonly chunk: number; readonly value: JournalChunk }[],
  takeover: Takeover,
  bounds: CallBounds,
  isExpected?: (producerId: number) => boolean,
): Promise<Recovered> {
  const { identity } = takeover;
  const newest = chunks.at(-1);
  if (newest === undefined) throw new Error('a partition is recovered of which the journal knows nothing');
  const { confirmed, producerId, epoch } = newest.value;
  const map = mapOfChunks(chunks.map(({ value }) => value));
  const announced = new AnnouncedRecords(newest.value);
  let { sequence, source, target } = confirmed;
  const runs: OffsetRun[] = [];
  const closed = chunks.map(({ chunk, value }) => ({ chunk, targetEnd: value.confirmed.target }));
  let foreignRecords = 0;
  const stored = new StoredRecords(chunks.map(({ value }) => value));
  const { last = -1 } = stored;
  const begin = Math.min(last < 0 ? confirmed.target : last, takeover.end);
  let behind = last < 0 ? begin : last + 1;
  let lostFrom: number | undefined;
  for await (const batch of scanLog(cluster, place, begin, bounds, markerMsMax)) {
    if (batch.baseOffset <= last) {
      if (!isMarkerOf(batch, identity) && stored.missingIn(batch) === undefined) continue;
      throw await lossOf(cluster, place, chunks, takeover, bounds);
    }
    target = batch.lastOffset + 1;
    if (batch.isControl) {
      if (isMarkerOf(batch, identity)) break;
      continue;
    }
    if (lostFrom !== undefined) continue;
    // Announced for nobody: what is there behind the checkpoint is copied again.
    if (producerId < 0) continue;
    if (batch.producerId !== producerId || batch.producerEpoch !== epoch) {
      if (isExpected?.(batch.producerId) !== true) foreignRecords += batch.recordCount;
      continue;
    }
    // Compaction keeps the numbers of what it removes from a batch, but may have removed batches before it.
    const missing = distance(sequence, batch.baseSequence);
    // It leaves their offsets free; where there are none, they were lost, and others have come in their place.
    if (missing > batch.baseOffset - behind) {
      lostFrom = behind;
      continue;
    }
    announced.skip(missing);
    const count = batch.lastOffsetDelta + 1;
    let at = batch.baseOffset;
    for (const { offset, count: length, via } of announced.take(count)) {
      const run = routed({ source: offset, target: at, count: length }, via);
      map.append(run);
      joinRun(runs, run);
      at += length;
      source = offset + length;
    }
    sequence = (batch.baseSequence + count) % 2 ** 31;
    behind = batch.lastOffset + 1;
  }
  const { sourceEpochs } = newest.value;
  const resume = { source, target, map, chunk: newest.chunk + 1, runs, closed, sourceEpochs };
  if (lostFrom !== undefined) throw new TargetTruncatedError(place, lostFrom, confirmed.target, resume);
  return { ...resume, foreignRecords };
}

/** How many numbers lie from one sequence number to another, which go up to 2^31-1 and begin again. */
function distance(from: number, to: number): number {
  return (to - from + 2 ** 31) % 2 ** 31;
}
