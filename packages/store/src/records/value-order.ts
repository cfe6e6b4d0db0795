/**
 * The order of values, as Aerospike has it (documentation, "Ordering of collection data types"): by type first (null,
 * boolean, integer, text, list, map, bytes, double), then by value; lists by their elements and then their length, maps
 * by their size and then their entries in the order of keys.
 */
import { isBytes, isDouble, isInteger, isList, type Value } from './value.ts';

const TYPE = { null: 0, boolean: 1, integer: 2, text: 3, list: 4, map: 5, bytes: 6, double: 7 } as const;

/** Negative, 0 or positive as `left` comes before, with or after `right`. */
export function compareValues(left: Value, right: Value): number {
  const type = typeOf(left);
  const byType = type - typeOf(right);
  if (byType !== 0) return byType;
  switch (type) {
    case TYPE.null:
      return 0;
    case TYPE.boolean:
      return Number(left) - Number(right);
    case TYPE.integer:
      return compare(left as number | bigint, right as number | bigint);
    case TYPE.text:
      return compareText(left as string, right as string);
    case TYPE.list:
      return compareLists(left as readonly Value[], right as readonly Value[]);
    case TYPE.map:
      return compareMaps(left as { readonly [key: string]: Value }, right as { readonly [key: string]: Value });
    case TYPE.bytes:
      return Buffer.compare(left as Uint8Array, right as Uint8Array);
    case TYPE.double:
      return compareDoubles(plain(left), plain(right));
  }
}

/** By the bytes of UTF-8, which is by code point: UTF-16 has those above 0xffff before some below. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const one = left.charCodeAt(index);
    const other = right.charCodeAt(index);
    if (one !== other) return rank(one) - rank(other);
  }
  return left.length - right.length;
}

/** Surrogates come after all else of UTF-16. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function typeOf(value: Value): (typeof TYPE)[keyof typeof TYPE] {
  if (value === null) return TYPE.null;
  switch (typeof value) {
    case 'boolean':
      return TYPE.boolean;
    case 'number':
      return isInteger(value) ? TYPE.integer : TYPE.double;
    case 'bigint':
      return TYPE.integer;
    case 'string':
      return TYPE.text;
    default:
      if (isDouble(value)) return TYPE.double;
      if (isBytes(value)) return TYPE.bytes;
      return isList(value) ? TYPE.list : TYPE.map;
  }
}

function plain(value: Value): number {
  return isDouble(value) ? value.value : (value as number);
}

function compare<T extends number | bigint>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** NaN comes before all numbers, so that there is an order at all. */
function compareDoubles(left: number, right: number): number {
  if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(right)) - Number(Number.isNaN(left));
  return compare(left, right);
}

function compareLists(left: readonly Value[], right: readonly Value[]): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const byElement = compareValues(left[index] as Value, right[index] as Value);
    if (byElement !== 0) return byElement;
  }
  return left.length - right.length;
}

function compareMaps(left: { readonly [key: string]: Value }, right: { readonly [key: string]: Value }): number {
  const keys = Object.keys(left).sort(compareText);
  const others = Object.keys(right).sort(compareText);
  if (keys.length !== others.length) return keys.length - others.length;
  for (const [index, key] of keys.entries()) {
    const other = others[index] as string;
    const byEntry = compareText(key, other) || compareValues(left[key] as Value, right[other] as Value);
    if (byEntry !== 0) return byEntry;
  }
  return 0;
}
