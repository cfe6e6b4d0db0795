/**
 * Follows the changelogs of tasks that run elsewhere, with one consumer for all of them, and keeps their rows on disk:
 * committed records alone, and no faster than it is told to. What fails for a while is tried again.
 */
import { isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import { type Client, type Consumer, type TopicPartition, unwrap } from '@millrace/client';
import type { OrderedStore } from '@millrace/store';
import { type SubTopology, storeDelays } from '../topology/plan.ts';
import { type ChangelogBatch, ChangelogCopy } from './changelog-copy.ts';
import { spaceName } from './changelog-position.ts';
import { changelogName } from './internal-topics.ts';

/** A task as standbys know it. */
export interface StandbyTask {
  readonly id: string;
  readonly sub: SubTopology;
  readonly partition: number;
}

export interface StandbyReaderOptions {
  readonly job: string;
  readonly client: Client;
  readonly platform: Platform;
  readonly state: OrderedStore;
  readonly bytesPerSecond: number;
  /** Told how many records were copied. */
  readonly copied: (count: number) => void;
  readonly warn: (message: string) => void;
  /** Told of an error that another try does not cure. */
  readonly failed: (error: Error) => void;
}

interface Followed {
  readonly task: string;
  readonly copy: ChangelogCopy;
  /** Offset behind the last record that is known of. */
  end: number;
}

/** Pause before another try. */
const retryMs = 500;
/** Memory for what was read ahead: standbys are not in a hurry. */
const bufferBytesMax = 4 * 1024 * 1024;

export class StandbyReader {
  readonly #options: StandbyReaderOptions;
  readonly #tasks: readonly StandbyTask[];
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  #followed = new Map<string, Followed>();
  #consumer: Consumer | undefined;
  /** What is read and not written yet. */
  #inHand: string | undefined;

  constructor(options: StandbyReaderOptions, tasks: readonly StandbyTask[]) {
    this.#options = options;
    this.#tasks = tasks;
    this.#done = this.#run();
  }

  /** Offsets that a task's copy is behind what is known of its changelogs; undefined before that is known. */
  lagOf(task: string): number | undefined {
    let lag: number | undefined;
    for (const [name, followed] of this.#followed) {
      if (followed.task === task) lag = (lag ?? 0) + this.#lag(name, followed);
    }
    return lag;
  }

  /** Resolves when nothing more is written. Copies that are at their ends are noted as such. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { platform, warn, failed } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        if (signal.aborted) return;
        if (!isMillraceError(error) || !error.retriable) return failed(error as Error);
        warn(`standbys are followed again: ${messageOf(error)}`);
        await sleep(platform.timers, retryMs, signal).catch(() => undefined);
      }
    }
  }

  async #follow(): Promise<void> {
    const { client, platform, bytesPerSecond, copied } = this.#options;
    const { signal } = this.#abort;
    this.#inHand = undefined;
    this.#followed = await this.#begin();
    const assign = [...this.#followed].map(([name, { copy }]) => ({ ...placeOf(name), offset: copy.next }));
    await using consumer = client.consumer({ assign, isolation: 'read_committed', from: 'earliest', bufferBytesMax });
    this.#consumer = consumer as unknown as Consumer;
    try {
      for await (const records of consumer.batches({ signal })) {
        this.#inHand = nameOf(records);
        const followed = this.#followed.get(this.#inHand) as Followed;
        copied(await followed.copy.take(records as ChangelogBatch));
        followed.end = Math.max(followed.end, records.highWatermark);
        this.#inHand = undefined;
        await sleep(platform.timers, (records.sizeInBytes / bytesPerSecond) * 1_000, signal);
      }
    } finally {
      const current = [...this.#followed].filter(([name, each]) => this.#lag(name, each) === 0);
      this.#consumer = undefined;
      for (const [, { copy }] of current) await copy.confirm();
    }
  }

  async #begin(): Promise<Map<string, Followed>> {
    const { job, client, platform, state } = this.#options;
    const stores = this.#tasks.flatMap(({ id, sub, partition }) => {
      const delays = storeDelays(sub.nodes);
      return sub.stores.map((definition) => ({
        ...{ id, partition, definition },
        topic: changelogName(job, definition.name),
        delayMs: delays.get(definition.name) ?? 0,
      }));
    });
    await using admin = client.admin();
    const places = stores.map(({ topic, partition }) => ({ topic, partition }));
    const firsts = unwrap(await admin.listOffsets(places.map((place) => ({ ...place, at: 'earliest' as const }))));
    const ends = unwrap(await admin.listOffsets(places.map((place) => ({ ...place, at: 'latest' as const }))));
    const found = new Map<string, Followed>();
    for (const [index, { id, partition, definition, topic, delayMs }] of stores.entries()) {
      const space = state.space(spaceName(job, definition.name, partition));
      const [first, end] = [firsts[index]?.offset ?? 0, ends[index]?.offset ?? 0];
      const copy = await ChangelogCopy.begin({ platform, state, space, definition, delayMs }, first, end);
      found.set(nameOf({ topic, partition }), { task: id, copy, end });
    }
    return found;
  }

  #lag(name: string, { copy, end }: Followed): number {
    // What is no record (the ends of transactions) moves the consumer's position alone.
    const position = this.#inHand === name ? copy.next : (this.#consumer?.position(placeOf(name)) ?? copy.next);
    return Math.max(0, end - Math.max(copy.next, position));
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}

function placeOf(name: string): TopicPartition {
  const [topic = '', partition] = name.split(' ');
  return { topic, partition: Number(partition) };
}
