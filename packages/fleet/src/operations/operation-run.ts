/**
 * An operation under its lease: its steps in order, those that wait for none other at the same time, until all are
 * done, one has failed, or it is to stop. What was done stays done.
 */
import type { Platform } from '@millrace/base';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { appendAudit } from '../audit/audit-entry.ts';
import type { Lease } from '../database/lease.ts';
import type { Schema } from '../database/schema.ts';
import type { ChangeReason } from '../record/record.ts';
import { note } from './operation-log.ts';
import type { Json, PlanKind, PlannedStep } from './plan-kind.ts';
import { StepOrder } from './step-order.ts';
import { runStep, type StepRunOptions, type StepToRun, writeFenced } from './step-run.ts';
import type { Failure, OperationTable } from './tables.ts';

export interface OperationRunOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly report: (message: string) => void;
  /** Whoever does it, for people. */
  readonly holder: string;
  readonly kind: PlanKind;
  /** Aborts when somebody may have asked for it to be cancelled. */
  readonly cancelled: AbortSignal;
  /** Steps at the same time. */
  readonly stepsMax: number;
  readonly attemptsMax: number;
  readonly backoffMs: number;
}

type Row = Selectable<OperationTable>;

/** Goes on with the operation wherever it is. Rejects when the lease is lost, or the database fails. */
export async function runOperation(options: OperationRunOptions, id: string, lease: Lease): Promise<void> {
  const { db, kind, cancelled } = options;
  const row = await begin(options, id, lease);
  if (row === undefined) return;
  const reason = reasonOf(row);
  const steps = await readSteps(db, id);
  const order = new StepOrder(steps.map(({ step, isDone }) => ({ id: step.id, after: step.after ?? [], isDone })));
  const signal = AbortSignal.any([lease.signal, cancelled]);
  const { platform, report, attemptsMax, backoffMs } = options;
  const each = { db, platform, report, kind, operation: id, reason, lease, signal, attemptsMax, backoffMs };
  const byId = new Map(steps.map((step) => [step.step.id, step]));
  const failed = await runSteps(each, order, byId, options.stepsMax);
  if (lease.signal.aborted) return;
  await writeFenced(db, lease, (transaction) => end(transaction, row, reason, order.isDone, failed));
}

/** Undefined when there is nothing to be done: it was to be cancelled, or has ended. */
async function begin({ db, holder }: OperationRunOptions, id: string, lease: Lease): Promise<Row | undefined> {
  return await writeFenced(db, lease, async (transaction) => {
    const own = transaction.selectFrom('operation').selectAll().where('id', '=', id);
    const row = await own.forUpdate().executeTakeFirstOrThrow();
    if (row.state === 'cancelling') {
      await end(transaction, row, reasonOf(row), false, undefined);
      return undefined;
    }
    if (row.state !== 'queued' && row.state !== 'running') return undefined;
    const started_at = row.started_at ?? new Date();
    await transaction.updateTable('operation').set({ state: 'running', started_at }).where('id', '=', id).execute();
    const isTakenOver = row.state === 'running';
    const text = isTakenOver ? `${holder} goes on with it` : `${holder} has begun`;
    await note(transaction, id, { what: isTakenOver ? 'taken_over' : 'begun', text });
    return row;
  });
}

async function readSteps(
  db: Kysely<Schema>,
  id: string,
): Promise<(StepToRun & { readonly step: PlannedStep; readonly isDone: boolean })[]> {
  const own = db.selectFrom('operation_step').select(['position', 'step', 'state', 'kept']);
  const rows = await own.where('operation', '=', id).orderBy('position').execute();
  return rows.map(({ position, step, state, kept }) => ({ position, step, kept, isDone: state === 'done' }));
}

type FailedStep = Failure & { readonly step: string };

/** Resolves when no step is under way any more, with the first that failed. */
async function runSteps(
  options: StepRunOptions,
  order: StepOrder,
  steps: ReadonlyMap<string, StepToRun>,
  stepsMax: number,
): Promise<FailedStep | undefined> {
  let underWay = 0;
  let failed: FailedStep | undefined;
  let rejection: { readonly error: unknown } | undefined;
  let settled = Promise.withResolvers<void>();
  const run = async (id: string, step: StepToRun): Promise<void> => {
    try {
      const outcome = await runStep(options, step);
      if (outcome.state === 'done') order.done(id);
      else if (outcome.state === 'failed') failed ??= { ...outcome.failure, step: id };
    } catch (error) {
      rejection ??= { error };
    } finally {
      underWay--;
      settled.resolve();
    }
  };
  for (;;) {
    while (failed === undefined && rejection === undefined && !options.signal.aborted && underWay < stepsMax) {
      const id = order.next();
      const step = id === undefined ? undefined : steps.get(id);
      if (id === undefined || step === undefined) break;
      underWay++;
      void run(id, step);
    }
    if (underWay === 0) break;
    await settled.promise;
    settled = Promise.withResolvers();
  }
  if (rejection !== undefined) throw rejection.error;
  return failed;
}

async function end(
  transaction: Transaction<Schema>,
  { id, title }: Row,
  reason: ChangeReason,
  isDone: boolean,
  failed: FailedStep | undefined,
): Promise<void> {
  const state = isDone ? 'done' : failed === undefined ? 'cancelled' : 'failed';
  const failure = failed === undefined ? null : JSON.stringify(failed);
  const set = { state, failure, ended_at: new Date() } as const;
  await transaction.updateTable('operation').set(set).where('id', '=', id).execute();
  const after: Json = { title, ...(failed !== undefined && { failure: { ...failed } }) };
  const what = { kind: 'operation', id, after, why: reason.why, operation: id };
  await appendAudit(transaction, [{ principal: reason.principal, action: `operation.${state}`, ...what }]);
  const text = failed === undefined ? `it is ${state}` : `it failed: ${failed.message}; it can be resumed`;
  await note(transaction, id, { what: state, text });
}

function reasonOf({ id, principal, why }: Row): ChangeReason {
  const colon = principal.indexOf(':');
  const kind = principal.slice(0, colon) as ChangeReason['principal']['kind'];
  return { principal: { kind, name: principal.slice(colon + 1) }, why, operation: id };
}
