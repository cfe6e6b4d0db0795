/** Which partitions each shard of a mirror has. */
import type { CopiedPartition } from '../copy/copied-partition.ts';
import { isAnotherTopic } from '../copy/topic-identity.ts';
import { shardOf } from '../sharing/shard-of.ts';
import type { MirroredTopic } from './topic-sync.ts';

export class PlacesByShard {
  readonly #begin: CopiedPartition['begin'];
  /** By name. */
  readonly #atFirst: ReadonlyMap<string, MirroredTopic>;

  /** `atFirst`: the topics when the worker began. What came later is copied whole, whatever `begin` says. */
  constructor(atFirst: readonly MirroredTopic[], begin: CopiedPartition['begin']) {
    this.#atFirst = new Map(atFirst.map((each) => [each.topic, each]));
    this.#begin = begin;
  }

  /** How many partitions each shard has, where there are `count` shards. */
  counts(topics: readonly MirroredTopic[], count: number): number[] {
    const places = this.of(topics, count);
    return Array.from({ length: count }, (_, shard) => places.get(shard)?.length ?? 0);
  }

  /** The partitions of each shard that has any, where there are `count` shards. */
  of(topics: readonly MirroredTopic[], count: number): Map<number, CopiedPartition[]> {
    const byShard = new Map<number, CopiedPartition[]>();
    for (const { topic, topicId, targetTopic, partitions } of topics) {
      const first = this.#atFirst.get(topic);
      const partitionsAtFirst = first === undefined || isAnotherTopic(first.topicId, topicId) ? 0 : first.partitions;
      for (let partition = 0; partition < partitions; partition++) {
        const shard = shardOf(topic, partition, count);
        const places = byShard.get(shard) ?? [];
        byShard.set(shard, places);
        const begin = partition < partitionsAtFirst ? this.#begin : 'earliest';
        places.push({ topic, partition, topicId, targetTopic, begin });
      }
    }
    return byShard;
  }
}
