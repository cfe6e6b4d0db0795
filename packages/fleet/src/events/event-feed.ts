/**
 * The feed of what changes in the fleet: rows of one table, in the order of their commits. Each process follows it from
 * memory, woken by PostgreSQL's notifications and, should those not come, by asking every second.
 *
 * An event says what changed, not how it is now: who is told asks for that.
 */
import type { FleetEvent } from '@millrace/api/fleet';
import { messageOf, type Platform } from '@millrace/base';
import { sql, type Transaction } from 'kysely';
import { databaseAnswer } from '../control-plane/database-answers.ts';
import type { Database } from '../database/database.ts';
import { databaseError } from '../database/database-error.ts';
import { lockLedger } from '../database/ledger.ts';
import type { Schema } from '../database/schema.ts';

/** Before it has its place in the feed. */
export type NewEvent = Readonly<Pick<FleetEvent, 'kind' | 'id' | 'what'>>;

export interface EventFeed extends AsyncDisposable {
  /** Of the newest event that this process knows; 0 when there is none. */
  readonly head: number;
  /**
   * Those after one, ascending, up to a bound; undefined when some of them are no longer kept. Old ones are not in
   * memory: throws `ProblemError` `unavailable` where those are asked for while the database is away.
   */
  after(seq: number): Promise<readonly FleetEvent[] | undefined>;
  /**
   * Tells of events as they come, ascending, and of the next when the listener's promise is fulfilled; again when that
   * is rejected. It may not wait for `catchUp`. The answer ends it.
   */
  subscribe(listener: Listener): () => void;
  /** Looks now; resolves when all that was committed before is known and told. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

type Listener = (events: readonly FleetEvent[]) => void | Promise<void>;

const channel = 'fleet_change';
const pollMs = 1_000;
const keptMax = 10_000;
const readMax = 1_000;

/** Adds events, as part of a transaction; they are seen when it commits. */
export async function appendEvents(transaction: Transaction<Schema>, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await lockLedger(transaction);
  for (let at = 0; at < events.length; at += readMax) {
    const rows = events.slice(at, at + readMax).map(({ kind, id, what }) => ({ kind, id, what }));
    await transaction.insertInto('change_event').values(rows).execute();
  }
  await sql`SELECT pg_notify(${channel}, '')`.execute(transaction);
}

/** Follows the feed from its newest event on. */
export async function openEventFeed(
  database: Database,
  platform: Platform,
  report: (message: string) => void,
): Promise<EventFeed> {
  const newest = await database.db
    .selectFrom('change_event')
    .select((each) => each.fn.max('seq').as('seq'))
    .executeTakeFirst();
  return new Feed(database, platform, report, newest?.seq ?? 0);
}

class Feed implements EventFeed {
  readonly #database: Database;
  readonly #platform: Platform;
  readonly #report: (message: string) => void;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<Listener>();
  readonly #running: Promise<unknown>;
  /** The newest, ascending; everything after `#keptAfter`. */
  #kept: FleetEvent[] = [];
  #keptAfter: number;
  #head: number;
  /** Of the newest event that all listeners were told of. */
  #told: number;
  #reading: Promise<void> | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(database: Database, platform: Platform, report: (message: string) => void, head: number) {
    this.#database = database;
    this.#platform = platform;
    this.#report = report;
    this.#head = head;
    this.#told = head;
    this.#keptAfter = head;
    const { signal } = this.#stop;
    this.#running = Promise.all([database.listen(channel, () => this.#wake.resolve(), signal), this.#follow()]);
  }

  get head(): number {
    return this.#head;
  }

  async after(seq: number): Promise<readonly FleetEvent[] | undefined> {
    try {
      return await this.#after(seq);
    } catch (error) {
      throw databaseAnswer(error);
    }
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async catchUp(): Promise<void> {
    // What is under way may have looked too early.
    await this.#reading;
    await this.#look();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.resolve();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #after(seq: number): Promise<readonly FleetEvent[] | undefined> {
    // Another process may know of newer ones.
    if (seq > this.#head) await this.catchUp();
    if (seq > this.#head) return undefined;
    if (seq >= this.#keptAfter) return this.#keptSince(seq).slice(0, readMax);
    const first = await this.#database.db
      .selectFrom('change_event')
      .select((each) => each.fn.min('seq').as('seq'))
      .executeTakeFirst();
    // Numbers of transactions that failed are missing, so the very next one need not be there.
    if (first?.seq == null || first.seq > seq + 1) return undefined;
    return await this.#read(seq);
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    let told = '';
    while (!signal.aborted) {
      try {
        await this.#look();
        told = '';
      } catch (error) {
        const sentence = messageOf(databaseError(error, 'the feed of changes can not be read'));
        if (sentence !== told && !signal.aborted) this.#report(sentence);
        told = sentence;
      }
      const timer = this.#platform.timers.after(pollMs, () => this.#wake.resolve());
      await this.#wake.promise;
      timer.cancel();
      this.#wake = Promise.withResolvers();
    }
  }

  #look(): Promise<void> {
    this.#reading ??= this.#readNew().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNew(): Promise<void> {
    for (;;) {
      const events = await this.#read(this.#head);
      this.#keep(events);
      await this.#tell();
      if (events.length < readMax) return;
    }
  }

  #keep(events: readonly FleetEvent[]): void {
    this.#head = events.at(-1)?.seq ?? this.#head;
    this.#kept.push(...events);
    const surplus = this.#kept.length - keptMax;
    if (surplus <= 0) return;
    this.#keptAfter = this.#kept[surplus - 1]?.seq ?? this.#keptAfter;
    this.#kept = this.#kept.slice(surplus);
  }

  /** Those after one, which is mostly near the end. */
  #keptSince(seq: number): readonly FleetEvent[] {
    let from = this.#kept.length;
    while (from > 0 && (this.#kept[from - 1] as FleetEvent).seq > seq) from--;
    return this.#kept.slice(from);
  }

  async #tell(): Promise<void> {
    if (this.#told === this.#head) return;
    const events = this.#keptSince(this.#told);
    for (const listener of this.#listeners) await listener(events);
    this.#told = this.#head;
  }

  async #read(after: number): Promise<FleetEvent[]> {
    const rows = await this.#database.db
      .selectFrom('change_event')
      .selectAll()
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(readMax)
      .execute();
    return rows.map(({ at, ...event }) => ({ ...event, at: at.toISOString() }));
  }
}
