/** What of its labels decides with which series of the other side one belongs together. */
import { type Labels, metricNameLabel } from '../model/labels.ts';
import type { Matching } from '../syntax/expression.ts';
import type { Column } from './column.ts';

/** The labels that both sides must have in common. */
export function matchedLabels({ on, labels }: Pick<Matching, 'on' | 'labels'>): (of: Labels) => Labels {
  const names = new Set(labels);
  if (on) return (of) => of.keep(names);
  names.add(metricNameLabel);
  return (of) => of.drop(names);
}

/** Columns of both sides that belong together. */
export interface MatchGroup {
  readonly labels: Labels;
  readonly left: Column[];
  readonly right: Column[];
}

export function matchGroups(left: readonly Column[], right: readonly Column[], matching: Matching): MatchGroup[] {
  const groups = new Map<string, MatchGroup>();
  const matched = matchedLabels(matching);
  const groupOf = (column: Column): MatchGroup => {
    const labels = matched(column.labels);
    let group = groups.get(labels.key);
    if (group === undefined) {
      group = { labels, left: [], right: [] };
      groups.set(labels.key, group);
    }
    return group;
  };
  for (const column of left) groupOf(column).left.push(column);
  for (const column of right) groupOf(column).right.push(column);
  return [...groups.values()];
}

/** Where any of the columns has something. */
export function presence(columns: readonly Column[], count: number): Uint8Array {
  const present = new Uint8Array(count);
  for (const { kinds } of columns)
    for (let at = 0; at < count; at++) present[at] = (present[at] as number) | (kinds[at] as number);
  return present;
}
