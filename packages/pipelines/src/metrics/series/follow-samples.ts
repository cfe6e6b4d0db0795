/**
 * Reads the topics of samples and of what is aggregated into the store, from where the store has got to, and goes on as
 * records come. A plain consumer: the position lies in the store, in the same batch as what was read up to it, so that
 * both are always of one moment.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type Client, type ConsumerBatch, unwrap } from '@millrace/client';
import { metricsRollups, metricsSamples, retentionMsDefault } from '../topic.ts';
import type { SeriesStore } from './series-store.ts';
import { SampleWriter } from './write-sample.ts';

/** How long a loop over records may keep the process from everything else. */
const turnMs = 5;
/** How often what is too old is dropped. */
const sweepMs = 600_000;

export interface FollowOptions {
  readonly client: Client;
  readonly store: SeriesStore;
  readonly signal: AbortSignal;
  /** How often what was read becomes durable, in ms. Default 10,000. */
  readonly flushMs?: number | undefined;
  /** Default 15 days. */
  readonly retentionMs?: number | undefined;
  /** Ends where the partitions end now. Default false. */
  readonly untilEnd?: boolean | undefined;
  /** Told after each batch; `positions` are the next offsets of `metrics.samples` by partition, and others. */
  readonly onBatch?:
    | ((batch: {
        readonly recordCount: number;
        readonly unreadable: number;
        readonly positions: ReadonlyMap<number, number>;
      }) => void)
    | undefined;
  /** Told when all that was there at the start is read. */
  readonly onCaughtUp?: (() => void) | undefined;
}

/** Resolves at the end, where there is one; rejects with the signal's reason, or with what went wrong. */
export async function followSamples(options: FollowOptions): Promise<void> {
  const ends = await endsOf(options.client, options.signal);
  await new Follower(options, ends).run();
}

class Follower {
  readonly #options: FollowOptions;
  /** Where partitions ended at the start, by place. */
  readonly #ends: ReadonlyMap<number, number>;
  readonly #writer: SampleWriter;
  readonly #positions: Map<number, number>;
  #flushedAt = performance.now();
  #sweptAt = Number.NEGATIVE_INFINITY;
  #told = false;

  constructor(options: FollowOptions, ends: ReadonlyMap<number, number>) {
    this.#options = options;
    this.#ends = ends;
    this.#writer = new SampleWriter(options.store);
    this.#positions = new Map(options.store.positions);
  }

  async run(): Promise<void> {
    const { client, store, signal, untilEnd = false } = this.#options;
    this.#tell();
    if (untilEnd && !this.#isBehind()) return;
    const assign = [...this.#ends.keys()].map((place) => {
      const offset = this.#positions.get(place) ?? ('earliest' as const);
      return { ...partitionOf(place), offset };
    });
    await using consumer = client.consumer<SampleTopic[]>({
      ...{ assign, until: untilEnd ? ('end' as const) : undefined, from: 'earliest' },
      // What is aggregated comes in transactions.
      isolation: 'read_committed',
    });
    try {
      for await (const batch of consumer.batches({ signal })) {
        await this.#write(batch);
        await this.#flush();
        this.#tell();
      }
    } catch (error) {
      // What was read stays; what a batch in hand has added already is the same when it comes again.
      if (signal.aborted) await store.flush(this.#positions);
      throw error;
    }
    await store.flush(this.#positions);
  }

  async #write(batch: ConsumerBatch<SampleTopic>): Promise<void> {
    const { store, onBatch } = this.#options;
    const yields = new Turns();
    let unreadable = 0;
    for (const { key, value, timestamp } of batch) {
      store.writtenMs = timestamp;
      if ('unreadable' in value || key === null || !this.#writer.write(key, value)) unreadable++;
      if (yields.isDue) await yields.take();
    }
    this.#positions.set(placeOf(batch.topic, batch.partition), batch.nextOffset);
    onBatch?.({ recordCount: batch.recordCount, unreadable, positions: this.#positions });
  }

  async #flush(): Promise<void> {
    const { store, flushMs = 10_000, retentionMs = retentionMsDefault } = this.#options;
    const now = performance.now();
    if (now - this.#flushedAt < flushMs) return;
    await store.flush(this.#positions);
    if (now - this.#sweptAt >= sweepMs) {
      this.#sweptAt = now;
      store.forgetIdle(now - sweepMs);
      const yields = new Turns();
      await store.dropBefore(Date.now() - retentionMs, async () => {
        if (yields.isDue) await yields.take();
      });
    }
    this.#flushedAt = performance.now();
  }

  #isBehind(): boolean {
    return [...this.#ends].some(([partition, end]) => (this.#positions.get(partition) ?? 0) < end);
  }

  #tell(): void {
    if (this.#told || this.#isBehind()) return;
    this.#told = true;
    this.#options.onCaughtUp?.();
  }
}

/** Lets the event loop go on every few milliseconds. */
class Turns {
  #endsAt = performance.now() + turnMs;

  get isDue(): boolean {
    return performance.now() > this.#endsAt;
  }

  async take(): Promise<void> {
    await turn();
    this.#endsAt = performance.now() + turnMs;
  }
}

/** Places of `metrics.rollups` begin here; those of `metrics.samples` are its partitions. A store knows no more. */
const rollupPlaces = 2 ** 16;

function placeOf(topicName: string, partition: number): number {
  return topicName === metricsRollups.name ? rollupPlaces + partition : partition;
}

type SampleTopic = typeof metricsSamples | typeof metricsRollups;

function partitionOf(place: number): { readonly topic: SampleTopic; readonly partition: number } {
  if (place < rollupPlaces) return { topic: metricsSamples, partition: place };
  return { topic: metricsRollups, partition: place - rollupPlaces };
}

async function endsOf(client: Client, signal: AbortSignal): Promise<Map<number, number>> {
  await using admin = client.admin();
  const names = [metricsSamples.name, metricsRollups.name];
  const described = unwrap(await admin.describeTopics(names, { signal }));
  const places = described.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => ({ topic, partition })),
  );
  const queries = places.map((place) => ({ ...place, at: 'latest' as const, isolation: 'read_committed' as const }));
  const offsets = unwrap(await admin.listOffsets(queries, { signal }));
  return new Map(places.map(({ topic, partition }, index) => [placeOf(topic, partition), offsets[index]?.offset ?? 0]));
}
