/** The figures of one site, kept as its events come in. They depend on the set of events alone, not on their order. */
import type { TrackingCounts } from '@millrace/api';
import { classify } from './classify.ts';
import { type TrackingEvent, visitorOf } from './event.ts';
import { Sessions } from './sessions.ts';

export class SiteTally {
  readonly #sessions = new Sessions();
  readonly #statuses = new Map<number, number>();
  readonly #pages = new Map<string, number>();
  #events = 0;
  #requests = 0;
  #pageViews = 0;
  #automated = 0;
  #firstAt = Number.POSITIVE_INFINITY;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** Counts an event that was not counted before. */
  add(event: TrackingEvent): void {
    const { automated, page, status } = classify(event);
    const at = Date.parse(event.timestamp);
    this.#events++;
    this.#firstAt = Math.min(this.#firstAt, at);
    this.#lastAt = Math.max(this.#lastAt, at);
    if (event.type === 'request') this.#requests++;
    if (status !== undefined) this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (automated) {
      this.#automated++;
      return;
    }
    if (page !== undefined) {
      this.#pageViews++;
      this.#pages.set(page, (this.#pages.get(page) ?? 0) + 1);
    }
    this.#sessions.add(visitorOf(event), at, page !== undefined);
  }

  get counts(): TrackingCounts {
    const { sessions, visits, bounces, durationMs } = this.#sessions.counts;
    return {
      events: this.#events,
      requests: this.#requests,
      pageViews: this.#pageViews,
      visits,
      visitors: this.#sessions.visitors,
      sessions,
      bounces,
      sessionSeconds: Math.round(durationMs / 1_000),
      automated: this.#automated,
      firstAt: this.#events === 0 ? null : new Date(this.#firstAt).toISOString(),
      lastAt: this.#events === 0 ? null : new Date(this.#lastAt).toISOString(),
    };
  }

  get statuses(): ReadonlyMap<number, number> {
    return this.#statuses;
  }

  /** Views by path. */
  get pages(): ReadonlyMap<string, number> {
    return this.#pages;
  }
}
