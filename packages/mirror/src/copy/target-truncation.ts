/**
 * A target's partition that lost records which the journal knows to be stored there: by an unclean election, a loss of
 * power, or because its topic was deleted and made anew.
 *
 * What is lost begins with the first record of the map in whose place the log has somebody else's, a marker, or
 * nothing. That is looked for in the log itself, from where the map begins: nothing is taken to be there because of an
 * offset alone.
 */
import { MillraceError } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import type { RecordBatch } from '@millrace/wire';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { mapOfChunks } from './chunk-map.ts';
import { boundOf, scanLog } from './log-scan.ts';
import type { ResumePoint } from './partition-copy.ts';
import type { NumberedChunk } from './shard-journal.ts';

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

/** Nothing is looked into behind so many offsets at first; then behind ever more. */
const markerSearchOffsets = 1_000;

/**
 * What the log has lost of what the chunks tell, once the marker of `identity` is in it; undefined when the marker is
 * not to be found, as while its leader lags behind. Without `identity`, where nobody is fenced, it has lost what lies
 * behind its end. Rejects with `KafkaError`, or a retriable error within the bounds.
 */
export async function targetTruncation(
  cluster: Cluster,
  place: TopicPartition,
  chunks: readonly NumberedChunk[],
  identity: ProducerIdentity | undefined,
  bounds: CallBounds,
): Promise<TargetTruncatedError | undefined> {
  const newest = chunks.at(-1);
  const end = await boundOf(cluster, place, 'latest', bounds);
  const marker = identity === undefined ? end : await markerOffset(cluster, place, end, identity, bounds);
  if (marker === undefined || newest === undefined) return undefined;
  const map = mapOfChunks(chunks.map(({ value }) => value));
  const producerIds = new Set(chunks.map(({ value }) => value.producerId));
  const from = identity === undefined ? end : await firstLoss(cluster, place, map, producerIds, marker, bounds);
  const { confirmed } = newest.value;
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

async function markerOffset(
  cluster: Cluster,
  place: TopicPartition,
  end: number,
  { producerId, epoch }: ProducerIdentity,
  bounds: CallBounds,
): Promise<number | undefined> {
  const start = await boundOf(cluster, place, 'earliest', bounds);
  for (let width = markerSearchOffsets; ; width *= 8) {
    const from = Math.max(start, end - width);
    for await (const batch of between(cluster, place, from, end, bounds)) {
      if (batch.isControl && batch.producerId === producerId && batch.producerEpoch === epoch) return batch.baseOffset;
    }
    if (from === start) return undefined;
  }
}

/** The first offset at which the map has a record, and the log before the marker has not. */
async function firstLoss(
  cluster: Cluster,
  place: TopicPartition,
  map: PartitionOffsetMap,
  producerIds: ReadonlySet<number>,
  marker: number,
  bounds: CallBounds,
): Promise<number> {
  const first = map.runs[0]?.target ?? marker;
  for await (const batch of between(cluster, place, Math.min(first, marker), marker, bounds)) {
    if (!batch.isControl && producerIds.has(batch.producerId)) continue;
    const source = map.nextSource(batch.baseOffset);
    const expected = source === undefined ? undefined : map.targetOf(source);
    if (expected !== undefined && expected <= batch.lastOffset) return Math.max(expected, batch.baseOffset);
  }
  return marker;
}

/** The batches of a part of a log that has an end. */
async function* between(
  cluster: Cluster,
  place: TopicPartition,
  from: number,
  end: number,
  bounds: CallBounds,
): AsyncGenerator<RecordBatch> {
  if (from >= end) return;
  for await (const batch of scanLog(cluster, place, from, bounds)) {
    if (batch.baseOffset >= end) return;
    yield batch;
    if (batch.lastOffset + 1 >= end) return;
  }
}

function upTo(map: PartitionOffsetMap, source: number): PartitionOffsetMap {
  const kept = new PartitionOffsetMap();
  for (const run of map) {
    if (run.source < source) kept.append({ ...run, count: Math.min(run.count, source - run.source) });
  }
  return kept;
}
