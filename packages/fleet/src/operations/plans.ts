/**
 * Plans: made, kept, and applied. A plan becomes one operation at most; who applies it again gets the same one.
 *
 * What is asked twice under the same `Idempotency-Key` by the same principal is done once.
 */
import { type Principal, ProblemError, principalText } from '@millrace/api';
import type { OperationView, PlanStep, PlanView } from '@millrace/api/fleet';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { appendAudit } from '../audit/audit-entry.ts';
import { canonicalJson } from '../audit/canonical-json.ts';
import { storable } from '../database/json.ts';
import type { Schema } from '../database/schema.ts';
import { readCursor } from '../lists/cursor.ts';
import { note } from './operation-log.ts';
import type { Json } from './plan-kind.ts';
import { type CheckedPlan, newId, type PlanKinds } from './plan-kinds.ts';
import type { PlanTable } from './tables.ts';
import { operationView, planSteps, planView } from './views.ts';

export interface Asked {
  readonly principal: Principal;
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Applied extends Asked {
  readonly why: string;
  /** Whether what is destructive may be done. */
  readonly confirm?: boolean | undefined;
}

const rowsMax = 500;
const never = new AbortController().signal;

export class Plans {
  readonly #db: Kysely<Schema>;
  readonly #kinds: PlanKinds;

  constructor(db: Kysely<Schema>, kinds: PlanKinds) {
    this.#db = db;
    this.#kinds = kinds;
  }

  async make(kind: string, input: Json, { principal, idempotencyKey, signal = never }: Asked): Promise<PlanView> {
    this.#kinds.require(kind, principal);
    const by = principalText(principal);
    const before = idempotencyKey === undefined ? undefined : await this.#madeFor(by, idempotencyKey);
    if (before !== undefined) return await this.#sameAs(before, kind, input);
    const plan = await this.#kinds.plan(kind, input, principal, signal);
    const id = newId();
    const { title, revision, destructive, steps, notes = [] } = plan;
    const made = await this.#db
      .insertInto('plan')
      .values({
        ...{ id, kind, title, revision, destructive, principal: by },
        input: JSON.stringify(input),
        steps: JSON.stringify(steps),
        notes: JSON.stringify(notes),
        idempotency_key: idempotencyKey ?? null,
      })
      .onConflict((conflict) => conflict.columns(['principal', 'idempotency_key']).doNothing())
      .returningAll()
      .executeTakeFirst();
    if (made !== undefined) return planView(made, null);
    const other = await this.#madeFor(by, idempotencyKey ?? '');
    if (other === undefined) throw new ProblemError('conflict', 'the same was asked twice at a time; ask again');
    return await this.#sameAs(other, kind, input);
  }

  /** Throws `ProblemError` `not_found`. */
  async get(id: string): Promise<PlanView> {
    return planView(await this.#row(id), (await this.#operationOf(id))?.id ?? null);
  }

  /** Throws `ProblemError` `not_found`. */
  async steps(
    id: string,
    { limit = 100, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
  ): Promise<{ items: PlanStep[]; next: string | null }> {
    const [from] = cursor === undefined ? [0] : readCursor(cursor, ['number']);
    const { steps: items, stepsNext: next } = planSteps((await this.#row(id)).steps, Math.max(0, from), limit);
    return { items, next };
  }

  /** Plans again, and makes it an operation when the steps are the same. */
  async apply(
    id: string,
    { principal, why, confirm, idempotencyKey, signal = never }: Applied,
  ): Promise<OperationView> {
    const row = await this.#row(id);
    this.#kinds.require(row.kind, principal);
    const by = principalText(principal);
    await this.#refuseOtherUse(by, idempotencyKey, id);
    const known = await this.#operationOf(id);
    if (known !== undefined) return operationView(known);
    if (row.destructive && confirm !== true) throw unconfirmed(row);
    const plan = await this.#kinds.plan(row.kind, row.input, principal, signal);
    if (plan.revision !== row.revision) {
      const message = `the plan ${id} (${row.title}) is no longer what would be done; make a new one and look at it`;
      throw new ProblemError('stale_plan', message);
    }
    const asked = { principal, why: storable(why), idempotencyKey };
    try {
      return await this.#db.transaction().execute((transaction) => begin(transaction, row, plan, asked));
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      // Asked twice at a time: which of the constraints is met first is PostgreSQL's to choose.
      const first = await this.#operationOf(id);
      if (first !== undefined) return operationView(first);
      throw new ProblemError('conflict', 'the Idempotency-Key was used for two plans at a time; choose another', {
        cause: error,
      });
    }
  }

  async #sameAs(row: Selectable<PlanTable>, kind: string, input: Json): Promise<PlanView> {
    if (row.kind === kind && canonicalJson(row.input) === canonicalJson(input)) return await this.get(row.id);
    throw new ProblemError('conflict', `the Idempotency-Key was used before, for the plan ${row.id}; choose another`);
  }

  async #refuseOtherUse(principal: string, key: string | undefined, plan: string): Promise<void> {
    if (key === undefined) return;
    const other = await this.#db
      .selectFrom('operation')
      .select(['id', 'plan'])
      .where('principal', '=', principal)
      .where('idempotency_key', '=', key)
      .executeTakeFirst();
    if (other === undefined || other.plan === plan) return;
    throw new ProblemError('conflict', `the Idempotency-Key was used before, for ${other.id}; choose another`);
  }

  async #row(id: string): Promise<Selectable<PlanTable>> {
    const row = await this.#db.selectFrom('plan').selectAll().where('id', '=', id).executeTakeFirst();
    if (row !== undefined) return row;
    throw new ProblemError('not_found', `there is no plan ${JSON.stringify(id)}; those never applied go after a day`);
  }

  #operationOf(plan: string) {
    return this.#db.selectFrom('operation').selectAll().where('plan', '=', plan).executeTakeFirst();
  }

  #madeFor(principal: string, key: string) {
    return this.#db
      .selectFrom('plan')
      .selectAll()
      .where('principal', '=', principal)
      .where('idempotency_key', '=', key)
      .executeTakeFirst();
  }
}

async function begin(
  transaction: Transaction<Schema>,
  { id: plan, kind, destructive }: Selectable<PlanTable>,
  { title, steps, revision }: CheckedPlan,
  { principal, why, idempotencyKey }: Pick<Applied, 'principal' | 'why' | 'idempotencyKey'>,
): Promise<OperationView> {
  const id = newId();
  const by = principalText(principal);
  const row = await transaction
    .insertInto('operation')
    .values({
      ...{ id, plan, kind, title, destructive, principal: by, why, idempotency_key: idempotencyKey ?? null },
      state: 'queued',
      steps_total: steps.length,
    })
    // Another call may have applied the plan meanwhile.
    .onConflict((conflict) => conflict.column('plan').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) {
    const other = transaction.selectFrom('operation').selectAll().where('plan', '=', plan);
    return operationView(await other.executeTakeFirstOrThrow());
  }
  const rows = steps.map((step, position) => ({ operation: id, position, id: step.id, step: JSON.stringify(step) }));
  for (let at = 0; at < rows.length; at += rowsMax) {
    await transaction
      .insertInto('operation_step')
      .values(rows.slice(at, at + rowsMax))
      .execute();
  }
  const after = { kind, title, plan, revision, steps: steps.map((step) => step.title) };
  await appendAudit(transaction, [
    { principal, action: 'operation.applied', kind: 'operation', id, after, why, operation: id },
  ]);
  await note(transaction, id, { what: 'applied', text: `${by} applied the plan ${plan}` });
  return operationView(row);
}

/** PostgreSQL's `unique_violation`. */
function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}

function unconfirmed({ id, steps }: Selectable<PlanTable>): ProblemError {
  const titles = steps.filter(({ destructive }) => destructive).map(({ title }) => title);
  const shown = titles.slice(0, 5).join('; ') + (titles.length > 5 ? `; and ${titles.length - 5} more` : '');
  return new ProblemError(
    'confirmation_required',
    `the plan ${id} loses something for good (${shown}): apply it with "confirm": true if that is meant`,
    { issues: steps.flatMap((step) => (step.destructive ? [{ field: step.id, message: step.title }] : [])) },
  );
}
