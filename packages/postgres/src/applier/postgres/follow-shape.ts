/**
 * Tables of the target made and changed as those of the source are. With schema changes each version's is done in its
 * turn: columns are known by their numbers, so that another name keeps the values. Without, tables get the columns that
 * rows have, and lose none.
 */
import type { Client } from 'pg';
import { nameText, type ObjectName, quoted } from '../../sql/names.ts';
import { isObject, type Json, type JsonObject, LongNumber } from '../events/lossless-json.ts';
import type { RowShape, ShapeColumn } from '../events/row-shape.ts';
import type { TableVersion } from '../events/schema-topic.ts';

/** A table of this shape; its key is that of the shape, or of the event. */
export async function createSql(
  client: Client,
  name: ObjectName,
  shape: RowShape,
  key: readonly string[],
): Promise<string[]> {
  const columns: string[] = [];
  for (const column of shape.columns.values()) columns.push(await columnSql(client, column));
  if (key.length > 0) columns.push(`PRIMARY KEY (${key.map(quoted).join(', ')})`);
  const schema = name.schema ?? 'public';
  return [
    ...(schema === 'public' ? [] : [`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`]),
    `CREATE TABLE IF NOT EXISTS ${nameText(name)} (${columns.join(', ')})`,
  ];
}

/** Columns that the table has not. */
export async function addSql(client: Client, table: string, columns: readonly ShapeColumn[]): Promise<string[]> {
  const statements: string[] = [];
  for (const column of columns) {
    statements.push(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${await columnSql(client, column)}`);
  }
  return statements;
}

/** From one version of a table to the next. */
export async function alterSql(
  client: Client,
  name: ObjectName,
  before: TableVersion,
  after: TableVersion,
): Promise<string[]> {
  const table = nameText(name);
  const statements: string[] = [];
  const old = [...before.shape.columns.values()];
  const kept = new Set<ShapeColumn>();
  const added: ShapeColumn[] = [];
  for (const column of after.shape.columns.values()) {
    const was = old.find((each) => isSame(each, column, after));
    if (was === undefined) {
      added.push(column);
      continue;
    }
    kept.add(was);
    if (was.name !== column.name) {
      statements.push(`ALTER TABLE ${table} RENAME COLUMN ${quoted(was.name)} TO ${quoted(column.name)}`);
    }
    if (was.type !== column.type) {
      const type = await typeSql(client, column);
      const own = quoted(column.name);
      statements.push(`ALTER TABLE ${table} ALTER COLUMN ${own} TYPE ${type} USING ${own}::${type}`);
    }
  }
  const dropped = old.filter((column) => !kept.has(column));
  // Before names are taken again.
  const drops = dropped.map(({ name: column }) => `ALTER TABLE ${table} DROP COLUMN IF EXISTS ${quoted(column)}`);
  return [...drops, ...statements, ...(await addSql(client, table, added))];
}

function isSame(before: ShapeColumn, after: ShapeColumn, { change }: TableVersion): boolean {
  if (before.id !== undefined && after.id !== undefined) return before.id === after.id;
  const renamed = change.renamedColumns.find(({ to }) => to === after.name);
  return before.name === (renamed?.from ?? after.name);
}

/** Where nothing tells of types: columns for what the values are. Those without a value come with the first one. */
export function guessedShape(rows: readonly (JsonObject | null)[]): RowShape {
  const columns = new Map<string, ShapeColumn>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row ?? {})) {
      if (value === null || columns.has(name)) continue;
      columns.set(name, { name, type: guessedType(value), write: String });
    }
  }
  return { columns };
}

function guessedType(value: Json): string {
  if (typeof value === 'boolean') return 'boolean';
  if (value instanceof LongNumber) return 'numeric';
  if (typeof value === 'number') return Number.isInteger(value) ? 'bigint' : 'double precision';
  return isObject(value) || Array.isArray(value) ? 'jsonb' : 'text';
}

async function columnSql(client: Client, column: ShapeColumn): Promise<string> {
  const type = await typeSql(client, column);
  const filled = column.defaultText === undefined ? '' : ` DEFAULT ${column.defaultText}`;
  return `${quoted(column.name)} ${type}${filled}`;
}

/** The type, where the target has it; enums and domains are made by whoever wants them there too. */
async function typeSql(client: Client, { type, fallbackType }: ShapeColumn): Promise<string> {
  const bare = type.replace(/\s*\([^)]*\)/, '');
  const { rows } = await client.query<{ found: boolean }>('SELECT to_regtype($1) IS NOT NULL AS found', [bare]);
  return rows[0]?.found === true ? type : `${fallbackType ?? 'text'}`;
}
