/** Compares what a mirror copied with its source, by content and by its offset map, whether it runs or not. */
import type { ClientOptions, TopicPartition } from '@millrace/client';
import { type CallBounds, type Cluster, openCluster } from '@millrace/client/protocol';
import { mapOfChunks } from './copy/chunk-map.ts';
import { boundOf, scanLog } from './copy/log-scan.ts';
import { JournalContent } from './copy/shard-journal.ts';
import { OffsetsTopicError } from './mirror-errors.ts';
import { isMatched, isNamed, type NameFilter } from './name-filter.ts';
import { shardOf } from './sharing/shard-of.ts';
import { offsetsTopicOf } from './topics/offsets-topic.ts';
import type { TopicVerification, VerifyOptions, VerifyProgress } from './verify/verification.ts';
import { verifyTopic } from './verify/verify-topic.ts';

export interface VerifyMirrorOptions
  extends CallBounds,
    Pick<VerifyOptions, 'targetIsolation' | 'latestByKey' | 'concurrency'> {
  /** What the mirror is called. */
  readonly name: string;
  readonly source: ClientOptions;
  readonly target: ClientOptions;
  /** Which of the mirror's topics, by names on the source or patterns; default all. */
  readonly topics?: NameFilter | undefined;
  /** As the mirror has it. */
  readonly rename?: ((topic: string) => string) | undefined;
  readonly onProgress?: ((topic: string, progress: VerifyProgress) => void) | undefined;
}

/**
 * What the comparison of each topic says, names ascending. Rejects with `OffsetsTopicError` when the target knows no such
 * mirror, with `VerifyError` when a comparison can't come to its end, and with the client's errors.
 */
export async function verifyMirror(options: VerifyMirrorOptions): Promise<TopicVerification[]> {
  const { name, timeoutMs, signal, rename, topics, onProgress, ...manner } = options;
  const bounds = { timeoutMs, signal };
  const source = openCluster(options.source);
  const target = openCluster(options.target);
  try {
    const journal = new JournalReader(target.cluster, offsetsTopicOf(name), bounds);
    const known = (await journal.topics()).filter(
      (topic) => topics === undefined || isNamed(topics, topic) || isMatched(topics, topic),
    );
    const verified: TopicVerification[] = [];
    for (const topic of known) {
      verified.push(
        await verifyTopic({
          ...bounds,
          ...manner,
          source: { cluster: source.cluster, topic },
          target: { cluster: target.cluster, topic: rename?.(topic) ?? topic },
          mapOf: async (partition) => mapOfChunks(await journal.chunksOf({ topic, partition })),
          onProgress: (progress) => onProgress?.(topic, progress),
        }),
      );
    }
    return verified;
  } finally {
    await Promise.all([source.client.close(), target.client.close()]);
  }
}

/** Reads what the journals of a mirror say, without taking anything over. */
class JournalReader {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #bounds: CallBounds;

  constructor(cluster: Cluster, topic: string, bounds: CallBounds) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#bounds = bounds;
  }

  /** Topics of which they know, names ascending. */
  async topics(): Promise<string[]> {
    const names = new Set<string>();
    for (let shard = 0; shard < (await this.#shards()); shard++) {
      for (const { topic } of (await this.#read(shard)).partitions) names.add(topic);
    }
    return [...names].sort();
  }

  async chunksOf(place: TopicPartition) {
    const content = await this.#read(shardOf(place.topic, place.partition, await this.#shards()));
    return content.chunksOf(place).map(({ value }) => value);
  }

  async #shards(): Promise<number> {
    await this.#cluster.metadata.refresh([this.#topic]);
    const known = this.#cluster.metadata.peek(this.#topic);
    if (known === undefined) throw new OffsetsTopicError(this.#topic);
    return known.partitions.length;
  }

  async #read(partition: number): Promise<JournalContent> {
    const place = { topic: this.#topic, partition };
    const content = new JournalContent();
    const end = await boundOf(this.#cluster, place, 'latest', this.#bounds);
    if (end === 0) return content;
    for await (const batch of scanLog(this.#cluster, place, 0, this.#bounds)) {
      content.add(batch);
      if (batch.lastOffset >= end - 1) break;
    }
    return content;
  }
}
