/** Reads the topic into a tally, from its start or from where the last reading ended. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Client, type ConsumerBatch, unwrap } from '@millrace/client';
import type { TrackingEvent } from './event.ts';
import type { Tally } from './tally.ts';
import { trackingEvents } from './topic.ts';

/** How long a loop over records may keep the process from everything else. */
const turnMs = 5;

export interface ReadProgress {
  /** Records read so far by this reading, and how many there are to read. */
  readonly done: number;
  readonly total: number;
}

export class TopicReader {
  readonly #client: Client;
  readonly #tally: Tally;
  readonly #onEvent: ((event: TrackingEvent) => void) | undefined;
  /** Next offset to read, by partition. */
  readonly #next = new Map<number, number>();

  /** `onEvent` is told of each event that had not been counted before. */
  constructor(client: Client, tally: Tally, onEvent?: (event: TrackingEvent) => void) {
    this.#client = client;
    this.#tally = tally;
    this.#onEvent = onEvent;
  }

  /** Reads to where the partitions end now. */
  async toEnd(signal?: AbortSignal, onProgress?: (progress: ReadProgress) => void): Promise<void> {
    const ranges = await this.#ranges(signal);
    const total = [...ranges.values()].reduce((sum, { from, end }) => sum + Math.max(0, end - from), 0);
    let done = 0;
    for await (const batch of this.#batches(ranges.keys(), 'end', signal)) {
      await this.#count(batch);
      done += batch.recordCount;
      onProgress?.({ done, total });
    }
  }

  /** Goes on reading as records come, until the signal aborts. */
  async follow(signal: AbortSignal, onBatch: () => void): Promise<void> {
    for await (const batch of this.#batches((await this.#ranges(signal)).keys(), undefined, signal)) {
      await this.#count(batch);
      onBatch();
    }
  }

  async *#batches(
    partitions: Iterable<number>,
    until: 'end' | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ConsumerBatch<typeof trackingEvents>> {
    const assign = Array.from(partitions, (partition) => ({
      topic: trackingEvents,
      partition,
      offset: this.#next.get(partition) ?? ('earliest' as const),
    }));
    await using consumer = this.#client.consumer<(typeof trackingEvents)[]>({ assign, until, from: 'earliest' });
    yield* consumer.batches({ signal });
  }

  async #count(batch: ConsumerBatch<typeof trackingEvents>): Promise<void> {
    let turnEnds = performance.now() + turnMs;
    for (const record of batch) {
      const event = record.value;
      if ('unreadable' in event) this.#tally.addUnreadable();
      else if (this.#tally.add(event)) this.#onEvent?.(event);
      if (performance.now() > turnEnds) {
        await turn();
        turnEnds = performance.now() + turnMs;
      }
    }
    this.#next.set(batch.partition, batch.nextOffset);
  }

  /** What there is to read of each partition. */
  async #ranges(
    signal: AbortSignal | undefined,
  ): Promise<Map<number, { readonly from: number; readonly end: number }>> {
    await using admin = this.#client.admin();
    const [described] = unwrap(await admin.describeTopics([trackingEvents.name], { signal }));
    const partitions = (described?.partitions ?? []).map(({ partition }) => partition);
    const offsets = async (at: 'earliest' | 'latest'): Promise<number[]> => {
      const queries = partitions.map((partition) => ({ topic: trackingEvents.name, partition, at }));
      return unwrap(await admin.listOffsets(queries, { signal })).map(({ offset }) => offset);
    };
    const [starts, ends] = await Promise.all([offsets('earliest'), offsets('latest')]);
    return new Map(
      partitions.map((partition, index) => [
        partition,
        { from: Math.max(starts[index] ?? 0, this.#next.get(partition) ?? 0), end: ends[index] ?? 0 },
      ]),
    );
  }
}
