/**
 * How far a capture is, as records of a compacted topic: one of the position, and one of each table, which is written
 * when the table's changes. They are written in the same Kafka transaction as the records that they speak of, so both
 * are there or neither is.
 */
import type { Client, Transaction } from '@millrace/client';
import { type Lsn, lsnText, parseLsn } from '../replication/lsn.ts';
import type { TableDescription } from './table-description.ts';

export interface CaptureProgress {
  /** All transactions that ended before this are captured whole. */
  readonly lsn: Lsn;
  /** Of the transaction whose commit lies at `finalLsn`: so many of its changes are captured too. */
  readonly partial: PartialTransaction | undefined;
  /** Of the last change of a table's shape. */
  readonly version: number;
  /** By the tables' numbers in the source. */
  readonly tables: ReadonlyMap<number, TableProgress>;
}

export interface PartialTransaction {
  readonly finalLsn: Lsn;
  /** Of the source's. */
  readonly changes: number;
  /** Events by table, in the order of their first ones. */
  readonly events: ReadonlyMap<string, number>;
}

export interface TableProgress {
  readonly description: TableDescription;
  readonly version: number;
  readonly snapshot: SnapshotProgress;
}

export interface SnapshotProgress {
  /** The key behind which rows are yet to be read; null at the beginning. */
  readonly after: readonly string[] | null;
  readonly rows: number;
  readonly isDone: boolean;
  /** Of a table that was read whole: the snapshot that it was read in. */
  readonly seen?: string | undefined;
}

export const notBegun: SnapshotProgress = { after: null, rows: 0, isDone: false };

export function progressTopic(name: string): string {
  return `millrace.dbsync.${name}`;
}

const positionKey = 'progress';
const tablePrefix = 'table.';

interface StoredPosition {
  readonly version: number;
  readonly lsn: string;
  readonly partial?:
    | { readonly finalLsn: string; readonly changes: number; readonly events: Readonly<Record<string, number>> }
    | undefined;
}

export function writePosition(
  transaction: Transaction,
  name: string,
  { lsn, partial, version }: Omit<CaptureProgress, 'tables'>,
): void {
  const stored: StoredPosition = {
    version,
    lsn: lsnText(lsn),
    partial: partial && {
      finalLsn: lsnText(partial.finalLsn),
      changes: partial.changes,
      events: Object.fromEntries(partial.events),
    },
  };
  transaction.write({ topic: progressTopic(name), partition: 0, key: positionKey, value: JSON.stringify(stored) });
}

/** Null forgets the table. */
export function writeTable(transaction: Transaction, name: string, oid: number, table: TableProgress | null): void {
  const value = table === null ? null : JSON.stringify(table);
  transaction.write({ topic: progressTopic(name), partition: 0, key: `${tablePrefix}${oid}`, value });
}

/** Undefined where nothing was ever captured. No transaction of an earlier process may be open any more. */
export async function readProgress(client: Client, name: string): Promise<CaptureProgress | undefined> {
  await using consumer = client.consumer({
    topics: [progressTopic(name)],
    from: 'earliest',
    until: 'end',
    isolation: 'read_committed',
  });
  let position: StoredPosition | undefined;
  const tables = new Map<number, TableProgress>();
  for await (const batch of consumer) {
    for (const { keyBytes, valueBytes } of batch) {
      const key = Buffer.from(keyBytes ?? []).toString('utf8');
      const value = valueBytes === null ? null : (JSON.parse(Buffer.from(valueBytes).toString('utf8')) as unknown);
      if (key === positionKey) position = value as StoredPosition;
      else if (value === null) tables.delete(Number(key.slice(tablePrefix.length)));
      else tables.set(Number(key.slice(tablePrefix.length)), value as TableProgress);
    }
  }
  if (position === undefined) return undefined;
  const { lsn, partial, version } = position;
  return {
    version,
    lsn: parseLsn(lsn),
    partial: partial && {
      finalLsn: parseLsn(partial.finalLsn),
      changes: partial.changes,
      events: new Map(Object.entries(partial.events)),
    },
    tables,
  };
}
