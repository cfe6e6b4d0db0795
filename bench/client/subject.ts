/**
 * What is measured of a client: writing many records, and reading them. Each measurement runs in a process of its own.
 */
export interface Work {
  readonly bootstrap: string;
  readonly topic: string;
  readonly recordCount: number;
  readonly recordBytes: number;
}

/** A client under measurement. Both calls resolve when all records were acknowledged or read. */
export interface Subject {
  /**
   * Produces with acks=all, without compression, idempotently where the client can at full speed. Connects first and
   * calls `started` before the first record.
   */
  produce(work: Work, started: () => void): Promise<void>;
  /** Reads every record from the start and touches its value. Calls `started` before it connects. */
  consume(work: Work, started: () => void): Promise<void>;
}

/** The value that every record has. */
export function recordValue(work: Work): Buffer {
  return Buffer.alloc(work.recordBytes, 'x');
}

/** Records are spread over the partitions without keys, in batches of at most this many bytes. */
export const batchBytes = 512 * 1024;
