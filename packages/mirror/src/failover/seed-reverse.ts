/** Begins a mirror in the other direction where one ended: its journal is the map of that one, turned round. */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { takeOver } from '../copy/fencing.ts';
import { readJournal } from '../copy/read-journal.ts';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import type { OffsetRun } from '../offset-map/offset-run.ts';
import type { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { shardOf } from '../sharing/shard-of.ts';
import { shardTransactionalIdOf } from '../topics/offsets-topic.ts';
import type { Tail } from './failover-record.ts';
import type { ChunksOf } from './way-back.ts';
import { type JournalEntry, writeJournal } from './write-journal.ts';

const chunkRunsMax = 1000;

/** A partition that is copied back; `topic` is its name where it now comes from. */
export interface SeededPartition extends TopicPartition {
  readonly topicId: string;
  /** What it is called where it goes to, and came from. */
  readonly original: string;
  /** As it was copied there, as far as that is still where it goes to. */
  readonly map: PartitionOffsetMap;
  /** The first record to copy back. */
  readonly begin: number;
  /** Where that comes to lie, or behind: the end of `original`. */
  readonly to: number;
  /** Offsets of `original` that were never copied, up to its end, and stay. */
  readonly tail: Tail;
  /** The topic's records there are those that were copied, and what came behind; else it is another topic, or gone. */
  readonly isSame: boolean;
  /** Of a partition that is rebuilt: ranges of `original` that are nowhere else, and are deleted; else undefined. */
  readonly doomed: readonly Tail[] | undefined;
}

/**
 * Replaces what the journals say of the partitions. `check` rejects when that is not to be done any more; it is asked
 * once nobody else can do it, with what the journal says of some of them. Rejects likewise, with `KafkaError`, or a
 * retriable error.
 */
export async function seedReverse(
  cluster: Cluster,
  offsetsTopic: string,
  shards: number,
  partitions: readonly SeededPartition[],
  check: (seeds: readonly SeededPartition[], chunksOf: ChunksOf) => Promise<void>,
  bounds: CallBounds,
): Promise<void> {
  const byShard = Map.groupBy(partitions, ({ topic, partition }) => shardOf(topic, partition, shards));
  for (const [shard, seeds] of byShard) {
    const journal = { topic: offsetsTopic, partition: shard };
    const identity = await takeOver(cluster, shardTransactionalIdOf(offsetsTopic, shard), [journal], bounds);
    const content = await readJournal(cluster, journal, identity, bounds);
    await check(seeds, (place) => content.chunksOf(place).map(({ value }) => value));
    const entries = seeds.flatMap((seed): JournalEntry[] => {
      const { topic, partition } = seed;
      const { producerId, epoch } = identity;
      const chunks = chunksOf(seed).map((chunk) => ({ ...chunk, producerId, epoch }));
      const written = chunks.map((value, chunk) => ({ key: { topic, partition, chunk }, value }));
      const others = content.chunksOf(seed).filter(({ chunk }) => chunk >= chunks.length);
      // What goes first makes what follows the newest chunk.
      const gone = others.map(({ chunk }) => ({ key: { topic, partition, chunk }, value: null }));
      return [...gone, ...written];
    });
    await writeJournal(cluster, journal, identity, entries, bounds);
  }
}

/** The map turned round, and where it goes on. */
function chunksOf({ map, topicId, begin, to }: SeededPartition): Omit<JournalChunk, 'producerId' | 'epoch'>[] {
  const confirmed = { source: begin, target: to, sequence: 0 };
  const runs = [...map].map(({ source, target, count }): OffsetRun => ({ source: target, target: source, count }));
  runs.push({ source: begin, target: to, count: 0 });
  const chunks: Omit<JournalChunk, 'producerId' | 'epoch'>[] = [];
  for (let first = 0; first < runs.length; first += chunkRunsMax) {
    chunks.push({ confirmed, topicId, runs: runs.slice(first, first + chunkRunsMax) });
  }
  return chunks;
}
