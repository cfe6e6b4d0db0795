/**
 * A session: what a visitor does while no 30 minutes pass between one event and the next. Sessions are put together of
 * events in whatever order they come: `joined` is commutative and associative, and knows no time but the events' own.
 */
import type { EnrichedEvent } from '../enrich/enriched-event.ts';

/** Silence after which the next event opens a new session; events exactly so far apart still belong together. */
export const sessionGapMs = 30 * 60 * 1_000;

/** Times in ms since 1970. */
export interface Session {
  readonly start: number;
  readonly end: number;
  readonly events: number;
  readonly pageViews: number;
  /** Pages of the first and the last page view. */
  readonly entry: Moment | null;
  readonly exit: Moment | null;
  /** Where the person came from, by the earliest event that tells. */
  readonly source: Moment | null;
}

/** Something that an event tells, and when. Of several at one time the least text counts as the first. */
interface Moment {
  readonly at: number;
  readonly what: string;
}

/** The session of one event. */
export function sessionOf(event: EnrichedEvent, page: string | undefined): Session {
  const at = Date.parse(event.timestamp);
  const moment = (what: string | undefined): Moment | null => (what === undefined ? null : { at, what });
  const { campaign, referrer } = event.facts;
  const viewed = moment(page);
  return {
    start: at,
    end: at,
    events: 1,
    pageViews: page === undefined ? 0 : 1,
    entry: viewed,
    exit: viewed,
    source: moment(campaign?.source ?? campaign?.click ?? referrer?.source ?? referrer?.host),
  };
}

/** Whether no gap lies between them. */
export function touch(left: Session, right: Session): boolean {
  return left.start <= right.end + sessionGapMs && right.start <= left.end + sessionGapMs;
}

export function joined(left: Session, right: Session): Session {
  return {
    start: Math.min(left.start, right.start),
    end: Math.max(left.end, right.end),
    events: left.events + right.events,
    pageViews: left.pageViews + right.pageViews,
    entry: earlier(left.entry, right.entry),
    exit: earlier(left.exit, right.exit) === left.exit ? (right.exit ?? left.exit) : (left.exit ?? right.exit),
    source: earlier(left.source, right.source),
  };
}

function earlier(left: Moment | null, right: Moment | null): Moment | null {
  if (left === null || right === null) return left ?? right;
  if (left.at !== right.at) return left.at < right.at ? left : right;
  return left.what <= right.what ? left : right;
}
