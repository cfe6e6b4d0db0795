/**
 * Reads what a database has, in a handful of queries on its catalogs. Nothing is locked but the catalogs, for reading;
 * system schemas are left out.
 */
import type { ObjectName } from '../sql/names.ts';
import { nameKey } from '../sql/names.ts';
import {
  type Catalog,
  type ColumnFacts,
  type ConstraintFacts,
  catalogOf,
  type IndexFacts,
  type SlotFacts,
  type TableFacts,
  type TypeFacts,
} from './catalog.ts';

/** What is needed of a connection: `Client` and `PoolClient` of `pg` fit. */
export interface Queryable {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<{ readonly rows: Row[] }>;
}

const own = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg_temp%'`;

interface Named {
  readonly schema: string;
  readonly name: string;
}

export async function readCatalog(connection: Queryable): Promise<Catalog> {
  const version = await connection.query<{ version: number; schema: string | null; database: string }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS version, current_schema() AS schema,
       current_database() AS database`,
  );
  const { rows: slots } = await connection.query<SlotFacts>(
    `SELECT slot_name::text AS name, active AS "isActive" FROM pg_replication_slots
     WHERE slot_type = 'logical' AND database = current_database() ORDER BY 1`,
  );
  const columns = await readColumns(connection);
  const constraints = await readConstraints(connection);
  const indexes = await readIndexes(connection);
  const { children, parents, defaults } = await readPartitions(connection);
  const publications = await readPublications(connection);
  const { rows } = await connection.query<Named & { kind: string; rows: number; bytes: number }>(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, greatest(c.reltuples, 0)::float8 AS rows,
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_total_relation_size(c.oid) ELSE 0 END::float8 AS bytes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${own}`,
  );
  const tables = rows.map(({ schema, name, kind, ...sizes }): TableFacts => {
    const key = nameKey({ schema, name });
    return {
      name: { schema, name },
      kind: kinds[kind] ?? 'table',
      ...sizes,
      columns: columns.get(key) ?? new Map(),
      constraints: constraints.get(key) ?? [],
      indexes: indexes.get(key) ?? [],
      partitions: descendants(key, children),
      parent: parents.get(key),
      defaultPartition: defaults.get(key),
      publications: publications.get(key) ?? [],
    };
  });
  return catalogOf({
    serverVersion: version.rows[0]?.version ?? 0,
    schema: version.rows[0]?.schema ?? 'public',
    database: version.rows[0]?.database ?? '',
    slots,
    tables,
    types: await readTypes(connection),
    volatileFunctions: await readVolatileFunctions(connection),
  });
}

const kinds: Readonly<Record<string, TableFacts['kind']>> = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'materialized view',
  f: 'foreign',
};

async function readColumns(connection: Queryable): Promise<Map<string, Map<string, ColumnFacts>>> {
  const { rows } = await connection.query<Named & { column: string } & ColumnFacts>(
    `SELECT n.nspname AS schema, c.relname AS name, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS "isNotNull", a.atthasdef OR a.attidentity <> '' AS "hasDefault",
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS default,
       a.attidentity::text || a.attgenerated::text AS special
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND ${own} ORDER BY a.attnum`,
  );
  const found = new Map<string, Map<string, ColumnFacts>>();
  for (const { schema, name, column, ...facts } of rows) {
    const key = nameKey({ schema, name });
    const columns = found.get(key) ?? new Map<string, ColumnFacts>();
    found.set(key, columns.set(column, facts));
  }
  return found;
}

const constraintKinds: Readonly<Record<string, ConstraintFacts['kind']>> = {
  c: 'check',
  f: 'foreign',
  p: 'primary',
  u: 'unique',
  x: 'exclusion',
  n: 'not null',
  t: 'trigger',
};

async function readConstraints(connection: Queryable): Promise<Map<string, ConstraintFacts[]>> {
  const { rows } = await connection.query<
    Named & {
      constraint: string;
      kind: string;
      columns: string[] | null;
      definition: string;
      isValid: boolean;
      otherSchema: string | null;
      otherName: string | null;
    }
  >(
    `SELECT n.nspname AS schema, c.relname AS name, k.conname AS constraint, k.contype AS kind,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS columns,
       pg_get_constraintdef(k.oid) AS definition, k.convalidated AS "isValid",
       fn.nspname AS "otherSchema", f.relname AS "otherName"
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_class f ON f.oid = k.confrelid LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace WHERE ${own}`,
  );
  return grouped(rows, ({ constraint, kind, columns, definition, isValid, otherSchema, otherName }) => ({
    name: constraint,
    kind: constraintKinds[kind] ?? 'check',
    columns: columns ?? [],
    definition,
    isValid,
    references: otherSchema === null || otherName === null ? undefined : { schema: otherSchema, name: otherName },
  }));
}

async function readIndexes(connection: Queryable): Promise<Map<string, IndexFacts[]>> {
  const { rows } = await connection.query<
    Named & { index: string; columns: string[] | null; isUnique: boolean; isValid: boolean; definition: string }
  >(
    `SELECT n.nspname AS schema, c.relname AS name, ic.relname AS index, i.indisunique AS "isUnique",
       i.indisvalid AS "isValid", pg_get_indexdef(i.indexrelid) AS definition,
       (SELECT array_agg(a.attname::text) FROM pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) AS columns
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class ic ON ic.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own}`,
  );
  return grouped(rows, ({ schema, index, columns, isUnique, isValid, definition }) => ({
    name: { schema, name: index },
    columns: columns ?? [],
    isUnique,
    isValid,
    definition,
  }));
}

async function readPartitions(connection: Queryable): Promise<{
  readonly children: Map<string, ObjectName[]>;
  readonly parents: Map<string, ObjectName>;
  readonly defaults: Map<string, ObjectName>;
}> {
  const { rows } = await connection.query<
    Named & { childSchema: string; childName: string; isDefault: boolean | null }
  >(
    `SELECT n.nspname AS schema, c.relname AS name, cn.nspname AS "childSchema", ch.relname AS "childName",
       pg_get_expr(ch.relpartbound, ch.oid) = 'DEFAULT' AS "isDefault"
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_class ch ON ch.oid = i.inhrelid JOIN pg_namespace cn ON cn.oid = ch.relnamespace
     WHERE c.relkind IN ('r', 'p') AND ${own}`,
  );
  const parents = new Map<string, ObjectName>();
  const defaults = new Map<string, ObjectName>();
  for (const { schema, name, childSchema, childName, isDefault } of rows) {
    const child = { schema: childSchema, name: childName };
    parents.set(nameKey(child), { schema, name });
    if (isDefault === true) defaults.set(nameKey({ schema, name }), child);
  }
  const children = grouped(
    rows,
    ({ childSchema, childName }): ObjectName => ({ schema: childSchema, name: childName }),
  );
  return { children, parents, defaults };
}

async function readPublications(connection: Queryable): Promise<Map<string, string[]>> {
  const { rows } = await connection.query<Named & { publication: string }>(
    `SELECT schemaname AS schema, tablename AS name, pubname AS publication FROM pg_publication_tables`,
  );
  return grouped(rows, ({ publication }) => publication);
}

async function readTypes(connection: Queryable): Promise<Map<string, TypeFacts>> {
  const { rows } = await connection.query<{
    name: string;
    kind: string;
    isConstrained: boolean;
    base: string | null;
    tables: { schema: string; name: string }[] | null;
  }>(
    `WITH RECURSIVE below (top, oid) AS (
       SELECT oid, oid FROM pg_type WHERE typtype = 'd'
       UNION ALL SELECT below.top, t.typbasetype FROM below JOIN pg_type t ON t.oid = below.oid
       WHERE t.typtype = 'd' AND t.typbasetype <> 0
     )
     SELECT format_type(t.oid, NULL) AS name, t.typtype AS kind,
       EXISTS (SELECT FROM below b JOIN pg_type d ON d.oid = b.oid WHERE b.top = t.oid
         AND (d.typnotnull OR EXISTS (SELECT FROM pg_constraint k WHERE k.contypid = d.oid))) AS "isConstrained",
       (SELECT format_type(d.typbasetype, d.typtypmod) FROM below b JOIN pg_type d ON d.oid = b.oid
          JOIN pg_type u ON u.oid = d.typbasetype WHERE b.top = t.oid AND u.typtype <> 'd') AS base,
       (SELECT json_agg(json_build_object('schema', cn.nspname, 'name', c.relname)) FROM pg_attribute a
          JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
          WHERE t.typtype = 'd' AND a.atttypid = t.oid AND c.relkind IN ('r', 'p') AND NOT a.attisdropped) AS tables
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE t.typelem = 0 AND ${own} AND t.typtype <> 'p'`,
  );
  return new Map(
    rows.map(({ name, kind, isConstrained, base, tables }) => [
      name,
      { kind: typeKinds[kind] ?? 'base', isConstrained, base: base ?? undefined, tables: tables ?? [] },
    ]),
  );
}

const typeKinds: Readonly<Record<string, TypeFacts['kind']>> = {
  b: 'base',
  e: 'enum',
  d: 'domain',
  c: 'composite',
  r: 'range',
  m: 'multirange',
};

async function readVolatileFunctions(connection: Queryable): Promise<Set<string>> {
  const { rows } = await connection.query<{ name: string }>(
    `SELECT DISTINCT proname::text AS name FROM pg_proc WHERE provolatile = 'v'`,
  );
  return new Set(rows.map(({ name }) => name));
}

function grouped<Row extends Named, Value>(rows: readonly Row[], valueIn: (row: Row) => Value): Map<string, Value[]> {
  const found = new Map<string, Value[]>();
  for (const row of rows) {
    const key = nameKey(row);
    const values = found.get(key);
    if (values === undefined) found.set(key, [valueIn(row)]);
    else values.push(valueIn(row));
  }
  return found;
}

function descendants(key: string, children: ReadonlyMap<string, readonly ObjectName[]>): ObjectName[] {
  return (children.get(key) ?? []).flatMap((child) => [child, ...descendants(nameKey(child), children)]);
}
