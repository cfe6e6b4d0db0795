/** What changes are applied to. */
import type { TopicPartitionOffset } from '@millrace/client';
import type { RowChange } from './events/row-change.ts';
import type { TableVersion } from './events/schema-topic.ts';

/** A change with the shapes that its table has had, as far as schema changes tell of them. */
export interface AppliedChange {
  readonly change: RowChange;
  /** Up to the change's own; undefined where records name none. */
  readonly versions: readonly TableVersion[] | undefined;
}

/** How far a partition is applied. */
export interface Position extends TopicPartitionOffset {
  /** Where it stood before this batch. */
  readonly from: number;
  /** Of the last change: where its transaction lies at the source, and when it was committed (ms; 0 when unknown). */
  readonly lsn: string;
  readonly commitMs: number;
  /** Offsets between here and the partition's end, as of when its records were fetched. */
  readonly behind: number;
}

export interface AppliedBatch {
  /** Those of a partition in its order. */
  readonly changes: readonly AppliedChange[];
  readonly positions: readonly Position[];
}

/** Where partitions stand: `offset` is that of the next record. */
export interface StoredPosition extends TopicPartitionOffset {
  readonly lsn: string;
  readonly commitMs: number;
}

/** One at a time may use it; several sessions of one target run beside each other. */
export interface TargetSession {
  /** Applies all of the batch and its positions, or nothing, however it ends. */
  apply(batch: AppliedBatch): Promise<void>;
  close(): Promise<void>;
}

export interface ApplyTarget {
  /** Makes what it needs for itself, and tells where the applier of this name stands. */
  positions(): Promise<readonly StoredPosition[]>;
  session(): Promise<TargetSession>;
}

export type ApplierEvent =
  | { readonly kind: 'started'; readonly partitions: number; readonly sessions: number }
  | {
      readonly kind: 'applied';
      readonly changes: number;
      /** From the last change's commit at the source until it was applied; undefined when events do not tell. */
      readonly latencyMs: number | undefined;
      readonly positions: readonly Position[];
    }
  | { readonly kind: 'changed_table'; readonly table: string; readonly sql: string }
  /** Rows that were to be changed in part are not at the target. */
  | { readonly kind: 'missing_rows'; readonly table: string; readonly rows: number }
  | { readonly kind: 'checks_keys'; readonly why: string }
  | { readonly kind: 'one_by_one'; readonly why: string }
  | { readonly kind: 'retrying'; readonly why: string; readonly inMs: number };

export type TellApplied = (event: ApplierEvent) => void;
