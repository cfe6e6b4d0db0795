/**
 * Reads the topic into the store, from where the store has got to, and goes on as records come. A plain consumer: the
 * position lies in the store, in the same batch as what was read up to it, so that both are always of one moment.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type Client, unwrap } from '@millrace/client';
import { metricsSamples, retentionMsDefault } from '../topic.ts';
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
  /** Told after each batch. */
  readonly onBatch?: ((batch: { readonly recordCount: number; readonly unreadable: number }) => void) | undefined;
  /** Told when all that was there at the start is read. */
  readonly onCaughtUp?: (() => void) | undefined;
}

export async function followSamples(options: FollowOptions): Promise<void> {
  const {
    client,
    store,
    signal,
    flushMs = 10_000,
    retentionMs = retentionMsDefault,
    untilEnd = false,
    onBatch,
    onCaughtUp,
  } = options;
  const ends = await endsOf(client, signal);
  const writer = new SampleWriter(store);
  const positions = new Map(store.positions);
  const isBehind = (): boolean => [...ends].some(([partition, end]) => (positions.get(partition) ?? 0) < end);
  const assign = [...ends.keys()].map((partition) => {
    return { topic: metricsSamples, partition, offset: positions.get(partition) ?? ('earliest' as const) };
  });
  let flushedAt = performance.now();
  let sweptAt = Number.NEGATIVE_INFINITY;
  const sweep = async (): Promise<void> => {
    if (performance.now() - sweptAt < sweepMs) return;
    sweptAt = performance.now();
    store.forgetIdle(sweptAt - sweepMs);
    let turnEnds = performance.now() + turnMs;
    await store.dropBefore(Date.now() - retentionMs, async () => {
      if (performance.now() <= turnEnds) return;
      await turn();
      turnEnds = performance.now() + turnMs;
    });
  };
  let told = false;
  const tell = (): void => {
    if (told || isBehind()) return;
    told = true;
    onCaughtUp?.();
  };
  if (isBehind() || !untilEnd) {
    const until = untilEnd ? ('end' as const) : undefined;
    await using consumer = client.consumer<(typeof metricsSamples)[]>({ assign, until, from: 'earliest' });
    tell();
    try {
      for await (const batch of consumer.batches({ signal })) {
        let turnEnds = performance.now() + turnMs;
        let unreadable = 0;
        for (const { key, value, timestamp } of batch) {
          store.writtenMs = timestamp;
          if ('unreadable' in value || key === null || !writer.write(key, value)) unreadable++;
          if (performance.now() > turnEnds) {
            await turn();
            turnEnds = performance.now() + turnMs;
          }
        }
        positions.set(batch.partition, batch.nextOffset);
        onBatch?.({ recordCount: batch.recordCount, unreadable });
        if (performance.now() - flushedAt >= flushMs) {
          await store.flush(positions);
          await sweep();
          flushedAt = performance.now();
        }
        tell();
      }
    } catch (error) {
      // What was read stays; what a batch in hand has added already is the same when it comes again.
      if (signal.aborted) await store.flush(positions);
      throw error;
    }
  }
  tell();
  await store.flush(positions);
}

async function endsOf(client: Client, signal: AbortSignal): Promise<Map<number, number>> {
  await using admin = client.admin();
  const [described] = unwrap(await admin.describeTopics([metricsSamples.name], { signal }));
  const partitions = (described?.partitions ?? []).map(({ partition }) => partition);
  const queries = partitions.map((partition) => ({ topic: metricsSamples.name, partition, at: 'latest' as const }));
  const offsets = unwrap(await admin.listOffsets(queries, { signal }));
  return new Map(partitions.map((partition, index) => [partition, offsets[index]?.offset ?? 0]));
}
