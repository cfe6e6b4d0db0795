/**
 * The loops of `consume`: batches to printed records, no faster than whoever reads them, with an end where one is
 * wanted.
 */
import type { BatchView, Consumer, ConsumerRecord, TopicPartition } from '@millrace/client';
import type { OpenCluster } from '../cluster/open-cluster.ts';
import { partitionRanges } from '../cluster/partition-offsets.ts';
import type { Terminal } from '../framework/terminal.ts';
import type { RecordPrinter } from './printed-record.ts';
import { partitionKey, type ReadPlan } from './read-plan.ts';

type Batch = BatchView<string, ConsumerRecord<string>>;

/** What of the records is wanted, and how it is printed. */
export interface ReadWish {
  readonly print: RecordPrinter;
  /** Records to print at most. */
  readonly countMax: number;
}

const END_CHECK_MS = 100;
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Prints what the plan says; answers how many records that were. */
export async function readPlanned(
  cluster: OpenCluster,
  plan: ReadPlan,
  wish: ReadWish,
  terminal: Terminal,
): Promise<number> {
  const { ends, deadline } = plan;
  const assign = plan.starts.filter(
    (start) => start.offset < (ends?.get(partitionKey(start)) ?? Number.POSITIVE_INFINITY),
  );
  if (assign.length === 0 || wish.countMax === 0) return 0;
  await using consumer = cluster.client.consumer({
    ...cluster.configuration.consumer,
    assign,
    ...(plan.isBounded ? { until: 'end' } : {}),
  });
  const unfinished = new Set(assign.map(partitionKey));
  const printer = new CountingPrinter(wish, deadline);
  const over = new AbortController();
  const timer = deadline && setTimeout(() => over.abort(), Math.min(TIMER_MS_MAX, deadline - Date.now()));
  try {
    for await (const batch of untilOver(consumer, over.signal, terminal.signal)) {
      const key = partitionKey(batch);
      const end = ends?.get(key) ?? Number.POSITIVE_INFINITY;
      const position = printer.print(batch, end, terminal);
      if (printer.isFull) break;
      if (position >= end) {
        unfinished.delete(key);
        if (unfinished.size === 0) break;
        consumer.pause([batch]);
      }
      terminal.output.flushSoon();
      if (terminal.output.isBehind) await terminal.output.flush();
    }
  } finally {
    clearTimeout(timer);
  }
  await terminal.output.flush();
  return printer.count;
}

export interface GroupWish extends ReadWish {
  readonly group: string;
  readonly topics: readonly string[];
  readonly from: 'earliest' | 'latest' | { readonly timestamp: number };
  readonly exitAtEnd: boolean;
}

/** Reads as a member of a group, and commits what was printed; answers how many records that were. */
export async function readAsMember(
  cluster: OpenCluster,
  wish: GroupWish,
  partitions: readonly TopicPartition[],
  terminal: Terminal,
): Promise<number> {
  const { group, topics, from } = wish;
  const { signal, output } = terminal;
  let isMember = false;
  const consumer = cluster.client.consumer({
    ...cluster.configuration.consumer,
    group,
    topics,
    from,
    onAssigned: () => {
      isMember = true;
    },
  });
  const printer = new CountingPrinter(wish, undefined);
  const handled = new Map<string, TopicPartition & { offset: number }>();
  const over = new AbortController();
  const ends = wish.exitAtEnd ? await partitionRanges(cluster.admin, partitions, { signal }) : undefined;
  const check = ends && setInterval(() => isMember && isAtEnd(consumer, ends) && over.abort(), END_CHECK_MS);
  try {
    for await (const batch of untilOver(consumer, over.signal, signal)) {
      const offset = printer.print(batch, Number.POSITIVE_INFINITY, terminal);
      // Only what was handed over may be committed, which happens when the next batch is asked for.
      await output.flush();
      const { topic, partition } = batch;
      handled.set(partitionKey(batch), { topic, partition, offset });
      if (printer.isFull) break;
    }
  } finally {
    clearInterval(check);
    await commitHandled(consumer, [...handled.values()]);
    await consumer.close();
  }
  return printer.count;
}

/** The batches until `over` aborts, which is an end, or `stop`, which throws its reason. */
async function* untilOver(consumer: Consumer<string>, over: AbortSignal, stop: AbortSignal): AsyncGenerator<Batch> {
  try {
    for await (const batch of consumer.batches({ signal: AbortSignal.any([over, stop]) })) yield batch;
  } catch (error) {
    if (!over.aborted || stop.aborted) throw error;
  }
}

function isAtEnd(consumer: Consumer<string>, ends: readonly (TopicPartition & { readonly end: number })[]): boolean {
  const endOf = new Map(ends.map((range) => [partitionKey(range), range.end]));
  return consumer
    .assignment()
    .every((partition) => (consumer.position(partition) ?? -1) >= (endOf.get(partitionKey(partition)) ?? 0));
}

/** Commits exactly what was printed: the loop may have been left in the middle of a batch. */
async function commitHandled(
  consumer: Consumer<string>,
  handled: readonly (TopicPartition & { readonly offset: number })[],
): Promise<void> {
  const owned = new Set(consumer.assignment().map(partitionKey));
  const own = handled.filter((position) => owned.has(partitionKey(position)));
  if (own.length > 0) await consumer.commit(own);
}

class CountingPrinter {
  count = 0;
  readonly #wish: ReadWish;
  readonly #deadline: number;

  constructor(wish: ReadWish, deadline: number | undefined) {
    this.#wish = wish;
    this.#deadline = deadline ?? Number.POSITIVE_INFINITY;
  }

  /** As many as wanted are printed. */
  get isFull(): boolean {
    return this.count >= this.#wish.countMax;
  }

  /** Prints the batch's records before `end`, as many as are wanted; answers the offset after the last one handled. */
  print(batch: Batch, end: number, { output }: Terminal): number {
    const { print, countMax } = this.#wish;
    const all = batch.nextOffset <= end && this.count + batch.recordCount <= countMax;
    if (all && this.#deadline === Number.POSITIVE_INFINITY) {
      for (const record of batch) {
        print(record, output);
        this.count++;
      }
      return batch.nextOffset;
    }
    let position = batch.firstOffset;
    for (const record of batch) {
      if (record.offset >= end || this.isFull) return position;
      position = record.offset + 1;
      if (record.timestamp >= this.#deadline) continue;
      print(record, output);
      this.count++;
    }
    return batch.nextOffset;
  }
}
