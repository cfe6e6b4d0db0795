/**
 * Ends a mirror's copying of partitions at a place that is known exactly: takes their shards over as a worker would,
 * which fences whoever copies them, finds out what is stored, and writes that into the journals.
 *
 * To be called once the target says that the topics are failed over: a worker that opens a shard later reads that, and
 * one that has it open is fenced here.
 */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { fence, takeOver } from '../copy/fencing.ts';
import { boundOf } from '../copy/log-scan.ts';
import { readJournal } from '../copy/read-journal.ts';
import { recoverPartition } from '../copy/recover-partition.ts';
import { TargetTruncatedError } from '../copy/target-truncation.ts';
import { shardOf } from '../sharing/shard-of.ts';
import { mirrorOfOffsetsTopic, shardTransactionalIdOf } from '../topics/offsets-topic.ts';
import { listCloser } from './list-closer.ts';
import { type JournalEntry, writeJournal } from './write-journal.ts';

export interface ClosedPlace extends TopicPartition {
  readonly targetTopic: string;
}

export interface CloseShardsOptions {
  readonly target: Cluster;
  /** The mirror's offsets topic, and how many partitions it has. */
  readonly offsetsTopic: string;
  readonly shards: number;
  /** Partitions of the source. */
  readonly places: readonly ClosedPlace[];
  readonly bounds: CallBounds;
  /**
   * Told of what the target has lost of what was copied; the copying then ends before that. When absent, that is an
   * error, and nothing is written of the shard.
   */
  readonly lost?: ((place: ClosedPlace, loss: TargetTruncatedError) => void) | undefined;
}

/** Partitions of which the journals know nothing are passed over. Rejects as `recoverPartition` does. */
export async function closeShards(options: CloseShardsOptions): Promise<void> {
  const { shards, places } = options;
  const byShard = Map.groupBy(places, ({ topic, partition }) => shardOf(topic, partition, shards));
  for (const [shard, some] of byShard) await closeShard(options, shard, some);
}

/**
 * Fences whoever writes to the mirror's journals: nobody begins with anything that he was permitted before. Rejects as
 * the client does.
 */
export async function fenceJournals({
  target,
  offsetsTopic,
  shards,
  bounds,
}: Omit<CloseShardsOptions, 'places'>): Promise<void> {
  for (let shard = 0; shard < shards; shard++) {
    const journal = { topic: offsetsTopic, partition: shard };
    await takeOver(target, shardTransactionalIdOf(offsetsTopic, shard), [journal], bounds);
  }
}

async function closeShard(
  { target, offsetsTopic, bounds, lost }: CloseShardsOptions,
  shard: number,
  places: readonly ClosedPlace[],
): Promise<void> {
  const journal = { topic: offsetsTopic, partition: shard };
  const transactionalId = shardTransactionalIdOf(offsetsTopic, shard);
  const identity = await takeOver(target, transactionalId, [journal], bounds);
  await listCloser(target, mirrorOfOffsetsTopic(offsetsTopic) ?? '', shard, identity, bounds);
  const content = await readJournal(target, journal, identity, bounds);
  const known = places.filter((place) => content.chunksOf(place).length > 0);
  const onTarget = ({ targetTopic, partition }: ClosedPlace): TopicPartition => ({ topic: targetTopic, partition });
  // Before the markers, which make logs longer.
  const ends = await Promise.all(known.map((place) => boundOf(target, onTarget(place), 'latest', bounds)));
  await fence(target, transactionalId, identity, known.map(onTarget), bounds);
  const entries: JournalEntry[] = [];
  for (const [index, place] of known.entries()) {
    const chunks = content.chunksOf(place);
    const takeover = { identity, end: ends[index] as number };
    const recovering = recoverPartition(target, onTarget(place), chunks, takeover, bounds);
    const recovered = await recovering.catch((error: unknown) => {
      if (lost === undefined || !(error instanceof TargetTruncatedError)) throw error;
      lost(place, error);
      return error.resume;
    });
    const confirmed = { source: recovered.source, target: recovered.target, sequence: 0 };
    const { producerId, epoch } = identity;
    const { topicId = '', losses } = chunks.at(-1)?.value ?? {};
    const runs = [...recovered.runs, { source: confirmed.source, target: confirmed.target, count: 0 }];
    const { topic, partition, targetTopic } = place;
    entries.push({
      key: { topic, partition, chunk: recovered.chunk },
      value: { producerId, epoch, confirmed, topicId, targetTopic, losses, runs },
    });
  }
  await writeJournal(target, journal, identity, entries, bounds);
}
