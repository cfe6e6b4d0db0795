/**
 * Messages that a capture writes into the source's log for itself: the edges of chunks, looks at the catalog, and what
 * is asked of it. They come back in the order of the log.
 */
import type { Client } from 'pg';

export type Mark =
  | { readonly kind: 'edge'; readonly chunk: string; readonly edge: 'low' | 'high' }
  | { readonly kind: 'catalog'; readonly look: string }
  /** Rows that are there are asked for (again), by patterns of tables. */
  | { readonly kind: 'snapshot'; readonly tables: readonly string[] };

/** Of the messages in the log that are marks of the capture. */
export function markPrefix(capture: string): string {
  return `millrace.dbsync.${capture}`;
}

/** In a transaction, so that it is in the log at once and comes in the order of commits. */
export async function writeMark(client: Client, capture: string, mark: Mark): Promise<void> {
  await client.query('SELECT pg_logical_emit_message(true, $1, $2)', [markPrefix(capture), JSON.stringify(mark)]);
}

/** Undefined of what another version of this program wrote. */
export function parseMark(content: Buffer): Mark | undefined {
  try {
    return JSON.parse(content.toString('utf8')) as Mark;
  } catch {
    return undefined;
  }
}

/** Which transactions a snapshot, `xmin:xmax:xip,xip`, did not see; numbers in the stream have 32 bits. */
export function unseenBy(snapshot: string): (xid: number) => boolean {
  const [, xmax = '0', list = ''] = snapshot.split(':');
  const running = new Set(list === '' ? [] : list.split(',').map((xid) => Number(BigInt(xid) & 0xffffffffn)));
  const end = Number(BigInt(xmax) & 0xffffffffn);
  // Around the wrap of 32 bits, what is at most half the circle ahead is later.
  return (xid) => running.has(xid) || ((xid - end) | 0) >= 0;
}

/** The statement that tells a transaction's snapshot. */
export const currentSnapshot = 'SELECT pg_current_snapshot()::text AS snapshot';
