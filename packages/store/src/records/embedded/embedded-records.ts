/**
 * Records on this machine, over an ordered store. Reads answer from what is written; changes go through one queue,
 * which decides them in their order and writes many at once.
 *
 * It holds no record and no key in memory but those on their way: what finds a record is the ordered store's own tree,
 * of which the system keeps in memory what is used.
 */
import { type Clock, systemClock, systemTimers, type Timers } from '@millrace/base';
import type { OrderedStore } from '../../ordered/ordered-store.ts';
import { changesRecord } from '../check-request.ts';
import { CheckedRecords, type RecordEngine } from '../checked-records.ts';
import type { Operation } from '../operation.ts';
import { hasResult, lastOfBins } from '../operation-results.ts';
import { decodeRecord, type StoredRecord } from '../record-codec.ts';
import { RecordError } from '../record-error.ts';
import { describeRecord, encodeUserKey, type RecordKey } from '../record-key.ts';
import type {
  Bins,
  ChangeOptions,
  FoundRecord,
  IndexDefinition,
  OperateResult,
  Page,
  PutMode,
  QueryOptions,
  RecordStats,
  RecordStore,
  RemoveOptions,
  ScanOptions,
  TimeToLive,
} from '../record-store.ts';
import { type Value, withoutDoubles } from '../value.ts';
import { applyOperation } from './apply-operation.ts';
import { ChangeQueue } from './change-queue.ts';
import { foundRecord, isLive, timeLeft } from './found-record.ts';
import { PageReader } from './page-reader.ts';
import { RecordSets } from './record-sets.ts';
import { Sweep } from './sweep.ts';
import { WorkingRecord } from './working-record.ts';

export interface EmbeddedRecordsOptions {
  /** Where the records lie; the record store closes it when it is closed. Nobody else may write to its spaces. */
  readonly store: OrderedStore;
  /** Whether every change is acknowledged only when it outlives a loss of power. False: it outlives the process. */
  readonly durable?: boolean | undefined;
  /** The largest record, in bytes as they are stored. 1 MiB by default, as Aerospike's. */
  readonly recordBytesMax?: number | undefined;
  /** How often expired records are looked for, to be removed. 1,000 ms by default. */
  readonly sweepIntervalMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly timers?: Timers | undefined;
}

/** Opens the records of an ordered store. Finishes indexes whose making was interrupted. */
export async function openEmbeddedRecords(options: EmbeddedRecordsOptions): Promise<RecordStore> {
  const records = new EmbeddedRecords(options);
  await records.finishIndexes();
  return new CheckedRecords(records);
}

class EmbeddedRecords implements RecordEngine {
  readonly engine = 'embedded';
  readonly #store: OrderedStore;
  readonly #durable: boolean;
  readonly #recordBytesMax: number;
  readonly #clock: Clock;
  readonly #queue: ChangeQueue;
  readonly #sets: RecordSets;
  readonly #pages: PageReader;
  readonly #sweep: Sweep;

  constructor(options: EmbeddedRecordsOptions) {
    const timers = options.timers ?? systemTimers;
    this.#store = options.store;
    this.#durable = options.durable ?? false;
    this.#recordBytesMax = options.recordBytesMax ?? 2 ** 20;
    this.#clock = options.clock ?? systemClock;
    this.#queue = new ChangeQueue(this.#store);
    this.#sets = new RecordSets(this.#store, this.#queue);
    this.#pages = new PageReader(this.#clock, timers);
    const sweepIntervalMs = options.sweepIntervalMs ?? 1_000;
    this.#sweep = new Sweep(this.#sets, this.#queue, { clock: this.#clock, timers, intervalMs: sweepIntervalMs });
  }

  async finishIndexes(): Promise<void> {
    await this.#sets.finishIndexes();
  }

  get(key: RecordKey, bins: readonly string[] | undefined): FoundRecord | undefined {
    const bytes = this.#sets.of(key).records.get(encodeUserKey(key.key));
    if (bytes === undefined) return undefined;
    const record = decodeRecord(bytes, bins && new Set(bins));
    const now = this.#clock.now();
    return isLive(record, now) ? foundRecord(key, record, now) : undefined;
  }

  operate(
    key: RecordKey,
    operations: readonly Operation[],
    options: ChangeOptions,
    mode: PutMode,
  ): Promise<OperateResult> {
    if (!changesRecord(operations)) return this.#inspect(key, operations, options);
    // As Aerospike has it, nothing is touched that is not there.
    return this.#change(key, operations, options, operations.some(({ type }) => type === 'touch') ? 'update' : mode);
  }

  remove(key: RecordKey, options: RemoveOptions): Promise<boolean> {
    const set = this.#sets.of(key);
    const encoded = encodeUserKey(key.key);
    return this.#queue.run(set, encoded, options.durable ?? this.#durable, (stored, batch) => {
      const before = this.#live(stored);
      if (before !== undefined || options.generation === undefined) checkGeneration(key, before, options.generation);
      if (stored === undefined) return { result: false };
      set.write(batch, encoded, stored, undefined, this.#recordBytesMax);
      return { result: before !== undefined, after: { record: undefined } };
    });
  }

  async scan(place: { readonly namespace: string; readonly set: string }, options: ScanOptions): Promise<Page> {
    return this.#pages.scan(this.#sets.of(place), options);
  }

  async query(options: QueryOptions): Promise<Page> {
    const { set, index } = this.#sets.index(options.index);
    return this.#pages.query(set, index, options);
  }

  async createIndex(definition: IndexDefinition): Promise<void> {
    await this.#sets.createIndex(definition);
  }

  async removeIndex(index: Pick<IndexDefinition, 'namespace' | 'name'>): Promise<void> {
    await this.#sets.removeIndex(index);
  }

  async stats(): Promise<RecordStats> {
    const { bytes, keys, indexBytes } = this.#store.stats();
    return { bytes, indexBytesPerMillion: keys === 0 ? 0 : Math.round((indexBytes / keys) * 1e6) };
  }

  async close(): Promise<void> {
    await this.#sweep.stop();
    await this.#queue.idle();
    await this.#store.close();
  }

  #live(stored: StoredRecord | undefined): StoredRecord | undefined {
    return stored !== undefined && isLive(stored, this.#clock.now()) ? stored : undefined;
  }

  /** Operations that only read: nothing is changed, not even the generation. */
  #inspect(key: RecordKey, operations: readonly Operation[], { generation }: ChangeOptions): Promise<OperateResult> {
    return this.#queue.run(this.#sets.of(key), encodeUserKey(key.key), false, (stored) => {
      const record = this.#live(stored);
      if (record === undefined) throw notFound(key);
      checkGeneration(key, record, generation);
      const bins = results(new WorkingRecord(record), operations);
      return { result: { generation: record.generation, ttl: timeLeft(record, this.#clock.now()), bins } };
    });
  }

  #change(
    key: RecordKey,
    operations: readonly Operation[],
    { generation: expected, ttl, durable }: ChangeOptions,
    mode: PutMode,
  ): Promise<OperateResult> {
    const set = this.#sets.of(key);
    const encoded = encodeUserKey(key.key);
    return this.#queue.run(set, encoded, durable ?? this.#durable, (stored, batch) => {
      const now = this.#clock.now();
      const before = this.#live(stored);
      if (before !== undefined && mode === 'create') throw exists(key);
      if (before === undefined && mode === 'update') throw notFound(key);
      checkGeneration(key, before, expected);
      const working = new WorkingRecord(before);
      if (mode === 'replace') working.replaceAll();
      const bins = results(working, operations);
      const next = {
        generation: ((before?.generation ?? 0) % 0xffff) + 1,
        expiresAt: expiry(before, ttl ?? 'keep', now),
        sweptAt: 0,
        bins: working.encoded(),
      };
      // Nothing was made of nothing: that is no record.
      if (before === undefined && next.bins.size === 0) throw notFound(key);
      const after = set.write(batch, encoded, stored, next.bins.size > 0 ? next : undefined, this.#recordBytesMax);
      const generation = after?.generation ?? 0;
      return { result: { generation, ttl: after && timeLeft(after, now), bins }, after: { record: after } };
    });
  }
}

/** Does operations in their order; for each bin the result of the last one is told. */
function results(record: WorkingRecord, operations: readonly Operation[]): Bins {
  const last = lastOfBins(operations);
  const bins: { [bin: string]: Value } = {};
  for (const operation of operations) {
    const result = applyOperation(record, operation);
    if (operation.type === 'touch' || last.get(operation.bin) !== operation || !hasResult(operation)) continue;
    bins[operation.bin] = withoutDoubles(result ?? null);
  }
  return bins;
}

function expiry(before: StoredRecord | undefined, ttl: TimeToLive, now: number): number {
  if (ttl === 'keep') return before?.expiresAt ?? 0;
  return ttl === 'never' ? 0 : now + ttl * 1_000;
}

function checkGeneration(key: RecordKey, record: StoredRecord | undefined, expected: number | undefined): void {
  if (expected === undefined || record?.generation === expected) return;
  const what = record === undefined ? 'is not there' : `has generation ${record.generation}`;
  throw new RecordError(
    'generation',
    `${describeRecord(key)} ${what}, not generation ${expected}: read it and decide anew`,
  );
}

function notFound(key: RecordKey): RecordError {
  return new RecordError('not_found', `${describeRecord(key)} is not there`);
}

function exists(key: RecordKey): RecordError {
  return new RecordError('exists', `${describeRecord(key)} is there already`);
}
