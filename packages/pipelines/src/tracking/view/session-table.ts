/**
 * The sessions of visitors, kept as events come. Of each visitor they are disjoint, ascending, and more than the gap
 * apart, and they depend on the set of events alone: a late event may extend a session, open one in between, or join
 * two into one, however late it is.
 *
 * Rows: site, visitor, start; and, to look them up by time, site, start, visitor.
 */
import type { OrderedStore, WriteBatch } from '@millrace/store';
import { keyParts, rowKey, timeOf } from './row-key.ts';
import { RowTable } from './row-table.ts';
import { joined, type Session, touch } from './session.ts';

/** How the figures change; counts may be negative. */
export interface SessionChange {
  readonly isNewVisitor: boolean;
  readonly sessions: number;
  readonly visits: number;
  readonly bounces: number;
  readonly durationMs: number;
}

/** A session and whose it is. */
export interface FoundSession extends Session {
  readonly site: string;
  readonly visitor: string;
}

/** Visitors whose sessions are kept at hand. */
const visitorsMost = 20_000;

export class SessionTable {
  readonly #rows: RowTable<Session>;
  readonly #byTime: RowTable<{ readonly site: string; readonly visitor: string }>;
  /** Ascending by start, by site and visitor. */
  readonly #atHand = new Map<string, Session[]>();

  constructor(store: OrderedStore) {
    this.#rows = new RowTable(store, 'sessions');
    this.#byTime = new RowTable(store, 'sessions-by-time');
  }

  /** Puts what may be a single event's session where it belongs. */
  add(site: string, visitor: string, added: Session): SessionChange {
    const sessions = this.#sessionsOf(site, visitor);
    const isNewVisitor = sessions.length === 0;
    // Those that touch it stand side by side; there are two at most.
    let after = sessions.length;
    while (
      after > 0 &&
      !touch(sessions[after - 1] as Session, added) &&
      (sessions[after - 1] as Session).start > added.start
    ) {
      after--;
    }
    let first = after;
    while (first > 0 && touch(sessions[first - 1] as Session, added)) first--;
    const replaced = sessions.slice(first, after);
    const made = replaced.reduce(joined, added);
    sessions.splice(first, after - first, made);
    for (const { start } of replaced) if (start !== made.start) this.#remove(site, visitor, start);
    this.#rows.put(rowKey(site, visitor, made.start), made);
    if (!replaced.some(({ start }) => start === made.start)) {
      this.#byTime.put(rowKey(site, made.start, visitor), { site, visitor });
    }
    return changeOf(replaced, made, isNewVisitor);
  }

  /** Sessions on disk that began from one time to before another, by start. */
  *between(
    site: string,
    { from, to, reverse }: { readonly from: number; readonly to: number; readonly reverse?: boolean },
  ): Generator<FoundSession> {
    const rows = this.#byTime.between(rowKey(site, from), rowKey(site, to), reverse === true ? { reverse } : {});
    for (const [key, whose] of rows) {
      const [, start = ''] = keyParts(key);
      const session = this.#rows.committed(rowKey(whose.site, whose.visitor, timeOf(start)));
      if (session !== undefined) yield { ...whose, ...session };
    }
  }

  commit(batch: WriteBatch): void {
    this.#rows.commit(batch);
    this.#byTime.commit(batch);
  }

  trim(): void {
    this.#rows.trim();
    this.#byTime.trim();
    if (this.#atHand.size > visitorsMost) this.#atHand.clear();
  }

  #sessionsOf(site: string, visitor: string): Session[] {
    const key = rowKey(site, visitor);
    const known = this.#atHand.get(key);
    if (known !== undefined) return known;
    const read = Array.from(this.#rows.under([site, visitor]), ([, session]) => session);
    this.#atHand.set(key, read);
    return read;
  }

  #remove(site: string, visitor: string, start: number): void {
    this.#rows.delete(rowKey(site, visitor, start));
    this.#byTime.delete(rowKey(site, start, visitor));
  }
}

function changeOf(before: readonly Session[], made: Session, isNewVisitor: boolean): SessionChange {
  const sum = (of: (session: Session) => number): number =>
    of(made) - before.reduce((total, session) => total + of(session), 0);
  return {
    isNewVisitor,
    sessions: 1 - before.length,
    visits: sum(({ pageViews }) => (pageViews > 0 ? 1 : 0)),
    bounces: sum(({ pageViews }) => (pageViews === 1 ? 1 : 0)),
    durationMs: sum(({ start, end }) => end - start),
  };
}
