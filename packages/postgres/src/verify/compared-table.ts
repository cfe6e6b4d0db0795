/** A table as both sides have it: which columns can be compared, and what tells its rows apart. */
import type { Client } from 'pg';
import { readTargetTable, type TargetTable } from '../applier/postgres/target-table.ts';
import { nameText, type ObjectName, quoted } from '../sql/names.ts';

export interface ComparedTable {
  readonly name: ObjectName;
  readonly sql: string;
  /** Columns of both. */
  readonly columns: readonly string[];
  /** With their types at the source; empty where nothing tells rows apart. */
  readonly key: readonly { readonly name: string; readonly type: string; readonly order: string }[];
  /** Of the target, for repairs. */
  readonly target: TargetTable;
}

export interface TableMismatch {
  readonly kind: 'no_table' | 'no_column';
  readonly table: string;
  readonly column?: string | undefined;
  readonly missingAt: 'source' | 'target';
}

/** Undefined where one of the two has no such table. */
export async function comparedTable(
  source: Client,
  target: Client,
  name: ObjectName,
): Promise<{ readonly table: ComparedTable | undefined; readonly mismatches: readonly TableMismatch[] }> {
  const [ours, theirs] = [await readTargetTable(source, name, {}), await readTargetTable(target, name, {})];
  const sql = nameText(name);
  if (ours === undefined || theirs === undefined) {
    const missingAt = ours === undefined ? 'source' : 'target';
    return { table: undefined, mismatches: [{ kind: 'no_table', table: sql, missingAt }] };
  }
  const columns = [...ours.columns.keys()].filter((column) => theirs.columns.has(column));
  const mismatches = [
    ...[...ours.columns.keys()]
      .filter((column) => !theirs.columns.has(column))
      .map((column) => ({ column, missingAt: 'target' as const })),
    ...[...theirs.columns.keys()]
      .filter((column) => !ours.columns.has(column))
      .map((column) => ({ column, missingAt: 'source' as const })),
  ].map((each) => ({ kind: 'no_column' as const, table: sql, ...each }));
  const collated = await collatedColumns(source, sql);
  const isKeyed = ours.key.every((column) => theirs.key.includes(column)) && ours.key.length === theirs.key.length;
  const key = (isKeyed ? ours.key : []).map((column) => ({
    name: column,
    type: ours.columns.get(column)?.type ?? 'text',
    // The two sides may sort text differently.
    order: collated.has(column) ? `${quoted(column)} COLLATE "C"` : quoted(column),
  }));
  return { table: { name, sql, columns, key, target: theirs }, mismatches };
}

async function collatedColumns(client: Client, sql: string): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND attcollation NOT IN (0, 950)`,
    [sql],
  );
  return new Set(rows.map(({ name }) => name));
}
