/**
 * Decides on events, each once. Requests that come while others are written go together in the next group, so that many
 * share the syncs of the disk.
 *
 * A group goes through four steps, each kept before the next begins: the events are claimed under their keys, they are
 * counted, the decisions are stored, and they are published. Then they are answered. So nothing is answered that a
 * killed process could lose; and a retry finds what the first request left: its event, which counts once however often
 * it is added, or its decision, which it is given. A retry publishes the stored decision once more, for nobody knows
 * whether the first one was; readers of what is published take one per key.
 *
 * One process decides on a set of keys.
 */
import { AssertionFailure } from '@millrace/base';
import type { BatchEntry, BatchOutcome, RecordKey, RecordStore } from '@millrace/store';
import type { FeatureValues, RiskEvent } from '../features/feature.ts';
import type { FeatureState } from '../features/feature-state.ts';
import {
  checkRequest,
  checkTime,
  type Decision,
  type DecisionRequest,
  IdempotencyConflict,
  type Judgement,
} from './decision.ts';

export interface DecisionsOptions {
  /** Of the keys and decisions; perhaps the one that the state has. */
  readonly records: RecordStore;
  readonly namespace: string;
  /** The set of the decisions, unlike that of the histories. */
  readonly set: string;
  readonly state: FeatureState;
  readonly judge: (features: FeatureValues, event: RiskEvent) => Judgement;
  /** Resolves when all are kept, such as in a topic. */
  readonly publish: (decisions: readonly Decision[]) => Promise<void>;
  /** How old an event may be at most. 5 minutes by default. */
  readonly latenessMs?: number | undefined;
  /** For how long a retry is known. 48 by default, 24 at least. */
  readonly keepHours?: number | undefined;
  /** Milliseconds since 1970. The clock by default. */
  readonly now?: (() => number) | undefined;
}

interface Waiting {
  readonly request: DecisionRequest;
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: unknown) => void;
}

interface Claim {
  readonly event: RiskEvent;
  readonly decision: Decision | undefined;
}

const groupMax = 500;
const keepHoursMin = 24;

export class Decisions {
  readonly #options: DecisionsOptions;
  readonly #latenessMs: number;
  readonly #ttl: number;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(options: DecisionsOptions) {
    this.#options = options;
    this.#latenessMs = options.latenessMs ?? 300_000;
    this.#ttl = Math.max(options.keepHours ?? 48, keepHoursMin) * 3_600;
    this.#now = options.now ?? Date.now;
  }

  /**
   * The decision on an event, kept before it is answered; the first one where its key came before.
   *
   * @throws DecisionRequestError
   * @throws IdempotencyConflict where the key came before with another event.
   */
  decide(request: DecisionRequest): Promise<Decision> {
    return new Promise((resolve, reject) => {
      checkRequest(request);
      this.#waiting.push({ request, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#decide(group);
      } catch (error) {
        // What fails a group may be one event's: each has its own answer then.
        if (group.length === 1) group[0]?.reject(error);
        else for (const one of group) await this.#decide([one]).catch(one.reject);
      }
    }
    this.#running = false;
  }

  /** The oldest of those who wait, each key once: another request with it finds what the first one left. */
  #nextGroup(): Waiting[] {
    const group = new Map<string, Waiting>();
    const rest: Waiting[] = [];
    for (const one of this.#waiting) {
      if (group.size < groupMax && !group.has(one.request.id)) group.set(one.request.id, one);
      else rest.push(one);
    }
    this.#waiting = rest;
    return [...group.values()];
  }

  async #decide(group: readonly Waiting[]): Promise<void> {
    const now = this.#now();
    const found = await this.#read(group.map(({ request }) => request));
    const valid = group.filter((one) => {
      try {
        this.#check(one.request, found.get(one.request.id), now);
        return true;
      } catch (error) {
        one.reject(error);
        return false;
      }
    });
    const events = valid.map(({ request }) => request);
    await this.#write(events.filter(({ id }) => !found.has(id)).map((event) => ({ event, decision: undefined })));
    const undecided = events.filter(({ id }) => found.get(id)?.decision === undefined);
    const made = await this.#judge(undecided, now);
    await this.#write(made.map((decision) => ({ event: decision.event, decision })));
    const decisions = new Map(made.map((decision) => [decision.event.id, decision]));
    const answers = events.map(({ id }) => decisions.get(id) ?? (found.get(id)?.decision as Decision));
    if (answers.length === 0) return;
    try {
      await this.#options.publish(answers);
      for (const [at, one] of valid.entries()) one.resolve(answers[at] as Decision);
    } catch (error) {
      for (const one of valid) one.reject(error);
    }
  }

  #check(request: DecisionRequest, claim: Claim | undefined, now: number): void {
    if (claim === undefined) checkTime(request, now, this.#latenessMs);
    else if (encodeEvent(claim.event) !== encodeEvent(request)) {
      throw new IdempotencyConflict(
        `the key ${request.id} came before with another event; give this one a key of its own`,
      );
    }
  }

  async #judge(events: readonly RiskEvent[], now: number): Promise<Decision[]> {
    if (events.length === 0) return [];
    const oldestWanted = Math.min(now - this.#latenessMs, ...events.map(({ time }) => time));
    const values = await this.#options.state.update({ arrivals: events, wanted: events, oldestWanted });
    return events.map((event, at) => {
      const features = values[at] as FeatureValues;
      return { ...this.#options.judge(features, event), event, features, decidedAt: now };
    });
  }

  async #read(events: readonly RiskEvent[]): Promise<Map<string, Claim>> {
    const outcomes = await this.#options.records.batch(
      events.map(({ id }) => ({ type: 'get', key: this.#keyFor(id) })),
    );
    const found = new Map<string, Claim>();
    for (const [at, { id }] of events.entries()) {
      const claim = claimIn(outcomes[at]);
      if (claim !== undefined) found.set(id, claim);
    }
    return found;
  }

  async #write(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    const entries = claims.map(({ event, decision }): BatchEntry => {
      const bins = { event: encodeEvent(event), ...(decision && { decision: JSON.stringify(decision) }) };
      return { type: 'put', key: this.#keyFor(event.id), bins, options: { ttl: this.#ttl, durable: true } };
    });
    for (const outcome of await this.#options.records.batch(entries)) {
      if (outcome.type === 'error') throw outcome.error;
    }
  }

  #keyFor(key: string): RecordKey {
    const { namespace, set } = this.#options;
    return { namespace, set, key };
  }
}

function claimIn(outcome: BatchOutcome | undefined): Claim | undefined {
  if (outcome?.type === 'error') throw outcome.error;
  if (outcome?.type !== 'get') throw new AssertionFailure('a get has the outcome of one');
  const event = outcome.record?.bins['event'];
  if (typeof event !== 'string') return undefined;
  const decision = outcome.record?.bins['decision'];
  return {
    event: JSON.parse(event) as RiskEvent,
    decision: typeof decision === 'string' ? (JSON.parse(decision) as Decision) : undefined,
  };
}

/** The same text for equal events, in whatever order they have their fields. */
function encodeEvent({ id, kind, time, fields }: RiskEvent): string {
  const sorted = Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ id, kind, time, fields: sorted });
}
