/** Evaluates an expression at all times of a grid at once, part by part from the inside. */
import { multiplied } from '../histogram/arithmetic.ts';
import { queryFailed } from '../query-error.ts';
import type { Expression, Unary } from '../syntax/expression.ts';
import { evaluateAggregation } from './aggregate.ts';
import { evaluateBinary } from './binary.ts';
import { evaluateCall } from './call.ts';
import { kinds } from './column.ts';
import type { Evaluation, Value } from './evaluation.ts';
import { evaluateSelector } from './instant-selector.ts';
import { evaluateSmoothed } from './smoothed-selector.ts';

export async function evaluate(expression: Expression, evaluation: Evaluation): Promise<Value> {
  if (evaluation.budget.isDue) await evaluation.budget.yield();
  switch (expression.kind) {
    case 'number':
      return { type: 'scalar', values: new Float64Array(evaluation.grid.count).fill(expression.value) };
    case 'string':
      return { type: 'string', text: expression.value };
    case 'parenthesised':
      return evaluate(expression.inner, evaluation);
    case 'selector': {
      const look = expression.mode === 'smoothed' ? evaluateSmoothed : evaluateSelector;
      return { type: 'vector', columns: await look(expression, evaluation) };
    }
    case 'call':
      return evaluateCall(expression, evaluation);
    case 'aggregation':
      return { type: 'vector', columns: await evaluateAggregation(expression, evaluation) };
    case 'unary':
      return evaluateUnary(expression, evaluation);
    case 'binary':
      return evaluateBinary(expression, evaluation);
    default:
      throw queryFailed('a range vector can only be the argument of a function, or an instant query of its own');
  }
}

async function evaluateUnary({ operator, inner }: Unary, evaluation: Evaluation): Promise<Value> {
  const value = await evaluate(inner, evaluation);
  if (operator === '+' || value.type === 'string') return value;
  if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((each) => -each) };
  for (const column of value.columns) {
    column.dropsName = true;
    for (let at = 0; at < column.kinds.length; at++) {
      const histogram = column.histogram(at);
      if (histogram !== undefined) column.setHistogram(at, multiplied(histogram, -1));
      else if (column.kinds[at] === kinds.number) column.values[at] = -(column.values[at] as number);
    }
  }
  return value;
}
