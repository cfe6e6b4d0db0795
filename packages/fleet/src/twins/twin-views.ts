/** Twins as people see them. */
import type { TwinDiff, TwinView } from '@millrace/api/fleet';
import { shapeDifferences } from './shape-differences.ts';
import { type TwinParts, twinPair } from './twin-parts.ts';
import { shapesOf } from './twin-sync.ts';

const differencesMax = 10_000;

export function twinViews({ record, factory }: TwinParts): TwinView[] {
  const running = new Map(factory?.running().map((twin) => [twin.name, twin]));
  return record
    .current()
    .list('cluster')
    .flatMap(({ spec: { name, twinOf, environment, bootstrap } }) => {
      if (twinOf === undefined) return [];
      const own = running.get(name);
      return [
        {
          name,
          source: twinOf,
          ...(environment !== undefined && { environment }),
          bootstrap,
          embedded: own !== undefined,
          ...(own !== undefined && { brokers: own.brokers }),
        },
      ];
    });
}

/** @throws ProblemError for a cluster that is nobody's twin */
export async function twinDiff(parts: TwinParts, twin: string, signal: AbortSignal): Promise<TwinDiff> {
  const { source } = twinPair(parts, twin);
  const shapes = await shapesOf(parts, twin, { signal });
  const differences = shapeDifferences(shapes.source, shapes.twin);
  const counts: Record<string, number> = {};
  for (const { kind } of differences) counts[kind] = (counts[kind] ?? 0) + 1;
  return {
    twin,
    source: source.name,
    observedAt: new Date(parts.platform.clock.now()).toISOString(),
    same: differences.length === 0,
    counts,
    differences: differences.slice(0, differencesMax),
  };
}
