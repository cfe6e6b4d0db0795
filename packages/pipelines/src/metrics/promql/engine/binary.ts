/** Operators between scalars and vectors; `vector-matching.ts` and `set-operators.ts` have those between vectors. */
import { typeOf } from '../syntax/check.ts';
import type { Binary } from '../syntax/expression.ts';
import { type Column, kinds, nonEmpty } from './column.ts';
import { type Evaluation, evaluateScalar, evaluateVector, type Value } from './evaluation.ts';
import {
  arithmetic,
  changesMetric,
  comparisons,
  isComparisonOperator,
  isNumberOperator,
  operate,
} from './operators.ts';
import { combineSets } from './set-operators.ts';
import { combineVectors } from './vector-matching.ts';

export async function evaluateBinary(binary: Binary, evaluation: Evaluation): Promise<Value> {
  const { operator, left, right } = binary;
  const isLeftScalar = typeOf(left) === 'scalar';
  const isRightScalar = typeOf(right) === 'scalar';
  if (isLeftScalar && isRightScalar) {
    const [a, b] = [await evaluateScalar(left, evaluation), await evaluateScalar(right, evaluation)];
    return { type: 'scalar', values: ofScalars(binary, a, b) };
  }
  if (isLeftScalar) {
    const scalars = await evaluateScalar(left, evaluation);
    return withScalars(binary, await evaluateVector(right, evaluation), scalars, true, evaluation);
  }
  if (isRightScalar) {
    const columns = await evaluateVector(left, evaluation);
    return withScalars(binary, columns, await evaluateScalar(right, evaluation), false, evaluation);
  }
  const [a, b] = [await evaluateVector(left, evaluation), await evaluateVector(right, evaluation)];
  const isSet = operator === 'and' || operator === 'or' || operator === 'unless';
  const columns = isSet ? combineSets(operator, a, b, binary.matching) : await combineVectors(binary, a, b, evaluation);
  return { type: 'vector', columns };
}

function ofScalars({ operator }: Binary, left: Float64Array, right: Float64Array): Float64Array {
  if (isNumberOperator(operator)) {
    const apply = arithmetic[operator];
    return left.map((value, at) => apply(value, right[at] as number));
  }
  if (!isComparisonOperator(operator)) return new Float64Array(left.length).fill(NaN);
  const holds = comparisons[operator];
  return left.map((value, at) => Number(holds(value, right[at] as number)));
}

async function withScalars(
  binary: Binary,
  columns: Column[],
  scalars: Float64Array,
  isScalarLeft: boolean,
  { budget, notes }: Evaluation,
): Promise<Value> {
  const { operator, isBool } = binary;
  for (const column of columns) {
    if (budget.isDue) await budget.yield();
    if (changesMetric(operator) || isBool) column.dropsName = true;
    if (column.histograms === undefined && isNumberOperator(operator)) {
      applyNumbers(column, scalars, arithmetic[operator], isScalarLeft);
      continue;
    }
    for (let at = 0; at < column.kinds.length; at++) {
      const sample = column.at(at);
      if (sample === undefined) continue;
      const scalar = scalars[at] as number;
      const outcome = isScalarLeft ? operate(binary, scalar, sample, notes) : operate(binary, sample, scalar, notes);
      if (outcome === undefined) column.clear(at);
      else if (isBool) column.setNumber(at, Number(outcome.isKept));
      else if (!outcome.isKept) column.clear(at);
      // A comparison that holds leaves the vector's sample, on whichever side it is.
      else if (!isComparisonOperator(operator)) column.set(at, outcome.value);
    }
  }
  return { type: 'vector', columns: nonEmpty(columns) };
}

function applyNumbers(
  column: Column,
  scalars: Float64Array,
  apply: (left: number, right: number) => number,
  isScalarLeft: boolean,
): void {
  const { values } = column;
  for (let at = 0; at < values.length; at++) {
    if (column.kinds[at] === kinds.none) continue;
    const value = values[at] as number;
    const scalar = scalars[at] as number;
    values[at] = isScalarLeft ? apply(scalar, value) : apply(value, scalar);
  }
}
