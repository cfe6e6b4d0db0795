/**
 * Sessions by event time: a visitor's events belong together while no 30 minutes pass between one and the next.
 *
 * Invariants: of each visitor the sessions are disjoint, ascending, and more than the gap apart. They depend on the set
 * of events alone, not on their order: a late event may extend a session, open one in between, or join two. The figures
 * are always the sums over all sessions. Holds everything it was told in memory, and never forgets.
 */

/** Silence after which the next event opens a new session; events exactly so far apart still belong together. */
export const sessionGapMs = 30 * 60 * 1_000;

export interface SessionCounts {
  sessions: number;
  /** Sessions with at least one page view. */
  visits: number;
  /** Sessions with exactly one page view. */
  bounces: number;
  /** From the first to the last event, summed over sessions. */
  durationMs: number;
}

/** Times in milliseconds since 1970. */
interface Session {
  start: number;
  end: number;
  pageViews: number;
}

export class Sessions {
  readonly #byVisitor = new Map<string, Session[]>();
  readonly #counts: SessionCounts = { sessions: 0, visits: 0, bounces: 0, durationMs: 0 };

  get visitors(): number {
    return this.#byVisitor.size;
  }

  /** The figures now. */
  get counts(): Readonly<SessionCounts> {
    return this.#counts;
  }

  /** Adds an event of a visitor at a time. */
  add(visitor: string, at: number, isPageView: boolean): void {
    const added: Session = { start: at, end: at, pageViews: isPageView ? 1 : 0 };
    const sessions = this.#byVisitor.get(visitor);
    if (sessions === undefined) {
      this.#byVisitor.set(visitor, [added]);
    } else {
      // Sessions from `first` up to `after` are within the gap of the event; there are two at most.
      let after = sessions.length;
      while (after > 0 && (sessions[after - 1] as Session).start > at + sessionGapMs) after--;
      let first = after;
      while (first > 0 && (sessions[first - 1] as Session).end >= at - sessionGapMs) first--;
      for (const joined of sessions.slice(first, after)) {
        this.#count(joined, -1);
        added.start = Math.min(added.start, joined.start);
        added.end = Math.max(added.end, joined.end);
        added.pageViews += joined.pageViews;
      }
      sessions.splice(first, after - first, added);
    }
    this.#count(added, 1);
  }

  #count(session: Session, sign: 1 | -1): void {
    const counts = this.#counts;
    counts.sessions += sign;
    if (session.pageViews > 0) counts.visits += sign;
    if (session.pageViews === 1) counts.bounces += sign;
    counts.durationMs += sign * (session.end - session.start);
  }
}
