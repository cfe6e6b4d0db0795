/** The route of figures over time. */
import { implement, ProblemError, type Route } from '@millrace/api';
import { querySeriesContract, type SeriesName as SeriesNameView } from '@millrace/api/fleet';
import type { Inventory } from '../inventory.ts';
import { querySeries, type SeriesName } from '../series/query-series.ts';
import type { Subject } from '../series/subject.ts';
import type { RouteParts } from './route-parts.ts';

const hourMs = 3_600_000;
const pointsDefault = 300;
/** Rows of the table that one query may read. */
const rowsMax = 100_000;

export function seriesRoutes(parts: RouteParts): Route[] {
  return [
    implement(querySeriesContract, async ({ body: { series, from, to, maxPoints = pointsDefault } }) => {
      const end = to === undefined ? parts.platform.clock.now() : Date.parse(to);
      const begin = Date.parse(from);
      if (!(begin < end)) throw wrong('/from', 'must be before the end');
      if (((end - begin) / hourMs + 1) * series.length > rowsMax) {
        throw wrong('/series', `are too many for so long a time: ${rowsMax} series times hours at most`);
      }
      const names = series.map((name, index): SeriesName => {
        const subject = subjectOf(name, index);
        const { cluster, metric } = name;
        return { cluster, metric, subject, isThere: isThere(parts.inventory, cluster, subject) };
      });
      const answers = await querySeries(
        parts.db,
        names,
        { from: begin, to: end, pointsMax: maxPoints },
        parts.openBuckets,
      );
      return {
        series: answers.map(({ stepMs, points }, index) => {
          return { ...(series[index] as SeriesNameView), stepMs, points: points.map((point) => [...point]) };
        }),
      };
    }),
  ];
}

function subjectOf({ topic, group, broker }: SeriesNameView, index: number): Subject {
  const named = [topic, group, broker].filter((name) => name !== undefined);
  if (named.length > 1) throw wrong(`/series/${index}`, 'names more than one of topic, group and broker');
  if (topic !== undefined) return { kind: 'topic', name: topic };
  if (group !== undefined) return { kind: 'group', name: group };
  return broker === undefined ? { kind: 'cluster', name: '' } : { kind: 'broker', name: String(broker) };
}

function isThere(inventory: Inventory, cluster: string, { kind, name }: Subject): boolean {
  const observed = inventory.cluster(cluster);
  if (observed === undefined) return false;
  if (kind === 'topic') return observed.topics.has(name);
  return kind === 'group' ? observed.groups.has(name) : true;
}

function wrong(field: string, message: string): ProblemError {
  return new ProblemError('invalid_request', `the body has the wrong shape: ${field.slice(1)} ${message}`, {
    issues: [{ field, message }],
  });
}
