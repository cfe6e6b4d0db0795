/** Sums of numbers in bins and maps. */
import { Double, isDouble, isInteger, type Value } from '../value.ts';
import { simplest } from '../value-codec.ts';

/**
 * The sum of two numbers of one type, integers or doubles; undefined where they do not go together. Nothing counts as
 * 0, and integers wrap at 64 bits.
 */
export function add(current: Value, value: number | bigint | Double): Value | undefined {
  if (current === null) return value;
  if (isDoubleNumber(current) !== isDoubleNumber(value)) return undefined;
  if (isDoubleNumber(current)) return new Double(Number(unwrap(current)) + Number(unwrap(value)));
  if (typeof current !== 'number' && typeof current !== 'bigint') return undefined;
  const sum = Number(current) + Number(value);
  if (Number.isSafeInteger(sum)) return sum;
  return simplest(BigInt.asIntN(64, BigInt(current) + BigInt(value as number | bigint)));
}

/**
 * The same for a value of a map, which keeps its type, as Aerospike has it: what is added to an integer loses its
 * fraction.
 */
export function addInMap(current: Value, value: number | bigint | Double): Value | undefined {
  if (current === null || isDoubleNumber(current) === isDoubleNumber(value)) return add(current, value);
  const number = Number(unwrap(value));
  return add(current, isDoubleNumber(current) ? new Double(number) : Math.trunc(number));
}

function isDoubleNumber(value: Value): boolean {
  return isDouble(value) || (typeof value === 'number' && !isInteger(value));
}

function unwrap(value: Value): Value {
  return isDouble(value) ? value.value : value;
}
