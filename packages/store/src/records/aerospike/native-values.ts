/** Values as the client of Aerospike takes and gives them. */
import { Double, isBytes, isInteger, isList, type Value } from '../value.ts';
import type { AerospikeLibrary } from './client-library.ts';

/** A value for the library: it has a class of its own for doubles, and takes a number for an integer where it can. */
export function toNative({ Double: NativeDouble }: Pick<AerospikeLibrary, 'Double'>, value: Value): unknown {
  const convert = (each: Value): unknown => {
    if (typeof each === 'number') return isInteger(each) ? each : new NativeDouble(each);
    if (typeof each !== 'object' || each === null) return each;
    if (each instanceof Double) return new NativeDouble(each.value);
    if (isBytes(each)) return Buffer.isBuffer(each) ? each : Buffer.from(each);
    if (isList(each)) return each.map(convert);
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, convert(inner)]));
  };
  return convert(value);
}

/** What the library gave: it has the types of `Value` already. */
export function fromNative(native: unknown): Value {
  return native === undefined ? null : (native as Value);
}
