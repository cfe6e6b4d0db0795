/**
 * Whether a target holds the rows of its source, while both are written to. What differs is looked at again once the
 * applier has passed what the source had then: what was only on its way is equal by then, and what changes all the time
 * is told apart from what is wrong.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { removeRows, writeRows } from '../applier/postgres/row-statements.ts';
import { describeTables } from '../capture/describe-tables.ts';
import { connect } from '../connection.ts';
import { type Lsn, parseLsn } from '../replication/lsn.ts';
import { outputSettings } from '../replication/output-settings.ts';
import { type ComparedTable, comparedTable, type TableMismatch } from './compared-table.ts';
import { findDifferences } from './find-differences.ts';
import { digestOf, digestsOfKeys, keyId, rowsOfKeys } from './range-digest.ts';

export interface VerifyOptions {
  readonly source: string;
  readonly target: string;
  /** `schema.table` at the source, with `*` for any characters; all tables when it is empty. */
  readonly tables?: readonly string[] | undefined;
  /** Rows of the target that differ are made those of the source. Default false. */
  readonly repair?: boolean | undefined;
  /**
   * Resolves when the applier has passed this position of the source. Without it a difference has to hold still over
   * `settleMs` (default 3,000) twice.
   */
  readonly passed?: ((lsn: Lsn) => Promise<void>) | undefined;
  readonly settleMs?: number | undefined;
  /** Rows whose digest is taken at once, and those that are looked at one by one. Default 20,000 and 200. */
  readonly rangeRows?: number | undefined;
  readonly leafRows?: number | undefined;
  readonly report?: ((event: VerifyEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type VerifyEvent =
  | { readonly kind: 'table'; readonly table: string; readonly rows: number; readonly isDone: boolean }
  | TableMismatch
  /** Of a table without a key only this can be told. */
  | { readonly kind: 'table_differs'; readonly table: string; readonly rows: number; readonly targetRows: number }
  | RowDifference;

export interface RowDifference {
  /** `changing`: it changed at the source whenever it was looked at. */
  readonly kind: 'missing' | 'extra' | 'different' | 'changing';
  readonly table: string;
  /** By column, as texts. */
  readonly key: Readonly<Record<string, string>>;
  /** Of a row that both have: columns whose values differ. */
  readonly columns: readonly string[];
  readonly isRepaired: boolean;
}

export interface Verified {
  readonly tables: number;
  readonly rows: number;
  /** What is wrong, tables and columns included; what changed whenever it was looked at is not. */
  readonly differences: number;
  readonly repaired: number;
  readonly changing: number;
}

const keysMax = 1_000;
const roundsMax = 8;

export async function verifyTables(options: VerifyOptions): Promise<Verified> {
  const session = (url: string): Promise<Client> =>
    connect({ connectionString: url, application_name: 'millrace sync verify', options: outputSettings });
  const source = await session(options.source);
  const target = await session(options.target).catch(async (error: unknown) => {
    await source.end();
    throw error;
  });
  try {
    const totals = { tables: 0, rows: 0, differences: 0, repaired: 0, changing: 0 };
    const wanted = { patterns: options.tables ?? [], hasGenerated: false };
    for (const { schema, table } of await describeTables(source, wanted)) {
      await verifyTable(source, target, { schema, name: table }, options, totals);
    }
    return totals;
  } finally {
    await Promise.all([source, target].map((client) => client.end().catch(() => undefined)));
  }
}

type Totals = { -readonly [K in keyof Verified]: Verified[K] };

async function verifyTable(
  source: Client,
  target: Client,
  name: Parameters<typeof comparedTable>[2],
  options: VerifyOptions,
  totals: Totals,
): Promise<void> {
  const { report = () => undefined, rangeRows = 20_000, leafRows = 200, signal } = options;
  const { table, mismatches } = await comparedTable(source, target, name);
  totals.tables++;
  for (const mismatch of mismatches) {
    totals.differences++;
    report(mismatch);
  }
  if (table === undefined) return;
  if (table.key.length === 0) {
    await verifyWhole(source, target, table, options, totals);
    return;
  }
  let rows = 0;
  const passed = (more: number): void => {
    rows += more;
    report({ kind: 'table', table: table.sql, rows, isDone: false });
  };
  let found: (readonly string[])[] = [];
  const judge = async (): Promise<void> => {
    for (const difference of await judged(source, target, table, found, options)) {
      if (difference.kind === 'changing') totals.changing++;
      else totals.differences++;
      if (difference.isRepaired) totals.repaired++;
      report(difference);
    }
    found = [];
  };
  for await (const keys of findDifferences(source, target, table, { rangeRows, leafRows, passed, signal })) {
    found.push(...keys);
    if (found.length >= keysMax) await judge();
  }
  if (found.length > 0) await judge();
  totals.rows += rows;
  report({ kind: 'table', table: table.sql, rows, isDone: true });
}

/** Without a key there are no ranges, and nothing to name. */
async function verifyWhole(
  source: Client,
  target: Client,
  table: ComparedTable,
  options: VerifyOptions,
  totals: Totals,
): Promise<void> {
  const all = { after: null, upTo: null };
  for (let round = 0; ; round++) {
    const ours = await digestOf(source, table, all);
    await pause(source, options);
    const theirs = await digestOf(target, table, all);
    const isEqual = ours.digest === theirs.digest && ours.rows === theirs.rows;
    if (!isEqual && round < 3) continue;
    totals.rows += ours.rows;
    if (!isEqual) {
      totals.differences++;
      options.report?.({ kind: 'table_differs', table: table.sql, rows: ours.rows, targetRows: theirs.rows });
    }
    options.report?.({ kind: 'table', table: table.sql, rows: ours.rows, isDone: true });
    return;
  }
}

/** What of these keys is wrong, and not only on its way. */
async function judged(
  source: Client,
  target: Client,
  table: ComparedTable,
  keys: readonly (readonly string[])[],
  options: VerifyOptions,
): Promise<RowDifference[]> {
  const settled: (readonly string[])[] = [];
  /** What the source had each time: the target is right with any of it. */
  const seen = new Map<string, (string | undefined)[]>();
  const needed = options.passed === undefined ? 2 : 1;
  let left = keys;
  for (let round = 0; round < roundsMax && left.length > 0; round++) {
    const ours = await digestsOfKeys(source, table, left);
    for (const key of left) seen.set(keyId(key), [...(seen.get(keyId(key)) ?? []), ours.get(keyId(key))]);
    await pause(source, options);
    const theirs = await digestsOfKeys(target, table, left);
    const now = await digestsOfKeys(source, table, left);
    left = left.filter((key) => {
      const id = keyId(key);
      const known = seen.get(id) ?? [];
      if (known.includes(theirs.get(id)) || theirs.get(id) === now.get(id)) return false;
      // The same for so many rounds, and at their end.
      const last = known.slice(-needed);
      const isStill = last.length === needed && [...last, now.get(id)].every((each) => each === now.get(id));
      if (isStill) settled.push(key);
      return !isStill;
    });
  }
  const [ours, theirs] = [await rowsOfKeys(source, table, settled), await rowsOfKeys(target, table, settled)];
  if (options.repair === true && settled.length > 0) await repair(target, table, settled, ours);
  const isRepaired = options.repair === true;
  return [
    ...settled.map((key): RowDifference => {
      const [our, their] = [ours.get(keyId(key)), theirs.get(keyId(key))];
      const columns =
        our === undefined || their === undefined
          ? []
          : table.columns.filter((column) => our.get(column) !== their.get(column));
      const kind = our === undefined ? 'extra' : their === undefined ? 'missing' : 'different';
      return { kind, table: table.sql, key: named(table, key), columns, isRepaired };
    }),
    ...left.map(
      (key): RowDifference => ({
        ...{ kind: 'changing', table: table.sql, key: named(table, key), columns: [], isRepaired: false },
      }),
    ),
  ];
}

/**
 * What the applier does to these rows later leads to the same: it goes by the source's order, and ends where it does.
 */
async function repair(
  target: Client,
  table: ComparedTable,
  keys: readonly (readonly string[])[],
  rows: ReadonlyMap<string, ReadonlyMap<string, string | null>>,
): Promise<void> {
  const gone = keys.filter((key) => !rows.has(keyId(key)));
  await target.query('BEGIN');
  try {
    await target.query('SAVEPOINT role');
    await target.query('SET LOCAL session_replication_role = replica').catch(() => target.query('ROLLBACK TO role'));
    const keyed = { ...table.target, key: table.key.map(({ name }) => name) };
    await removeRows(
      target,
      keyed,
      gone.map((key) => new Map(table.key.map(({ name }, index) => [name, key[index] ?? null]))),
    );
    await writeRows(target, keyed, [...rows.values()]);
    await target.query('COMMIT');
  } catch (error) {
    await target.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function named(table: ComparedTable, key: readonly string[]): Record<string, string> {
  return Object.fromEntries(table.key.map(({ name }, index) => [name, key[index] ?? '']));
}

/** Until the target has had the time to get what the source has now. */
async function pause(source: Client, { passed, settleMs = 3_000, signal }: VerifyOptions): Promise<void> {
  if (passed === undefined) {
    await sleep(settleMs, undefined, signal === undefined ? {} : { signal });
    return;
  }
  const { rows } = await source.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  await passed(parseLsn(rows[0]?.lsn ?? '0/0'));
}
