/**
 * A target's partition that lost records which the journal knows to be stored there: by an unclean election, a loss of
 * power, or because its topic was deleted and made anew.
 *
 * What is lost begins with the first record of the map in whose place the log has somebody else's, a marker, or
 * nothing. That is looked for in the log itself, from where the map begins: nothing is taken to be there because of an
 * offset alone.
 */
import { assert, MillraceError } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import type { RecordBatch } from '@millrace/wire';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { mapOfChunks } from './chunk-map.ts';
import { markerMsMax, scanLog } from './log-scan.ts';
import type { ResumePoint } from './resume-point.ts';
import type { NumberedChunk } from './shard-journal.ts';
import { StoredRecords } from './stored-records.ts';

/** Who takes a partition over. */
export interface Takeover {
  /** Whose marker is in the log, or on its way there. */
  readonly identity: ProducerIdentity;
  /** Where the log ended before the marker was asked for. */
  readonly end: number;
}

/** The target has lost records that were copied to it. */
export class TargetTruncatedError extends MillraceError {
  readonly code = 'target_truncated';
  /** Where the copy would go on to copy them again. */
  readonly resume: ResumePoint;

  constructor({ topic, partition }: TopicPartition, from: number, confirmed: number, resume: ResumePoint) {
    const place = `${topic} [${partition}]`;
    const lost = `${place} was copied up to offset ${confirmed}, and has lost that from offset ${from} on`;
    super(`${lost}, as by an unclean election, or because the topic was made anew`);
    this.resume = resume;
  }
}

/** A batch was stored before the end of what was stored before it: the target's log was shorter by then. */
export class TargetShortenedError extends MillraceError {
  readonly code = 'target_shortened';
  override readonly retriable = true;
  readonly topic: string;
  readonly partition: number;
  /** Where the log ended at most. */
  readonly offset: number;

  constructor({ topic, partition }: TopicPartition, offset: number, confirmed: number) {
    const place = `${topic} [${partition}]`;
    super(`a batch came to lie at offset ${offset} of ${place}, which was copied up to offset ${confirmed}`);
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
  }
}

/**
 * What the log has lost of what the chunks (at least one) tell, up to the marker of the takeover. Rejects with
 * `KafkaError`, or a retriable error when the log can't be read within the bounds, or the marker does not come.
 */
export async function lossOf(
  cluster: Cluster,
  place: TopicPartition,
  chunks: readonly NumberedChunk[],
  { identity, end }: Takeover,
  bounds: CallBounds,
): Promise<TargetTruncatedError> {
  const stored = new StoredRecords(chunks.map(({ value }) => value));
  let [from, behind]: [number | undefined, number] = [undefined, end];
  for await (const batch of scanLog(cluster, place, Math.min(stored.first ?? end, end), bounds, markerMsMax)) {
    from ??= stored.missingIn(batch);
    behind = batch.lastOffset + 1;
    if (!isMarkerOf(batch, identity)) continue;
    from ??= batch.baseOffset;
    break;
  }
  return lossFrom(place, chunks, from ?? behind, behind);
}

/** That all is lost from an offset on, in a log that ends at `end`. */
export function lossFrom(
  place: TopicPartition,
  chunks: readonly NumberedChunk[],
  from: number,
  end: number,
): TargetTruncatedError {
  const newest = chunks.at(-1);
  assert(newest !== undefined, 'nothing is lost of what the journal knows nothing of');
  const { confirmed } = newest.value;
  const map = mapOfChunks(chunks.map(({ value }) => value));
  const source = map.nextSource(from) ?? confirmed.source;
  return new TargetTruncatedError(place, from, confirmed.target, {
    source,
    target: end,
    map: upTo(map, source),
    chunk: newest.chunk + 1,
    runs: [],
    closed: chunks.map(({ chunk, value }) => ({ chunk, targetEnd: value.confirmed.target })),
  });
}

/** Whether it is the marker that a takeover wrote. */
export function isMarkerOf(batch: RecordBatch, { producerId, epoch }: ProducerIdentity): boolean {
  return batch.isControl && batch.producerId === producerId && batch.producerEpoch === epoch;
}

function upTo(map: PartitionOffsetMap, source: number): PartitionOffsetMap {
  const kept = new PartitionOffsetMap();
  for (const run of map) {
    if (run.source < source) kept.append({ ...run, count: Math.min(run.count, source - run.source) });
  }
  return kept;
}
