/** Reads what the journals of a mirror say, without taking anything over; what it has read it does not read again. */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { OffsetsTopicError } from '../mirror-errors.ts';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { shardOf } from '../sharing/shard-of.ts';
import { boundOf, scanLog } from './log-scan.ts';
import { JournalContent } from './shard-journal.ts';

/** Rejects with `OffsetsTopicError` when there is no such topic, and with the client's errors. */
export class JournalReader {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #bounds: CallBounds;
  readonly #read = new Map<number, { readonly content: JournalContent; next: number }>();

  constructor(cluster: Cluster, topic: string, bounds: CallBounds) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#bounds = bounds;
  }

  /** Topics of which they know, names ascending. */
  async topics(): Promise<string[]> {
    return [...new Set((await this.partitions()).map(({ topic }) => topic))].sort();
  }

  /** Partitions of which they know, in no order. */
  async partitions(): Promise<TopicPartition[]> {
    const known: TopicPartition[] = [];
    const shards = await this.shards();
    for (let shard = 0; shard < shards; shard++) known.push(...(await this.#upToDate(shard)).partitions);
    return known;
  }

  /** The chunks of a partition's map, ascending. */
  async chunksOf(place: TopicPartition): Promise<JournalChunk[]> {
    const content = await this.#upToDate(shardOf(place.topic, place.partition, await this.shards()));
    return content.chunksOf(place).map(({ value }) => value);
  }

  /** Tells the chunks of any partition's map, ascending, as they are now. */
  async readAll(): Promise<(place: TopicPartition) => JournalChunk[]> {
    const shards = Array.from({ length: await this.shards() }, (_, shard) => shard);
    const contents = await Promise.all(shards.map((shard) => this.#upToDate(shard)));
    return (place) => {
      const content = contents[shardOf(place.topic, place.partition, shards.length)];
      return (content?.chunksOf(place) ?? []).map(({ value }) => value);
    };
  }

  /** The newest chunk of the map of each partition of which they know, in no order. */
  async newest(): Promise<(TopicPartition & { readonly shard: number; readonly chunk: JournalChunk })[]> {
    const shards = Array.from({ length: await this.shards() }, (_, shard) => shard);
    const read = await Promise.all(
      shards.map(async (shard) => {
        const content = await this.#upToDate(shard);
        return content.partitions.flatMap((place) => {
          const chunk = content.chunksOf(place).at(-1)?.value;
          return chunk === undefined ? [] : [{ ...place, shard, chunk }];
        });
      }),
    );
    return read.flat();
  }

  /** How many there are. */
  async shards(): Promise<number> {
    const cluster = this.#cluster;
    await cluster.retrying(this.#bounds, () => cluster.metadata.refresh([this.#topic]));
    const known = this.#cluster.metadata.peek(this.#topic);
    if (known === undefined) throw new OffsetsTopicError(this.#topic);
    return known.partitions.length;
  }

  /** What one of them holds. */
  contentOf(shard: number): Promise<JournalContent> {
    return this.#upToDate(shard);
  }

  async #upToDate(partition: number): Promise<JournalContent> {
    const place = { topic: this.#topic, partition };
    const read = this.#read.get(partition) ?? { content: new JournalContent(), next: 0 };
    this.#read.set(partition, read);
    const end = await boundOf(this.#cluster, place, 'latest', this.#bounds);
    if (end <= read.next) return read.content;
    for await (const batch of scanLog(this.#cluster, place, read.next, this.#bounds)) {
      read.content.add(batch);
      read.next = batch.lastOffset + 1;
      if (read.next >= end) break;
    }
    return read.content;
  }
}
