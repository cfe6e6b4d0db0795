/** Live page views: those of the last minutes, how many a minute, of which pages, by how many visitors. */
import type { TrackingLive } from '@millrace/api';
import { minuteMs } from '../view/live-table.ts';
import type { TrackingView } from '../view/tracking-view.ts';

export interface LiveOptions {
  /** Only this site; all without it. */
  readonly site?: string | undefined;
  readonly minutes: number;
  /** How many pages to list. */
  readonly pages: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function liveOf(view: TrackingView, { site, minutes, pages: most, now }: LiveOptions): TrackingLive {
  const end = Math.floor(now / minuteMs) * minuteMs + minuteMs;
  const start = end - minutes * minuteMs;
  const views = new Array<number>(minutes).fill(0);
  const visitors = new Set<string>();
  const pages = new Map<string, TrackingLive['pages'][number]>();
  for (const row of view.live.between(start, end)) {
    if (site !== undefined && row.site !== site) continue;
    if (row.visitor !== undefined) visitors.add(`${row.site}\n${row.visitor}`);
    if (row.page === undefined) continue;
    const minute = (row.minute - start) / minuteMs;
    views[minute] = (views[minute] ?? 0) + row.views;
    const key = `${row.site}\n${row.page}`;
    pages.set(key, { site: row.site, path: row.page, views: (pages.get(key)?.views ?? 0) + row.views });
  }
  const leading = [...pages.values()].sort(
    (left, right) => right.views - left.views || (`${left.site} ${left.path}` < `${right.site} ${right.path}` ? -1 : 1),
  );
  return {
    site: site ?? null,
    from: new Date(start).toISOString(),
    minutes: views,
    pageViews: views.reduce((sum, each) => sum + each, 0),
    visitors: visitors.size,
    pages: leading.slice(0, most),
  };
}
