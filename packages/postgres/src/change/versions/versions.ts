/** Versions of a schema that there are, and their end. */
import type { Client } from 'pg';
import { connect } from '../../connection.ts';
import { nameText, type ObjectName, quoted } from '../../sql/names.ts';
import { ApplyError } from '../apply/apply-error.ts';
import type { Report } from '../apply/apply-event.ts';
import { ownTables, takeTurn } from '../apply/change-record.ts';
import { heldBriefly } from '../apply/held-briefly.ts';
import { type ApplyLimits, applyLimitsDefault } from '../apply/limits.ts';
import type { LockTaken } from '../effect.ts';
import type { Hidden } from '../plan/plan.ts';

export interface SchemaVersion {
  readonly name: string;
  /** The schema whose tables it shows. */
  readonly base: string;
  /** The change that it was made by. */
  readonly change: string;
  readonly madeAt: Date;
  /** Whether that change still waits until all code uses this version. */
  readonly isUnderWay: boolean;
  readonly views: number;
}

const table = nameText({ schema: ownTables.schema, name: 'version' });

/** What notes that a version is there, in the transaction that makes it. */
export async function noteVersion(client: Client, version: { name: string; base: string; change: string }) {
  await client.query(`CREATE TABLE IF NOT EXISTS ${table} (
    name text PRIMARY KEY, base text NOT NULL, change text NOT NULL, made_at timestamptz NOT NULL DEFAULT now())`);
  await client.query(`INSERT INTO ${table} (name, base, change) VALUES ($1, $2, $3)`, [
    version.name,
    version.base,
    version.change,
  ]);
}

/** Oldest first. */
export async function listVersions(client: Client): Promise<SchemaVersion[]> {
  const { rows: found } = await client.query<{ isThere: boolean }>('SELECT to_regclass($1) IS NOT NULL AS "isThere"', [
    table,
  ]);
  if (found[0]?.isThere !== true) return [];
  const { rows } = await client.query<SchemaVersion>(
    `SELECT v.name, v.base, v.change, v.made_at AS "madeAt",
       EXISTS (SELECT FROM ${nameText({ schema: ownTables.schema, name: ownTables.change })} c
         WHERE c.id = v.change AND c.ended_at IS NULL) AS "isUnderWay",
       (SELECT count(*)::int FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'v') AS views
     FROM ${table} v JOIN pg_namespace n ON n.nspname = v.name ORDER BY v.made_at, v.name`,
  );
  return rows;
}

export interface DropVersionOptions {
  readonly url: string;
  readonly name: string;
  readonly limits?: Partial<ApplyLimits> | undefined;
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Code of that version fails from then on. Throws `ApplyError`: `no_version`, `being_applied`, `gave_up`. */
export async function dropVersion(options: DropVersionOptions): Promise<void> {
  const { url, name, report = () => undefined, signal = new AbortController().signal } = options;
  const client = await connect({ connectionString: url, application_name: 'millrace schema drop-version' });
  try {
    if (!(await takeTurn(client))) {
      throw new ApplyError('being_applied', 'another process applies a change to this database; wait for its end');
    }
    const all = await listVersions(client);
    if (!all.some((version) => version.name === name)) {
      const names = all.map((version) => version.name).join(', ');
      const there = names === '' ? 'there is none' : `there are ${names}`;
      throw new ApplyError('no_version', `there is no version ${name} of the schema; ${there}`);
    }
    const { rows: views } = await client.query<ObjectName>(
      `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relkind = 'v' ORDER BY 2`,
      [name],
    );
    const limits = { ...applyLimitsDefault, ...options.limits };
    const attempt = { client, position: 0, title: `version ${name} goes`, limits, report, signal };
    const locks = views.map((on): LockTaken => ({ on, mode: 'ACCESS EXCLUSIVE' }));
    const sql = [...views.map((view) => `DROP VIEW ${nameText(view)}`), `DROP SCHEMA ${quoted(name)}`];
    const note = async (): Promise<void> => {
      await client.query(`DELETE FROM ${table} WHERE name = $1`, [name]);
    };
    await heldBriefly(attempt, sql, { locks, holdMs: limits.holdMs, note });
  } finally {
    await client.end();
  }
}

/** Throws `ApplyError` `in_use` when a view still shows what is to go. */
export async function refuseWhileShown(client: Client, hides: readonly Hidden[]): Promise<void> {
  const versions = new Set((await listVersions(client)).map(({ name }) => name));
  for (const { table: of, column } of hides) {
    const { rows } = await client.query<{ schema: string; name: string }>(
      `SELECT DISTINCT n.nspname AS schema, v.relname AS name FROM pg_depend d
         JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
         JOIN pg_class v ON v.oid = r.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace
       WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass($1) AND v.oid <> d.refobjid
         AND ($2::text IS NULL OR d.refobjsubid =
           (SELECT attnum FROM pg_attribute a WHERE a.attrelid = d.refobjid AND a.attname = $2)) ORDER BY 1, 2`,
      [nameText(of), column ?? null],
    );
    const [view] = rows;
    if (view === undefined) continue;
    const what = column === undefined ? nameText(of) : `${nameText(of)}.${quoted(column)}`;
    const sentence = versions.has(view.schema)
      ? `version ${view.schema} still shows ${what}: when no code uses that version any more, end it by ` +
        `millrace schema drop-version ${view.schema}, and go on`
      : `the view ${nameText(view)} still shows ${what}: change it, or drop it, and go on`;
    throw new ApplyError('in_use', sentence);
  }
}
