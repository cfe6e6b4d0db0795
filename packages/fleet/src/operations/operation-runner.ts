/**
 * Does the operations of the fleet that nobody does: whoever takes the lease of one goes on with it. So a process that
 * dies is followed when its leases have run out, and one that closes at once.
 */
import { isMillraceError, messageOf, type Platform } from '@millrace/base';
import { type Kysely, sql } from 'kysely';
import { databaseError } from '../database/database-error.ts';
import { takeLease } from '../database/lease.ts';
import type { Schema } from '../database/schema.ts';
import type { EventFeed } from '../events/event-feed.ts';
import { runOperation } from './operation-run.ts';
import type { PlanKinds } from './plan-kinds.ts';

export interface RunnerLimits {
  /** Operations that this process does at the same time. Default 8. */
  readonly operationsMax: number;
  /** Steps of one at the same time, where they need not wait for each other. Default 8. */
  readonly stepsMax: number;
  /** How often a step is tried where trying again may help. Default 8, over two minutes. */
  readonly attemptsMax: number;
  /** Before the second try; twice as long before each further one, up to 30 s. Default 500. */
  readonly backoffMs: number;
  /** A process that is gone is followed within this and a second. Default 6 s. */
  readonly leaseMs: number;
}

export interface RunnerOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly feed: EventFeed;
  readonly kinds: PlanKinds;
  /** This process, by a name that no other has. */
  readonly holder: string;
  readonly report: (message: string) => void;
  readonly limits?: Partial<RunnerLimits> | undefined;
}

const limitsDefault: RunnerLimits = {
  operationsMax: 8,
  stepsMax: 8,
  attemptsMax: 8,
  backoffMs: 500,
  leaseMs: 6_000,
};
const pollMs = 1_000;
/** Before what this process could not do is tried again. */
const penaltyMs = 5_000;

interface Running {
  readonly cancelled: AbortController;
  readonly ended: Promise<void>;
}

/** Runs from its making until it is closed. */
export class OperationRunner implements AsyncDisposable {
  readonly #options: RunnerOptions;
  readonly #limits: RunnerLimits;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Running>();
  readonly #notBefore = new Map<string, number>();
  readonly #unsubscribe: () => void;
  readonly #looking: Promise<void>;
  #wake = Promise.withResolvers<void>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    const given = Object.entries(options.limits ?? {}).filter(([, value]) => value !== undefined);
    this.#limits = { ...limitsDefault, ...Object.fromEntries(given) };
    this.#unsubscribe = options.feed.subscribe((events) => {
      for (const { kind, id, what } of events) {
        if (kind !== 'operation') continue;
        if (what === 'cancel_asked') this.#running.get(id)?.cancelled.abort();
        if (what === 'applied' || what === 'resumed' || what === 'cancel_asked') this.#wake.resolve();
      }
    });
    this.#looking = this.#look();
  }

  /** Stops what is under way, for another process or a later start to go on with. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    this.#wake.resolve();
    await this.#looking;
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #look(): Promise<void> {
    const { platform, report } = this.#options;
    let told = '';
    while (!this.#stop.signal.aborted) {
      try {
        for (const { id, kind } of await this.#free()) await this.#take(id, kind);
        told = '';
      } catch (error) {
        const sentence = messageOf(databaseError(error, 'operations can not be looked for'));
        if (sentence !== told) report(sentence);
        told = sentence;
      }
      const timer = platform.timers.after(pollMs, () => this.#wake.resolve());
      await this.#wake.promise;
      timer.cancel();
      this.#wake = Promise.withResolvers();
    }
  }

  /** Operations that have not ended and that nobody does, oldest first. */
  async #free(): Promise<readonly { readonly id: string; readonly kind: string }[]> {
    const { db, kinds, platform } = this.#options;
    const room = this.#limits.operationsMax - this.#running.size;
    if (room <= 0 || kinds.names.length === 0) return [];
    const now = platform.clock.monotonic();
    for (const [id, from] of this.#notBefore) if (from <= now) this.#notBefore.delete(id);
    const passedOver = [...this.#running.keys(), ...this.#notBefore.keys()];
    return await db
      .selectFrom('operation')
      .leftJoin('lease', (join) => join.on('lease.name', '=', sql<string>`'operation ' || operation.id`))
      .select(['operation.id', 'operation.kind'])
      .where('state', 'in', ['queued', 'running', 'cancelling'])
      .where('kind', 'in', kinds.names)
      .where((each) =>
        each.or([each('lease.until', 'is', null), each('lease.until', '<', sql<Date>`clock_timestamp()`)]),
      )
      .$if(passedOver.length > 0, (query) => query.where('operation.id', 'not in', passedOver))
      .orderBy('operation.created_at')
      .limit(room)
      .execute();
  }

  async #take(id: string, kindName: string): Promise<void> {
    const { db, platform, holder, report, kinds } = this.#options;
    const kind = kinds.get(kindName);
    if (kind === undefined || this.#stop.signal.aborted) return;
    const cancelled = new AbortController();
    const begun = Promise.withResolvers<void>();
    // Known from before it is read on, so that who asks to cancel it is heard.
    this.#running.set(id, { cancelled, ended: begun.promise });
    try {
      const ttlMs = this.#limits.leaseMs;
      const lease = { db, platform, holder, report, name: `operation ${id}`, ttlMs, renewMs: ttlMs / 3 };
      const term = await takeLease(lease);
      if (term === undefined) {
        this.#running.delete(id);
        return;
      }
      const options = { ...this.#limits, db, platform, report, holder, kind, cancelled: cancelled.signal };
      const ended = this.#run(id, () => term.work((held) => runOperation(options, id, held), this.#stop.signal));
      this.#running.set(id, { cancelled, ended });
    } catch (error) {
      this.#running.delete(id);
      throw error;
    } finally {
      begun.resolve();
    }
  }

  async #run(id: string, work: () => Promise<void>): Promise<void> {
    const { platform, report } = this.#options;
    try {
      await work();
    } catch (error) {
      const told = databaseError(error, `the operation ${id}`);
      // Whoever has taken over goes on with it.
      if (!isMillraceError(told, 'lease_lost')) {
        report(isMillraceError(told) ? `${messageOf(told)}; trying again` : `the operation ${id}: ${stackOf(told)}`);
        this.#notBefore.set(id, platform.clock.monotonic() + penaltyMs);
      }
    } finally {
      this.#running.delete(id);
      this.#wake.resolve();
    }
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
