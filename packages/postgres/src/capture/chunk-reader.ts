/**
 * Tables read in chunks while their changes stream past (the watermarks of Netflix's DBLog). Before and after a chunk
 * is read a mark is written into the log; what the stream brings between the marks is newer than what was read, so
 * those rows of the chunk are dropped. No transaction lasts for longer than a chunk, and a chunk is captured or not.
 */
import type { Client } from 'pg';
import type { Tuple } from '../replication/pgoutput/tuple-bytes.ts';
import { nameText, quoted } from '../sql/names.ts';
import { describeTable } from './describe-tables.ts';
import { currentSnapshot, unseenBy, writeMark } from './marks.ts';
import type { TableDescription } from './table-description.ts';

export interface Chunk {
  /** As the table was when it was read. */
  readonly description: TableDescription;
  readonly rows: readonly Tuple[];
  /** The last row's key; undefined when these were the last rows. */
  readonly last: readonly string[] | undefined;
  /** Which transactions the reading did not see. */
  readonly unseen: (xid: number) => boolean;
}

export interface ChunkOptions {
  readonly capture: string;
  /** Tells its marks from others'. */
  readonly id: string;
  readonly hasGenerated: boolean;
  /** The key behind which it begins, and of which columns that is. */
  readonly after: readonly string[] | null;
  readonly key: readonly string[];
  readonly rowsMax: number;
}

/** Reads a chunk between two marks in the log. Undefined when the table is not there by that name any more. */
export async function readChunk(
  client: Client,
  table: Pick<TableDescription, 'oid' | 'schema' | 'table'>,
  options: ChunkOptions,
): Promise<Chunk | undefined> {
  const { capture, id } = options;
  await writeMark(client, capture, { kind: 'edge', chunk: id, edge: 'low' });
  const opened = await openTable(client, table, options.hasGenerated);
  if (opened === undefined) return undefined;
  try {
    const { description, unseen } = opened;
    const isSameKey = options.key.join() === description.key.join();
    const after = isSameKey ? options.after : null;
    const key = description.key.map(quoted).join(', ');
    const behind = after === null ? '' : `WHERE (${key}) > (${after.map((_, index) => `$${index + 1}`).join(', ')})`;
    const from = `${columnsOf(description)} FROM ${nameOf(description)}`;
    const text = `SELECT ${from} ${behind} ORDER BY ${key} LIMIT ${options.rowsMax}`;
    const rows = await readRows(client, { text, values: [...(after ?? [])] });
    const last = rows.at(-1);
    const places = description.key.map((name) => description.columns.findIndex((column) => column.name === name));
    return {
      description,
      rows,
      last: last === undefined || rows.length < options.rowsMax ? undefined : places.map((place) => last[place] ?? ''),
      unseen,
    };
  } finally {
    await client.query('COMMIT');
    await writeMark(client, capture, { kind: 'edge', chunk: id, edge: 'high' });
  }
}

interface OpenedTable {
  readonly description: TableDescription;
  readonly snapshot: string;
  readonly unseen: (xid: number) => boolean;
}

/**
 * Begins a transaction that sees a table and its description at one point, the table being locked against changes of
 * its shape as by every reader. Without a table no transaction is open.
 */
export async function openTable(
  client: Client,
  { oid, schema, table }: Pick<TableDescription, 'oid' | 'schema' | 'table'>,
  hasGenerated: boolean,
): Promise<OpenedTable | undefined> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    // A snapshot is taken behind this: what it sees of the catalog is how the table stays.
    await client.query(`LOCK TABLE ${nameText({ schema, name: table })} IN ACCESS SHARE MODE`);
    const { rows } = await client.query<{ snapshot: string }>(currentSnapshot);
    const description = await describeTable(client, oid, hasGenerated);
    if (description?.schema === schema && description.table === table) {
      const snapshot = rows[0]?.snapshot ?? '0:0:';
      return { description, snapshot, unseen: unseenBy(snapshot) };
    }
  } catch (error) {
    await client.query('ROLLBACK');
    if ((error as { readonly code?: string }).code === undefinedTable) return undefined;
    throw error;
  }
  await client.query('ROLLBACK');
  return undefined;
}

const undefinedTable = '42P01';

export function columnsOf({ columns }: TableDescription): string {
  return columns.map(({ name }) => quoted(name)).join(', ');
}

export function nameOf({ schema, table }: TableDescription): string {
  return nameText({ schema, name: table });
}

/** Values as the server writes them, like those of the stream. */
export async function readRows(
  client: Client,
  query: { readonly text: string; readonly values?: string[] },
): Promise<Tuple[]> {
  const types = { getTypeParser: () => (text: string) => text } as never;
  const { rows } = await client.query<(string | null)[]>({ ...query, rowMode: 'array', types });
  return rows;
}
