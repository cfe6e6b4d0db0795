/** Operations as they are kept: found, listed, cancelled, resumed. Who does them is the runner's business. */
import { type Principal, ProblemError, principalText } from '@millrace/api';
import {
  eventsShownMax,
  type OperationDetail,
  type OperationState,
  type OperationStep,
  type OperationView,
  type StepState,
  stepsShownMax,
} from '@millrace/api/fleet';
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { appendAudit } from '../audit/audit-entry.ts';
import type { Schema } from '../database/schema.ts';
import { cursorOf, readCursor } from '../lists/cursor.ts';
import { note } from './operation-log.ts';
import type { Json } from './plan-kind.ts';
import type { OperationTable } from './tables.ts';
import { operationDetail, operationStep, operationView } from './views.ts';

export interface OperationFilter {
  /** Comma-separated; `open` stands for all that have not ended. */
  readonly state?: string | undefined;
  readonly kind?: string | undefined;
  readonly principal?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface DetailChoice {
  /** How many steps at most; default as many as are shown. */
  readonly steps?: number | undefined;
  /** Only events after the one of this number. */
  readonly eventsAfter?: number | undefined;
}

export interface StepFilter {
  /** Comma-separated. */
  readonly state?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

const openStates: readonly OperationState[] = ['queued', 'running', 'cancelling'];

export class OperationStore {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Throws `ProblemError` `not_found`. */
  async view(id: string): Promise<OperationView> {
    return operationView(await rowOf(this.#db, id));
  }

  /** What it was planned from. Throws `ProblemError` `not_found`. */
  async planned(id: string): Promise<{ readonly kind: string; readonly input: Json }> {
    const planned = await this.#db
      .selectFrom('operation')
      .innerJoin('plan', 'plan.id', 'operation.plan')
      .select(['plan.kind', 'plan.input'])
      .where('operation.id', '=', id)
      .executeTakeFirst();
    if (planned === undefined) throw unknown(id);
    return planned;
  }

  /** Throws `ProblemError` `not_found`. */
  async get(id: string, { steps = stepsShownMax, eventsAfter }: DetailChoice = {}): Promise<OperationDetail> {
    return await this.#consistently(async (transaction) => {
      const row = await rowOf(transaction, id);
      const own = transaction
        .selectFrom('operation_event')
        .selectAll()
        .where('operation', '=', id)
        .limit(eventsShownMax);
      const events =
        eventsAfter === undefined
          ? (await own.orderBy('seq', 'desc').execute()).reverse()
          : await own.where('seq', '>', eventsAfter).orderBy('seq').execute();
      return operationDetail(row, await stepsOf(transaction, id, { limit: steps }), events);
    });
  }

  /** Throws `ProblemError` `not_found`. */
  async steps(id: string, filter: StepFilter): Promise<Page<OperationStep>> {
    return await this.#consistently(async (transaction) => {
      await rowOf(transaction, id);
      return await stepsOf(transaction, id, filter);
    });
  }

  async list(filter: OperationFilter): Promise<Page<OperationView>> {
    const { kind, principal, limit = 100 } = filter;
    let query = this.#db.selectFrom('operation').selectAll();
    const states = filter.state
      ?.split(',')
      .flatMap((word) => (word === 'open' ? openStates : [word as OperationState]));
    if (states !== undefined) query = query.where('state', 'in', states);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (principal !== undefined) query = query.where('principal', '=', principal);
    if (filter.cursor !== undefined) {
      const [at, id] = readCursor(filter.cursor, ['number', 'string']);
      query = query.where(sql<boolean>`(created_at, id) < (${new Date(at)}, ${id})`);
    }
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const next = rows.length > limit && last !== undefined ? cursorOf([last.created_at.getTime(), last.id]) : null;
    return { items: items.map(operationView), next };
  }

  /** Asks whoever does it to stop; what nobody does yet is cancelled at once by the runner that finds it. */
  async cancel(id: string, principal: Principal, why: string): Promise<OperationView> {
    return await this.#change(id, principal, why, 'cancel_asked', ({ state }) => {
      if (state === 'cancelling' || state === 'cancelled') return undefined;
      if (state === 'queued' || state === 'running') return 'cancelling';
      throw new ProblemError('conflict', `the operation ${id} has ended already: it is ${state}`);
    });
  }

  /** Puts it back into the queue; steps that are done stay so. */
  async resume(id: string, principal: Principal, why: string): Promise<OperationView> {
    return await this.#change(id, principal, why, 'resumed', ({ state }) => {
      if (state === 'queued' || state === 'running') return undefined;
      if (state === 'failed' || state === 'cancelled') return 'queued';
      const reason = state === 'done' ? 'it is done' : 'it is about to be cancelled; resume it then';
      throw new ProblemError('conflict', `the operation ${id} can't be resumed: ${reason}`);
    });
  }

  async #consistently<T>(read: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    return await this.#db.transaction().setIsolationLevel('repeatable read').execute(read);
  }

  async #change(
    id: string,
    principal: Principal,
    why: string,
    what: 'cancel_asked' | 'resumed',
    stateAfter: (row: Selectable<OperationTable>) => OperationState | undefined,
  ): Promise<OperationView> {
    return await this.#db.transaction().execute(async (transaction) => {
      const own = transaction.selectFrom('operation').selectAll().where('id', '=', id);
      const row = await own.forUpdate().executeTakeFirst();
      if (row === undefined) throw unknown(id);
      const by = principalText(principal);
      if (principal.role !== 'admin' && row.principal !== by) {
        throw new ProblemError('forbidden', `only ${row.principal}, who applied it, or an admin may do so with ${id}`);
      }
      const state = stateAfter(row);
      if (state === undefined) return operationView(row);
      if (what === 'resumed') await waitAgain(transaction, id);
      const set = what === 'resumed' ? { state, failure: null, ended_at: null } : { state };
      const changed = transaction.updateTable('operation').set(set).where('id', '=', id).returningAll();
      const view = operationView(await changed.executeTakeFirstOrThrow());
      await appendAudit(transaction, [
        { principal, action: `operation.${what}`, kind: 'operation', id, why, operation: id },
      ]);
      await note(transaction, id, { what, text: `${by} ${what === 'resumed' ? 'resumed it' : 'asked to cancel it'}` });
      return view;
    });
  }
}

async function rowOf(db: Kysely<Schema>, id: string): Promise<Selectable<OperationTable>> {
  const row = await db.selectFrom('operation').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw unknown(id);
  return row;
}

async function stepsOf(
  db: Kysely<Schema>,
  operation: string,
  { state, limit = 100, cursor }: StepFilter,
): Promise<Page<OperationStep>> {
  const [from] = cursor === undefined ? [0] : readCursor(cursor, ['number']);
  const rows = await db
    .selectFrom('operation_step')
    .selectAll()
    .where('operation', '=', operation)
    // Whoever makes up a cursor may give more than the column holds.
    .where(sql<boolean>`position >= ${from}::bigint`)
    .$if(state !== undefined, (query) => query.where('state', 'in', (state ?? '').split(',') as StepState[]))
    .orderBy('position')
    .limit(limit + 1)
    .execute();
  const beyond = rows[limit];
  const items = rows.slice(0, limit).map(operationStep);
  return { items, next: beyond === undefined ? null : cursorOf([beyond.position]) };
}

async function waitAgain(transaction: Transaction<Schema>, id: string): Promise<void> {
  await transaction
    .updateTable('operation_step')
    .set({ state: 'waiting', ended_at: null })
    .where('operation', '=', id)
    .where('state', '=', 'failed')
    .execute();
}

function unknown(id: string): ProblemError {
  return new ProblemError(
    'not_found',
    `there is no operation ${JSON.stringify(id)}; GET /api/v1/operations lists them`,
  );
}
