/** Which series an aggregation puts together. */
import { Labels, metricNameLabel } from '../model/labels.ts';
import type { Aggregation } from '../syntax/expression.ts';
import type { Column } from './column.ts';

export interface Group {
  /** Those that all its members share. */
  readonly labels: Labels;
  readonly members: Column[];
}

export function groupLabels({
  grouping,
  isWithout,
}: Pick<Aggregation, 'grouping' | 'isWithout'>): (of: Labels) => Labels {
  if (!isWithout && grouping.length === 0) return () => Labels.empty;
  const names = new Set(grouping);
  if (!isWithout) return (of) => of.keep(names);
  names.add(metricNameLabel);
  return (of) => of.drop(names);
}

/** In the order of their first members. */
export function groupsOf(columns: readonly Column[], aggregation: Aggregation): Group[] {
  const groups = new Map<string, Group>();
  const labelsOf = groupLabels(aggregation);
  for (const column of columns) {
    const labels = labelsOf(column.labels);
    const group = groups.get(labels.key);
    if (group === undefined) groups.set(labels.key, { labels, members: [column] });
    else group.members.push(column);
  }
  return [...groups.values()];
}
