/**
 * Reads `logs.lines`, finds the shape of each line, and stores it. Two positions, each with what it is the position of:
 * those of the mining are offsets of a group, in one transaction with the changed rows of its state and the alerts;
 * those of the store are in its segments. After whatever end each goes on at its own; a line that one of them has and
 * the other has not is read again for that one only.
 *
 * One process at a time: the transactional id fences those before. It reads no further while it stores or commits.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { ClosingStack, isMillraceError } from '@millrace/base';
import { type Client, type ConsumerBatch, type Producer, unwrap } from '@millrace/client';
import type { LogLine } from '../line/log-line.ts';
import type { LogStore } from '../store/log-store.ts';
import { ensureLogTopics, logAlerts, logLines, shapeRows } from '../topics.ts';
import type { LineFeed } from './line-feed.ts';
import { PartitionShapes, type ShapeAlert, type ShapeRow } from './partition-shapes.ts';

export interface LineIndexOptions {
  readonly client: Client;
  readonly store: LogStore;
  readonly feed: LineFeed;
  /** How often changes are committed; default 1,000. */
  readonly commitMs?: number | undefined;
  readonly onAlert?: ((alert: ShapeAlert) => void) | undefined;
  readonly warn?: ((message: string) => void) | undefined;
}

const group = 'millrace.logs.index';
const turnMs = 5;
const linesPerCommit = 50_000;

export class LineIndex {
  readonly #options: LineIndexOptions;
  readonly #shapes = new Map<number, PartitionShapes>();
  /** Where mining goes on, by partition. */
  readonly #mined = new Map<number, number>();
  #uncommitted = 0;
  unreadable = 0;
  /** Whether all that was there at the start has been read. */
  isComplete = false;

  constructor(options: LineIndexOptions) {
    this.#options = options;
  }

  get partitions(): ReadonlyMap<number, PartitionShapes> {
    return this.#shapes;
  }

  /** Runs until the signal aborts, or rejects; then another index goes on. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, store, commitMs = 1_000 } = this.#options;
    await using closing = new ClosingStack();
    const admin = closing.use(client.admin());
    await ensureLogTopics(admin, signal);
    const producer = client.producer({
      transactionalId: group,
      onDelivery: () => undefined,
      deliveryTimeoutMs: 30_000,
    });
    closing.use({ [Symbol.asyncDispose]: () => producer.close({ signal: AbortSignal.abort() }) });
    await (await producer.begin({ signal })).abort();
    await this.#restore(signal);
    const { assign, ends } = await this.#places(signal);
    const consumer = closing.use(client.consumer({ assign, from: 'earliest', isolation: 'read_committed' }));
    const batches = consumer.batches({ signal });
    let next = batches.next();
    // It is waited for below, and rejects also while something else is.
    next.catch(() => undefined);
    let committedAt = performance.now();
    while (!signal.aborted) {
      this.isComplete ||= [...ends].every(([partition, end]) => store.next(partition) >= end);
      const left = Math.max(0, committedAt + commitMs - performance.now());
      const came = await Promise.race([next, tick(left, signal)]);
      if (came?.done === true) return;
      if (came !== undefined) {
        await this.#take(came.value);
        next = batches.next();
        next.catch(() => undefined);
      }
      if (performance.now() - committedAt < commitMs && this.#uncommitted < linesPerCommit) continue;
      await this.#commit(producer, signal);
      await store.tend();
      committedAt = performance.now();
    }
  }

  async #restore(signal: AbortSignal): Promise<void> {
    const rows = new Map<number, Map<string, ShapeRow>>();
    const topics = [shapeRows] as const;
    const how = { from: 'earliest', until: 'end', isolation: 'read_committed' } as const;
    await using consumer = this.#options.client.consumer({ topics, ...how });
    for await (const batch of consumer.batches({ signal })) {
      for (const { key, value } of batch) {
        const slash = key.indexOf('/');
        const partition = Number(key.slice(0, slash));
        const own = rows.get(partition) ?? new Map<string, ShapeRow>();
        rows.set(partition, own);
        if (value === null) own.delete(key.slice(slash + 1));
        else own.set(key.slice(slash + 1), value);
      }
    }
    for (const [partition, own] of rows) this.#shapes.set(partition, new PartitionShapes(own));
  }

  /** Where reading begins in each partition: at the earlier of the two positions. */
  async #places(signal: AbortSignal) {
    const { client, store, warn } = this.#options;
    await using admin = client.admin();
    const described = unwrap(await admin.describeTopics([logLines.name], { signal }));
    const partitions = (described[0]?.partitions ?? []).map(({ partition }) => ({ topic: logLines.name, partition }));
    const ends = new Map<number, number>();
    const latest = partitions.map((each) => ({ ...each, at: 'latest' as const }));
    for (const { partition, offset } of unwrap(await admin.listOffsets(latest, { signal })))
      ends.set(partition, offset);
    const committed = await admin.fetchOffsets(group, partitions, { signal });
    const assign = partitions.map(({ partition }) => {
      const found = committed.find((each) => each.partition === partition);
      const end = ends.get(partition) ?? 0;
      let mined = found?.error === undefined ? Math.max(0, found?.offset ?? 0) : 0;
      if (mined > end || store.next(partition) > end) {
        warn?.(
          `${logLines.name} ${partition} ends before what was read of it: it was made anew, and is read from its start`,
        );
        mined = 0;
        store.reset(partition, 0);
      }
      this.#mined.set(partition, mined);
      return { topic: logLines, partition, offset: Math.min(mined, store.next(partition)) };
    });
    return { assign, ends };
  }

  async #take(batch: ConsumerBatch<typeof logLines>): Promise<void> {
    const { store, feed } = this.#options;
    const { partition } = batch;
    const shapes = this.#shapes.get(partition) ?? new PartitionShapes();
    this.#shapes.set(partition, shapes);
    const mined = this.#mined.get(partition) ?? 0;
    let begun = performance.now();
    let count = 0;
    for (const record of batch) {
      const { offset } = record;
      const line = this.#lineOf(record);
      if (line === undefined) continue;
      const template = offset < mined ? shapes.idOf(line) : shapes.add(line);
      const stored = { partition, offset, template, line };
      if (store.append(stored) && feed.isWatched) feed.publish(stored);
      if ((++count & 63) === 0 && performance.now() - begun > turnMs) {
        await turn();
        begun = performance.now();
      }
    }
    this.#uncommitted += count;
    this.#mined.set(partition, Math.max(mined, batch.nextOffset));
    // Behind the last line there may be marks of transactions, which no line will ever be.
    store.skipTo(partition, batch.nextOffset);
  }

  /** What is no line is counted and left out. */
  #lineOf(record: { readonly value: LogLine }): LogLine | undefined {
    try {
      const line = record.value;
      if (
        typeof line.body === 'string' &&
        isTime(line.time) &&
        isTime(line.received) &&
        typeof line.labels === 'object'
      )
        return line;
      this.unreadable++;
    } catch (error) {
      // Somebody wrote what is not JSON; the client itself has failed for any other reason.
      if (!isMillraceError(error)) throw error;
      this.unreadable++;
    }
    return undefined;
  }

  async #commit(producer: Producer, signal: AbortSignal): Promise<void> {
    if (this.#uncommitted === 0) return;
    const changes = [...this.#shapes].map(([partition, shapes]) => ({ partition, ...shapes.takeChanges() }));
    const offsets = [...this.#mined].map(([partition, offset]) => ({ topic: logLines.name, partition, offset }));
    this.#uncommitted = 0;
    await producer.transaction(
      async (transaction) => {
        await transaction.sendOffsets({ group, offsets });
        for (const { partition, rows, alerts } of changes) {
          for (const [id, value] of rows) {
            const hasRoom = transaction.write({ topic: shapeRows, key: `${partition}/${id}`, value });
            if (!hasRoom) await transaction.ready({ signal });
          }
          for (const alert of alerts) transaction.write({ topic: logAlerts, key: alert.template, value: alert });
        }
      },
      { signal },
    );
    for (const { alerts } of changes) for (const alert of alerts) this.#options.onAlert?.(alert);
  }
}

/** Whether it can be written as a date. */
function isTime(ms: unknown): boolean {
  return typeof ms === 'number' && Math.abs(ms) <= 8.64e15;
}

async function tick(ms: number, signal: AbortSignal): Promise<undefined> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
  return undefined;
}
