/** The latest events that were counted, for people to see them pass. */
import { type TrackingEvent, visitorOf } from './event.ts';

export interface RecentEvent {
  readonly receivedAt: string;
  readonly site: string;
  readonly type: string;
  /** What happened, or where: the event's name, or the page's title or path. */
  readonly what: string;
  readonly path: string | null;
  /** The first letters of the visitor's id: enough to know oneself by. */
  readonly visitor: string;
}

const recentMost = 12;

export class RecentEvents {
  #events: readonly RecentEvent[] = [];

  /** Newest first. */
  get events(): readonly RecentEvent[] {
    return this.#events;
  }

  note(event: TrackingEvent): void {
    const last = this.#events.at(-1);
    if (this.#events.length === recentMost && last !== undefined && event.receivedAt <= last.receivedAt) return;
    const { page } = event.context ?? {};
    const seen = {
      receivedAt: event.receivedAt,
      site: event.site,
      type: event.type,
      what: event.event ?? event.name ?? page?.title ?? page?.path ?? '',
      path: page?.path ?? null,
      visitor: (visitorOf(event) ?? '').slice(0, 12),
    };
    const at = this.#events.findIndex((each) => each.receivedAt <= seen.receivedAt);
    this.#events = this.#events.toSpliced(at < 0 ? this.#events.length : at, 0, seen).slice(0, recentMost);
  }
}
