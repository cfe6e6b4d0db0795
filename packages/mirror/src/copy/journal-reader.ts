/**
 * Reads what the journals of a mirror say, without taking anything over; what it has read it does not read again,
 * unless a journal ends before that: one that lost its end, or was made anew, is read from its start.
 */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { OffsetsTopicError } from '../mirror-errors.ts';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { shardOf } from '../sharing/shard-of.ts';
import { boundOf, scanLog } from './log-scan.ts';
import { JournalContent } from './shard-journal.ts';

/** Answers the chunks of a partition's map, ascending. Rejects as the reader does. */
export type JournalLook = (place: TopicPartition) => Promise<JournalChunk[]>;

/** What is known of one journal, and what reads it now. */
interface ReadJournal {
  content: JournalContent;
  next: number;
  running: Promise<JournalContent> | undefined;
}

/** Rejects with `OffsetsTopicError` when there is no such topic, and with the client's errors. */
export class JournalReader {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #bounds: CallBounds;
  readonly #read = new Map<number, ReadJournal>();
  #shards: number | undefined;

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
    const content = await this.#upToDate(shardOf(place.topic, place.partition, this.#shards ?? (await this.shards())));
    return content.chunksOf(place).map(({ value }) => value);
  }

  /** Tells the chunks of partitions' maps, and looks at each journal once for that: when it is first asked for. */
  look(): JournalLook {
    let shards: Promise<number> | undefined;
    const contents = new Map<number, Promise<JournalContent>>();
    return async (place) => {
      shards ??= this.shards();
      const shard = shardOf(place.topic, place.partition, await shards);
      const content = contents.get(shard) ?? this.#upToDate(shard);
      contents.set(shard, content);
      return (await content).chunksOf(place).map(({ value }) => value);
    };
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
    this.#shards = known.partitions.length;
    return this.#shards;
  }

  /** What one of them holds. */
  contentOf(shard: number): Promise<JournalContent> {
    return this.#upToDate(shard);
  }

  /** One reads a journal at a time, so that entries are taken in the order of its log. */
  #upToDate(partition: number): Promise<JournalContent> {
    const journal = this.#read.get(partition) ?? { content: new JournalContent(), next: 0, running: undefined };
    this.#read.set(partition, journal);
    // Who runs may have asked for the end before.
    const before = journal.running?.catch(() => undefined) ?? Promise.resolve();
    const running = before.then(() => this.#readOn(partition, journal));
    journal.running = running;
    return running;
  }

  async #readOn(partition: number, journal: ReadJournal): Promise<JournalContent> {
    const place = { topic: this.#topic, partition };
    const end = await boundOf(this.#cluster, place, 'latest', this.#bounds);
    if (end < journal.next) Object.assign(journal, { content: new JournalContent(), next: 0 });
    if (end <= journal.next) return journal.content;
    for await (const batch of scanLog(this.#cluster, place, journal.next, this.#bounds)) {
      journal.content.add(batch);
      journal.next = batch.lastOffset + 1;
      if (journal.next >= end) break;
    }
    return journal.content;
  }
}
