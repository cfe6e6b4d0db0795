/**
 * Background work that one process does at a time: whoever holds its lease, which has to be renewed. Times are the
 * database's, so that clocks need not agree.
 *
 * A holder that can't renew stops before others may take over, by its own clock. One that is too slow to notice is
 * fenced: `fenced` makes a transaction fail that its successor's epoch has passed.
 */
import { isMillraceError, messageOf, type Platform, sleep, type Timer } from '@millrace/base';
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { databaseError, LeaseLostError } from './database-error.ts';
import type { Schema } from './schema.ts';

/** A lease that is held. */
export interface Lease {
  readonly name: string;
  readonly epoch: number;
  /** Aborts when it is lost, or given up. */
  readonly signal: AbortSignal;
}

/** A lease that was taken: until its work has ended. */
export interface LeaseTerm {
  /** Does the work; its lease's signal also aborts when the given one does. Then the lease is given up. */
  work(work: (lease: Lease) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export interface LeaseOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly name: string;
  /** Whoever asks, by a name that no other process has. */
  readonly holder: string;
  /** Told of what goes wrong; the work is tried again. */
  readonly report: (message: string) => void;
  /** A holder that is gone is followed within this and a renewal's interval. Default 6 s. */
  readonly ttlMs?: number | undefined;
  readonly renewMs?: number | undefined;
}

const ttlMsDefault = 6_000;
const renewMsDefault = 2_000;
/** What a holder's clock may be off over one term, and how long it takes to stop. */
const marginMs = 1_000;

/**
 * Does the work whenever the lease can be had, until the signal aborts; work that ends or fails is begun again.
 * Resolves when nothing is done any more and the lease is given up.
 */
export async function whileLeading(
  options: LeaseOptions,
  work: (lease: Lease) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { platform, report, name, renewMs = renewMsDefault } = options;
  while (!signal.aborted) {
    try {
      const term = await Term.begin(options);
      if (term !== undefined) await term.work(work, signal);
    } catch (error) {
      const told = databaseError(error, `the lease ${name}`);
      if (!isMillraceError(told)) throw told;
      report(`${messageOf(told)}; trying again`);
    }
    await sleep(platform.timers, renewMs, signal).catch(() => undefined);
  }
}

/** Takes the lease for one piece of work; undefined when another process has it. */
export async function takeLease(options: LeaseOptions): Promise<LeaseTerm | undefined> {
  return await Term.begin(options);
}

/** Makes a transaction fail unless the lease still holds when it commits. Throws `LeaseLostError`. */
export async function fenced(transaction: Transaction<Schema>, { name, epoch }: Lease): Promise<void> {
  const own = transaction.selectFrom('lease').select('epoch').where('name', '=', name).where('epoch', '=', epoch);
  // The row is locked, so that nobody takes over before the transaction ends.
  if ((await own.forShare().executeTakeFirst()) === undefined) throw new LeaseLostError(name);
}

/** From a lease's acquisition to its end. */
class Term implements LeaseTerm {
  readonly #options: LeaseOptions;
  readonly #epoch: number;
  readonly #ttlMs: number;
  readonly #end = new AbortController();
  /** When it was last asked for with success, by the monotonic clock. */
  #renewedAt: number;
  #renewal: Timer | undefined;
  #expiry: Timer | undefined;

  private constructor(options: LeaseOptions, epoch: number, askedAt: number) {
    this.#options = options;
    this.#epoch = epoch;
    this.#ttlMs = options.ttlMs ?? ttlMsDefault;
    this.#renewedAt = askedAt;
  }

  /** Undefined when another process has the lease. */
  static async begin(options: LeaseOptions): Promise<Term | undefined> {
    const { db, name, holder, platform, ttlMs = ttlMsDefault } = options;
    const askedAt = platform.clock.monotonic();
    const until = untilIn(ttlMs);
    const row = await db
      .insertInto('lease')
      .values({ name, holder, epoch: 1, until })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ holder, epoch: sql`lease.epoch + 1`, until })
          .where(sql<boolean>`lease.until < clock_timestamp()`),
      )
      .returning('epoch')
      .executeTakeFirst();
    return row && new Term(options, row.epoch, askedAt);
  }

  async work(work: (lease: Lease) => Promise<void>, signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#end.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    this.#renewLater();
    this.#watch();
    try {
      await work({ name: this.#options.name, epoch: this.#epoch, signal: this.#end.signal });
    } finally {
      signal.removeEventListener('abort', stop);
      this.#end.abort();
      this.#renewal?.cancel();
      this.#expiry?.cancel();
      await this.#set(sql<Date>`clock_timestamp()`);
    }
  }

  /** Whatever fails here is tried again until the term is over. */
  #renewLater(): void {
    const { platform, renewMs = renewMsDefault } = this.#options;
    this.#renewal = platform.timers.after(renewMs, () => {
      const askedAt = platform.clock.monotonic();
      this.#set(untilIn(this.#ttlMs)).then(
        (isHeld) => {
          if (isHeld) this.#renewedAt = askedAt;
          else this.#lose();
          if (!this.#end.signal.aborted) this.#renewLater();
        },
        () => {
          if (!this.#end.signal.aborted) this.#renewLater();
        },
      );
    });
  }

  #watch(): void {
    const { platform } = this.#options;
    const left = this.#renewedAt + this.#ttlMs - marginMs - platform.clock.monotonic();
    if (left <= 0) return this.#lose();
    this.#expiry = platform.timers.after(Math.ceil(left), () => this.#watch());
  }

  #lose(): void {
    this.#end.abort(new LeaseLostError(this.#options.name));
  }

  /** Moves the term's end; answers false when another process has the lease. */
  async #set(until: RawBuilder<Date>): Promise<boolean> {
    const { db, name } = this.#options;
    const row = await db
      .updateTable('lease')
      .set({ until })
      .where('name', '=', name)
      .where('epoch', '=', this.#epoch)
      .returning('epoch')
      .executeTakeFirst();
    return row !== undefined;
  }
}

function untilIn(ms: number): RawBuilder<Date> {
  return sql<Date>`clock_timestamp() + ${sql.lit(ms)} * interval '1 ms'`;
}
