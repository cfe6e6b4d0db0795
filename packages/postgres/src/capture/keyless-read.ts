/**
 * A table without a key, read whole in one transaction: nothing tells its rows apart, so no row can be dropped for a
 * newer one. The reading stands where its first mark is: the stream waits there until all rows are written, and leaves
 * out what the reading had seen of the changes behind.
 */
import type { Client } from 'pg';
import type { Tuple } from '../replication/pgoutput/tuple-bytes.ts';
import { columnsOf, nameOf, openTable, readRows } from './chunk-reader.ts';
import { writeMark } from './marks.ts';
import type { TableDescription } from './table-description.ts';

export interface KeylessRead {
  readonly description: TableDescription;
  /** As `pg_current_snapshot` tells it. */
  readonly snapshot: string;
  readonly unseen: (xid: number) => boolean;
  /** The next rows; none at the end. */
  next(): Promise<readonly Tuple[]>;
  /** The session is free again when it resolves. */
  close(): Promise<void>;
  readonly closed: Promise<void>;
}

const rowsMax = 2_000;

/** Writes its mark and begins. Undefined when the table is not there by that name any more. */
export async function openKeyless(
  session: Client,
  table: TableDescription,
  { capture, id, hasGenerated }: { readonly capture: string; readonly id: string; readonly hasGenerated: boolean },
): Promise<KeylessRead | undefined> {
  await writeMark(session, capture, { kind: 'edge', chunk: id, edge: 'low' });
  const opened = await openTable(session, table, hasGenerated);
  if (opened === undefined) return undefined;
  const { description, snapshot, unseen } = opened;
  const closed = Promise.withResolvers<void>();
  try {
    await session.query(
      `DECLARE rows NO SCROLL CURSOR FOR SELECT ${columnsOf(description)} FROM ${nameOf(description)}`,
    );
  } catch (error) {
    await session.query('ROLLBACK');
    throw error;
  }
  return {
    description,
    snapshot,
    unseen,
    next: () => readRows(session, { text: `FETCH ${rowsMax} FROM rows` }),
    async close() {
      try {
        await session.query('COMMIT');
      } finally {
        closed.resolve();
      }
    },
    closed: closed.promise,
  };
}
