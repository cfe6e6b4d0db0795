/** The tables that are captured, as they are now. */
import type { Client } from 'pg';
import type { RelationColumn } from '../replication/pgoutput/message.ts';
import type { ObjectName } from '../sql/names.ts';

export interface CapturedTable {
  readonly name: ObjectName;
  readonly columns: readonly RelationColumn[];
  /** Columns of the primary key; empty where there is none. */
  readonly key: readonly string[];
}

/** Ordinary and partitioned tables; all of the database when `patterns` is empty. `*` stands for any characters. */
export async function describeTables(client: Client, patterns: readonly string[]): Promise<CapturedTable[]> {
  const { rows } = await client.query<{
    schema: string;
    name: string;
    columns: { name: string; typeOid: number; modifier: number }[];
    key: string[] | null;
  }>(
    `SELECT n.nspname AS schema, c.relname AS name,
       (SELECT json_agg(json_build_object('name', a.attname, 'typeOid', a.atttypid::int8, 'modifier', a.atttypmod)
          ORDER BY a.attnum)
        FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
       (SELECT array_agg(a.attname::text ORDER BY k.position) 
        FROM pg_constraint p, unnest(p.conkey) WITH ORDINALITY k (number, position)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
        WHERE p.conrelid = c.oid AND p.contype = 'p') AS key
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'millrace_schema') AND n.nspname NOT LIKE 'pg\\_%'
     ORDER BY 1, 2`,
  );
  const matches = patterns.map(patternOf);
  return rows
    .filter(({ schema, name }) => {
      const whole = `${schema}.${name}`;
      return (
        matches.length === 0 || matches.some((match) => match.test(whole) || (schema === 'public' && match.test(name)))
      );
    })
    .map(({ schema, name, columns, key }) => ({
      name: { schema, name },
      columns: (columns ?? []).map((column) => ({ ...column, isKey: key?.includes(column.name) === true })),
      key: key ?? [],
    }));
}

function patternOf(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
}
