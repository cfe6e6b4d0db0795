/** Columns with the same labels made one; where two have something at the same time, that is an error. */
import type { Labels } from '../model/labels.ts';
import { queryFailed } from '../query-error.ts';
import { type Column, kinds } from './column.ts';

const message = 'vector cannot contain metrics with the same labelset';

/** @throws QueryError `query_failed` where two of the same labels meet */
export function mergedByLabels(columns: readonly Column[]): Column[] {
  const byKey = new Map<string, Column>();
  for (const column of columns) {
    const { key } = column.labels;
    const first = byKey.get(key);
    if (first === undefined) byKey.set(key, column);
    else mergeInto(first, column);
  }
  return byKey.size === columns.length ? [...columns] : [...byKey.values()];
}

function mergeInto(first: Column, other: Column): void {
  for (let at = 0; at < other.kinds.length; at++) {
    if (other.kinds[at] === kinds.none) continue;
    if (first.kinds[at] !== kinds.none) throw queryFailed(message);
    first.copyFrom(other, at);
  }
}

/** Gives up the names that expressions have let go of. */
export function withoutDroppedNames(columns: readonly Column[]): Column[] {
  for (const column of columns) {
    if (column.dropsName) column.labels = withoutMetric(column.labels);
  }
  return mergedByLabels(columns);
}

function withoutMetric(labels: Labels): Labels {
  return labels.withoutMetric;
}
