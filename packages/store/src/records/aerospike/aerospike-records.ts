/**
 * Records in an Aerospike cluster (server 6.0 or newer), through the npm package `aerospike`. It adds nothing to what
 * the server does but checks, codes of refusals, and a limit of what is under way: past about 128 operations one
 * process gains latency and no throughput.
 */
import { changesRecord } from '../check-request.ts';
import { CheckedRecords, type RecordEngine } from '../checked-records.ts';
import type { Operation } from '../operation.ts';
import { RecordError } from '../record-error.ts';
import { describeRecord, type RecordKey, type UserKey } from '../record-key.ts';
import type {
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
import type { Value } from '../value.ts';
import { recordError, resultCode } from './aerospike-error.ts';
import { type AerospikeLibrary, loadLibrary, type NativeClient, type NativeRecord } from './client-library.ts';
import { InFlightLimit } from './in-flight-limit.ts';
import { IndexCatalogue } from './index-catalogue.ts';
import { nativeOperations, resultsOf } from './native-operations.ts';
import { fromNative } from './native-values.ts';
import { PagedQuery } from './paged-query.ts';

const NOT_FOUND = 2;
/** What a record's entry in the server's primary index takes (Aerospike documentation, "Primary index"). */
const INDEX_BYTES = 64;

export interface AerospikeRecordsOptions {
  /** Servers to begin with, `HOST:PORT`, separated by commas. */
  readonly hosts: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** How long an operation may take. 1,000 ms by default. */
  readonly timeoutMs?: number | undefined;
  /** Operations under way at a time. 128 by default. */
  readonly inFlightMax?: number | undefined;
}

/** Connects to a cluster. Throws `unavailable` where it can't be reached, or the client is not installed. */
export async function openAerospikeRecords(options: AerospikeRecordsOptions): Promise<RecordStore> {
  const library = await loadLibrary();
  const totalTimeout = options.timeoutMs ?? 1_000;
  try {
    const client = await library.connect({
      hosts: options.hosts,
      ...(options.user !== undefined && { user: options.user, password: options.password }),
      maxConnsPerNode: Math.max(100, (options.inFlightMax ?? 128) + 20),
      policies: { read: { totalTimeout }, operate: { totalTimeout }, remove: { totalTimeout } },
    });
    return new CheckedRecords(new AerospikeRecords(library, client, options.inFlightMax ?? 128));
  } catch (cause) {
    throw recordError(`no connection to ${options.hosts}`, cause);
  }
}

class AerospikeRecords implements RecordEngine {
  readonly engine = 'aerospike';
  readonly #library: AerospikeLibrary;
  readonly #client: NativeClient;
  readonly #limit: InFlightLimit;
  readonly #indexes: IndexCatalogue;

  constructor(library: AerospikeLibrary, client: NativeClient, inFlightMax: number) {
    this.#library = library;
    this.#client = client;
    this.#limit = new InFlightLimit(inFlightMax);
    this.#indexes = new IndexCatalogue(client);
  }

  async get(key: RecordKey, bins: readonly string[] | undefined): Promise<FoundRecord | undefined> {
    const native = this.#keyOf(key);
    try {
      const record = await this.#limit.run(() =>
        bins === undefined ? this.#client.get(native) : this.#client.select(native, bins),
      );
      return found(key, record);
    } catch (error) {
      if (resultCode(error) === NOT_FOUND) return undefined;
      throw recordError(describeRecord(key), error);
    }
  }

  async operate(
    key: RecordKey,
    operations: readonly Operation[],
    { generation, ttl }: ChangeOptions,
    mode: PutMode,
  ): Promise<OperateResult> {
    const { policy } = this.#library;
    const { IGNORE, CREATE, UPDATE, CREATE_OR_REPLACE } = policy.exists;
    const modes = { upsert: IGNORE, create: CREATE, update: UPDATE, replace: CREATE_OR_REPLACE };
    const reads = !changesRecord(operations);
    const life = this.#nativeTtl(ttl ?? 'keep');
    const native = operations.flatMap((operation) => nativeOperations(this.#library, operation, life));
    const meta = { ...(!reads && { ttl: life }), ...(generation !== undefined && { gen: generation }) };
    let record: NativeRecord;
    try {
      record = await this.#limit.run(() =>
        this.#client.operate(this.#keyOf(key), native, meta, {
          key: policy.key.SEND,
          ...(!reads && { exists: modes[mode] }),
          ...(generation !== undefined && { gen: policy.gen.EQ }),
        }),
      );
    } catch (error) {
      throw recordError(describeRecord(key), error);
    }
    return { generation: record.gen ?? 1, ttl: ttlOf(record), bins: resultsOf(operations, record.bins ?? {}) };
  }

  async remove(key: RecordKey, options: RemoveOptions): Promise<boolean> {
    const { gen } = this.#library.policy;
    const policy = options.generation === undefined ? {} : { gen: gen.EQ, generation: options.generation };
    try {
      await this.#limit.run(() => this.#client.remove(this.#keyOf(key), policy));
      return true;
    } catch (error) {
      if (resultCode(error) !== NOT_FOUND) throw recordError(describeRecord(key), error);
      if (options.generation === undefined) return false;
      throw new RecordError(
        'generation',
        `${describeRecord(key)} is not there, not in generation ${options.generation}`,
      );
    }
  }

  async scan(place: { readonly namespace: string; readonly set: string }, options: ScanOptions): Promise<Page> {
    return this.#page(place, options, () => undefined);
  }

  async query(options: QueryOptions): Promise<Page> {
    const index = await this.#indexes.get(options.index);
    return this.#page(index, options, (query) => query.where(index, options.where));
  }

  async createIndex(definition: IndexDefinition): Promise<void> {
    const { namespace, set, bin, name, type, part = 'bin' } = definition;
    if ((await this.#indexes.find(definition)) !== undefined) {
      throw new RecordError('index_exists', `there is an index ${name} in ${namespace} already`);
    }
    const { indexType, indexDataType } = this.#library;
    const parts = {
      bin: indexType.DEFAULT,
      list: indexType.LIST,
      mapKeys: indexType.MAPKEYS,
      mapValues: indexType.MAPVALUES,
    };
    const datatype = type === 'integer' ? indexDataType.NUMERIC : indexDataType.STRING;
    try {
      const job = await this.#client.createIndex({ ns: namespace, set, bin, index: name, type: parts[part], datatype });
      await job.wait(50);
    } catch (error) {
      throw recordError(`the index ${namespace}/${name}`, error);
    }
  }

  async removeIndex(index: Pick<IndexDefinition, 'namespace' | 'name'>): Promise<void> {
    this.#indexes.forget(index);
    await this.#indexes.get(index);
    this.#indexes.forget(index);
    try {
      await this.#client.indexRemove(index.namespace, index.name);
    } catch (error) {
      throw recordError(`the index ${index.namespace}/${index.name}`, error);
    }
  }

  async stats(): Promise<RecordStats> {
    return { bytes: undefined, indexBytesPerMillion: INDEX_BYTES * 1e6 };
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  #keyOf({ namespace, set, key }: RecordKey): object {
    const native = key instanceof Uint8Array && !Buffer.isBuffer(key) ? Buffer.from(key) : key;
    return new this.#library.Key(namespace, set, native);
  }

  #nativeTtl(ttl: TimeToLive): number {
    if (typeof ttl === 'number') return ttl;
    return ttl === 'never' ? this.#library.ttl.NEVER_EXPIRE : this.#library.ttl.DONT_UPDATE;
  }

  async #page(
    place: { namespace: string; set: string },
    options: ScanOptions,
    narrow: (query: PagedQuery) => void,
  ): Promise<Page> {
    options.signal?.throwIfAborted();
    const query = new PagedQuery(this.#library, this.#client, place, options);
    narrow(query);
    try {
      const { records, cursor } = await this.#limit.run(() => query.read());
      return { records: records.map((record) => found({ ...place, key: userKeyOf(record) }, record)), cursor };
    } catch (error) {
      if (error instanceof RecordError) throw error;
      throw recordError(`the set ${place.namespace}/${place.set}`, error);
    }
  }
}

function found({ namespace, set, key }: RecordKey, record: NativeRecord): FoundRecord {
  const bins: { [bin: string]: Value } = {};
  for (const [bin, value] of Object.entries(record.bins)) bins[bin] = fromNative(value);
  return { key: { namespace, set, key }, generation: record.gen ?? 1, ttl: ttlOf(record), bins };
}

function ttlOf({ ttl }: NativeRecord): number | undefined {
  return ttl === undefined || ttl < 0 ? undefined : ttl;
}

/** Records have their keys with them where they were written with them, as this store does. */
function userKeyOf({ key: { key } }: NativeRecord): UserKey {
  if (key !== undefined && key !== null) return key;
  const hint = 'write it anew through this store, or with the policy that sends keys';
  throw new RecordError('failed', `the set holds a record that was written without its key: ${hint}`);
}
