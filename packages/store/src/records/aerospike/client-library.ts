/**
 * The parts of the npm package `aerospike` that are used here, and how it is loaded. The package brings binaries for
 * all platforms (260 MB), so who has a cluster installs it beside this one; its own types come with it alone, so what
 * is used of it is declared here.
 */
import { RecordError } from '../record-error.ts';

/** An operation as the library has it: nobody looks into it. */
export interface NativeOperation {
  andReturn?(type: number): NativeOperation;
}

type Make = (...parts: readonly unknown[]) => NativeOperation;
type MakeWithReturn = (...parts: readonly unknown[]) => { andReturn(type: number): NativeOperation };

export interface NativeRecord {
  readonly key: { readonly key?: string | number | bigint | Buffer | null };
  readonly bins: Record<string, unknown>;
  readonly ttl?: number;
  readonly gen?: number;
}

export interface NativeQuery {
  /** Where the next page begins. */
  queryState: { readonly bytes: readonly number[]; readonly bytesSize: number } | undefined;
  where(filter: unknown): void;
  select(bins: readonly string[]): void;
  results(policy?: object): Promise<NativeRecord[]>;
}

export interface NativeClient {
  get(key: object, policy?: object): Promise<NativeRecord>;
  select(key: object, bins: readonly string[], policy?: object): Promise<NativeRecord>;
  operate(key: object, operations: readonly NativeOperation[], meta: object, policy: object): Promise<NativeRecord>;
  remove(key: object, policy?: object): Promise<unknown>;
  query(namespace: string, set: string, options: object): NativeQuery;
  createIndex(options: object): Promise<{ wait(pollMs?: number): Promise<void> }>;
  indexRemove(namespace: string, name: string): Promise<unknown>;
  infoAny(request: string): Promise<string>;
  close(): void;
}

export interface AerospikeLibrary {
  connect(config: object): Promise<NativeClient>;
  releaseEventLoop(): void;
  readonly Key: new (namespace: string, set: string, key: unknown) => object;
  readonly Double: new (value: number) => object;
  readonly policy: {
    readonly exists: Readonly<Record<'IGNORE' | 'CREATE' | 'UPDATE' | 'CREATE_OR_REPLACE', number>>;
    readonly gen: Readonly<Record<'IGNORE' | 'EQ', number>>;
    readonly key: Readonly<Record<'SEND', number>>;
  };
  readonly ttl: Readonly<Record<'NEVER_EXPIRE' | 'DONT_UPDATE', number>>;
  readonly operations: Readonly<Record<'read' | 'write' | 'add' | 'append' | 'prepend' | 'touch', Make>>;
  readonly lists: {
    readonly order: Readonly<Record<'ORDERED' | 'UNORDERED', number>>;
    readonly writeFlags: Readonly<Record<'DEFAULT' | 'ADD_UNIQUE' | 'INSERT_BOUNDED' | 'NO_FAIL' | 'PARTIAL', number>>;
    readonly returnType: Readonly<Record<'COUNT' | 'VALUE' | 'INVERTED', number>>;
  } & Readonly<Record<'setOrder' | 'appendItems' | 'insertItems' | 'set' | 'size' | 'clear', Make>> &
    Readonly<
      Record<
        | 'removeByIndexRange'
        | 'removeByRankRange'
        | 'removeByValue'
        | 'removeByValueRange'
        | 'getByIndexRange'
        | 'getByRankRange'
        | 'getByValueRange',
        MakeWithReturn
      >
    >;
  readonly maps: {
    readonly order: Readonly<Record<'KEY_ORDERED', number>>;
    readonly writeFlags: Readonly<Record<'DEFAULT' | 'CREATE_ONLY' | 'UPDATE_ONLY', number>>;
    readonly returnType: Readonly<Record<'COUNT' | 'VALUE' | 'KEY_VALUE', number>>;
  } & Readonly<Record<'putItems' | 'increment' | 'size' | 'clear', Make>> &
    Readonly<
      Record<
        | 'removeByKey'
        | 'removeByKeyList'
        | 'removeByKeyRange'
        | 'removeByRankRange'
        | 'removeByValue'
        | 'removeByValueRange'
        | 'getByKey'
        | 'getByKeyList'
        | 'getByKeyRange'
        | 'getByRankRange'
        | 'getByValueRange',
        MakeWithReturn
      >
    >;
  readonly filter: {
    range(bin: string, from: number, to: number, type: number): unknown;
    equal(bin: string, value: string | number): unknown;
    contains(bin: string, value: string | number, type: number): unknown;
  };
  readonly indexType: Readonly<Record<'DEFAULT' | 'LIST' | 'MAPKEYS' | 'MAPVALUES', number>>;
  readonly indexDataType: Readonly<Record<'NUMERIC' | 'STRING', number>>;
}

/** In a variable, so that nobody who compiles against this package needs the other. */
const PACKAGE: string = 'aerospike';

/** Loads the library. Throws `unavailable` where it is not installed. */
export async function loadLibrary(): Promise<AerospikeLibrary> {
  try {
    const { default: library } = (await import(PACKAGE)) as { default: AerospikeLibrary };
    return library;
  } catch (cause) {
    const what = 'the client of Aerospike is not installed beside @millrace/store';
    throw new RecordError('unavailable', `${what}: npm install --ignore-scripts aerospike`, { cause });
  }
}
