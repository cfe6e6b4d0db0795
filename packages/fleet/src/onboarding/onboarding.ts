/**
 * Onboarding requests from being asked to being done. What policies approve is carried out at once, what they refuse
 * is kept as refused, everything else waits for a person.
 *
 * Between an approval and the operation that carries it out lies a moment in which a process may die: any process
 * finds what was approved and not begun, and begins it; that is one operation however often it is begun.
 */
import { type Principal, ProblemError, principalText } from '@millrace/api';
import type { AskedFor, collectCredentialsContract, RequestState, RequestView } from '@millrace/api/fleet';
import { messageOf, type Platform, sleep } from '@millrace/base';
import type { Static } from 'typebox';
import { canonicalJson } from '../audit/canonical-json.ts';
import type { Identity } from '../identity/open-identity.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Operations } from '../operations/open-operations.ts';
import type { FleetRecord } from '../record/record.ts';
import { fleetToCome } from './fleet-to-come.ts';
import { type Judged, judge } from './judge.ts';
import { actionsOf, madeApplications, requireAction } from './may-decide.ts';
import type { Evaluates } from './policies/decide.ts';
import { onboardKindName } from './provisioning/onboard-kind.ts';
import type { RequestFilter, RequestStore, StateChange, StoredRequest } from './request-store.ts';
import type { SchemaRegistrar } from './schema-registrar.ts';

export interface OnboardingParts {
  readonly store: RequestStore;
  readonly record: FleetRecord;
  readonly inventory: Pick<Inventory, 'cluster'>;
  readonly operations: Pick<Operations, 'start'>;
  readonly evaluator: Evaluates;
  readonly schemas?: SchemaRegistrar | undefined;
  readonly identity?: Pick<Identity, 'issuePassword'> | undefined;
  readonly platform: Platform;
  readonly report: (message: string) => void;
}

export interface Asking {
  readonly principal: Principal;
  readonly why: string;
  readonly idempotencyKey?: string | undefined;
}

type CollectedCredential = Static<(typeof collectCredentialsContract)['response']>['credentials'][number];
type Deciding = { readonly principal: Principal; readonly reason: string };

const lookMs = 5_000;
/** How often a request is judged that those of other processes are faster than. */
const roundsMax = 20;

export class Onboarding implements AsyncDisposable {
  readonly #parts: OnboardingParts;
  readonly #stop = new AbortController();
  readonly #looking: Promise<void>;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: OnboardingParts) {
    this.#parts = parts;
    this.#looking = this.#beginWhatIsApproved();
  }

  /** What would come of it. Stores nothing. */
  async preview(asked: AskedFor, { principal, why }: Asking): Promise<RequestView> {
    const judged = await this.#judge(asked, principal);
    const { draft, verdict, capacity, cost } = judged;
    return {
      ...{ kind: asked.kind, state: 'preview' as const, title: draft.title, topic: draft.topic.name, team: draft.team },
      ...{ owner: draft.owner ?? null, requester: principalText(principal), why, asked, verdict },
      requestedAt: new Date(this.#parts.platform.clock.now()).toISOString(),
      ...{ proposal: draft.proposal, capacity: [...capacity], cost, comments: [], actions: [] },
    };
  }

  /** One at a time, and anew when another process was faster: each is judged on what those before it take. */
  async create(asked: AskedFor, asking: Asking): Promise<RequestView> {
    const turn = this.#turn.then(() => this.#createNow(asked, asking));
    // Whoever asked hears of a failure; the next one's turn comes all the same.
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return await turn;
  }

  async show(id: string, principal: Principal): Promise<RequestView> {
    const { store } = this.#parts;
    const request = await store.get(id);
    const comments = await store.comments(id);
    return viewOf(request, comments, principal);
  }

  async list(filter: RequestFilter) {
    const { items, next } = await this.#parts.store.list(filter);
    return { items: items.map(summaryOf), next };
  }

  async approve(id: string, { principal, reason }: Deciding): Promise<RequestView> {
    await this.#decide(id, 'approve', { from: ['waiting'], to: 'approved', what: 'approved', principal, why: reason });
    await this.#begin(await this.#parts.store.get(id));
    return await this.show(id, principal);
  }

  async refuse(id: string, { principal, reason }: Deciding): Promise<RequestView> {
    await this.#decide(id, 'refuse', { from: ['waiting'], to: 'refused', what: 'refused', principal, why: reason });
    return await this.show(id, principal);
  }

  async withdraw(id: string, { principal, reason }: Deciding): Promise<RequestView> {
    const from: readonly RequestState[] = ['waiting', 'failed'];
    await this.#decide(id, 'withdraw', { from, to: 'withdrawn', what: 'withdrawn', principal, why: reason });
    return await this.show(id, principal);
  }

  async comment(id: string, principal: Principal, text: string): Promise<RequestView> {
    requireAction(await this.#parts.store.get(id), 'comment', principal);
    await this.#parts.store.comment(id, principal, text);
    return await this.show(id, principal);
  }

  /** Issues the first passwords of what the request has made. The approval is what entitles whoever asked to them. */
  async collect(id: string, principal: Principal, signal: AbortSignal): Promise<CollectedCredential[]> {
    const request = await this.#parts.store.get(id);
    requireAction(request, 'collect', principal);
    const { identity } = this.#parts;
    if (identity === undefined) throw new ProblemError('unavailable', 'this control plane keeps no keys to issue with');
    const issuer: Principal = { kind: principal.kind, name: principal.name, role: 'admin', teams: [] };
    const asked = { principal: issuer, why: `request ${id}: ${request.title}`, signal };
    const collected: CollectedCredential[] = [];
    for (const application of madeApplications(request)) {
      const owner = this.#parts.record.current().get('application', application)?.spec.team;
      if (owner !== request.team) {
        collected.push({ application, problem: `it is no longer an application of ${request.team}` });
        continue;
      }
      try {
        const secret = await identity.issuePassword(application, asked);
        collected.push({ application, ...(secret !== undefined && { secret }) });
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        collected.push({ application, problem: error.message });
      }
    }
    return collected;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #createNow(asked: AskedFor, { principal, why, idempotencyKey }: Asking): Promise<RequestView> {
    const { store } = this.#parts;
    for (let round = 1; round <= roundsMax; round++) {
      const before = await this.#askedBefore(asked, principalText(principal), idempotencyKey);
      if (before !== undefined) return await this.show(before, principal);
      const judgedAfter = await store.newest();
      const judged = await this.#judge(asked, principal);
      const id = await store.add({ judged, judgedAfter, principal, why, idempotencyKey });
      if (id === undefined) continue;
      if (judged.verdict.decision === 'approve') await this.#begin(await store.get(id));
      return await this.show(id, principal);
    }
    const sentence = 'too many requests are made at the same time; ask again in a moment';
    throw new ProblemError('unavailable', sentence, { retryAfterSeconds: 1 });
  }

  async #askedBefore(asked: AskedFor, requester: string, key: string | undefined): Promise<string | undefined> {
    const before = key === undefined ? undefined : await this.#parts.store.madeFor(requester, key);
    if (before === undefined || canonicalJson(before.asked) === canonicalJson(asked)) return before?.id;
    const other = `for the request ${before.id}, which asks for something else`;
    throw new ProblemError('conflict', `the Idempotency-Key was used before, ${other}; choose another`);
  }

  async #judge(asked: AskedFor, principal: Principal): Promise<Judged> {
    const { store, record, inventory, evaluator, schemas, platform } = this.#parts;
    const now = new Date(platform.clock.now());
    const fleet = fleetToCome(await record.read(), await store.underWay());
    return await judge(asked, principal, { fleet, inventory, evaluator, schemas, now });
  }

  async #decide(id: string, action: 'approve' | 'refuse' | 'withdraw', change: StateChange & { principal: Principal }) {
    const request = await this.#parts.store.get(id);
    requireAction(request, action, change.principal);
    if (await this.#parts.store.change(id, { ...change, decides: true })) return;
    throw new ProblemError('conflict', `"${request.title}" was decided by somebody else meanwhile; look at it again`);
  }

  /** Begins to carry out what is approved; what fails here is tried again in the background. */
  async #begin(request: StoredRequest): Promise<void> {
    try {
      await this.#carryOut(request);
    } catch (error) {
      this.#parts.report(`the request "${request.title}" (${request.id}) can't be begun: ${messageOf(error)}`);
    }
  }

  async #carryOut(request: StoredRequest): Promise<void> {
    const { operations, store } = this.#parts;
    const principal = carrierOf(request);
    const why = `request ${request.id}: ${request.title}`;
    const operation = await operations.start(
      onboardKindName,
      { request: request.id },
      { principal, why, confirm: true, idempotencyKey: `onboard ${request.id}` },
    );
    const change = { from: ['approved'], to: 'provisioning', what: 'begun', principal, why } as const;
    await store.change(request.id, { ...change, operation: operation.id });
  }

  async #beginWhatIsApproved(): Promise<void> {
    const { store, platform, report } = this.#parts;
    const { signal } = this.#stop;
    let told = '';
    while (!signal.aborted) {
      await sleep(platform.timers, lookMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        for (const request of await store.approved()) await this.#begin(request);
        told = '';
      } catch (error) {
        const sentence = `requests that are approved can't be looked for: ${messageOf(error)}`;
        if (sentence !== told) report(sentence);
        told = sentence;
      }
    }
  }
}

/** Whoever approved it, or asked for it where policies did; the approval is what entitles to all that it takes. */
function carrierOf({ decided_by, requester }: StoredRequest): Principal {
  const by = decided_by === null || decided_by === 'policies' ? requester : decided_by;
  const at = by.indexOf(':');
  return { kind: by.slice(0, at) as Principal['kind'], name: by.slice(at + 1), role: 'admin', teams: [] };
}

function summaryOf(request: StoredRequest) {
  const { id, kind, state, title, topic, team, owner, requester, why } = request;
  return {
    ...{ id, kind, state, title, topic, team, owner, requester, why },
    requestedAt: request.requested_at.toISOString(),
    ...(request.decided_by !== null && { decidedBy: request.decided_by }),
    ...(request.decided_at !== null && { decidedAt: request.decided_at.toISOString() }),
    ...(request.reason !== null && { reason: request.reason }),
    ...(request.operation !== null && { operation: request.operation }),
  };
}

function viewOf(request: StoredRequest, comments: RequestView['comments'], principal: Principal): RequestView {
  const { asked, verdict, proposal, capacity, cost, problem } = request;
  return {
    ...summaryOf(request),
    ...{ asked, verdict, proposal, capacity, cost, comments },
    actions: actionsOf(request, principal),
    ...(problem !== null && { problem }),
  };
}
