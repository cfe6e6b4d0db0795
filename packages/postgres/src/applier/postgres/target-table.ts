/** A table of the target as its catalogue has it: what columns there are, and what tells its rows apart. */
import type { Client } from 'pg';
import { nameText, type ObjectName } from '../../sql/names.ts';
import { type Writer, type WritingOptions, writerOf } from '../values/written-value.ts';

export interface TargetColumn {
  /** As SQL writes it. */
  readonly type: string;
  /** Of a value whose event brings no shape. */
  readonly write: Writer;
}

export interface TargetTable {
  readonly name: ObjectName;
  readonly sql: string;
  /** Those that can be written. */
  readonly columns: ReadonlyMap<string, TargetColumn>;
  /** Of the primary key, or of a unique index that has no nulls; empty where there is none. */
  readonly key: readonly string[];
}

/** Undefined where there is no such table. */
export async function readTargetTable(
  client: Client,
  name: ObjectName,
  writing: WritingOptions,
): Promise<TargetTable | undefined> {
  const sql = nameText(name);
  const { rows } = await client.query<{
    columns: { name: string; type: string; base: string }[] | null;
    key: string[] | null;
  }>(
    `SELECT
       (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base',
            CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
              ELSE format_type(a.atttypid, a.atttypmod) END) ORDER BY a.attnum)
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
       (SELECT array_agg(a.attname::text ORDER BY k.position)
        FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (number, position)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
        WHERE i.indexrelid = (SELECT best.indexrelid FROM pg_index best
            WHERE best.indrelid = c.oid AND best.indisunique AND best.indisvalid AND best.indimmediate
              AND best.indpred IS NULL AND best.indexprs IS NULL
              AND (best.indisprimary OR NOT EXISTS (SELECT FROM pg_attribute n
                WHERE n.attrelid = c.oid AND n.attnum = ANY (best.indkey) AND NOT n.attnotnull))
            ORDER BY best.indisprimary DESC, best.indexrelid LIMIT 1)
          AND k.position <= i.indnkeyatts) AS key
     FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p')`,
    [sql],
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  const columns = (found.columns ?? []).map(({ name: column, type, base }): [string, TargetColumn] => [
    column,
    { type, write: writerOf(base, writing) },
  ]);
  return { name, sql, columns: new Map(columns), key: found.key ?? [] };
}
