/**
 * Operations as the client of Aerospike has them, and what its results mean. Parts of lists and maps are always taken
 * by range, since ranges mean what there is of them, where single places are refused.
 */

import type { ListOperation, MapOperation, Operation } from '../operation.ts';
import { hasResult, lastOfBins } from '../operation-results.ts';
import { isMap, type Value } from '../value.ts';
import { compareText, compareValues } from '../value-order.ts';
import type { AerospikeLibrary, NativeOperation } from './client-library.ts';
import { fromNative, toNative } from './native-values.ts';

/**
 * The operations that do what one of ours does. Integers beyond the exact numbers are written in two steps, the upper
 * half and then the lower: the client takes no `bigint` here, and the upper half is exact as a number.
 */
export function nativeOperations(library: AerospikeLibrary, operation: Operation, ttl: number): NativeOperation[] {
  const { type } = operation;
  if ((type === 'write' || type === 'add') && typeof operation.value === 'bigint') {
    const { operations } = library;
    const { bin, value } = operation;
    if (Number.isSafeInteger(Number(value))) return [operations[type](bin, Number(value))];
    const lower = BigInt.asUintN(32, value);
    return [operations[type](bin, Number(value - lower)), operations.add(bin, Number(lower))];
  }
  return [nativeOperation(library, operation, ttl)];
}

function nativeOperation(library: AerospikeLibrary, operation: Operation, ttl: number): NativeOperation {
  const { operations } = library;
  switch (operation.type) {
    case 'read':
      return operations.read(operation.bin);
    case 'touch':
      return operations.touch(ttl);
    case 'write':
    case 'add':
    case 'append':
    case 'prepend':
      return operations[operation.type](operation.bin, toNative(library, operation.value));
    default:
      return operation.type.startsWith('list.')
        ? listOperation(library, operation as ListOperation)
        : mapOperation(library, operation as MapOperation);
  }
}

function listOperation(library: AerospikeLibrary, operation: ListOperation): NativeOperation {
  const { lists } = library;
  const { order, writeFlags, returnType } = lists;
  const native = (value: Value | undefined): unknown => (value === undefined ? undefined : toNative(library, value));
  const { bin } = operation;
  switch (operation.type) {
    case 'list.order':
      return lists.setOrder(bin, operation.ordered ? order.ORDERED : order.UNORDERED);
    case 'list.append': {
      const unique = writeFlags.ADD_UNIQUE | writeFlags.NO_FAIL | writeFlags.PARTIAL;
      const policy = { writeFlags: operation.unique ? unique : writeFlags.DEFAULT };
      return lists.appendItems(bin, native(operation.values), policy);
    }
    case 'list.insert':
      return lists.insertItems(bin, operation.index, native(operation.values), {
        writeFlags: writeFlags.INSERT_BOUNDED,
      });
    case 'list.set':
      return lists.set(bin, operation.index, native(operation.value), { writeFlags: writeFlags.INSERT_BOUNDED });
    case 'list.pop':
      return lists.removeByIndexRange(bin, operation.start, operation.count).andReturn(returnType.VALUE);
    case 'list.trim':
      return lists
        .removeByIndexRange(bin, operation.start, operation.count)
        .andReturn(returnType.COUNT | returnType.INVERTED);
    case 'list.get':
      return lists.getByIndexRange(bin, operation.start, operation.count).andReturn(returnType.VALUE);
    default:
      return commonOperation(library, operation as CommonOperation);
  }
}

function mapOperation(library: AerospikeLibrary, operation: MapOperation): NativeOperation {
  const { maps } = library;
  const { returnType, writeFlags } = maps;
  const native = (value: Value | undefined): unknown => (value === undefined ? undefined : toNative(library, value));
  const order = maps.order.KEY_ORDERED;
  const { bin } = operation;
  switch (operation.type) {
    case 'map.put': {
      const flags = { any: writeFlags.DEFAULT, create: writeFlags.CREATE_ONLY, update: writeFlags.UPDATE_ONLY };
      return maps.putItems(bin, native(operation.entries), { order, writeFlags: flags[operation.mode] });
    }
    case 'map.increment':
      return maps.increment(bin, operation.key, native(operation.value), { order });
    case 'map.removeByKey':
      return maps.removeByKey(bin, operation.key).andReturn(returnType.VALUE);
    case 'map.removeByKeys':
      return maps.removeByKeyList(bin, operation.keys).andReturn(returnType.COUNT);
    case 'map.removeByKeyRange':
      return maps.removeByKeyRange(bin, operation.from, operation.to).andReturn(returnType.COUNT);
    case 'map.getByKey':
      return maps.getByKey(bin, operation.key).andReturn(returnType.VALUE);
    case 'map.getByKeys':
      return maps.getByKeyList(bin, operation.keys).andReturn(returnType.KEY_VALUE);
    case 'map.getByKeyRange':
      return maps.getByKeyRange(bin, operation.from, operation.to).andReturn(returnType.KEY_VALUE);
    default:
      return commonOperation(library, operation as CommonOperation);
  }
}

type Common =
  | 'removeByRank'
  | 'removeByValue'
  | 'removeByValueRange'
  | 'getByRank'
  | 'getByValueRange'
  | 'size'
  | 'clear';
/** Operations of these types, of those that have them among others. */
type OfTypes<Any extends { readonly type: string }, Type> = Any extends Any
  ? Extract<Any['type'], Type> extends never
    ? never
    : Omit<Any, 'type'> & { readonly type: Extract<Any['type'], Type> }
  : never;
type CommonOperation = OfTypes<ListOperation | MapOperation, `${'list' | 'map'}.${Common}`>;

/** What lists and maps do alike: parts by rank and by value, and the whole. Of maps keys are read with their values. */
function commonOperation(library: AerospikeLibrary, operation: CommonOperation): NativeOperation {
  const { lists, maps } = library;
  const isList = operation.type.startsWith('list.');
  const kind = isList ? lists : maps;
  const { COUNT } = kind.returnType;
  const read = isList ? lists.returnType.VALUE : maps.returnType.KEY_VALUE;
  const native = (value: Value | undefined): unknown => (value === undefined ? undefined : toNative(library, value));
  const { bin } = operation;
  switch (operation.type) {
    case 'list.removeByRank':
    case 'map.removeByRank':
      return kind.removeByRankRange(bin, operation.start, operation.count).andReturn(COUNT);
    case 'list.removeByValue':
    case 'map.removeByValue':
      return kind.removeByValue(bin, native(operation.value)).andReturn(COUNT);
    case 'list.removeByValueRange':
    case 'map.removeByValueRange':
      return kind.removeByValueRange(bin, native(operation.from), native(operation.to)).andReturn(COUNT);
    case 'list.getByRank':
    case 'map.getByRank':
      return kind.getByRankRange(bin, operation.start, operation.count).andReturn(read);
    case 'list.getByValueRange':
    case 'map.getByValueRange':
      return kind.getByValueRange(bin, native(operation.from), native(operation.to)).andReturn(read);
    case 'list.size':
    case 'map.size':
      return kind.size(bin);
    case 'list.clear':
    case 'map.clear':
      return kind.clear(bin);
  }
}

/** For each bin the result of the last operation on it, of the bins that the server answered. */
export function resultsOf(
  operations: readonly Operation[],
  bins: Readonly<Record<string, unknown>>,
): { [bin: string]: Value } {
  const results: { [bin: string]: Value } = {};
  for (const [bin, operation] of lastOfBins(operations)) {
    if (hasResult(operation)) results[bin] = resultOf(operation, fromNative(bins[bin]));
  }
  return results;
}

/** Entries of maps come as a flat list or as an object; they are given as pairs, in their order. */
function resultOf({ type }: Operation, result: Value): Value {
  if (type === 'map.getByKeys' || type === 'map.getByKeyRange') {
    return pairs(result)?.sort(([left], [right]) => compareText(left, right)) ?? null;
  }
  if (type === 'map.getByRank' || type === 'map.getByValueRange') {
    const byValue = ([key, value]: [string, Value], [other, against]: [string, Value]): number =>
      compareValues(value, against) || compareText(key, other);
    return pairs(result)?.sort(byValue) ?? null;
  }
  return result;
}

function pairs(result: Value): [string, Value][] | undefined {
  if (result === null) return undefined;
  if (isMap(result)) return Object.entries(result);
  const flat = result as readonly Value[];
  return Array.from({ length: flat.length / 2 }, (_, index) => [String(flat[2 * index]), flat[2 * index + 1] as Value]);
}
