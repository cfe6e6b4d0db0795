/** label_replace and label_join: labels made of other labels. */
import type { Column } from '../engine/column.ts';
import { type Evaluation, evaluateVector, textOf } from '../engine/evaluation.ts';
import { mergedByLabels } from '../engine/merge.ts';
import { metricNameLabel } from '../model/labels.ts';
import { compilePattern } from '../model/matcher.ts';
import { QueryError, queryFailed } from '../query-error.ts';
import type { Call, Expression } from '../syntax/expression.ts';
import { expandTemplate } from './expand-template.ts';

export async function evaluateLabelReplace({ args }: Call, evaluation: Evaluation): Promise<Column[]> {
  const [target = '', replacement = '', source = '', text = ''] = args.slice(1).map(textOf);
  const pattern = patternOf(text);
  checkLabel(target, 'destination', 'label_replace');
  const columns = await evaluateVector(args[0] as Expression, evaluation);
  for (const column of columns) {
    const match = pattern.matcher(column.labels.get(source));
    if (match.matches()) setLabel(column, target, expandTemplate(replacement, match));
  }
  return mergedByLabels(columns);
}

export async function evaluateLabelJoin({ args }: Call, evaluation: Evaluation): Promise<Column[]> {
  const [target = '', separator = '', ...sources] = args.slice(1).map(textOf);
  for (const source of sources) checkLabel(source, 'source', 'label_join');
  checkLabel(target, 'destination', 'label_join');
  const columns = await evaluateVector(args[0] as Expression, evaluation);
  for (const column of columns) {
    setLabel(column, target, sources.map((source) => column.labels.get(source)).join(separator));
  }
  return mergedByLabels(columns);
}

/** A name that is made anew is one that stays. */
function setLabel(column: Column, name: string, value: string): void {
  column.labels = column.labels.with(name, value);
  if (name === metricNameLabel) column.dropsName = false;
}

function checkLabel(name: string, what: string, called: string): void {
  if (name !== '' && name.isWellFormed() && !name.includes('\ufffd')) return;
  throw queryFailed(`invalid ${what} label name in ${called}(): ${name}`);
}

function patternOf(text: string) {
  try {
    return compilePattern(text);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw queryFailed(`invalid regular expression in label_replace(): ${text}`);
  }
}
