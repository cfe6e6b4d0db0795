/**
 * Applies a plan step by step. Whatever ends it, the database, the network or this process, the same call goes on where
 * it was: steps that are transactions are noted in them, the others look first what is there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMillraceError, messageOf } from '@millrace/base';
import type { Client } from 'pg';
import { connect } from '../../connection.ts';
import type { ChangePlan, Step } from '../plan/plan.ts';
import { versionSql } from '../versions/version-views.ts';
import { noteVersion, refuseWhileShown } from '../versions/versions.ts';
import { ApplyError } from './apply-error.ts';
import type { Report } from './apply-event.ts';
import { type BackfillProgress, ChangeRecord, type RecordTables, takeTurn } from './change-record.ts';
import { type Attempt, heldBriefly } from './held-briefly.ts';
import { type ApplyLimits, applyLimitsDefault } from './limits.ts';
import { runAlone } from './run-alone.ts';
import { runBackfill } from './run-backfill.ts';

export interface ApplyOptions {
  /** `postgres://user@host/name`. */
  readonly url: string;
  /** The schema where names without one are looked for; what the server says, by default. */
  readonly schema?: string | undefined;
  /** Where it is noted what was done. Default: tables of the schema `millrace_schema`. */
  readonly record?: RecordTables | undefined;
  readonly limits?: Partial<ApplyLimits> | undefined;
  /** What the gate says that was reached before is so. */
  readonly isDeployed?: boolean | undefined;
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Applied {
  /** `waiting` at a gate: apply again with `isDeployed` when it is so. */
  readonly state: 'done' | 'waiting';
  /** The gate's title. */
  readonly gate?: string | undefined;
  readonly steps: number;
}

/** Throws `ApplyError`, `PostgresError`. A plan whose change was begun before goes on as it was then planned. */
export async function applyPlan(plan: ChangePlan, options: ApplyOptions): Promise<Applied> {
  const limits = { ...applyLimitsDefault, ...options.limits };
  const signal = options.signal ?? new AbortController().signal;
  const end = performance.now() + limits.giveUpMs;
  // A gate is passed once for each time that somebody says so.
  const passes = { left: options.isDeployed === true ? 1 : 0 };
  for (let tries = 0; ; tries++) {
    try {
      return await applyOnce(plan, { ...options, limits, signal, passes });
    } catch (error) {
      if (!isConnectionLost(error) || performance.now() > end) throw error;
      await sleep(Math.min(200 * 2 ** tries, 5_000), undefined, { signal });
    }
  }
}

interface Run extends ApplyOptions {
  readonly limits: ApplyLimits;
  readonly signal: AbortSignal;
  readonly passes: { left: number };
}

async function applyOnce(plan: ChangePlan, run: Run): Promise<Applied> {
  const config = { connectionString: run.url, application_name: 'millrace schema apply' };
  const client = await connect(config, run.schema);
  // Few steps need it.
  let watching: Promise<Client> | undefined;
  const watcher = (): Promise<Client> => (watching ??= connect(config, run.schema));
  const record = new ChangeRecord(client, run.record);
  try {
    if (!(await takeTurn(client))) {
      throw new ApplyError('being_applied', 'another process applies a change to this database; wait for its end');
    }
    const { id, steps } = await record.begin(plan);
    for (const [position, step] of steps.entries()) {
      if (await isPassed({ id, position, step }, record, run)) continue;
      if (step.kind === 'gate') return { state: 'waiting', gate: step.title, steps: position };
      await runStep({ id, position, step }, { client, watcher, record }, run);
    }
    await record.end(id);
    return { state: 'done', steps: steps.length };
  } finally {
    const ended = [client.end(), watching?.then((each) => each.end())];
    await Promise.all(ended.map((ending) => ending?.catch(() => undefined)));
  }
}

interface Placed {
  readonly id: string;
  readonly position: number;
  readonly step: Step;
}

async function isPassed({ id, position, step }: Placed, record: ChangeRecord, run: Run): Promise<boolean> {
  const noted = await record.step(id, position);
  if (noted?.state === 'done') return true;
  if (step.kind !== 'gate') return false;
  const place = { change: id, position };
  if (noted?.state === 'reached' && run.passes.left > 0) {
    await refuseWhileShown(record.client, step.hides ?? []);
    run.passes.left--;
    await record.note(place, 'done');
    return true;
  }
  await record.note(place, 'reached');
  run.report?.({ kind: 'gate', position, step });
  return false;
}

async function runStep(
  { id, position, step }: Placed,
  {
    client,
    watcher,
    record,
  }: { readonly client: Client; readonly watcher: () => Promise<Client>; readonly record: ChangeRecord },
  { limits, signal, report = () => undefined }: Run,
): Promise<void> {
  const attempt: Attempt = { client, position, title: step.title, limits, report, signal };
  const place = { change: id, position };
  const noted = await record.step(id, position);
  report({ kind: 'step_started', position, step, isResumed: noted !== undefined });
  const begun = performance.now();
  try {
    if (step.kind === 'ddl') {
      const note = () => record.note(place, 'done');
      await heldBriefly(attempt, step.sql, {
        locks: step.locks,
        holdMs: step.isNew === true ? Number.POSITIVE_INFINITY : limits.holdMs,
        note,
      });
    } else if (step.kind === 'alone') {
      await record.note(place, 'started');
      await runAlone(attempt, step, { watcher, note: () => record.note(place, 'done') });
    } else if (step.kind === 'version') {
      const sql = await versionSql(client, step);
      const note = async (): Promise<void> => {
        await noteVersion(client, { name: step.version, base: step.base, change: id });
        await record.note(place, 'done');
      };
      await heldBriefly(attempt, sql, { locks: [], holdMs: limits.holdMs, note });
    } else if (step.kind === 'backfill') {
      const note = (progress: BackfillProgress) => record.note(place, 'started', progress);
      await runBackfill(attempt, step, { begun: noted?.progress ?? null, note });
      await record.note(place, 'done');
    }
  } catch (error) {
    if (isMillraceError(error) || isConnectionLost(error) || signal.aborted) throw error;
    throw new ApplyError('step_failed', `${step.title}: ${messageOf(error)}; the steps before it stay done`, error);
  }
  report({ kind: 'step_done', position, step, ms: performance.now() - begun });
}

/** The server is gone, or takes nobody in yet. */
function isConnectionLost(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  if (code === 'postgres_failed' && cause !== undefined) return isConnectionLost(cause);
  if (typeof code === 'string' && /^(57P0[1-3]|08\w{3}|ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT)$/.test(code))
    return true;
  return error instanceof Error && /Connection terminated|not queryable/.test(error.message);
}
