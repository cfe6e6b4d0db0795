/** The tables that are captured, as they are now. */
import type { Client } from 'pg';
import type { TableDescription, TypeDescription } from './table-description.ts';

export interface WantedTables {
  /** `schema.table`, `*` for any characters; all of the database when it is empty. */
  readonly patterns: readonly string[];
  /** Whether the stream brings stored generated columns (from version 18 on). */
  readonly hasGenerated: boolean;
}

/** Ordinary and partitioned tables. The same database answers the same text for what has not changed. */
export async function describeTables(
  client: Client,
  { patterns, hasGenerated }: WantedTables,
): Promise<TableDescription[]> {
  const tables = await describe(client, hasGenerated, null);
  return tables.filter((table) => isWanted(table, patterns));
}

/** Undefined where no such table is there any more. */
export async function describeTable(
  client: Client,
  oid: number,
  hasGenerated: boolean,
): Promise<TableDescription | undefined> {
  return (await describe(client, hasGenerated, oid))[0];
}

/** In their order; of a type that is gone, what is left of its name. */
export async function describeTypes(
  client: Client,
  columns: readonly { readonly typeOid: number; readonly modifier: number }[],
): Promise<TypeDescription[]> {
  const { rows } = await client.query<{ types: TypeDescription[] | null }>(
    `SELECT json_agg(json_build_object(${typeOf('w.oid', 'w.modifier')}) ORDER BY w.place) AS types
     FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY w (oid, modifier, place)
       LEFT JOIN pg_type t ON t.oid = w.oid`,
    [columns.map(({ typeOid }) => typeOid), columns.map(({ modifier }) => modifier)],
  );
  return (rows[0]?.types ?? []).map((type) => ({ ...type, typeName: type.typeName ?? type.type }));
}

export function isWanted(
  { schema, table }: { readonly schema: string; readonly table: string },
  patterns: readonly string[],
): boolean {
  const whole = `${schema}.${table}`;
  return (
    patterns.length === 0 ||
    patterns.map(patternOf).some((match) => match.test(whole) || (schema === 'public' && match.test(table)))
  );
}

function patternOf(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
}

async function describe(client: Client, hasGenerated: boolean, oid: number | null): Promise<TableDescription[]> {
  const { rows } = await client.query<{ tables: TableDescription[] | null }>(statement, [hasGenerated, oid]);
  return rows[0]?.tables ?? [];
}

/** Fields of `TypeDescription`, of the type `t`. */
function typeOf(oid: string, modifier: string): string {
  return `'type', format_type(${oid}, ${modifier}), 'typeName', t.typname,
        'enumValues', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
          WHERE e.enumtypid = t.oid OR e.enumtypid = t.typelem AND t.typcategory = 'A'),
        'domainOf', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END`;
}

const statement = `SELECT json_agg(json_build_object(
    'oid', c.oid::int8, 'schema', n.nspname, 'table', c.relname, 'replicaIdentity', c.relreplident,
    'columns', coalesce((
      SELECT json_agg(json_build_object(
        'name', a.attname, 'number', a.attnum, 'typeOid', a.atttypid::int8, 'modifier', a.atttypmod,
        ${typeOf('a.atttypid', 'a.atttypmod')}, 'isOptional', NOT a.attnotnull,
        'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'isGenerated', a.attgenerated <> '', 'isIdentity', a.attidentity <> '',
        'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND (a.attgenerated = '' OR $1 AND a.attgenerated = 's')), '[]'),
    'key', coalesce((
      SELECT json_agg(a.attname ORDER BY k.position)
      FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (number, position)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
      WHERE i.indrelid = c.oid AND k.position <= i.indnkeyatts
        AND CASE WHEN c.relreplident = 'i' THEN i.indisreplident ELSE i.indisprimary END), '[]'),
    'comment', obj_description(c.oid, 'pg_class')) ORDER BY n.nspname, c.relname) AS tables
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'millrace_schema', 'millrace_sync')
    AND n.nspname NOT LIKE 'pg\\_%'
    AND ($2::int8 IS NULL OR c.oid::int8 = $2)`;
