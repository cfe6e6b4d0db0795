/**
 * What readers of a table's topic find: Debezium's envelopes as JSON without schemas. The record's key is an object of
 * the key columns, null for tables without one; a value of null is a tombstone behind a delete.
 */

/** Columns by name, in Debezium's types (its mapping, `time.precision.mode` adaptive). */
export type ChangeRow = Readonly<Record<string, unknown>>;

export interface ChangeEvent {
  /** The old row: whole with `REPLICA IDENTITY FULL`, else null for updates, and its key alone for deletes. */
  readonly before: ChangeRow | null;
  readonly after: ChangeRow | null;
  readonly source: ChangeSource;
  /** `r` a row that was there, `c` create, `u` update, `d` delete, `t` truncate (whose rows are both null). */
  readonly op: 'r' | 'c' | 'u' | 'd' | 't';
  /** When it was captured, in ms. */
  readonly ts_ms: number;
  readonly transaction: TransactionBlock | null;
}

export interface ChangeSource {
  readonly version: string;
  readonly connector: 'postgresql';
  /** Of the capture. */
  readonly name: string;
  /** When its transaction committed, in ms. */
  readonly ts_ms: number;
  /** `incremental` of a row that was there. */
  readonly snapshot: 'incremental' | 'false';
  readonly db: string;
  readonly schema: string;
  readonly table: string;
  readonly txId: number | null;
  /** Where the transaction's commit lies in the source's log. */
  readonly lsn: number;
  readonly xmin: null;
}

/** Where a change stands in its transaction, counted from 1. Rows that were there have none. */
export interface TransactionBlock {
  /** `XID:LSN`, as the markers have it. */
  readonly id: string;
  readonly total_order: number;
  /** Among those of the same table. */
  readonly data_collection_order: number;
}

/** Of the topic `dbsync.DATABASE.transaction`, keyed by `{"id": ...}`: a transaction begins, or is whole. */
export interface TransactionMarker {
  readonly status: 'BEGIN' | 'END';
  readonly id: string;
  readonly ts_ms: number;
  /** Null at the beginning. */
  readonly event_count: number | null;
  readonly data_collections: readonly { readonly data_collection: string; readonly event_count: number }[] | null;
}

/** Stands for a value that is stored apart, did not change, and was not sent: Debezium's word. */
export const unavailableValue = '__debezium_unavailable_value';
