/**
 * What the topic's events add up to. Each distinct event counts once, however often and in whatever order it comes, so
 * that two tallies of the same events are equal. Holds it all in memory; README.md says how much that is.
 */
import type { TrackingCounts, TrackingTotals } from '@millrace/api';
import type { TrackingEvent } from './event.ts';
import { identityOf, Seen } from './seen.ts';
import { SiteTally } from './site-tally.ts';

export interface TotalsOptions {
  /** Only this site; all sites without it. */
  readonly site?: string | undefined;
  /** How many pages to list; default 20. */
  readonly pages?: number | undefined;
}

export class Tally {
  readonly #seen = new Seen();
  readonly #sites = new Map<string, SiteTally>();
  #duplicates = 0;
  #unreadable = 0;

  /** Distinct events counted. */
  get size(): number {
    return this.#seen.size;
  }

  /** Bytes that telling events apart takes. */
  get seenBytes(): number {
    return this.#seen.bytes;
  }

  /** Counts an event; false when it was counted before. */
  add(event: TrackingEvent): boolean {
    if (!this.#seen.add(identityOf(event))) {
      this.#duplicates++;
      return false;
    }
    let site = this.#sites.get(event.site);
    if (site === undefined) {
      site = new SiteTally();
      this.#sites.set(event.site, site);
    }
    site.add(event);
    return true;
  }

  /** Notes a record that is no event. */
  addUnreadable(): void {
    this.#unreadable++;
  }

  has(event: TrackingEvent): boolean {
    return this.#seen.has(identityOf(event));
  }

  hasSite(site: string): boolean {
    return this.#sites.has(site);
  }

  totals(options: TotalsOptions = {}): TrackingTotals {
    const chosen = [...this.#sites].filter(([name]) => options.site === undefined || name === options.site);
    const sites = chosen.map(([site, tally]) => ({ site, ...tally.counts }));
    sites.sort((left, right) => right.events - left.events || order(left.site, right.site));
    return {
      site: options.site ?? null,
      ...sum(sites),
      duplicates: this.#duplicates,
      unreadable: this.#unreadable,
      statuses: statusesOf(chosen),
      pages: pagesOf(chosen, options.pages ?? 20),
      sites: sites.slice(0, sitesMost),
    };
  }
}

/** Sites are named by whoever sends events; a list of them must end. */
const sitesMost = 100;

type Chosen = readonly (readonly [site: string, tally: SiteTally])[];

function statusesOf(chosen: Chosen): TrackingTotals['statuses'] {
  const requestsByStatus = new Map<number, number>();
  for (const [, tally] of chosen) {
    for (const [status, requests] of tally.statuses) {
      requestsByStatus.set(status, (requestsByStatus.get(status) ?? 0) + requests);
    }
  }
  return [...requestsByStatus]
    .map(([status, requests]) => ({ status, requests }))
    .sort((left, right) => left.status - right.status);
}

/** The most viewed pages, by one pass over all: there may be very many, and this is asked for ten times a second. */
function pagesOf(chosen: Chosen, most: number): TrackingTotals['pages'] {
  const top: TrackingTotals['pages'] = [];
  for (const [site, tally] of chosen) {
    for (const [path, views] of tally.pages) {
      const last = top[most - 1];
      if (last !== undefined && views < last.views) continue;
      const page = { site, path, views };
      let at = top.length;
      while (at > 0 && comparePages(page, top[at - 1] as typeof page) < 0) at--;
      if (at === most) continue;
      top.splice(at, 0, page);
      if (top.length > most) top.pop();
    }
  }
  return top;
}

type Page = TrackingTotals['pages'][number];

function comparePages(left: Page, right: Page): number {
  return right.views - left.views || order(left.site, right.site) || order(left.path, right.path);
}

const summed = [
  'events',
  'requests',
  'pageViews',
  'visits',
  'visitors',
  'sessions',
  'bounces',
  'sessionSeconds',
  'automated',
] as const;

function sum(sites: readonly TrackingCounts[]): TrackingCounts {
  const total = Object.fromEntries(
    summed.map((name) => [name, sites.reduce((sofar, site) => sofar + site[name], 0)]),
  ) as Record<(typeof summed)[number], number>;
  // ISO times of one length order as text.
  const firstAt = sites.flatMap((site) => site.firstAt ?? []).sort(order)[0] ?? null;
  const lastAt =
    sites
      .flatMap((site) => site.lastAt ?? [])
      .sort(order)
      .at(-1) ?? null;
  return { ...total, firstAt, lastAt };
}

/** By UTF-16 code units: the same everywhere, whatever the locale. */
function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
