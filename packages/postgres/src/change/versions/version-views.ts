/**
 * A version of a schema: a schema of its own with a view of each table, as the code of that version is to see it. Views
 * are bound to columns, not to their names, so an older version goes on showing what it showed while columns of its
 * tables are replaced below it. They are plain enough to be written through; triggers of the tables keep what several
 * versions show under different names or types equal.
 */
import type { Client } from 'pg';
import { nameText, quoted } from '../../sql/names.ts';
import type { Hidden, VersionStep } from '../plan/plan.ts';

interface Shown {
  readonly table: string;
  readonly columns: readonly string[];
  /** `role` is null for PUBLIC. */
  readonly grants: readonly { readonly role: string | null; readonly privilege: string }[];
}

/** Statements that make the version, from what the database has now. */
export async function versionSql(client: Client, { version, base, hides }: VersionStep): Promise<string[]> {
  const { rows: tables } = await client.query<Shown>(
    `SELECT c.relname AS table,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT coalesce(json_agg(json_build_object('role', r.rolname, 'privilege', g.privilege_type)), '[]')
        FROM aclexplode(c.relacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
        WHERE g.grantee <> c.relowner AND g.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')) AS grants
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition ORDER BY c.relname`,
    [base],
  );
  const { rows: server } = await client.query<{ number: number }>(
    `SELECT current_setting('server_version_num')::int AS number`,
  );
  // Whoever uses the view has the rights of their own on the table, row security included.
  const asInvoker = (server[0]?.number ?? 0) >= 150_000 ? ' WITH (security_invoker = true)' : '';
  const sql = [`CREATE SCHEMA ${quoted(version)}`];
  const users = new Set<string>();
  for (const { table, columns, grants } of tables) {
    const ofTable = hides.filter((each) => each.table.name === table && (each.table.schema ?? base) === base);
    if (ofTable.some(({ column }) => column === undefined)) continue;
    const view = nameText({ schema: version, name: table });
    const shown = shownColumns(columns, ofTable).map(quoted).join(', ');
    sql.push(`CREATE VIEW ${view}${asInvoker} AS SELECT ${shown} FROM ${nameText({ schema: base, name: table })}`);
    for (const { role, privilege } of grants) {
      const to = role === null ? 'PUBLIC' : quoted(role);
      users.add(to);
      sql.push(`GRANT ${privilege} ON ${view} TO ${to}`);
    }
  }
  for (const user of users) sql.push(`GRANT USAGE ON SCHEMA ${quoted(version)} TO ${user}`);
  return sql;
}

/** A column that takes another's place stands where that one stood: code may rely on the order. */
function shownColumns(columns: readonly string[], hides: readonly Hidden[]): string[] {
  const instead = new Map(hides.map(({ column, by }) => [column, by]));
  const moved = new Set(hides.flatMap(({ by }) => by ?? []));
  return columns.flatMap((column) => {
    if (instead.has(column)) return instead.get(column) ?? [];
    return moved.has(column) ? [] : [column];
  });
}
