/**
 * Rows written many at a time: each statement takes a list of texts a column, which the server reads as the column's
 * type. Statements of a table depend on which columns they set, and on nothing else.
 */
import type { Client } from 'pg';
import { quoted } from '../../sql/names.ts';
import type { TargetTable } from './target-table.ts';

/** Texts by column of the target; a column that is not here stays as it is. */
export type WrittenRow = ReadonlyMap<string, string | null>;

/** Inserts rows, or sets those of the same key. All have the same columns, and no two the same key. */
export async function writeRows(client: Client, table: TargetTable, rows: readonly WrittenRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = [...first.keys()];
  const names = columns.map(quoted).join(', ');
  const others = columns.filter((column) => !table.key.includes(column));
  const set = others.map((column) => `${quoted(column)} = EXCLUDED.${quoted(column)}`).join(', ');
  const conflict =
    table.key.length === 0
      ? ''
      : ` ON CONFLICT (${table.key.map(quoted).join(', ')}) DO ${set === '' ? 'NOTHING' : `UPDATE SET ${set}`}`;
  await client.query(
    `INSERT INTO ${table.sql} (${names}) OVERRIDING SYSTEM VALUE
     SELECT ${typed(table, columns)} FROM ${lists(columns)}${conflict}`,
    listsOf(columns, rows),
  );
}

/** Sets columns of rows that are there: `keys` and `rows` belong together one by one. Answers how many were there. */
export async function changeRows(
  client: Client,
  table: TargetTable,
  keys: readonly WrittenRow[],
  rows: readonly WrittenRow[],
): Promise<number> {
  const [first] = rows;
  if (first === undefined) return 0;
  const columns = [...first.keys()];
  if (columns.length === 0) return rows.length;
  const all = [...table.key, ...columns];
  const set = columns.map((column, index) => `${quoted(column)} = ${typedAt(table, column, table.key.length + index)}`);
  const { rowCount } = await client.query(
    `UPDATE ${table.sql} t SET ${set.join(', ')} FROM ${lists(all)} WHERE ${keyMatches(table)}`,
    [...listsOf(table.key, keys), ...listsOf(columns, rows)],
  );
  return rowCount ?? 0;
}

export async function removeRows(client: Client, table: TargetTable, keys: readonly WrittenRow[]): Promise<void> {
  if (keys.length === 0) return;
  await client.query(
    `DELETE FROM ${table.sql} t USING ${lists(table.key)} WHERE ${keyMatches(table)}`,
    listsOf(table.key, keys),
  );
}

/** Removes one of the rows that are the same as this one: of a table whose rows nothing tells apart. */
export async function removeSame(client: Client, table: TargetTable, row: WrittenRow): Promise<void> {
  const columns = [...row.keys()];
  const same = columns.map(
    (column, index) =>
      `t.${quoted(column)}::text IS NOT DISTINCT FROM ($${index + 1}::text::${typeOf(table, column)})::text`,
  );
  await client.query(
    `DELETE FROM ${table.sql} WHERE ctid = (SELECT t.ctid FROM ${table.sql} t WHERE ${same.join(' AND ')} LIMIT 1)`,
    [...row.values()],
  );
}

function typeOf(table: TargetTable, column: string): string {
  return table.columns.get(column)?.type ?? 'text';
}

function typedAt(table: TargetTable, column: string, index: number): string {
  return `u.c${index}::${typeOf(table, column)}`;
}

function typed(table: TargetTable, columns: readonly string[]): string {
  return columns.map((column, index) => typedAt(table, column, index)).join(', ');
}

function keyMatches(table: TargetTable): string {
  return table.key.map((column, index) => `t.${quoted(column)} = ${typedAt(table, column, index)}`).join(' AND ');
}

function lists(columns: readonly string[]): string {
  const places = columns.map((_, index) => `$${index + 1}::text[]`).join(', ');
  return `unnest(${places}) u (${columns.map((_, index) => `c${index}`).join(', ')})`;
}

function listsOf(columns: readonly string[], rows: readonly WrittenRow[]): (string | null)[][] {
  return columns.map((column) => rows.map((row) => row.get(column) ?? null));
}
