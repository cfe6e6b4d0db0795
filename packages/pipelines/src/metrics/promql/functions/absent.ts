/** The labels of a series that is not there: those that its selector asks for by their only value. */
import { Labels, metricNameLabel } from '../model/labels.ts';
import type { VectorSelector } from '../syntax/expression.ts';

export function absentLabels(selector: VectorSelector | undefined): Labels {
  const values = new Map<string, string>();
  const asked = new Set<string>();
  for (const { name, operator, value } of selector?.matchers ?? []) {
    if (name === metricNameLabel) continue;
    // What is asked of a label in several ways tells of no one value.
    if (operator === '=' && !asked.has(name)) {
      values.set(name, value);
      asked.add(name);
    } else values.delete(name);
  }
  return Labels.from(values);
}
