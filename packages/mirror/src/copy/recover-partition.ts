/**
 * Finds out where the copy of a partition goes on, from what the journal announced and what the target's own log holds.
 *
 * The journal's newest chunk tells up to where all is stored, whose data may lie behind, and which source offset each
 * of it has. What of it was stored is in the target's log: the owner's batches carry its producer id, epoch and
 * sequence numbers. The log is read up to the marker of the new owner, behind which nothing of the old one can come any
 * more. So nothing is guessed, whatever compaction and retention have done to the source meanwhile.
 */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import type { RecordBatch } from '@millrace/wire';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { joinRun, type OffsetRun, routed } from '../offset-map/offset-run.ts';
import { AnnouncedRecords } from './announced-records.ts';
import { mapOfChunks } from './chunk-map.ts';
import { scanLog } from './log-scan.ts';
import type { ResumePoint } from './partition-copy.ts';

/** What was found besides where to go on. */
export interface Recovered extends ResumePoint {
  /** Records that somebody else wrote behind what was confirmed, and was not expected to. */
  readonly foreignRecords: number;
}

/**
 * Where the copy goes on after the last of `chunks` (ascending, at least one), once the marker of `identity` is in
 * `place`. `isExpected`: whether somebody else may well write there. Rejects with `KafkaError`, or a retriable error
 * when the target can't be read within the bounds.
 */
export async function recoverPartition(
  cluster: Cluster,
  place: TopicPartition,
  chunks: readonly { readonly chunk: number; readonly value: JournalChunk }[],
  identity: ProducerIdentity,
  bounds: CallBounds,
  isExpected?: (producerId: number) => boolean,
): Promise<Recovered> {
  const newest = chunks.at(-1);
  if (newest === undefined) throw new Error('a partition is recovered of which the journal knows nothing');
  const { confirmed, producerId, epoch } = newest.value;
  const map = mapOfChunks(chunks.map(({ value }) => value));
  const announced = new AnnouncedRecords(newest.value);
  let { sequence, source, target } = confirmed;
  const runs: OffsetRun[] = [];
  const closed = chunks.map(({ chunk, value }) => ({ chunk, targetEnd: value.confirmed.target }));
  let foreignRecords = 0;
  for await (const batch of scanLog(cluster, place, confirmed.target, bounds)) {
    target = batch.lastOffset + 1;
    if (batch.isControl) {
      if (isMarkerOf(batch, identity)) break;
      continue;
    }
    // Announced for nobody: what is there behind the checkpoint is copied again.
    if (producerId < 0) continue;
    if (batch.producerId !== producerId || batch.producerEpoch !== epoch) {
      if (isExpected?.(batch.producerId) !== true) foreignRecords += batch.recordCount;
      continue;
    }
    // Compaction keeps the numbers of what it removes from a batch, but may have removed batches before it.
    announced.skip(distance(sequence, batch.baseSequence));
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
  }
  const { sourceEpochs } = newest.value;
  return { source, target, map, chunk: newest.chunk + 1, runs, closed, sourceEpochs, foreignRecords };
}

function isMarkerOf(batch: RecordBatch, { producerId, epoch }: ProducerIdentity): boolean {
  return batch.producerId === producerId && batch.producerEpoch === epoch;
}

/** How many numbers lie from one sequence number to another, which go up to 2^31-1 and begin again. */
function distance(from: number, to: number): number {
  return (to - from + 2 ** 31) % 2 ** 31;
}
