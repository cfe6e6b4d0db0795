/** Totals of tracking as tables for people. */
import type { TrackingTotals } from '@millrace/api';
import { type Column, table } from '../framework/table.ts';

type Page = TrackingTotals['pages'][number];

const views: Column<Page> = { title: 'VIEWS', cell: (page) => page.views };
const pageSite: Column<Page> = { title: 'SITE', cell: (page) => page.site, shrinks: true };
const path: Column<Page> = { title: 'PAGE', cell: (page) => page.path, shrinks: true };

/** The lines; `width` is the terminal's. */
export function totalsText(totals: TrackingTotals, width: number | undefined): string[] {
  const several = totals.site === null && totals.sites.length > 1;
  return [
    ...figures(totals, width),
    '',
    ...table(totals.pages, several ? [views, pageSite, path] : [views, path], width),
    '',
    ...table(
      totals.statuses,
      [
        { title: 'STATUS', cell: ({ status }) => status, plain: true },
        { title: 'REQUESTS', cell: ({ requests }) => requests },
      ],
      width,
    ),
    ...(several ? ['', ...sites(totals, width)] : []),
  ];
}

function figures(totals: TrackingTotals, width: number | undefined): string[] {
  const { firstAt, lastAt, sessions, sessionSeconds } = totals;
  const rows: [string, string | number | null][] = [
    ['site', totals.site ?? totals.sites.map(({ site }) => site).join(', ')],
    ['from', firstAt],
    ['to', lastAt],
    ['events', totals.events],
    ['requests', totals.requests],
    ['page views', totals.pageViews],
    ['visits', totals.visits],
    ['visitors', totals.visitors],
    ['people', totals.people],
    ['sessions', totals.sessions],
    ['bounces', totals.bounces],
    ['session length, mean', sessions === 0 ? null : `${Math.round(sessionSeconds / sessions)} s`],
    ['by programs', totals.automated],
  ];
  const width1 = Math.max(...rows.map(([name]) => name.length));
  const lines = table(
    rows,
    [
      { title: '', cell: ([name]) => name.padEnd(width1) },
      { title: '', cell: ([, value]) => value },
    ],
    width,
  );
  return lines.slice(1);
}

function sites({ sites: rows }: TrackingTotals, width: number | undefined): string[] {
  return table(
    rows,
    [
      { title: 'SITE', cell: ({ site }) => site, shrinks: true },
      { title: 'PAGE VIEWS', cell: ({ pageViews }) => pageViews },
      { title: 'VISITS', cell: ({ visits }) => visits },
      { title: 'VISITORS', cell: ({ visitors }) => visitors },
      { title: 'SESSIONS', cell: ({ sessions }) => sessions },
      { title: 'EVENTS', cell: ({ events }) => events },
    ],
    width,
  );
}
