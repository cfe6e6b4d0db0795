/** What is measured of stores, and how the process that does it is told. */

/** Changes to state: keys of 20 bytes, values of 100, in batches as a stream task writes them. */
export interface StateWork {
  readonly type: 'state';
  readonly subject: StateSubjectName;
  readonly directory: string;
  readonly keys: number;
  readonly batches: number;
  readonly batchChanges: number;
  readonly reads: number;
}

export type StateSubjectName = 'lmdb' | 'lmdb-rebuildable' | 'memory' | 'classic-level' | 'rocksdb';

export interface StateFigures {
  readonly loadPerSecond: number;
  readonly changesPerSecond: number;
  /** Processor time of all threads. */
  readonly microsecondsPerChange: number;
  readonly hotReadsPerSecond: number;
  readonly readsPerSecond: number;
  /** Ranges of ten keys; undefined where ranges are not read synchronously. */
  readonly rangesPerSecond: number | undefined;
}

/** Records of 1 KB beyond what the process may have in memory. */
export interface MemoryWork {
  readonly type: 'memory';
  readonly directory: string;
  readonly records: number;
  readonly recordBytes: number;
  readonly reads: number;
}

export interface MemoryFigures {
  readonly putsPerSecond: number;
  readonly readsPerSecond: number;
  readonly hotReadsPerSecond: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly indexBytesPerMillion: number;
}

/** Operations on records, so many under way at a time. */
export interface RecordWork {
  readonly type: 'records';
  readonly engine: 'embedded' | 'embedded-rebuildable' | 'aerospike';
  /** Of the embedded engines. */
  readonly directory: string;
  /** Of the other. */
  readonly host: string;
  readonly records: number;
  readonly inFlight: number;
}

export interface RecordFigures {
  readonly putsPerSecond: number;
  readonly getsPerSecond: number;
  readonly operationsPerSecond: number;
}

export type Work = StateWork | MemoryWork | RecordWork;
