/**
 * One step of an operation, tried until it is done, fails for good, or is to stop. All that is written of it is fenced:
 * a process that lost the operation writes nothing any more, and the step is begun again elsewhere.
 */
import { assert, isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import { type Kysely, sql, type Transaction } from 'kysely';
import { appendAudit } from '../audit/audit-entry.ts';
import { secretPlaces } from '../audit/secret-places.ts';
import { isConnectionFailure } from '../database/connection-failure.ts';
import { jsonText, storable } from '../database/json.ts';
import { fenced, type Lease } from '../database/lease.ts';
import type { Schema } from '../database/schema.ts';
import type { ChangeReason } from '../record/record.ts';
import { note, tell } from './operation-log.ts';
import type { Json, PlanKind, PlannedStep, StepContext } from './plan-kind.ts';
import type { Failure } from './tables.ts';

export interface StepRunOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly report: (message: string) => void;
  readonly kind: PlanKind;
  readonly operation: string;
  readonly reason: ChangeReason;
  readonly lease: Lease;
  /** Aborts when the operation is cancelled or its lease ends. */
  readonly signal: AbortSignal;
  /** How often a step is tried before it fails for good, where trying again may help. */
  readonly attemptsMax: number;
  readonly backoffMs: number;
}

export interface StepToRun {
  readonly position: number;
  readonly step: PlannedStep;
  readonly kept: Json | null;
}

/** `stopped`: it was told to, and is to be done again. */
export type StepOutcome = { readonly state: 'done' } | { readonly state: 'stopped' } | FailedStep;

interface FailedStep {
  readonly state: 'failed';
  readonly failure: Failure;
}

const backoffMsMax = 30_000;
const progressMs = 1_000;

/** Does the step. Rejects only with `LeaseLostError`, or when the database fails. */
export async function runStep(options: StepRunOptions, toRun: StepToRun): Promise<StepOutcome> {
  const run = new StepRun(options, toRun);
  for (let attempt = 1; ; attempt++) {
    const outcome = await run.try();
    if (outcome.state !== 'failed') return outcome;
    if (!outcome.mayRetry || attempt >= options.attemptsMax) return await run.fail(outcome.failure);
    await run.retryLater(outcome.failure, attempt);
  }
}

/** The transaction fails when the lease does not hold any more as it ends. */
export async function writeFenced<T>(
  db: Kysely<Schema>,
  lease: Lease,
  work: (transaction: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return await db.transaction().execute(async (transaction) => {
    const result = await work(transaction);
    // Last, since it holds up the lease's renewal until the transaction ends.
    await fenced(transaction, lease);
    return result;
  });
}

type Tried = { readonly state: 'done' | 'stopped' } | (FailedStep & { readonly mayRetry: boolean });

class StepRun {
  readonly #options: StepRunOptions;
  readonly #toRun: StepToRun;
  #kept: Json | undefined;
  #hasBegun = false;
  #progressAt = Number.NEGATIVE_INFINITY;

  constructor(options: StepRunOptions, toRun: StepToRun) {
    this.#options = options;
    this.#toRun = toRun;
    this.#kept = toRun.kept ?? undefined;
  }

  async try(): Promise<Tried> {
    const { signal, kind, report, operation } = this.#options;
    const { step } = this.#toRun;
    if (signal.aborted) return await this.#stop();
    await this.#begin();
    let result: Json | undefined;
    try {
      result = await kind.run(step, this.#context());
    } catch (error) {
      if (isMillraceError(error, 'lease_lost')) throw error;
      if (signal.aborted) return await this.#stop();
      if (isMillraceError(error)) {
        return { state: 'failed', failure: failureOf(error.code, error), mayRetry: error.retriable };
      }
      if (isConnectionFailure(error)) {
        return { state: 'failed', failure: failureOf('database_failed', error), mayRetry: true };
      }
      report(`the operation ${operation}: ${step.title}: ${error instanceof Error ? error.stack : error}`);
      return { state: 'failed', failure: failureOf('internal_error', error), mayRetry: false };
    }
    noSecret(step, 'result', result);
    await this.#done(result);
    return { state: 'done' };
  }

  async fail(failure: Failure): Promise<FailedStep> {
    const { operation } = this.#options;
    const { step } = this.#toRun;
    await this.#write(async (transaction) => {
      await this.#set(transaction, { state: 'failed', failure: JSON.stringify(failure), ended_at: new Date() });
      await this.#audit(transaction, 'step.failed', failure);
      const text = `${step.title}: failed: ${failure.message}`;
      await note(transaction, operation, { what: 'step_failed', step: step.id, text });
    });
    return { state: 'failed', failure };
  }

  async retryLater(failure: Failure, attempt: number): Promise<void> {
    const { platform, operation, signal, backoffMs } = this.#options;
    const { step } = this.#toRun;
    await this.#write(async (transaction) => {
      await this.#set(transaction, { failure: JSON.stringify(failure) });
      const text = `${step.title}: ${failure.message}; trying again`;
      await note(transaction, operation, { what: 'step_retried', step: step.id, text });
    });
    const delayMs = Math.min(backoffMsMax, backoffMs * 2 ** (attempt - 1));
    // Whoever aborts is told at the next try.
    await sleep(platform.timers, delayMs * (0.5 + platform.randomness.float() / 2), signal).catch(() => undefined);
  }

  #context(): StepContext {
    const { operation, reason, signal } = this.#options;
    return {
      operation,
      reason,
      signal,
      kept: this.#kept,
      progress: (done, total, text = '') => this.#progress(done, total, text),
      keep: (value) => this.#keep(value),
      write: (work) => this.#write(work),
    };
  }

  /** That it was begun may be lost with the machine: it would be begun again anyway. */
  async #begin(): Promise<void> {
    this.#hasBegun = true;
    await this.#write(async (transaction) => {
      await sql`SET LOCAL synchronous_commit = off`.execute(transaction);
      const { position } = this.#toRun;
      await transaction
        .updateTable('operation_step')
        .set((each) => ({
          state: 'running' as const,
          attempts: each('attempts', '+', 1),
          started_at: each.fn.coalesce('started_at', sql<Date>`clock_timestamp()`),
          ended_at: null,
        }))
        .where('operation', '=', this.#options.operation)
        .where('position', '=', position)
        .execute();
      await tell(transaction, this.#options.operation, 'step_begun');
    });
  }

  async #done(result: Json | undefined): Promise<void> {
    const { operation } = this.#options;
    const { step } = this.#toRun;
    await this.#write(async (transaction) => {
      await transaction
        .updateTable('operation')
        .set((each) => ({ steps_done: each('steps_done', '+', 1) }))
        .where('id', '=', operation)
        .execute();
      const ended = { state: 'done' as const, ended_at: new Date(), failure: null };
      await this.#set(transaction, { ...ended, result: jsonText(result) });
      await this.#audit(transaction, 'step.done');
      await note(transaction, operation, { what: 'step_done', step: step.id, text: step.title });
    });
  }

  /** What was under way may be half done, which the log has to tell. */
  async #stop(): Promise<{ readonly state: 'stopped' }> {
    if (!this.#hasBegun || this.#options.lease.signal.aborted) return { state: 'stopped' };
    await this.#write(async (transaction) => {
      await this.#set(transaction, { state: 'waiting' });
      await this.#audit(transaction, 'step.stopped');
    });
    return { state: 'stopped' };
  }

  async #progress(done: number, total: number, text: string): Promise<void> {
    const { platform, operation } = this.#options;
    const now = platform.clock.monotonic();
    if (now - this.#progressAt < progressMs && done < total) return;
    this.#progressAt = now;
    await this.#write(async (transaction) => {
      await sql`SET LOCAL synchronous_commit = off`.execute(transaction);
      await this.#set(transaction, { progress: JSON.stringify({ done, total, note: storable(text) }) });
      await tell(transaction, operation, 'progress');
    });
  }

  async #keep(value: Json): Promise<void> {
    noSecret(this.#toRun.step, 'kept', value);
    await this.#write((transaction) => this.#set(transaction, { kept: JSON.stringify(value) }));
    this.#kept = value;
  }

  async #set(transaction: Transaction<Schema>, values: object): Promise<void> {
    await transaction
      .updateTable('operation_step')
      .set(values)
      .where('operation', '=', this.#options.operation)
      .where('position', '=', this.#toRun.position)
      .execute();
  }

  async #audit(transaction: Transaction<Schema>, action: string, failure?: Failure): Promise<void> {
    const { operation, reason } = this.#options;
    const { id, title, before, to } = this.#toRun.step;
    const after: Json = { step: title, ...(to !== undefined && { to }), ...(failure && { failure: { ...failure } }) };
    const what = { kind: 'step', id, before, after, why: reason.why, operation };
    await appendAudit(transaction, [{ principal: reason.principal, action, ...what }]);
  }

  #write<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    return writeFenced(this.#options.db, this.#options.lease, work);
  }
}

function failureOf(code: string, error: unknown): Failure {
  return { code, message: storable(messageOf(error)) };
}

function noSecret(step: PlannedStep, what: string, value: Json | undefined): void {
  const places = secretPlaces(value);
  assert(places.length === 0, `the step ${step.id} gave a secret as ${what} at ${places.join(', ')}`);
}
