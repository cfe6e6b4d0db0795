/** Sessions of a site, by when they began. */
import type { TrackingSessions } from '@millrace/api';
import { userKey } from '../event.ts';
import { deviceKey } from '../view/people-table.ts';
import type { FoundSession } from '../view/session-table.ts';
import type { TrackingView } from '../view/tracking-view.ts';

export interface SessionsOptions {
  readonly site: string;
  /** When they began, in ms since 1970: from, and before. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  /** The newest first; else the oldest. */
  readonly newest: boolean;
}

/** Times are from the year 0 to 9999. */
const earliest = -62_200_000_000_000;
const latest = 253_500_000_000_000;

export function sessionsOf(view: TrackingView, options: SessionsOptions): TrackingSessions {
  const { site, from = earliest, to = latest, limit, newest } = options;
  const sessions: TrackingSessions['sessions'] = [];
  let isMore = false;
  for (const session of view.sessions.between(site, { from, to, reverse: newest })) {
    if (sessions.length === limit) {
      isMore = true;
      break;
    }
    sessions.push(shown(view, session));
  }
  return { site, sessions, more: isMore };
}

function shown(view: TrackingView, session: FoundSession): TrackingSessions['sessions'][number] {
  const { visitor, start, end, events, pageViews, entry, exit, source } = session;
  // A visitor without an anonymous id is a user already.
  const actor = visitor.startsWith(userKey('')) ? visitor : deviceKey(visitor);
  const person = view.people.personOf(actor);
  return {
    visitor,
    user: person.startsWith(userKey('')) ? person.slice(userKey('').length) : null,
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    seconds: (end - start) / 1_000,
    events,
    pageViews,
    entry: entry?.what ?? null,
    exit: exit?.what ?? null,
    source: source?.what ?? null,
  };
}
