/** What operators do with two samples. */
import { remarks } from '../functions/remarks.ts';
import { added, type Combined, compacted, divided, multiplied, subtracted, withHint } from '../histogram/arithmetic.ts';
import { equalHistograms } from '../histogram/compare.ts';
import { trimmed } from '../histogram/trim.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import type { ArithmeticOperator, Binary, BinaryOperator, ComparisonOperator } from '../syntax/expression.ts';
import type { Notes } from './notes.ts';

export type Sample = number | NativeHistogram;

type NumberOperator = Exclude<ArithmeticOperator, '</' | '>/'>;

export const arithmetic: Readonly<Record<NumberOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': power,
  atan2: Math.atan2,
};

export const comparisons: Readonly<Record<ComparisonOperator, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '<': (left, right) => left < right,
  '>=': (left, right) => left >= right,
  '<=': (left, right) => left <= right,
};

export function isNumberOperator(operator: BinaryOperator): operator is NumberOperator {
  return operator in arithmetic;
}

export function isComparisonOperator(operator: BinaryOperator): operator is ComparisonOperator {
  return operator in comparisons;
}

/** Whether a result is of another metric than its operands. */
export function changesMetric(operator: BinaryOperator): boolean {
  return isNumberOperator(operator);
}

/** As IEEE 754 has it, where JavaScript differs: powers of one are one. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  return base ** exponent;
}

/** What becomes of two samples. `isKept` is false for a comparison that does not hold. */
export interface Outcome {
  readonly value: Sample;
  readonly isKept: boolean;
}

/** Undefined, with a remark, where the operator knows nothing of these kinds of samples. */
export function operate(binary: Binary, left: Sample, right: Sample, notes: Notes): Outcome | undefined {
  const { operator } = binary;
  const value = typeof left === 'number' ? ofNumber(binary, left, right) : ofHistogram(binary, left, right, notes);
  if (value === 'incompatible bounds') {
    remarks.incompatibleBounds(notes, operator, binary);
    return undefined;
  }
  if (value === undefined) {
    remarks.incompatibleTypes(notes, nameOf(left), operator, nameOf(right), binary);
    return undefined;
  }
  return typeof value === 'boolean' ? { value: left, isKept: value } : { value, isKept: true };
}

type Result = Sample | boolean | 'incompatible bounds' | undefined;

function ofNumber({ operator }: Binary, left: number, right: Sample): Result {
  if (typeof right !== 'number') return operator === '*' ? compacted(multiplied(right, left)) : undefined;
  if (isNumberOperator(operator)) return arithmetic[operator](left, right);
  return isComparisonOperator(operator) ? comparisons[operator](left, right) : undefined;
}

function ofHistogram(binary: Binary, left: NativeHistogram, right: Sample, notes: Notes): Result {
  const { operator } = binary;
  if (typeof right === 'number') {
    switch (operator) {
      case '*':
        return compacted(multiplied(left, right));
      case '/':
        return compacted(divided(left, right));
      case '</':
        return trimmed(left, right, 'upper');
      case '>/':
        return trimmed(left, right, 'lower');
      default:
        return undefined;
    }
  }
  switch (operator) {
    case '+':
      return combined(added(left, right), 'addition', binary, notes);
    case '-': {
      const difference = combined(subtracted(left, right), 'subtraction', binary, notes);
      return typeof difference === 'string' ? difference : withHint(difference, 'gauge');
    }
    case '==':
      return equalHistograms(left, right);
    case '!=':
      return !equalHistograms(left, right);
    default:
      return undefined;
  }
}

function combined(
  result: Combined | undefined,
  operation: 'addition' | 'subtraction',
  binary: Binary,
  notes: Notes,
): NativeHistogram | 'incompatible bounds' {
  if (result === undefined) return 'incompatible bounds';
  if (result.resetsCollided) remarks.resetsCollided(notes, operation, binary);
  if (result.boundsReconciled) remarks.boundsReconciled(notes, operation, binary);
  return compacted(result.histogram);
}

function nameOf(sample: Sample): string {
  return typeof sample === 'number' ? 'float' : 'histogram';
}
