/**
 * Requests as they are kept. Each change is one transaction with its entry in the audit log and its event; what
 * another has changed meanwhile is not changed again.
 */
import { randomUUID } from 'node:crypto';
import { type Principal, ProblemError, principalText } from '@millrace/api';
import type { AskedFor, Proposal, RequestComment, RequestKind, RequestState } from '@millrace/api/fleet';
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { appendAudit } from '../audit/audit-entry.ts';
import { lockLedger } from '../database/ledger.ts';
import type { Schema } from '../database/schema.ts';
import { appendEvents } from '../events/event-feed.ts';
import { cursorOf, readCursor } from '../lists/cursor.ts';
import type { Json } from '../operations/plan-kind.ts';
import type { Judged } from './judge.ts';
import type { OnboardingRequestTable, StoredState } from './tables.ts';

/** As it is, with how its operation goes. */
export interface StoredRequest extends Omit<Selectable<OnboardingRequestTable>, 'state'> {
  readonly state: RequestState;
  readonly problem: string | null;
}

export interface RequestFilter {
  readonly state?: RequestState | undefined;
  readonly kind?: RequestKind | undefined;
  readonly team?: string | undefined;
  readonly topic?: string | undefined;
  readonly requester?: string | undefined;
  /** Only those that wait for whoever this is. */
  readonly awaits?: Principal | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface NewRequest {
  readonly judged: Judged;
  /** Number of the newest request before it was judged. */
  readonly judgedAfter: number;
  readonly principal: Principal;
  readonly why: string;
  readonly idempotencyKey: string | undefined;
}

export interface StateChange {
  readonly from: readonly RequestState[];
  readonly to: StoredState;
  readonly principal: Pick<Principal, 'kind' | 'name'>;
  /** `approved`, `withdrawn`: its name in the audit log. */
  readonly what: string;
  readonly why: string;
  readonly decides?: boolean | undefined;
  readonly operation?: string | undefined;
}

export class RequestStore {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /**
   * Stores what was judged, in the state that follows from it. Undefined, and nothing is stored, when policies have
   * approved another meanwhile: that may take what this one was judged to have. Throws `ProblemError` `conflict`.
   */
  async add({ judged, judgedAfter, principal, why, idempotencyKey }: NewRequest): Promise<string | undefined> {
    const { draft, verdict, view, capacity, cost } = judged;
    const id = randomUUID();
    const requester = principalText(principal);
    const state = stateAfter[verdict.decision];
    const decided = state === 'waiting' ? {} : { decided_by: 'policies', decided_at: new Date() };
    const cluster = 'cluster' in draft.asked ? draft.asked.cluster : '';
    const row = {
      ...{ id, kind: draft.asked.kind, state, title: draft.title, topic: draft.topic.name, cluster },
      ...{ team: draft.team, owner: draft.owner ?? null, requester, why, idempotency_key: idempotencyKey ?? null },
      asked: JSON.stringify(draft.asked),
      proposal: JSON.stringify(draft.proposal),
      view: JSON.stringify(view),
      verdict: JSON.stringify(verdict),
      capacity: JSON.stringify(capacity),
      cost: JSON.stringify(cost),
      ...decided,
    };
    try {
      return await this.#db.transaction().execute(async (transaction) => {
        await lockLedger(transaction);
        if (state === 'approved' && (await hasApproved(transaction, judgedAfter))) return undefined;
        await transaction.insertInto('onboarding_request').values(row).execute();
        const after = { title: row.title, state, verdict, asked: draft.asked } as unknown as Json;
        await tell(transaction, id, 'created', { principal, why, after });
        return id;
      });
    } catch (error) {
      // Asked twice at a time, in two processes: the other one's is found the next time.
      if (constraintOf(error) === 'onboarding_request_requester_idempotency_key_key') return undefined;
      if (constraintOf(error) !== 'onboarding_request_open') throw error;
      const text = `the same is asked for already (${draft.title}); look at the requests about ${row.topic}`;
      throw new ProblemError('conflict', text, { cause: error });
    }
  }

  /** Number of the newest request; 0 when there is none. */
  async newest(): Promise<number> {
    const query = this.#db.selectFrom('onboarding_request').select((each) => each.fn.max('number').as('number'));
    return (await query.executeTakeFirst())?.number ?? 0;
  }

  /** What would be done of all that is approved and not done, in the order in which it was asked for. */
  async underWay(): Promise<Proposal[]> {
    const open = this.#db.selectFrom('onboarding_request').select('proposal').orderBy('number');
    const rows = await open.where('state', 'in', ['approved', 'provisioning']).execute();
    return rows.map(({ proposal }) => proposal);
  }

  async madeFor(requester: string, key: string): Promise<{ id: string; asked: AskedFor } | undefined> {
    return await this.#db
      .selectFrom('onboarding_request')
      .select(['id', 'asked'])
      .where('requester', '=', requester)
      .where('idempotency_key', '=', key)
      .executeTakeFirst();
  }

  /** Throws `ProblemError` `not_found`. */
  async get(id: string): Promise<StoredRequest> {
    const row = await withOperation(this.#db).where('request.id', '=', id).executeTakeFirst();
    if (row !== undefined) return row as StoredRequest;
    throw new ProblemError('not_found', `there is no request ${id}; GET /api/v1/requests lists them`);
  }

  async list(filter: RequestFilter): Promise<{ items: StoredRequest[]; next: string | null }> {
    const { limit = 100, awaits } = filter;
    let query = withOperation(this.#db);
    if (filter.kind !== undefined) query = query.where('request.kind', '=', filter.kind);
    if (filter.topic !== undefined) query = query.where('request.topic', '=', filter.topic);
    if (filter.requester !== undefined) query = query.where('request.requester', '=', filter.requester);
    if (filter.state !== undefined) query = query.where(state, '=', filter.state);
    const { team } = filter;
    if (team !== undefined) {
      query = query.where((each) => each.or([each('request.team', '=', team), each('request.owner', '=', team)]));
    }
    if (awaits !== undefined) {
      query = query.where('request.state', '=', 'waiting').where('request.requester', '!=', principalText(awaits));
      const owned = awaits.teams.flatMap(({ name, role }) => (role === 'owner' ? [name] : []));
      if (awaits.role !== 'admin') query = query.where('request.owner', 'in', owned.length > 0 ? owned : ['']);
    }
    if (filter.cursor !== undefined) {
      const [before] = readCursor(filter.cursor, ['number']);
      query = query.where('request.number', '<', before);
    }
    const rows = (await query
      .orderBy('request.number', 'desc')
      .limit(limit + 1)
      .execute()) as StoredRequest[];
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last !== undefined ? cursorOf([last.number]) : null };
  }

  async comments(request: string): Promise<RequestComment[]> {
    const rows = await this.#db
      .selectFrom('onboarding_comment')
      .select(['at', 'by', 'text'])
      .where('request', '=', request)
      .orderBy('number')
      .execute();
    return rows.map(({ at, by, text }) => ({ at: at.toISOString(), by, text }));
  }

  async comment(request: string, principal: Principal, text: string): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      const row = { request, by: principalText(principal), text };
      await transaction.insertInto('onboarding_comment').values(row).execute();
      await tell(transaction, request, 'commented', { principal, why: text });
    });
  }

  /** Answers false when it is in none of these states any more. */
  async change(id: string, change: StateChange, own?: Transaction<Schema>): Promise<boolean> {
    if (own === undefined) return await this.#db.transaction().execute((each) => this.change(id, change, each));
    const { from, to, principal, what, why, decides, operation } = change;
    const row = await own
      .selectFrom('onboarding_request')
      .select(['id', 'operation', 'state'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return false;
    const now = (await withOperation(own).where('request.id', '=', id).executeTakeFirstOrThrow()) as StoredRequest;
    if (!from.includes(now.state)) return false;
    const decided = { decided_by: principalText(principal), decided_at: new Date(), reason: why };
    await own
      .updateTable('onboarding_request')
      .set({ state: to, ...(decides && decided), ...(operation !== undefined && { operation }) })
      .where('id', '=', id)
      .execute();
    const states = { before: { state: now.state }, after: { state: to }, operation: operation ?? row.operation };
    await tell(own, id, what, { principal, why, ...states });
    return true;
  }

  /** Approved, and nobody has begun to carry them out. */
  async approved(): Promise<StoredRequest[]> {
    const rows = await withOperation(this.#db).where('request.state', '=', 'approved').orderBy('number').execute();
    return rows as StoredRequest[];
  }
}

const stateAfter = { refuse: 'refused', ask: 'waiting', approve: 'approved' } as const;

/** A request whose operation has stopped in the middle has failed, until that goes on. */
const state = sql<RequestState>`CASE WHEN request.state = 'provisioning' AND operation.state IN ('failed', 'cancelled')
  THEN 'failed' ELSE request.state END`;

function withOperation(db: Kysely<Schema>) {
  return db
    .selectFrom('onboarding_request as request')
    .leftJoin('operation', 'operation.id', 'request.operation')
    .selectAll('request')
    .select([state.as('state'), sql<string | null>`operation.failure ->> 'message'`.as('problem')]);
}

/** Whether policies have approved a request after the one of that number. */
async function hasApproved(transaction: Transaction<Schema>, after: number): Promise<boolean> {
  const later = transaction.selectFrom('onboarding_request').select('id').where('number', '>', after);
  const approved = later.where('decided_by', '=', 'policies').where('state', '!=', 'refused');
  return (await approved.limit(1).executeTakeFirst()) !== undefined;
}

interface Told {
  readonly principal: Pick<Principal, 'kind' | 'name'>;
  readonly why: string;
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
  readonly operation?: string | null | undefined;
}

async function tell(transaction: Transaction<Schema>, id: string, what: string, told: Told): Promise<void> {
  const { operation, ...rest } = told;
  const entry = { ...rest, action: `request.${what}`, kind: 'request', id, operation: operation ?? undefined };
  await appendAudit(transaction, [entry]);
  await appendEvents(transaction, [{ kind: 'request', id, what }]);
}

/** Of PostgreSQL's `unique_violation`. */
function constraintOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== '23505') return undefined;
  return 'constraint' in error ? String(error.constraint) : undefined;
}
