/**
 * What `operate` does to a record, as plain values. All operations of a call take effect together, in their order, or
 * none of them. Each is one that Aerospike has, by its name there; indexes and ranks count from 0, negative ones from
 * the end (-1 is the last), a range that reaches beyond the bin's content means the part that is there.
 *
 * Where a value is a bound, null and undefined are none. A bin's result is that of
 * the last operation on it: put the reading one last.
 *
 * A rank is the place of a value when all are ordered by `value-order.ts`.
 */
import type { Double, Value } from './value.ts';

type Numeric = number | bigint | Double;

export type Operation =
  | { readonly type: 'read'; readonly bin: string }
  | { readonly type: 'write'; readonly bin: string; readonly value: Value }
  | { readonly type: 'add'; readonly bin: string; readonly value: Numeric }
  | { readonly type: 'append' | 'prepend'; readonly bin: string; readonly value: string | Uint8Array }
  | { readonly type: 'touch' }
  | ListOperation
  | MapOperation;

export type ListOperation =
  | { readonly type: 'list.order'; readonly bin: string; readonly ordered: boolean }
  | {
      readonly type: 'list.append';
      readonly bin: string;
      readonly values: readonly Value[];
      readonly unique: boolean;
    }
  | {
      readonly type: 'list.insert';
      readonly bin: string;
      readonly index: number;
      readonly values: readonly Value[];
    }
  | { readonly type: 'list.set'; readonly bin: string; readonly index: number; readonly value: Value }
  | {
      readonly type: 'list.trim' | 'list.pop' | 'list.get' | 'list.removeByRank' | 'list.getByRank';
      readonly bin: string;
      readonly start: number;
      readonly count: number | undefined;
    }
  | { readonly type: 'list.removeByValue'; readonly bin: string; readonly value: Value }
  | {
      readonly type: 'list.removeByValueRange' | 'list.getByValueRange';
      readonly bin: string;
      readonly from: Value | undefined;
      readonly to: Value | undefined;
    }
  | { readonly type: 'list.size' | 'list.clear'; readonly bin: string };

export type MapOperation =
  | {
      readonly type: 'map.put';
      readonly bin: string;
      readonly entries: { readonly [key: string]: Value };
      readonly mode: MapPutMode;
    }
  | { readonly type: 'map.increment'; readonly bin: string; readonly key: string; readonly value: Numeric }
  | { readonly type: 'map.removeByKey' | 'map.getByKey'; readonly bin: string; readonly key: string }
  | {
      readonly type: 'map.removeByKeys' | 'map.getByKeys';
      readonly bin: string;
      readonly keys: readonly string[];
    }
  | {
      readonly type: 'map.removeByKeyRange' | 'map.getByKeyRange';
      readonly bin: string;
      readonly from: string | undefined;
      readonly to: string | undefined;
    }
  | {
      readonly type: 'map.removeByRank' | 'map.getByRank';
      readonly bin: string;
      readonly start: number;
      readonly count: number | undefined;
    }
  | { readonly type: 'map.removeByValue'; readonly bin: string; readonly value: Value }
  | {
      readonly type: 'map.removeByValueRange' | 'map.getByValueRange';
      readonly bin: string;
      readonly from: Value | undefined;
      readonly to: Value | undefined;
    }
  | { readonly type: 'map.size' | 'map.clear'; readonly bin: string };

/** Whether keys may be new (`create`), must be there (`update`), or both. */
export type MapPutMode = 'any' | 'create' | 'update';

/** Part of a list or a map: `count` elements from `start` on, to the end without a count. */
type Count = number | undefined;

/** Operations on lists; a bin that is not there is an empty list. */
export const list = {
  /**
   * Makes the list one that is kept in the order of its values, or no longer. No result.
   */
  order: (bin: string, ordered: boolean): Operation => ({ type: 'list.order', bin, ordered }),
  /**
   * Adds values: at the end, or of an ordered list at their places. With `unique` a value that is there already is
   * left out. Result: the new size.
   */
  append: (bin: string, values: readonly Value[], options: { unique?: boolean | undefined } = {}): Operation => ({
    type: 'list.append',
    bin,
    values,
    unique: options.unique ?? false,
  }),
  /** Inserts values before an index; `not_applicable` for an ordered list. Result: the new size. */
  insert: (bin: string, index: number, values: readonly Value[]): Operation => ({
    type: 'list.insert',
    bin,
    index,
    values,
  }),
  /**
   * Replaces an element, or adds one behind the last; `not_applicable` for an ordered list or an index beyond that. No
   * result.
   */
  set: (bin: string, index: number, value: Value): Operation => ({ type: 'list.set', bin, index, value }),
  /** Removes elements. Result: the removed, in order. The last one by default. */
  pop: (bin: string, start = -1, count: Count = 1): Operation => ({ type: 'list.pop', bin, start, count }),
  /** Removes all but a range. Result: how many were removed. */
  trim: (bin: string, start: number, count?: Count): Operation => ({ type: 'list.trim', bin, start, count }),
  /** Removes all elements that equal a value. Result: how many. */
  removeByValue: (bin: string, value: Value): Operation => ({ type: 'list.removeByValue', bin, value }),
  /** Removes the elements from `from` on, up to `to` (not included). Result: how many. */
  removeByValueRange: (bin: string, from?: Value, to?: Value): Operation => ({
    type: 'list.removeByValueRange',
    bin,
    from,
    to,
  }),
  /** Removes elements by rank; of equal ones any. Result: how many. */
  removeByRank: (bin: string, start: number, count: Count = 1): Operation => ({
    type: 'list.removeByRank',
    bin,
    start,
    count,
  }),
  /** Elements of a range of indexes, in order. */
  get: (bin: string, start = 0, count?: Count): Operation => ({ type: 'list.get', bin, start, count }),
  /** Elements of a range of ranks, in no order that counts. */
  getByRank: (bin: string, start: number, count?: Count): Operation => ({ type: 'list.getByRank', bin, start, count }),
  /** Elements from `from` on, up to `to` (not included), in no order that counts. */
  getByValueRange: (bin: string, from?: Value, to?: Value): Operation => ({
    type: 'list.getByValueRange',
    bin,
    from,
    to,
  }),
  /** Result: how many elements. */
  size: (bin: string): Operation => ({ type: 'list.size', bin }),
  /** Removes all elements; the list stays. No result. */
  clear: (bin: string): Operation => ({ type: 'list.clear', bin }),
};

/** Operations on maps, which are kept in the order of their keys; a bin that is not there is an empty map. */
export const map = {
  /**
   * Sets entries. `create` refuses keys that are there with `exists`, `update` those that are not with `not_found`.
   * Result: the new size.
   */
  put: (bin: string, entries: { readonly [key: string]: Value }, mode: MapPutMode = 'any'): Operation => ({
    type: 'map.put',
    bin,
    entries,
    mode,
  }),
  /**
   * Adds to a value, which counts as 0 where there is none, and keeps its type: what is added to an integer loses its
   * fraction. `invalid_operation` where it is no number. Result: the new value.
   */
  increment: (bin: string, key: string, value: Numeric = 1): Operation => ({ type: 'map.increment', bin, key, value }),
  /** Result: the value that was removed, or null. */
  removeByKey: (bin: string, key: string): Operation => ({ type: 'map.removeByKey', bin, key }),
  /** Result: how many entries were removed. */
  removeByKeys: (bin: string, keys: readonly string[]): Operation => ({ type: 'map.removeByKeys', bin, keys }),
  /** Removes the keys from `from` on, up to `to` (not included). Result: how many entries. */
  removeByKeyRange: (bin: string, from?: string, to?: string): Operation => ({
    type: 'map.removeByKeyRange',
    bin,
    from,
    to,
  }),
  /** Removes entries by the rank of their values. Result: how many. */
  removeByRank: (bin: string, start: number, count: Count = 1): Operation => ({
    type: 'map.removeByRank',
    bin,
    start,
    count,
  }),
  /** Removes entries with a value. Result: how many. */
  removeByValue: (bin: string, value: Value): Operation => ({ type: 'map.removeByValue', bin, value }),
  /** Removes entries by their values. Result: how many. */
  removeByValueRange: (bin: string, from?: Value, to?: Value): Operation => ({
    type: 'map.removeByValueRange',
    bin,
    from,
    to,
  }),
  /** Result: the value of a key, or null. */
  getByKey: (bin: string, key: string): Operation => ({ type: 'map.getByKey', bin, key }),
  /** Result: `[key, value]` of those keys that are there, in the order of keys. */
  getByKeys: (bin: string, keys: readonly string[]): Operation => ({ type: 'map.getByKeys', bin, keys }),
  /** Result: `[key, value]` of the keys from `from` on, up to `to` (not included), in the order of keys. */
  getByKeyRange: (bin: string, from?: string, to?: string): Operation => ({
    type: 'map.getByKeyRange',
    bin,
    from,
    to,
  }),
  /** Result: `[key, value]` by the rank of values, the lowest first. */
  getByRank: (bin: string, start: number, count?: Count): Operation => ({ type: 'map.getByRank', bin, start, count }),
  /** The `count` entries with the highest values. Result: `[key, value]`, the lowest of them first. */
  highest: (bin: string, count: number): Operation => ({ type: 'map.getByRank', bin, start: -count, count }),
  /** Result: `[key, value]` of entries by their values, the lowest first. */
  getByValueRange: (bin: string, from?: Value, to?: Value): Operation => ({
    type: 'map.getByValueRange',
    bin,
    from,
    to,
  }),
  /** Result: how many entries. */
  size: (bin: string): Operation => ({ type: 'map.size', bin }),
  /** Removes all entries; the map stays. No result. */
  clear: (bin: string): Operation => ({ type: 'map.clear', bin }),
};

/** Result: what the bin holds, null where there is none. */
export function read(bin: string): Operation {
  return { type: 'read', bin };
}

/** Sets a bin; null removes it. No result. */
export function write(bin: string, value: Value): Operation {
  return { type: 'write', bin, value };
}

/**
 * Adds to a number of the same type, which counts as 0 where there is none; integers wrap at 64 bits. `bin_type` for
 * another type: `new Double(1)` adds to doubles. No result.
 */
export function add(bin: string, value: Numeric): Operation {
  return { type: 'add', bin, value };
}

/** Adds to the end of text or bytes. No result. */
export function append(bin: string, value: string | Uint8Array): Operation {
  return { type: 'append', bin, value };
}

/** Adds to the front of text or bytes. No result. */
export function prepend(bin: string, value: string | Uint8Array): Operation {
  return { type: 'prepend', bin, value };
}

/** Makes a change of generation and expiry; `not_found` where there is no record, whatever the others do. No result. */
export function touch(): Operation {
  return { type: 'touch' };
}
