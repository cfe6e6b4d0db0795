/**
 * Transactions that hold strong locks for a moment or not at all. A lock that is waited for keeps all others waiting
 * who come later, so it is asked for only when nobody has held the table for long, for half a second at most, and what
 * is done under it is broken off in time; then it is tried again, later each time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@millrace/base';
import type { Client } from 'pg';
import type { LockTaken } from '../effect.ts';
import { ApplyError } from './apply-error.ts';
import type { Report } from './apply-event.ts';
import { oldestHolder } from './held-tables.ts';
import type { ApplyLimits } from './limits.ts';

export interface Attempt {
  readonly client: Client;
  readonly position: number;
  readonly title: string;
  readonly limits: ApplyLimits;
  readonly report: Report;
  readonly signal: AbortSignal;
}

const lockNotAvailable = '55P03';
const queryCanceled = '57014';
const deadlock = '40P01';
const pollMs = 200;
const backOffMs = { first: 250, most: 15_000 };
/** So often a statement may be broken off although it had its locks, before it is called too slow. */
const slowTriesMax = 5;

/**
 * Runs the statements in one transaction within `holdMs`, and then `note` in it, as often as it takes. Throws
 * `ApplyError` `gave_up` or `too_slow`; what the server refuses for another reason is thrown as it is.
 */
export async function heldBriefly(
  attempt: Attempt,
  sql: readonly string[],
  {
    locks,
    holdMs,
    note,
  }: { readonly locks: readonly LockTaken[]; readonly holdMs: number; readonly note: () => Promise<void> },
): Promise<void> {
  const { client, limits, report, position, signal } = attempt;
  const end = performance.now() + limits.giveUpMs;
  let slow = 0;
  for (let tries = 1; ; tries++) {
    await untilFree(attempt, locks, end);
    const why = await tryOnce(client, sql, { limits, holdMs, note });
    if (why === undefined) return;
    if (why === 'it took too long' && ++slow >= slowTriesMax) {
      const sentence = `${attempt.title}: it takes longer than ${holdMs} ms under its locks, and was taken back`;
      throw new ApplyError('too_slow', `${sentence}; it needs another way`);
    }
    if (performance.now() > end) throw gaveUp(attempt, why);
    const inMs = Math.min(backOffMs.first * 2 ** Math.min(tries - 1, 10), backOffMs.most) * (0.5 + Math.random());
    report({ kind: 'retrying', position, attempt: tries, inMs: Math.round(inMs), why });
    await sleep(inMs, undefined, { signal });
  }
}

async function untilFree(
  { client, position, limits, report, signal, title }: Attempt,
  locks: readonly LockTaken[],
  end: number,
) {
  for (let told = Number.NEGATIVE_INFINITY; ; ) {
    signal.throwIfAborted();
    const holder = await oldestHolder(client, locks, limits.oldTransactionMs);
    if (holder === undefined) return;
    const now = performance.now();
    if (now > end) throw gaveUp({ title }, `session ${holder.pid ?? '?'} uses the table (${holder.query})`);
    if (now - told > 5_000) {
      told = now;
      report({ kind: 'waiting', position, ...holder });
    }
    await sleep(pollMs, undefined, { signal });
  }
}

/** Why it was taken back; undefined when it is done. */
async function tryOnce(
  client: Client,
  sql: readonly string[],
  {
    limits,
    holdMs,
    note,
  }: { readonly limits: ApplyLimits; readonly holdMs: number; readonly note: () => Promise<void> },
): Promise<string | undefined> {
  const begun = performance.now();
  await client.query('BEGIN');
  try {
    await client.query(
      `SET LOCAL lock_timeout = ${limits.lockTimeoutMs}; SET LOCAL idle_in_transaction_session_timeout = 2000`,
    );
    for (const statement of sql) {
      const left = Number.isFinite(holdMs) ? Math.round(holdMs - (performance.now() - begun)) : 0;
      if (left < 0) throw Object.assign(new Error('no time is left'), { code: queryCanceled });
      await client.query(`SET LOCAL statement_timeout = ${left}`);
      await client.query(statement);
    }
    await note();
    await client.query('COMMIT');
    return undefined;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    const { code } = error as { readonly code?: unknown };
    if (code === lockNotAvailable) return 'somebody else has the lock';
    if (code === deadlock) return 'it waited for somebody who waited for it';
    if (code === queryCanceled) return 'it took too long';
    throw error;
  }
}

function gaveUp({ title }: Pick<Attempt, 'title'>, why: string): ApplyError {
  return new ApplyError(
    'gave_up',
    `${title}: given up after long tries: ${messageOf(why)}; run it again when that has ended`,
  );
}
