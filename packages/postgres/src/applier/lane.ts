/**
 * Some partitions applied one batch after the other. Records that come while a batch is applied are the next one, so
 * batches grow with the load; all partitions of a topic are one lane's, and so are all changes of a table.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, ConsumerBatch, TopicPartition } from '@millrace/client';
import { ChangeDecoder } from './events/row-change.ts';
import type { SchemaTopic } from './events/schema-topic.ts';
import type { AppliedChange, Position, TargetSession, TellApplied } from './target.ts';

export interface LaneParts {
  readonly consumer: Consumer;
  /** Where each partition begins, by `positionKey`. */
  readonly from: ReadonlyMap<string, number>;
  readonly session: TargetSession;
  readonly schemas: SchemaTopic;
  readonly tell: TellApplied;
  readonly signal: AbortSignal;
  /** A batch waits for more for up to so long, and takes up to so many changes, or bytes. */
  readonly flushMs: number;
  readonly changesMax: number;
  readonly bytesMax: number;
}

/** So many changes and bytes more may be waited for where a batch may not end. */
const stretch = 4;

/** Where nothing comes for so long, it is looked for where partitions stand. */
const idleMs = 1_000;

/** Undefined where nothing comes for so long. */
async function firstOf<T>(next: Promise<T>, waitMs: number): Promise<T | undefined> {
  const over = new AbortController();
  const wait = sleep(waitMs, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    return await Promise.race([next, wait]);
  } finally {
    over.abort();
  }
}

export function positionKey({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}

export class Lane {
  readonly #parts: LaneParts;
  readonly #decoder = new ChangeDecoder();
  #changes: AppliedChange[] = [];
  #positions = new Map<string, Position>();
  #bytes = 0;
  /**
   * Partitions whose last change may be the first half of a changed key, and where the other would end at the latest.
   */
  readonly #halves = new Map<string, number>();

  /** Behind what was taken, by partition. */
  readonly #at: Map<string, number>;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#at = new Map(parts.from);
  }

  /** Resolves when the signal is aborted; what is not applied then comes again. */
  async run(): Promise<void> {
    const { consumer, signal, flushMs } = this.#parts;
    const batches = consumer.batches({ signal });
    let next = batches.next();
    next.catch(() => undefined);
    try {
      while (!signal.aborted) {
        const wait = this.#positions.size === 0 ? idleMs : flushMs;
        const got = await firstOf(next, wait);
        if (got !== undefined) {
          if (got.done === true) return;
          await this.#take(got.value);
          next = batches.next();
          next.catch(() => undefined);
          if (!this.#isFull()) continue;
        } else this.#passMarkers();
        // The other half of a changed key may be on its way.
        if (this.#halves.size === 0 || this.#isFull()) await this.#flush();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #take(batch: ConsumerBatch): Promise<void> {
    const { schemas, signal } = this.#parts;
    const id = positionKey(batch);
    const before = this.#positions.get(id);
    let { lsn, commitMs } = before ?? { lsn: '', commitMs: 0 };
    let isHalf = this.#halves.has(id);
    for (const record of batch) {
      if (record.valueBytes === null) continue;
      const change = this.#decoder.decode(record);
      if (change === undefined) continue;
      const { table, version } = change;
      const versions = version === undefined ? undefined : await schemas.upTo(table, version, signal);
      this.#changes.push({ change, versions });
      this.#bytes += change.sizeInBytes;
      if (change.lsn !== '') lsn = change.lsn;
      if (change.commitMs > 0) commitMs = change.commitMs;
      isHalf = change.op === 'd';
    }
    if (isHalf && batch.nextOffset < batch.highWatermark) this.#halves.set(id, batch.highWatermark);
    else this.#halves.delete(id);
    const { topic, partition, nextOffset: offset } = batch;
    this.#positions.set(id, {
      ...{ topic, partition, offset, lsn, commitMs },
      from: before?.from ?? this.#at.get(id) ?? batch.firstOffset,
      behind: batch.highWatermark - offset,
    });
    this.#at.set(id, offset);
  }

  /** Behind the last record there may be what is no record: marks of transactions, and what was aborted. */
  #passMarkers(): void {
    const { consumer } = this.#parts;
    for (const { topic, partition } of consumer.assignment()) {
      const id = positionKey({ topic, partition });
      const offset = consumer.position({ topic, partition });
      const from = this.#at.get(id);
      if (offset === undefined || from === undefined) continue;
      if (offset >= (this.#halves.get(id) ?? Number.POSITIVE_INFINITY)) this.#halves.delete(id);
      if (offset <= from) continue;
      const before = this.#positions.get(id);
      const { lsn, commitMs } = before ?? { lsn: '', commitMs: 0 };
      this.#positions.set(id, { topic, partition, offset, from: before?.from ?? from, lsn, commitMs, behind: 0 });
      this.#at.set(id, offset);
    }
  }

  #isFull(): boolean {
    const { changesMax, bytesMax } = this.#parts;
    const times = this.#halves.size === 0 ? 1 : stretch;
    return this.#changes.length >= times * changesMax || this.#bytes >= times * bytesMax;
  }

  async #flush(): Promise<void> {
    if (this.#positions.size === 0) return;
    const { session, tell } = this.#parts;
    const changes = this.#changes;
    const positions = [...this.#positions.values()];
    await session.apply({ changes, positions });
    this.#changes = [];
    this.#bytes = 0;
    this.#positions = new Map();
    const last = Math.max(0, ...positions.map(({ commitMs }) => commitMs));
    const latencyMs = changes.length === 0 || last === 0 ? undefined : Math.max(0, Date.now() - last);
    tell({ kind: 'applied', changes: changes.length, latencyMs, positions });
  }
}
