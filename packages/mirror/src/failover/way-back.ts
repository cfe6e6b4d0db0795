/**
 * What the source knows of the mirror that goes back, before its journal is made ready: whether that is done already,
 * and that nobody has begun it without a failback. What such a one copied would be copied again.
 */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds } from '@millrace/client/protocol';
import { JournalReader } from '../copy/journal-reader.ts';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { offsetsTopicOf } from '../topics/offsets-topic.ts';
import { FailoverError } from './failover-errors.ts';
import { readFailovers } from './failover-log.ts';
import { isFailedOver, type TopicFailover } from './failover-record.ts';
import type { End } from './mirror-ends.ts';
import type { SeededPartition } from './seed-reverse.ts';

/** The chunks of a partition's map, ascending. */
export type ChunksOf = (place: TopicPartition) => readonly JournalChunk[];

export class WayBack {
  readonly name: string;
  readonly #source: End;
  readonly #bounds: CallBounds;
  readonly #failovers: ReadonlyMap<string, TopicFailover>;

  private constructor(name: string, source: End, bounds: CallBounds, failovers: ReadonlyMap<string, TopicFailover>) {
    this.name = name;
    this.#source = source;
    this.#bounds = bounds;
    this.#failovers = failovers;
  }

  /** `source`: the target of the mirror of that name. Rejects as the client does. */
  static async look(name: string, source: End, bounds: CallBounds): Promise<WayBack> {
    return new WayBack(name, source, bounds, await readFailovers(source.cluster, name, bounds));
  }

  /** Whether it is made ready for a topic that was failed over, and that alone is not recorded yet. */
  isReady({ targetTopic }: TopicFailover): boolean {
    const record = this.#failovers.get(targetTopic);
    return record?.state === 'copying' && record.isReversed;
  }

  /** Rejects with `FailoverError` when it has copied what lies behind where it is to begin, and as the client does. */
  async throwIfBegun(seeds: readonly SeededPartition[]): Promise<void> {
    const offsetsTopic = offsetsTopicOf(this.name);
    const { cluster } = this.#source;
    await cluster.retrying(this.#bounds, () => cluster.metadata.refresh([offsetsTopic]));
    if (cluster.metadata.peek(offsetsTopic) === undefined) return;
    this.throwIfBehind(seeds, await new JournalReader(cluster, offsetsTopic, this.#bounds).readAll());
  }

  /** Likewise, by what its journal says. */
  throwIfBehind(seeds: readonly SeededPartition[], chunksOf: ChunksOf): void {
    const begun = seeds.find((seed) => {
      const newest = chunksOf(seed).at(-1);
      // What ended is replaced.
      const isEnded = isFailedOver(this.#failovers.get(seed.topic));
      return !isEnded && newest !== undefined && newest.confirmed.source > seed.begin;
    });
    if (begun === undefined) return;
    const what = `mirror ${this.name} has copied ${begun.topic} [${begun.partition}] to the source without a failback`;
    const next = 'it goes on by itself, from where it is';
    throw new FailoverError('failback_begun', `${what}, which would copy the same again: ${next}`);
  }
}
