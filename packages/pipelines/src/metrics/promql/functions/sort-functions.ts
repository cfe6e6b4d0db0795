/**
 * sort, sort_desc, sort_by_label, sort_by_label_desc: the order of an instant's series. A range is always by labels.
 */
import { type Column, kinds, nonEmpty } from '../engine/column.ts';
import { type Evaluation, evaluateVector, textOf } from '../engine/evaluation.ts';
import { compareLabels } from '../model/labels.ts';
import type { Call, Expression } from '../syntax/expression.ts';
import { compareNaturally } from './natural-order.ts';

export async function evaluateSort(call: Call, evaluation: Evaluation): Promise<Column[]> {
  const { name, args } = call;
  const columns = await evaluateVector(args[0] as Expression, evaluation);
  if (evaluation.grid.count > 1) {
    const text = 'sort is ineffective for range queries since results are always ordered by labels';
    evaluation.notes.warn(text, call);
  }
  const isDescending = name.endsWith('_desc');
  if (name.startsWith('sort_by_label')) {
    const labels = args.slice(1).map(textOf);
    return columns.toSorted((a, b) => compareByLabels(a, b, labels) * (isDescending ? -1 : 1));
  }
  for (const column of columns) withoutHistograms(column);
  return nonEmpty(columns).toSorted((a, b) =>
    compareValues(a.values[0] as number, b.values[0] as number, isDescending),
  );
}

function compareByLabels(a: Column, b: Column, names: readonly string[]): number {
  for (const name of names) {
    const order = compareNaturally(a.labels.get(name), b.labels.get(name));
    if (order !== 0) return order;
  }
  return compareLabels(a.labels, b.labels);
}

/** NaN comes last either way. */
function compareValues(a: number, b: number, isDescending: boolean): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  const order = a < b ? -1 : a > b ? 1 : 0;
  return isDescending ? -order : order;
}

function withoutHistograms(column: Column): void {
  if (column.histograms === undefined) return;
  for (let at = 0; at < column.kinds.length; at++) if (column.kinds[at] === kinds.histogram) column.clear(at);
}
