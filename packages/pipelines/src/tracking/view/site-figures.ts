/**
 * The figures of each site and of all together, kept as events come. Views of pages, and which pages and sites lead.
 */
import type { TrackingCounts } from '@millrace/api';
import type { OrderedStore, WriteBatch } from '@millrace/store';
import { rowKey, textPart } from './row-key.ts';
import { RowTable } from './row-table.ts';
import type { SessionChange } from './session-table.ts';
import { TopList } from './top-list.ts';

/** What of an event counts. */
export interface Counted {
  readonly site: string;
  readonly at: number;
  readonly isRequest: boolean;
  readonly isAutomated: boolean;
  readonly status: number | undefined;
  readonly page: string | undefined;
  readonly session: SessionChange | undefined;
}

interface Figures {
  site: string;
  events: number;
  requests: number;
  pageViews: number;
  visits: number;
  visitors: number;
  people: number;
  sessions: number;
  bounces: number;
  durationMs: number;
  automated: number;
  firstAt: number | null;
  lastAt: number | null;
  statuses: Record<string, number>;
}

export interface PageViews {
  readonly site: string;
  readonly path: string;
  readonly views: number;
}

/** Sites are named by whoever sends events; a list of them must end. */
export const sitesMost = 100;
/** Pages of all sites that are known without looking for them. */
const pagesMost = 100;
/** No site has this name. */
const allSites = '';

export class SiteFigures {
  readonly #sites: RowTable<Figures>;
  readonly #pages: RowTable<PageViews>;
  readonly #topPages = new TopList<PageViews>(pagesMost, comparePages, ({ site, path }) => rowKey(site, path));
  readonly #topSites = new TopList<Pick<Figures, 'site' | 'events'>>(sitesMost, compareSites, ({ site }) => site);

  constructor(store: OrderedStore) {
    this.#sites = new RowTable(store, 'sites');
    this.#pages = new RowTable(store, 'pages');
    for (const [key, figures] of this.#sites.under()) if (key !== allKey) this.#topSites.note(figures);
    for (const [, page] of this.#pages.under()) this.#topPages.note(page);
  }

  add(counted: Counted): void {
    const { site, page } = counted;
    this.#change(site, (figures) => addTo(figures, counted));
    this.#topSites.note({ site, events: this.#sites.get(textPart(site))?.events ?? 0 });
    if (page === undefined || counted.isAutomated) return;
    const key = rowKey(site, page);
    const views = { site, path: page, views: (this.#pages.get(key)?.views ?? 0) + 1 };
    this.#pages.put(key, views);
    this.#topPages.note(views);
  }

  addPeople(site: string, change: 1 | -1): void {
    this.#change(site, (figures) => {
      figures.people += change;
    });
  }

  /** Whether anything of a site was counted. */
  has(site: string): boolean {
    return this.#sites.get(textPart(site)) !== undefined;
  }

  /** Of a site, or of all without one; all 0 where nothing is known. */
  counts(site?: string): TrackingCounts {
    return countsOf(this.#figuresOf(site));
  }

  statuses(site?: string): { status: number; requests: number }[] {
    return Object.entries(this.#figuresOf(site).statuses)
      .map(([status, requests]) => ({ status: Number(status), requests }))
      .sort((left, right) => left.status - right.status);
  }

  /** The most viewed pages, most first, ties by site and path. */
  pages(most: number, site?: string): readonly PageViews[] {
    if (site === undefined && most <= pagesMost) return this.#topPages.entries.slice(0, most);
    const top = new TopList<PageViews>(Math.max(1, most), comparePages, ({ path, site: of }) => rowKey(of, path));
    for (const [, page] of this.#pages.under(site === undefined ? [] : [site])) top.note(page);
    return top.entries.slice(0, most);
  }

  /** Those with the most events, most first, ties by name; or the one named, if anything of it was counted. */
  sites(named?: string): (TrackingCounts & { site: string })[] {
    const chosen = named === undefined ? this.#topSites.entries.map(({ site }) => site) : [named];
    return chosen.filter((site) => this.has(site)).map((site) => ({ site, ...this.counts(site) }));
  }

  commit(batch: WriteBatch): void {
    this.#sites.commit(batch);
    this.#pages.commit(batch);
  }

  trim(): void {
    this.#sites.trim();
    this.#pages.trim();
  }

  #figuresOf(site: string | undefined): Figures {
    return this.#sites.get(site === undefined ? allKey : textPart(site)) ?? nothing(site ?? allSites);
  }

  #change(site: string, change: (figures: Figures) => void): void {
    for (const [key, name] of [
      [textPart(site), site],
      [allKey, allSites],
    ] as const) {
      const figures = this.#sites.get(key) ?? nothing(name);
      change(figures);
      this.#sites.put(key, figures);
    }
  }
}

/** Keys are not empty. */
const allKey = '\u0001';

function addTo(figures: Figures, { at, isRequest, isAutomated, status, page, session }: Counted): void {
  figures.events++;
  figures.firstAt = Math.min(figures.firstAt ?? at, at);
  figures.lastAt = Math.max(figures.lastAt ?? at, at);
  if (isRequest) figures.requests++;
  if (status !== undefined) figures.statuses[status] = (figures.statuses[status] ?? 0) + 1;
  if (isAutomated) {
    figures.automated++;
    return;
  }
  if (page !== undefined) figures.pageViews++;
  if (session === undefined) return;
  if (session.isNewVisitor) figures.visitors++;
  figures.sessions += session.sessions;
  figures.visits += session.visits;
  figures.bounces += session.bounces;
  figures.durationMs += session.durationMs;
}

function countsOf({ site: _, durationMs, firstAt, lastAt, statuses: __, ...counts }: Figures): TrackingCounts {
  return {
    ...counts,
    sessionSeconds: Math.round(durationMs / 1_000),
    firstAt: firstAt === null ? null : new Date(firstAt).toISOString(),
    lastAt: lastAt === null ? null : new Date(lastAt).toISOString(),
  };
}

function nothing(site: string): Figures {
  return {
    ...{ site, events: 0, requests: 0, pageViews: 0, visits: 0, visitors: 0, people: 0, sessions: 0, bounces: 0 },
    ...{ durationMs: 0, automated: 0, firstAt: null, lastAt: null, statuses: {} },
  };
}

function comparePages(left: PageViews, right: PageViews): number {
  return right.views - left.views || order(left.site, right.site) || order(left.path, right.path);
}

function compareSites(left: Pick<Figures, 'site' | 'events'>, right: Pick<Figures, 'site' | 'events'>): number {
  return right.events - left.events || order(left.site, right.site);
}

/** By UTF-16 code units: the same everywhere, whatever the locale. */
function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
