/**
 * Records by key, in Aerospike's model: a record has bins, a generation and a time to live. One interface; the embedded
 * implementation keeps records on this machine, the other in an Aerospike cluster, and one test suite holds for both.
 *
 * - An operation on a record takes effect as a whole or not at all, and those on one record one after the other.
 *   Nothing spans several records.
 * - What resolves is kept as the store was told to keep it (`openEmbeddedRecords`: written, or durable).
 * - A record that has expired is not there, from that very millisecond on an embedded store, from that second on
 *   Aerospike.
 *
 * Refusals are `RecordError`s, with the same codes everywhere.
 */
import type { Operation } from './operation.ts';
import type { RecordError } from './record-error.ts';
import type { RecordKey } from './record-key.ts';
import type { Value } from './value.ts';

export interface Bins {
  readonly [bin: string]: Value;
}

/** Whole seconds from 1 on; `never`; or `keep`: as the record has it, never for a new one. */
export type TimeToLive = number | 'never' | 'keep';

export interface RecordMeta {
  /** 1 for a new record, one more with each change; after 65,535 comes 1. */
  readonly generation: number;
  /** Seconds that are left, rounded up; undefined for never. */
  readonly ttl: number | undefined;
}

export interface FoundRecord extends RecordMeta {
  readonly key: RecordKey;
  readonly bins: Bins;
}

export interface ChangeOptions {
  /** Refused with `generation` when the record has another one. A record that is not there has none. */
  readonly generation?: number | undefined;
  /** `keep` by default. */
  readonly ttl?: TimeToLive | undefined;
  /** Acknowledged when it outlives a loss of power, whatever the store was told. */
  readonly durable?: boolean | undefined;
}

export interface PutOptions extends ChangeOptions {
  /**
   * `upsert` (the default) makes the record or sets these of its bins; `create` refuses one that is there with
   * `exists`; `update` refuses one that is not with `not_found`; `replace` leaves it with these bins alone, whether it
   * is there or not.
   */
  readonly mode?: PutMode | undefined;
}

export type PutMode = 'upsert' | 'create' | 'update' | 'replace';

export interface OperateOptions extends ChangeOptions {
  /** `upsert` (the default), `create` or `update`, as in `PutOptions`. */
  readonly mode?: Exclude<PutMode, 'replace'> | undefined;
}

export interface OperateResult extends RecordMeta {
  /**
   * For each bin the result of the last operation on it; put the reading one last. Bins whose last operation has no
   * result are not here.
   */
  readonly bins: Bins;
}

export type BatchEntry =
  | { readonly type: 'get'; readonly key: RecordKey; readonly bins?: readonly string[] | undefined }
  | { readonly type: 'put'; readonly key: RecordKey; readonly bins: Bins; readonly options?: PutOptions | undefined }
  | {
      readonly type: 'operate';
      readonly key: RecordKey;
      readonly operations: readonly Operation[];
      readonly options?: OperateOptions | undefined;
    }
  | { readonly type: 'remove'; readonly key: RecordKey; readonly options?: RemoveOptions | undefined };

export type RemoveOptions = Pick<ChangeOptions, 'generation' | 'durable'>;

/** What became of an entry of a batch. A record that is not there is no error to get or remove. */
export type BatchOutcome =
  | { readonly type: 'get'; readonly record: FoundRecord | undefined }
  | { readonly type: 'put'; readonly generation: number }
  | { readonly type: 'operate'; readonly result: OperateResult }
  | { readonly type: 'remove'; readonly removed: boolean }
  | { readonly type: 'error'; readonly error: RecordError };

export interface ScanOptions {
  readonly bins?: readonly string[] | undefined;
  /** At most so many records a page. 1,000 by default. */
  readonly pageRecords?: number | undefined;
  /** Goes on behind the page that had this cursor. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Page {
  readonly records: readonly FoundRecord[];
  /** For `after`, also in another process; undefined when this is the last page. */
  readonly cursor: string | undefined;
}

/** Elements of a bin that a secondary index has: the bin itself, or each element of its list or value of its map. */
export type IndexedPart = 'bin' | 'list' | 'mapKeys' | 'mapValues';

export interface IndexDefinition {
  readonly namespace: string;
  readonly set: string;
  readonly bin: string;
  /** Name of the index, unlike all others of the namespace. At most 63 bytes. */
  readonly name: string;
  /** Integers, or text. Other values are not in the index. */
  readonly type: 'integer' | 'text';
  /** `bin` by default. */
  readonly part?: IndexedPart | undefined;
}

/** Integers from `from` to `to`, both included, or texts that equal `equals`. */
export type IndexCondition =
  | { readonly from: number | bigint; readonly to: number | bigint }
  | { readonly equals: string | number | bigint };

export interface QueryOptions extends ScanOptions {
  readonly index: Pick<IndexDefinition, 'namespace' | 'name'>;
  readonly where: IndexCondition;
}

export interface RecordStats {
  /** Bytes on disk, or in memory of a store without disk; undefined where the store does not tell. */
  readonly bytes: number | undefined;
  /**
   * Bytes of memory that finding a record without a second read from the disk takes, for a million records: the index'
   * part that has to stay in memory.
   */
  readonly indexBytesPerMillion: number;
}

export interface RecordStore extends AsyncDisposable {
  readonly engine: 'embedded' | 'aerospike';
  /** The record, with these bins of it or all; undefined where there is none. */
  get(key: RecordKey, bins?: readonly string[]): Promise<FoundRecord | undefined>;
  /** Sets bins; one that is null is removed. Answers the new generation, 0 when no bin is left, and so no record. */
  put(key: RecordKey, bins: Bins, options?: PutOptions): Promise<number>;
  /** Whether there was a record to remove. */
  remove(key: RecordKey, options?: RemoveOptions): Promise<boolean>;
  /** Gives the record a new time to live and a new generation, which is answered. Refused with `not_found`. */
  touch(key: RecordKey, ttl: TimeToLive): Promise<number>;
  /** Does all operations as one. A record that is not there and of which they make none is `not_found`. */
  operate(key: RecordKey, operations: readonly Operation[], options?: OperateOptions): Promise<OperateResult>;
  /** Does entries beside each other, each with an outcome of its own, in the order of entries. */
  batch(entries: readonly BatchEntry[]): Promise<BatchOutcome[]>;
  /** One page of the records of a set. A record that changes meanwhile is seen as it was before or is after. */
  scan(place: { readonly namespace: string; readonly set: string }, options?: ScanOptions): Promise<Page>;
  /**
   * Makes an index over what is there and what comes; resolves when queries may use it. Refused with `index_exists`.
   */
  createIndex(index: IndexDefinition): Promise<void>;
  /** Refused with `index_not_found`. */
  removeIndex(index: Pick<IndexDefinition, 'namespace' | 'name'>): Promise<void>;
  /** One page of the records that an index finds, in no order that counts. Refused with `index_not_found`. */
  query(options: QueryOptions): Promise<Page>;
  stats(): Promise<RecordStats>;
  close(): Promise<void>;
}
