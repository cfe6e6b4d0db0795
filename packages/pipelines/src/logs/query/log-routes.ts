/** What is asked of logs over HTTP: lines, those to come, shapes, alerts. */
import {
  type FoundLine,
  implement,
  type LogAlert,
  type LogShape,
  logAlertsContract,
  logShapesContract,
  type Route,
  searchLinesContract,
  tailLinesContract,
} from '@millrace/api';
import type { LineFeed } from '../indexing/line-feed.ts';
import type { ShapeAlert } from '../indexing/partition-shapes.ts';
import { isAskedFor } from '../store/line-query.ts';
import type { StoredLine } from '../store/log-block.ts';
import type { LogStore } from '../store/log-store.ts';
import { cursorOf, parseCursor, parseQuery } from './parse-query.ts';

export interface QueriedLogs {
  readonly store: LogStore;
  readonly feed: LineFeed;
  readonly isComplete: boolean;
  /** Newest first. */
  readonly alerts: readonly ShapeAlert[];
  /** All shapes, those of most lines first. */
  shapes(): readonly LogShape[];
  /** Ids of all templates that are one with this. */
  idsOf(template: string): readonly string[];
}

export function logRoutes(logs: QueriedLogs): Route[] {
  const idsOf = (template: string): readonly string[] => logs.idsOf(template);
  return [
    implement(searchLinesContract, async ({ query, signal }) => {
      const { from, until, limit = 100, cursor } = query;
      const bounds = { from: from && Date.parse(from), until: until && Date.parse(until) };
      const asked = { ...parseQuery(query, idsOf), ...(bounds as { from?: number; until?: number }) };
      const before = cursor === undefined ? undefined : parseCursor(cursor);
      const found = await logs.store.search(asked, limit, before, signal);
      const last = found.lines.at(-1);
      const next =
        found.hasMore && last !== undefined
          ? cursorOf({ time: last.line.time, partition: last.partition, offset: last.offset })
          : null;
      const { blocksRead, blocksLeftOut } = found;
      return { lines: found.lines.map(foundLine), next, complete: logs.isComplete, blocksRead, blocksLeftOut };
    }),
    implement(tailLinesContract, ({ query, signal }) => {
      const asked = parseQuery(query, idsOf);
      return tail(logs.feed, (stored) => isAskedFor(asked, stored), signal);
    }),
    implement(logShapesContract, ({ query: { text, limit = 1_000 } }) => {
      const wanted = text?.toLowerCase();
      const all = logs.shapes();
      const shapes = wanted === undefined ? all : all.filter((each) => each.text.toLowerCase().includes(wanted));
      const lines = all.reduce((sum, { count }) => sum + count, 0);
      return { templates: shapes.slice(0, limit), total: shapes.length, lines };
    }),
    implement(logAlertsContract, () => ({ alerts: logs.alerts.map(toldAlert) })),
  ];
}

async function* tail(feed: LineFeed, accepts: (stored: StoredLine) => boolean, signal: AbortSignal) {
  for await (const item of feed.watch(accepts, signal)) yield { data: 'missed' in item ? item : foundLine(item) };
}

export function foundLine({ partition, offset, template, line }: StoredLine): FoundLine {
  const { time, received, severity, body, labels, attributes, traceId, spanId } = line;
  return {
    id: `${partition}-${offset}`,
    time: new Date(time).toISOString(),
    received: new Date(received).toISOString(),
    severity: severity ?? null,
    body,
    template,
    labels: { ...labels },
    ...(attributes === undefined ? {} : { attributes: { ...attributes } }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(spanId === undefined ? {} : { spanId }),
  };
}

export function toldAlert({
  kind,
  time,
  template,
  text,
  count,
  perMinute,
  usualPerMinute,
  severity,
  labels,
}: ShapeAlert): LogAlert {
  return {
    ...{ kind, time: new Date(time).toISOString(), template, text, count, labels: { ...labels } },
    severity: severity ?? null,
    ...(perMinute === undefined ? {} : { perMinute }),
    ...(usualPerMinute === undefined ? {} : { usualPerMinute }),
  };
}
