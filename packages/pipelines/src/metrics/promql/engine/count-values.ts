/** count_values: how many series of a group have the same value, by value as a label. */
import { histogramText } from '../histogram/histogram-text.ts';
import { plainDecimal } from '../model/number-text.ts';
import { queryFailed } from '../query-error.ts';
import type { Aggregation } from '../syntax/expression.ts';
import { Column } from './column.ts';
import type { Evaluation } from './evaluation.ts';
import { groupLabels } from './grouping.ts';

export async function countValues(
  aggregation: Aggregation,
  label: string,
  columns: readonly Column[],
  { grid, budget }: Evaluation,
): Promise<Column[]> {
  if (label === '' || !label.isWellFormed() || label.includes('\ufffd')) {
    throw queryFailed(`invalid label name ${goQuoted(label)}`);
  }
  const { isWithout, grouping } = aggregation;
  const labelsOf = groupLabels({ isWithout, grouping: isWithout ? grouping : [...grouping, label] });
  const results = new Map<string, Column>();
  for (const column of columns) {
    if (budget.isDue) await budget.yield();
    for (let at = 0; at < grid.count; at++) {
      const sample = column.at(at);
      if (sample === undefined) continue;
      const text = typeof sample === 'number' ? plainDecimal(sample) : histogramText(sample);
      const labels = labelsOf(column.labels.with(label, text));
      let result = results.get(labels.key);
      if (result === undefined) {
        budget.take(grid.count);
        result = new Column(labels, grid.count);
        results.set(labels.key, result);
      }
      result.setNumber(at, (result.has(at) ? (result.values[at] as number) : 0) + 1);
    }
  }
  return [...results.values()];
}

function goQuoted(text: string): string {
  return JSON.stringify(text);
}
