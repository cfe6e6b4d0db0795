/**
 * What a bin can hold, in the types that Aerospike has: integers of 64 bits, doubles, text, bytes, booleans, lists, and
 * maps with text as keys. JavaScript has one type for the first two: a whole number of at most 64 bits is an integer,
 * any other number a double, and `Double` makes a double of a whole one.
 *
 * What is read has the simplest type: an integer is a `number` where that is exact (up to 2^53 - 1), else a `bigint`; a
 * double is a `number`; a map is a plain object.
 */
import { RecordError } from './record-error.ts';

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Double
  | readonly Value[]
  | { readonly [key: string]: Value };

/** A double, also where its value is a whole number. */
export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** How deep lists and maps may lie in each other. */
export const NESTING_MAX = 32;

const INT64_END = 2 ** 63;

/** Whether a number is stored as an integer: whole, and within 64 bits. */
export function isInteger(value: number): boolean {
  return Number.isInteger(value) && value >= -INT64_END && value < INT64_END;
}

/** Whether a value is a map: a plain object. */
export function isMap(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isBytes(value) && !isDouble(value);
}

export function isBytes(value: Value): value is Uint8Array {
  return value instanceof Uint8Array;
}

export function isDouble(value: Value): value is Double {
  return value instanceof Double;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** The value as readers see it: doubles are numbers. */
export function withoutDoubles(value: Value): Value {
  if (isDouble(value)) return value.value;
  if (isList(value)) return value.map(withoutDoubles);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutDoubles(each)]));
}

/** Throws `invalid_value` for what no store holds; `where` names the bin. */
export function checkValue(value: unknown, where: string, depth = 0): asserts value is Value {
  if (depth > NESTING_MAX) throw invalid(where, `lists and maps lie in each other at most ${NESTING_MAX} deep`);
  switch (typeof value) {
    case 'boolean':
    case 'number':
      return;
    case 'string':
      if (value.includes('\0')) throw invalid(where, 'text has no character NUL');
      return;
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw invalid(where, `an integer has 64 bits, and ${value} has more`);
      return;
    case 'object':
      return checkObject(value, where, depth);
    default:
      throw invalid(where, `a ${typeof value} is no value`);
  }
}

function checkObject(value: object | null, where: string, depth: number): void {
  if (value === null || value instanceof Uint8Array || value instanceof Double) return;
  if (Array.isArray(value)) {
    for (const each of value) checkValue(each, where, depth + 1);
    return;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw invalid(where, `a map is a plain object, not a ${value.constructor?.name ?? 'thing'}`);
  }
  for (const [key, each] of Object.entries(value)) {
    checkMapKey(key, where);
    checkValue(each, where, depth + 1);
  }
}

/** Throws `invalid_value` for what is no key of a map. */
export function checkMapKey(key: unknown, where: string): asserts key is string {
  if (typeof key !== 'string') throw invalid(where, 'keys of maps are text');
  if (key === '__proto__' || key.includes('\0')) {
    throw invalid(where, 'a key of a map has no character NUL and is not __proto__');
  }
}

function invalid(where: string, what: string): RecordError {
  return new RecordError('invalid_value', `${where}: ${what}`);
}
