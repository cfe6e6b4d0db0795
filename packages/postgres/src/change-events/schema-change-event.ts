/**
 * What readers of `dbsync.DATABASE.schema-changes` find: Debezium's schema change events, and what an applier needs
 * beside them. The topic has one partition; its records are keyed by `{"databaseName": ...}`.
 *
 * In order with the data: an event is committed to Kafka no later than the first row that has the shape it tells of,
 * and each record of a table's topic names its shape in the header `millrace.schema`: the `version` of the last change
 * of its table. Who meets a version that it does not know reads the schema changes on until it does. A change without
 * rows behind it (a table that is dropped) stands where the source's log has it, by `source.lsn`.
 */
import type { ChangeSource } from './change-event.ts';

/** Header of each record of a table's topic: a decimal number. */
export const schemaVersionHeader = 'millrace.schema';

export interface SchemaChangeEvent {
  readonly source: ChangeSource;
  readonly ts_ms: number;
  readonly databaseName: string;
  readonly schemaName: string;
  /** PostgreSQL's log does not have the statement. */
  readonly ddl: null;
  readonly tableChanges: readonly TableChange[];
}

export interface TableChange {
  readonly type: 'CREATE' | 'ALTER' | 'DROP';
  /** `"schema"."table"`, with quotation marks. */
  readonly id: string;
  /** Of a table that had another name before; else null. */
  readonly previousId: string | null;
  /** Null of a dropped one. */
  readonly table: TableShape | null;
  /** Of all changes of the capture, counted from 1: what the header `millrace.schema` says. */
  readonly version: number;
  /** Where the table's changes go. */
  readonly topic: string;
  /** Columns that have another name now. What is neither here nor in both shapes was added or dropped. */
  readonly renamedColumns: readonly { readonly from: string; readonly to: string }[];
}

export interface TableShape {
  readonly defaultCharsetName: null;
  /** In the order of the key; of a table with `REPLICA IDENTITY USING INDEX` the index's columns. */
  readonly primaryKeyColumnNames: readonly string[];
  readonly columns: readonly ColumnShape[];
  readonly comment: string | null;
}

/** Columns that are not in events (generated ones, before version 18 and virtual ones) are not here either. */
export interface ColumnShape {
  readonly name: string;
  /** `java.sql.Types`. */
  readonly jdbcType: number;
  /** The type's number in the source. */
  readonly nativeType: number;
  /** `int4`, `_text`. */
  readonly typeName: string;
  /** As it is written in SQL: `numeric(10,2)`, `text[]`, `public.mood`. */
  readonly typeExpression: string;
  readonly charsetName: null;
  readonly length: number | null;
  readonly scale: number | null;
  /** From 1. */
  readonly position: number;
  /** May be null. A new column is said to be optional until the catalog is read, behind the rows that made it known. */
  readonly optional: boolean;
  /** An identity, or its default is the next value of a sequence. */
  readonly autoIncremented: boolean;
  readonly generated: boolean;
  readonly comment: string | null;
  readonly hasDefaultValue: boolean;
  readonly defaultValueExpression: string | null;
  /** Of an enum, in its order; else null. */
  readonly enumValues: readonly string[] | null;
  /** Of a domain: the type below it as it is written in SQL; else null. */
  readonly domainOf: string | null;
  /** The source's number of the column, which it keeps when it is renamed; null where that is not known. */
  readonly attributeNumber: number | null;
}
