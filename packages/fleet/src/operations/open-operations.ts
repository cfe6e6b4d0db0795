/**
 * The operations engine: other parts register their kinds of plans with it, then it begins to do what was applied.
 */
import { implement, ProblemError, type Route } from '@millrace/api';
import {
  applyPlanContract,
  cancelOperationContract,
  getOperationContract,
  getPlanContract,
  listOperationStepsContract,
  listOperationsContract,
  listPlanStepsContract,
  makePlanContract,
  type OperationDetail,
  type OperationView,
  type PlanView,
  resumeOperationContract,
} from '@millrace/api/fleet';
import type { Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { EventFeed } from '../events/event-feed.ts';
import { OperationRunner, type RunnerLimits } from './operation-runner.ts';
import { type DetailChoice, type OperationFilter, OperationStore } from './operation-store.ts';
import type { Json, PlanKind } from './plan-kind.ts';
import { PlanKinds } from './plan-kinds.ts';
import { type Applied, type Asked, Plans } from './plans.ts';

export interface OperationsOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly feed: EventFeed;
  /** This process, by a name that no other has. */
  readonly holder: string;
  readonly report: (message: string) => void;
  readonly limits?: Partial<RunnerLimits> | undefined;
}

type Reasoned = Pick<Applied, 'principal' | 'why'>;

export interface Operations {
  readonly routes: readonly Route[];
  /** Before `begin`. */
  register(kinds: readonly PlanKind[]): void;
  /** Begins to do what was applied, here or elsewhere. */
  begin(): void;
  /** Throws `ProblemError`, as all of these do. */
  plan(kind: string, input: Json, asked: Asked): Promise<PlanView>;
  apply(plan: string, applied: Applied): Promise<OperationView>;
  /** Plans and applies at once, whatever is destructive in it when that is confirmed. */
  start(kind: string, input: Json, applied: Applied): Promise<OperationView>;
  get(id: string, choice?: DetailChoice): Promise<OperationDetail>;
  /** Without its steps and events. */
  view(id: string): Promise<OperationView>;
  list(filter: OperationFilter): Promise<{ items: OperationView[]; next: string | null }>;
  cancel(id: string, asked: Reasoned): Promise<OperationView>;
  resume(id: string, asked: Reasoned): Promise<OperationView>;
  /** Resolves when it is done, has failed or was cancelled. Rejects with the signal's reason when that aborts. */
  ended(id: string, signal: AbortSignal): Promise<OperationView>;
  /** Stops what is under way, to be gone on with later or elsewhere. */
  close(): Promise<void>;
}

export function openOperations(options: OperationsOptions): Operations {
  const { db, feed } = options;
  const kinds = new PlanKinds();
  const plans = new Plans(db, kinds);
  const store = new OperationStore(db);
  let runner: OperationRunner | undefined;
  // Who may no longer plan the like stops none, and who may no longer plan the same goes on with none. What this
  // process does not know is whoever's who applied it, or an admin's.
  const cancel: Operations['cancel'] = async (id, { principal, why }) => {
    const { kind } = await store.view(id);
    if (kinds.get(kind) !== undefined) kinds.require(kind, principal);
    return await store.cancel(id, principal, why);
  };
  const resume: Operations['resume'] = async (id, { principal, why }) => {
    const { kind, input } = await store.planned(id);
    if (kinds.get(kind) !== undefined) await kinds.permit(kind, input, principal);
    return await store.resume(id, principal, why);
  };
  return {
    routes: routesOf(plans, store, { cancel, resume }),
    register: (added) => kinds.add(added),
    begin: () => {
      runner ??= new OperationRunner({ ...options, kinds });
    },
    plan: (kind, input, asked) => plans.make(kind, input, asked),
    apply: (plan, applied) => plans.apply(plan, applied),
    start: async (kind, input, applied) => {
      const plan = await plans.make(kind, input, applied);
      return await plans.apply(plan.id, applied);
    },
    get: (id, choice) => store.get(id, choice),
    view: (id) => store.view(id),
    list: (filter) => store.list(filter),
    cancel,
    resume,
    ended: (id, signal) => untilEnded(store, feed, id, signal),
    close: async () => await runner?.close(),
  };
}

const ends = new Set(['done', 'failed', 'cancelled']);

async function untilEnded(
  store: OperationStore,
  feed: EventFeed,
  id: string,
  signal: AbortSignal,
): Promise<OperationView> {
  let changed = Promise.withResolvers<void>();
  const unsubscribe = feed.subscribe((events) => {
    if (events.some((event) => event.kind === 'operation' && event.id === id)) changed.resolve();
  });
  const stop = (): void => changed.reject(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      signal.throwIfAborted();
      const view = await store.view(id);
      if (ends.has(view.state)) return view;
      await changed.promise;
      changed = Promise.withResolvers();
    }
  } finally {
    signal.removeEventListener('abort', stop);
    unsubscribe();
    changed.promise.catch(() => undefined);
  }
}

function routesOf(
  plans: Plans,
  store: OperationStore,
  { cancel, resume }: Pick<Operations, 'cancel' | 'resume'>,
): Route[] {
  return [
    implement(makePlanContract, ({ body, principal, header, signal }) => {
      return plans.make(body.kind, body.input as Json, { principal, idempotencyKey: keyIn(header), signal });
    }),
    implement(getPlanContract, ({ params }) => plans.get(params.id)),
    implement(listPlanStepsContract, ({ params, query }) => plans.steps(params.id, query)),
    implement(applyPlanContract, ({ params, body, principal, header, signal }) => {
      const { why = '', confirm } = body;
      return plans.apply(params.id, { principal, why, confirm, idempotencyKey: keyIn(header), signal });
    }),
    implement(listOperationsContract, ({ query }) => store.list(query)),
    implement(getOperationContract, ({ params, query }) => store.get(params.id, query)),
    implement(listOperationStepsContract, ({ params, query }) => store.steps(params.id, query)),
    implement(cancelOperationContract, ({ params, body, principal }) => {
      return cancel(params.id, { principal, why: body.why ?? '' });
    }),
    implement(resumeOperationContract, ({ params, body, principal }) => {
      return resume(params.id, { principal, why: body.why ?? '' });
    }),
  ];
}

/** The value of `Idempotency-Key`, which may be a quoted string as structured headers have it. */
function keyIn(header: (name: string) => string | undefined): string | undefined {
  const key = header('idempotency-key');
  if (key === undefined) return undefined;
  if (key.length > 0 && key.length <= 200 && /^[\x20-\x7e]+$/.test(key)) return key;
  throw new ProblemError('invalid_request', 'an Idempotency-Key has 1 to 200 printable ASCII characters');
}
