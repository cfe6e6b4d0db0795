/**
 * Columns in which there are histograms of both kinds, taken apart: classic ones as their buckets, by labels without
 * `le`, and native ones. Where both are there under the same labels at a time, neither counts then.
 */
import { type Column, kinds } from '../engine/column.ts';
import type { Notes } from '../engine/notes.ts';
import type { ClassicBucket } from '../histogram/classic.ts';
import { type Labels, metricNameLabel } from '../model/labels.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import type { Place } from '../syntax/expression.ts';
import { remarks } from './remarks.ts';

interface BucketColumn {
  readonly upperBound: number;
  readonly column: Column;
}

export interface HistogramGroup {
  readonly labels: Labels;
  readonly buckets: BucketColumn[];
  native: Column | undefined;
}

const le: ReadonlySet<string> = new Set(['le']);

export function histogramGroups(columns: readonly Column[], notes: Notes, place: Place): HistogramGroup[] {
  const groups = new Map<string, HistogramGroup>();
  const groupOf = (labels: Labels): HistogramGroup => {
    let group = groups.get(labels.key);
    if (group === undefined) {
      group = { labels, buckets: [], native: undefined };
      groups.set(labels.key, group);
    }
    return group;
  };
  for (const column of columns) {
    if (column.histograms !== undefined) groupOf(column.labels).native = column;
    if (!column.kinds.includes(kinds.number)) continue;
    const text = column.labels.get('le');
    const upperBound = boundOf(text);
    if (upperBound === undefined) remarks.badBucket(notes, column.labels.get(metricNameLabel), text, place);
    else groupOf(column.labels.drop(le)).buckets.push({ upperBound, column });
  }
  return [...groups.values()];
}

/** What of a group is there at a time. */
export function histogramAt(
  { labels, buckets, native }: HistogramGroup,
  at: number,
  notes: Notes,
  place: Place,
): NativeHistogram | ClassicBucket[] | undefined {
  const classic: ClassicBucket[] = [];
  for (const { upperBound, column } of buckets) {
    if (column.kinds[at] === kinds.number) classic.push({ upperBound, count: column.values[at] as number });
  }
  const histogram = native?.histogram(at);
  if (histogram !== undefined && classic.length > 0) {
    remarks.mixedKinds(notes, labels.get(metricNameLabel), place);
    return undefined;
  }
  return histogram ?? (classic.length > 0 ? classic : undefined);
}

function boundOf(text: string): number | undefined {
  if (/^[+]?inf(?:inity)?$/i.test(text)) return Infinity;
  if (/^-inf(?:inity)?$/i.test(text)) return -Infinity;
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined;
}
