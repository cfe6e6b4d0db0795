/** and, or, unless: series of one side by whether the other has any with the same labels. */
import type { Matching, SetOperator } from '../syntax/expression.ts';
import { type Column, nonEmpty } from './column.ts';
import { mergedByLabels } from './merge.ts';
import { matchGroups, presence } from './signature.ts';

export function combineSets(operator: SetOperator, left: Column[], right: Column[], matching: Matching): Column[] {
  const count = (left[0] ?? right[0])?.kinds.length ?? 0;
  for (const group of matchGroups(left, right, matching)) {
    const [columns, others] = operator === 'or' ? [group.right, group.left] : [group.left, group.right];
    if (columns.length === 0) continue;
    const there = presence(others, count);
    const keepsWhenThere = operator === 'and';
    for (const column of columns) {
      for (let at = 0; at < count; at++) if ((there[at] !== 0) !== keepsWhenThere) column.clear(at);
    }
  }
  return operator === 'or' ? mergedByLabels(nonEmpty([...left, ...right])) : nonEmpty(left);
}
