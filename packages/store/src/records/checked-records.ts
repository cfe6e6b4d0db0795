/**
 * A record store over an engine: what all of them have in common. What callers hand in is checked before anything is
 * done; to put and to touch are operations; a batch is its entries beside each other.
 */
import { outcomeOf } from './batch-outcome.ts';
import { checkBins, checkChange, checkIndex, checkOperations, checkPage, checkTimeToLive } from './check-request.ts';
import { type Operation, touch, write } from './operation.ts';
import { checkKey, checkPlace, type RecordKey } from './record-key.ts';
import type {
  BatchEntry,
  BatchOutcome,
  Bins,
  ChangeOptions,
  FoundRecord,
  IndexDefinition,
  OperateOptions,
  OperateResult,
  Page,
  PutMode,
  PutOptions,
  QueryOptions,
  RecordStats,
  RecordStore,
  RemoveOptions,
  ScanOptions,
  TimeToLive,
} from './record-store.ts';

/** Where records are kept. Its methods are those of `RecordStore`, and what they are given is checked. */
export interface RecordEngine
  extends Pick<
    RecordStore,
    'engine' | 'remove' | 'scan' | 'createIndex' | 'removeIndex' | 'query' | 'stats' | 'close'
  > {
  /** May answer or throw at once. */
  get(key: RecordKey, bins: readonly string[] | undefined): Promise<FoundRecord | undefined> | FoundRecord | undefined;
  operate(
    key: RecordKey,
    operations: readonly Operation[],
    options: ChangeOptions,
    mode: PutMode,
  ): Promise<OperateResult>;
}

export class CheckedRecords implements RecordStore {
  readonly #engine: RecordEngine;

  /** Closes the engine when it is closed itself. */
  constructor(engine: RecordEngine) {
    this.#engine = engine;
  }

  get engine(): RecordStore['engine'] {
    return this.#engine.engine;
  }

  async get(key: RecordKey, bins?: readonly string[]): Promise<FoundRecord | undefined> {
    checkKey(key);
    return this.#engine.get(key, bins);
  }

  async put(key: RecordKey, bins: Bins, options: PutOptions = {}): Promise<number> {
    checkKey(key);
    checkBins(bins);
    checkChange(options);
    const operations = Object.entries(bins).map(([bin, value]) => write(bin, value));
    const { generation } = await this.#engine.operate(key, operations, options, options.mode ?? 'upsert');
    return generation;
  }

  async touch(key: RecordKey, ttl: TimeToLive): Promise<number> {
    checkKey(key);
    checkTimeToLive(ttl);
    const { generation } = await this.#engine.operate(key, [touch()], { ttl }, 'update');
    return generation;
  }

  async operate(
    key: RecordKey,
    operations: readonly Operation[],
    options: OperateOptions = {},
  ): Promise<OperateResult> {
    checkKey(key);
    checkOperations(operations);
    checkChange(options);
    return this.#engine.operate(key, operations, options, options.mode ?? 'upsert');
  }

  async remove(key: RecordKey, options: RemoveOptions = {}): Promise<boolean> {
    checkKey(key);
    checkChange(options);
    return this.#engine.remove(key, options);
  }

  async batch(entries: readonly BatchEntry[]): Promise<BatchOutcome[]> {
    return Promise.all(entries.map((entry) => outcomeOf(this, entry)));
  }

  async scan(place: { readonly namespace: string; readonly set: string }, options: ScanOptions = {}): Promise<Page> {
    checkPlace(place);
    checkPage(options);
    return this.#engine.scan(place, options);
  }

  async query(options: QueryOptions): Promise<Page> {
    checkPage(options);
    return this.#engine.query(options);
  }

  async createIndex(definition: IndexDefinition): Promise<void> {
    checkIndex(definition);
    await this.#engine.createIndex(definition);
  }

  async removeIndex(index: Pick<IndexDefinition, 'namespace' | 'name'>): Promise<void> {
    await this.#engine.removeIndex(index);
  }

  async stats(): Promise<RecordStats> {
    return this.#engine.stats();
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
