/**
 * How far a capture is, as one record of a compacted topic. It is written in the same Kafka transaction as the records
 * that it speaks of, so both are there or neither is.
 */
import type { Client, Transaction } from '@millrace/client';
import { type Lsn, lsnText, parseLsn } from '../replication/lsn.ts';

export interface CaptureProgress {
  /** All transactions that ended before this are captured whole. */
  readonly lsn: Lsn;
  /** Of the transaction whose commit lies at `finalLsn`: so many of its changes are captured too. */
  readonly partial: { readonly finalLsn: Lsn; readonly changes: number } | undefined;
  /** By `schema.table`: the key behind which rows are yet to be read, null at the beginning; `done` when none are. */
  readonly snapshots: ReadonlyMap<string, SnapshotProgress>;
}

export interface SnapshotProgress {
  readonly after: readonly string[] | null;
  readonly rows: number;
  readonly isDone: boolean;
}

export function progressTopic(name: string): string {
  return `millrace.dbsync.${name}`;
}

const key = 'progress';

interface Stored {
  readonly lsn: string;
  readonly partial?: { readonly finalLsn: string; readonly changes: number } | undefined;
  readonly snapshots: Readonly<Record<string, SnapshotProgress>>;
}

export function writeProgress(transaction: Transaction, name: string, progress: CaptureProgress): void {
  const { lsn, partial, snapshots } = progress;
  const stored: Stored = {
    lsn: lsnText(lsn),
    partial: partial && { finalLsn: lsnText(partial.finalLsn), changes: partial.changes },
    snapshots: Object.fromEntries(snapshots),
  };
  transaction.write({ topic: progressTopic(name), partition: 0, key, value: JSON.stringify(stored) });
}

/** Undefined where nothing was ever captured. No transaction of an earlier process may be open any more. */
export async function readProgress(client: Client, name: string): Promise<CaptureProgress | undefined> {
  await using consumer = client.consumer({
    topics: [progressTopic(name)],
    from: 'earliest',
    until: 'end',
    isolation: 'read_committed',
  });
  let last: Stored | undefined;
  for await (const batch of consumer) {
    for (const { valueBytes } of batch) {
      if (valueBytes !== null) last = JSON.parse(Buffer.from(valueBytes).toString('utf8')) as Stored;
    }
  }
  if (last === undefined) return undefined;
  return {
    lsn: parseLsn(last.lsn),
    partial: last.partial && { finalLsn: parseLsn(last.partial.finalLsn), changes: last.partial.changes },
    snapshots: new Map(Object.entries(last.snapshots)),
  };
}
