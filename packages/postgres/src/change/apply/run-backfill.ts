/**
 * Rows that are there changed in batches by their primary key, each a short transaction that notes how far it is. The
 * size of a batch follows what the last one took; between batches others have their turn, replicas and readers of
 * changes included. Rows that come later, behind the last key, are not its concern: it would never end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nameText, quoted } from '../../sql/names.ts';
import type { BackfillStep } from '../plan/plan.ts';
import { ApplyError } from './apply-error.ts';
import type { BackfillProgress } from './change-record.ts';
import type { Attempt } from './held-briefly.ts';
import { reasonToRest } from './load.ts';

const rows = { first: 500, least: 10, most: 20_000 };
const lookMs = 1_000;
/** While it rests, it is told again why. */
const tellMs = 30_000;

/** Throws `ApplyError` `gave_up`. */
export async function runBackfill(
  attempt: Attempt,
  step: BackfillStep,
  {
    begun,
    note,
  }: { readonly begun: BackfillProgress | null; readonly note: (progress: BackfillProgress) => Promise<void> },
): Promise<void> {
  const { client, position, limits, report, signal } = attempt;
  const total = await estimate(attempt, step);
  const until = begun?.until ?? (await lastKey(attempt, step));
  if (until === undefined) return;
  let progress: BackfillProgress = { ...(begun ?? { after: null, rows: 0 }), until };
  let size = rows.first;
  let looked = Number.NEGATIVE_INFINITY;
  let told = performance.now();
  const from = { at: told, rows: progress.rows };
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    if (performance.now() - looked > lookMs) {
      await untilCalm(attempt);
      looked = performance.now();
    }
    const batchFrom = performance.now();
    const next = await changeBatch(client, step, { after: progress, size, limits: attempt.limits, note });
    const ms = performance.now() - batchFrom;
    if (next === 'locked') {
      if (++failures * limits.lockTimeoutMs > limits.giveUpMs) {
        throw new ApplyError('gave_up', `${step.title}: rows are locked by others for too long; run it again`);
      }
      report({ kind: 'retrying', position, attempt: failures, inMs: limits.lockTimeoutMs, why: 'rows are locked' });
      size = Math.max(rows.least, Math.floor(size / 4));
      await sleep(limits.lockTimeoutMs, undefined, { signal });
      continue;
    }
    failures = 0;
    if (next === undefined) return;
    progress = next;
    if (performance.now() - told > 1_000) {
      told = performance.now();
      const leftMs = msLeft(progress.rows - from.rows, total - progress.rows, told - from.at);
      report({ kind: 'progress', position, done: progress.rows, total, unit: 'rows', leftMs });
    }
    const fitting = (size * limits.batchMs) / Math.max(ms, 1);
    size = Math.round(Math.min(Math.max(fitting, size / 2, rows.least), size * 2, rows.most));
    await sleep(ms * limits.restFactor, undefined, { signal });
  }
}

/** As fast as it went until now, with its rests. */
function msLeft(done: number, left: number, ms: number): number | null {
  return done <= 0 ? null : Math.round((Math.max(left, 0) / done) * ms);
}

async function untilCalm({ client, title, position, limits, report, signal }: Attempt): Promise<void> {
  const begun = performance.now();
  for (let told = Number.NEGATIVE_INFINITY; ; ) {
    const why = await reasonToRest(client, limits);
    if (why === undefined) return;
    const now = performance.now();
    if (now - begun > limits.giveUpMs) throw new ApplyError('gave_up', `${title}: ${why}, for too long; run it again`);
    if (now - told > tellMs) {
      told = now;
      report({ kind: 'resting', position, why });
    }
    await sleep(200, undefined, { signal });
  }
}

/** The next position; undefined behind the last row; `locked` while others have rows of the batch. */
async function changeBatch(
  client: Attempt['client'],
  { table, key, set, where }: BackfillStep,
  {
    after,
    size,
    limits,
    note,
  }: {
    readonly after: BackfillProgress;
    readonly size: number;
    readonly limits: Attempt['limits'];
    readonly note: (progress: BackfillProgress) => Promise<void>;
  },
): Promise<BackfillProgress | 'locked' | undefined> {
  const name = nameText(table);
  const columns = `(${key.map(quoted).join(', ')})`;
  const bound = (first: number): string => `(${key.map((_, index) => `$${first + index}`).join(', ')})`;
  const values = after.after ?? [];
  const until = after.until ?? [];
  const most = `${columns} <= ${bound(values.length + 1)}`;
  const behind = values.length === 0 ? `WHERE ${most}` : `WHERE ${columns} > ${bound(1)} AND ${most}`;
  await client.query('BEGIN');
  try {
    await client.query(
      `SET LOCAL lock_timeout = ${limits.lockTimeoutMs}; SET LOCAL statement_timeout = ${limits.holdMs};
       SET LOCAL millrace.backfill = 'on'`,
    );
    const order = key.map(quoted).join(', ');
    // With the table's name: the column itself, and not its text.
    const descending = key.map((column) => `batch.${quoted(column)} DESC`).join(', ');
    const texts = key.map((column) => `${quoted(column)}::text`).join(', ');
    const { rows: found } = await client.query<string[]>({
      text: `SELECT ${texts} FROM (SELECT ${order} FROM ${name} ${behind} ORDER BY ${order} LIMIT ${size}) batch
             ORDER BY ${descending} LIMIT 1`,
      values: [...values, ...until],
      rowMode: 'array',
    });
    const [last] = found;
    if (last === undefined) {
      await client.query('ROLLBACK');
      return undefined;
    }
    const above = values.length === 0 ? '' : ` AND ${columns} > ${bound(1)}`;
    const within = `${columns} <= ${bound(values.length + 1)}${above}`;
    const change = set === undefined ? `DELETE FROM ${name}` : `UPDATE ${name} SET ${set}`;
    const { rowCount } = await client.query(`${change} WHERE ${within} AND (${where})`, [...values, ...last]);
    const progress = { after: last, until, rows: after.rows + (rowCount ?? 0) };
    await note(progress);
    await client.query('COMMIT');
    return progress;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    const { code } = error as { readonly code?: unknown };
    if (code === '55P03' || code === '57014' || code === '40P01') return 'locked';
    throw error;
  }
}

/** Undefined of an empty table. */
async function lastKey({ client }: Attempt, { table, key }: BackfillStep): Promise<readonly string[] | undefined> {
  const { rows: found } = await client.query<string[]>({
    text: `SELECT ${key.map((column) => `${quoted(column)}::text`).join(', ')} FROM ${nameText(table)} AS keyed
           ORDER BY ${key.map((column) => `keyed.${quoted(column)} DESC`).join(', ')} LIMIT 1`,
    rowMode: 'array',
  });
  return found[0];
}

async function estimate({ client }: Attempt, { table }: BackfillStep): Promise<number> {
  const found = await client.query<{ rows: number }>(
    'SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = to_regclass($1)',
    [nameText(table)],
  );
  return found.rows[0]?.rows ?? 0;
}
