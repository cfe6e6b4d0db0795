/** Statements that take their time and keep nobody waiting: CONCURRENTLY and VALIDATE. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@millrace/base';
import type { Client } from 'pg';
import { nameText, type ObjectName } from '../../sql/names.ts';
import type { AloneStep } from '../plan/plan.ts';
import { ApplyError } from './apply-error.ts';
import { type Attempt, heldBriefly } from './held-briefly.ts';

/** `watcher` opens another session, that looks how far an index is. */
export async function runAlone(
  attempt: Attempt,
  step: AloneStep,
  { watcher, note }: { readonly watcher: () => Promise<Client>; readonly note: () => Promise<void> },
): Promise<void> {
  if (!step.isOutside) {
    await heldBriefly(attempt, [step.sql], { locks: [], holdMs: Number.POSITIVE_INFINITY, note });
    return;
  }
  await attempt.client.query('SET statement_timeout = 0; SET lock_timeout = 0');
  if (step.makesIndex !== undefined) await makeIndex(attempt, step, { index: step.makesIndex, watcher });
  else if (step.dropsIndex !== undefined) await dropIndex(attempt, step.dropsIndex, step.sql);
  else if (step.detaches !== undefined) await detach(attempt, step.detaches, step.sql);
  else await attempt.client.query(step.sql);
  await note();
}

/** One that an earlier run made is taken; an invalid one that it left is dropped first. */
async function makeIndex(
  attempt: Attempt,
  step: AloneStep,
  { index, watcher }: { readonly index: ObjectName; readonly watcher: () => Promise<Client> },
): Promise<void> {
  const { client } = attempt;
  const state = await indexState(client, index);
  if (state === 'valid') return;
  if (state === 'invalid') await client.query(`DROP INDEX CONCURRENTLY ${nameText(index)}`);
  const stop = new AbortController();
  const watching = watch(attempt, await watcher(), stop.signal);
  try {
    await client.query(step.sql);
  } catch (error) {
    // Nothing is left behind but what a lost connection leaves, and the next run drops that.
    if ((await indexState(client, index).catch(() => undefined)) === 'invalid') {
      await client.query(`DROP INDEX CONCURRENTLY ${nameText(index)}`).catch(() => undefined);
    }
    if ((error as { readonly code?: unknown }).code === '23505') {
      const detail = (error as { readonly detail?: string }).detail ?? '';
      throw new ApplyError(
        'step_failed',
        `${step.title}: two rows have the same values: ${detail} Make them differ, and run it again`,
        error,
      );
    }
    throw error;
  } finally {
    stop.abort();
    await watching;
  }
  if ((await indexState(client, index)) !== 'valid') {
    throw new ApplyError('step_failed', `${step.title}: the index is not valid; run it again`);
  }
}

async function indexState(client: Client, index: ObjectName): Promise<'valid' | 'invalid' | undefined> {
  const { rows } = await client.query<{ isValid: boolean }>(
    'SELECT indisvalid AS "isValid" FROM pg_index WHERE indexrelid = to_regclass($1)',
    [nameText(index)],
  );
  if (rows[0] === undefined) return undefined;
  return rows[0].isValid ? 'valid' : 'invalid';
}

async function watch({ client, position, report }: Attempt, watcher: Client, signal: AbortSignal): Promise<void> {
  const pid = (client as unknown as { readonly processID: number }).processID;
  const begun = performance.now();
  while (!signal.aborted) {
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const found = await watcher
      .query<{ done: number; total: number }>(
        `SELECT blocks_done::float8 AS done, blocks_total::float8 AS total FROM pg_stat_progress_create_index
         WHERE pid = $1 AND blocks_total > 0`,
        [pid],
      )
      .catch((error: unknown) => void messageOf(error));
    const [row] = found?.rows ?? [];
    if (row === undefined) continue;
    const leftMs = row.done === 0 ? null : ((row.total - row.done) / row.done) * (performance.now() - begun);
    report({ kind: 'progress', position, ...row, unit: 'blocks', leftMs });
  }
}

async function dropIndex({ client }: Attempt, index: ObjectName, sql: string): Promise<void> {
  const { rows } = await client.query<{ name: string | null }>('SELECT to_regclass($1)::text AS name', [
    nameText(index),
  ]);
  if (rows[0]?.name !== null) await client.query(sql);
}

/**
 * Detaching ends with a strong lock on the partition, for which it may not wait long: then it stays half detached, and
 * is finished when the lock is to be had.
 */
async function detach(
  attempt: Attempt,
  { parent, partition }: { readonly parent: ObjectName; readonly partition: ObjectName },
  sql: string,
): Promise<void> {
  const { client, limits } = attempt;
  const before = await detachState(client, partition);
  if (before === 'attached') {
    await client.query(`SET lock_timeout = ${limits.lockTimeoutMs}`);
    try {
      await client.query(sql);
      return;
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== '55P03') throw error;
    } finally {
      await client.query('SET lock_timeout = 0').catch(() => undefined);
    }
    if ((await detachState(client, partition)) === 'attached') {
      throw new ApplyError(
        'gave_up',
        `${nameText(partition)} can't be detached now: somebody else has it; run it again`,
      );
    }
  }
  if ((await detachState(client, partition)) !== 'pending') return;
  const finalize = `ALTER TABLE ${nameText(parent)} DETACH PARTITION ${nameText(partition)} FINALIZE`;
  const locks = [{ on: partition, mode: 'ACCESS EXCLUSIVE' } as const];
  await heldBriefly(attempt, [finalize], { locks, holdMs: limits.holdMs, note: async () => undefined });
}

async function detachState(client: Client, partition: ObjectName): Promise<'attached' | 'pending' | 'detached'> {
  const { rows } = await client.query<{ isPending: boolean }>(
    'SELECT inhdetachpending AS "isPending" FROM pg_inherits WHERE inhrelid = to_regclass($1)',
    [nameText(partition)],
  );
  if (rows[0] === undefined) return 'detached';
  return rows[0].isPending ? 'pending' : 'attached';
}
