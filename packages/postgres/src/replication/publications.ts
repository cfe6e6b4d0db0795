/**
 * The publications of a capture. Tables whose rows nothing tells apart are in one of their own, which has no updates
 * and deletes: in another the server would refuse these to whoever writes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { nameText, quoted } from '../sql/names.ts';

export interface PublicationNames {
  readonly all: string;
  /** Of inserts and truncates. */
  readonly inserts: string;
  /** Whether stored generated columns are published (from version 18 on). */
  readonly hasGenerated: boolean;
}

interface PublishedTable {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: string;
  readonly key: readonly string[];
}

export function publicationNames(slot: string, hasGenerated: boolean): PublicationNames {
  return { all: slot, inserts: `${slot}_inserts`, hasGenerated };
}

/** Whether the server sends updates and deletes of a table. */
export function hasIdentity({ replicaIdentity, key }: Pick<PublishedTable, 'replicaIdentity' | 'key'>): boolean {
  return replicaIdentity === 'f' || (replicaIdentity !== 'n' && key.length > 0);
}

/**
 * Makes them where they are not there, and sees to it that they have these tables and no others. Answers those that are
 * in one; a table that is locked is left out. What was being written to a table when it was taken in has ended.
 */
export async function ensurePublications(
  client: Client,
  names: PublicationNames,
  tables: readonly PublishedTable[],
): Promise<ReadonlySet<number>> {
  const published = new Set<number>();
  const groups = [
    { name: names.all, publish: 'insert, update, delete, truncate', of: tables.filter(hasIdentity) },
    { name: names.inserts, publish: 'insert, truncate', of: tables.filter((table) => !hasIdentity(table)) },
  ];
  const all = new Map(tables.map((table) => [table.oid, table]));
  const there = await Promise.all(groups.map(({ name }) => publishedTables(client, name)));
  // Out of one before into the other: in both the server would publish what either does.
  for (const [index, { name, publish, of }] of groups.entries()) {
    const before = there[index];
    if (before === undefined) await create(client, name, publish, names.hasGenerated);
    const wanted = new Set(of.map(({ oid }) => oid));
    for (const [oid, table] of before ?? []) {
      if (!wanted.has(oid)) await alter(client, `ALTER PUBLICATION ${quoted(name)} DROP TABLE ${table}`);
    }
  }
  for (const [index, { name, of }] of groups.entries()) {
    const before = there[index];
    const added: PublishedTable[] = [];
    for (const table of of) {
      const isThere = before?.has(table.oid) === true;
      const add = `ALTER PUBLICATION ${quoted(name)} ADD TABLE ${nameOf(table)}`;
      if (!isThere && !(await alter(client, add))) continue;
      if (!isThere) added.push(table);
      if (all.has(table.oid)) published.add(table.oid);
    }
    if (added.length > 0) await untilWritersEnd(client, added);
  }
  return published;
}

/** Undefined where there is no such publication. */
async function publishedTables(client: Client, name: string): Promise<Map<number, string> | undefined> {
  const { rows } = await client.query<{ tables: { oid: number; schema: string; name: string }[] | null }>(
    `SELECT (SELECT json_agg(json_build_object('oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname))
       FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE r.prpubid = p.oid) AS tables
     FROM pg_publication p WHERE p.pubname = $1`,
    [name],
  );
  const [found] = rows;
  return found && new Map((found.tables ?? []).map((table) => [table.oid, nameText(table)]));
}

async function create(client: Client, name: string, publish: string, hasGenerated: boolean): Promise<void> {
  const generated = hasGenerated ? ', publish_generated_columns = stored' : '';
  // Changes of partitions come as those of the table that they belong to.
  const options = `publish = '${publish}', publish_via_partition_root = true${generated}`;
  await client.query(`CREATE PUBLICATION ${quoted(name)} WITH (${options})`);
}

/** Waits for the lock so briefly that nobody is kept behind it; false when it was not had, or no table is there. */
async function alter(client: Client, statement: string): Promise<boolean> {
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL lock_timeout = '500ms'`);
    await client.query(statement);
    await client.query('COMMIT');
    return true;
  } catch (error) {
    await client.query('ROLLBACK');
    const code = (error as { readonly code?: string }).code ?? '';
    if (passing.has(code)) return false;
    throw error;
  }
}

/** Lock not available, deadlock, no such table, no such schema, there already. */
const passing: ReadonlySet<string> = new Set(['55P03', '40P01', '42P01', '3F000', '42710', '42704']);

/** Rows that a transaction wrote before its table was taken in are not in the stream: they have to be there to read. */
async function untilWritersEnd(client: Client, tables: readonly PublishedTable[]): Promise<void> {
  const writers = async (): Promise<string[]> => {
    const { rows } = await client.query<{ writer: string }>(
      `SELECT DISTINCT virtualtransaction AS writer FROM pg_locks
       WHERE mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND relation IN (SELECT coalesce(p.relid, t.oid) FROM unnest($1::oid[]) t (oid)
           LEFT JOIN LATERAL pg_partition_tree(t.oid) p ON true)`,
      [tables.map(({ oid }) => oid)],
    );
    return rows.map(({ writer }) => writer);
  };
  const first = await writers();
  for (let left = first; left.length > 0; left = (await writers()).filter((writer) => first.includes(writer))) {
    await sleep(50);
  }
}

function nameOf({ schema, table }: PublishedTable): string {
  return nameText({ schema, name: table });
}
