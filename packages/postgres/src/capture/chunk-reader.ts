/**
 * Tables read in chunks while their changes stream past (the watermarks of Netflix's DBLog). Before and after a chunk
 * is read a mark is written into the log; what the stream brings between the marks is newer than what was read, so
 * those rows of the chunk are dropped. No transaction lasts for longer than a chunk, and a chunk is captured or not.
 */
import type { Client } from 'pg';
import type { Tuple } from '../replication/pgoutput/message.ts';
import { nameText, type ObjectName, quoted } from '../sql/names.ts';

export interface ChunkTable {
  readonly name: ObjectName;
  /** Those that the stream brings too. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

export interface Chunk {
  readonly table: ChunkTable;
  readonly rows: readonly Tuple[];
  /** The last row's key; undefined when these were the last rows. */
  readonly last: readonly string[] | undefined;
  /** Which transactions the reading did not see. */
  readonly unseen: (xid: number) => boolean;
}

export interface Mark {
  readonly chunk: string;
  readonly edge: 'low' | 'high';
}

/** Of the messages in the log that are marks of the capture. */
export function markPrefix(name: string): string {
  return `millrace.dbsync.${name}`;
}

/** Reads a chunk between two marks in the log. `id` tells its marks from others'. */
export async function readChunk(
  client: Client,
  table: ChunkTable,
  options: {
    readonly capture: string;
    readonly id: string;
    readonly after: readonly string[] | null;
    readonly rowsMax: number;
  },
): Promise<Chunk> {
  const { capture, id, after, rowsMax } = options;
  await mark(client, capture, { chunk: id, edge: 'low' });
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const { rows: snapshots } = await client.query<{ snapshot: string }>(
      'SELECT pg_current_snapshot()::text AS snapshot',
    );
    const key = table.key.map(quoted).join(', ');
    const columns = table.columns.map(quoted).join(', ');
    const behind = after === null ? '' : `WHERE (${key}) > (${after.map((_, index) => `$${index + 1}`).join(', ')})`;
    const { rows } = await client.query<(string | null)[]>({
      text: `SELECT ${columns} FROM ${nameText(table.name)} ${behind} ORDER BY ${key} LIMIT ${rowsMax}`,
      values: [...(after ?? [])],
      rowMode: 'array',
      // Values as the server writes them, like those of the stream.
      types: { getTypeParser: () => (text: string) => text } as never,
    });
    const last = rows.at(-1);
    const places = table.key.map((column) => table.columns.indexOf(column));
    return {
      table,
      rows,
      last: last === undefined || rows.length < rowsMax ? undefined : places.map((place) => last[place] ?? ''),
      unseen: unseenBy(snapshots[0]?.snapshot ?? '0:0:'),
    };
  } finally {
    await client.query('COMMIT');
    await mark(client, capture, { chunk: id, edge: 'high' });
  }
}

/** In a transaction, so that it is in the log at once and comes in the order of commits. */
async function mark(client: Client, capture: string, content: Mark): Promise<void> {
  await client.query('SELECT pg_logical_emit_message(true, $1, $2)', [markPrefix(capture), JSON.stringify(content)]);
}

/** A snapshot is `xmin:xmax:xip,xip`; numbers in the stream have 32 bits. */
function unseenBy(snapshot: string): (xid: number) => boolean {
  const [, xmax = '0', list = ''] = snapshot.split(':');
  const running = new Set(list === '' ? [] : list.split(',').map((xid) => Number(BigInt(xid) & 0xffffffffn)));
  const end = Number(BigInt(xmax) & 0xffffffffn);
  // Around the wrap of 32 bits, what is at most half the circle ahead is later.
  return (xid) => running.has(xid) || ((xid - end) | 0) >= 0;
}
