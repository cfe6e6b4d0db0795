/** What each operation does to a record that is held here. Those on lists and maps have files of their own. */
import type { ListOperation, MapOperation, Operation } from '../operation.ts';
import { isBytes, isList, isMap, type Value } from '../value.ts';
import { add } from './add.ts';
import { applyListOperation } from './list-operations.ts';
import { applyMapOperation } from './map-operations.ts';
import type { WorkingRecord } from './working-record.ts';

/** Does one operation; answers its result, or undefined for one that has none. */
export function applyOperation(record: WorkingRecord, operation: Operation): Value | undefined {
  switch (operation.type) {
    case 'read':
      return record.content(operation.bin)?.value ?? null;
    case 'write':
      return record.set(operation.bin, operation.value) as undefined;
    case 'add': {
      const current = record.content(operation.bin)?.value ?? null;
      const sum = add(current, operation.value) ?? record.refuse(operation.bin, 'a number of that type');
      return record.set(operation.bin, sum) as undefined;
    }
    case 'append':
      return join(record, operation.bin, operation.value, (current, value) => [current, value]);
    case 'prepend':
      return join(record, operation.bin, operation.value, (current, value) => [value, current]);
    case 'touch':
      return undefined;
    default:
      return operation.type.startsWith('list.')
        ? applyToList(record, operation as ListOperation)
        : applyToMap(record, operation as MapOperation);
  }
}

function join(
  record: WorkingRecord,
  bin: string,
  value: string | Uint8Array,
  order: <T>(current: T, value: T) => [T, T],
): undefined {
  const current = record.content(bin)?.value ?? null;
  if (current === null) record.set(bin, value);
  else if (typeof current === 'string' && typeof value === 'string') record.set(bin, order(current, value).join(''));
  else if (isBytes(current) && isBytes(value)) record.set(bin, Buffer.concat(order<Uint8Array>(current, value)));
  else record.refuse(bin, typeof value === 'string' ? 'text' : 'bytes');
  return undefined;
}

function applyToList(record: WorkingRecord, operation: ListOperation): Value | undefined {
  const content = record.content(operation.bin);
  const value = content?.value ?? null;
  if (value !== null && !isList(value)) record.refuse(operation.bin, 'a list');
  const before = { elements: value as readonly Value[] | null, ordered: content?.ordered ?? false };
  const { after, result } = applyListOperation(before, operation);
  if (after !== undefined) record.set(operation.bin, after.elements, after.ordered);
  return result;
}

function applyToMap(record: WorkingRecord, operation: MapOperation): Value | undefined {
  const value = record.content(operation.bin)?.value ?? null;
  if (value !== null && !isMap(value)) record.refuse(operation.bin, 'a map');
  const { after, result } = applyMapOperation(value as { readonly [key: string]: Value } | null, operation);
  if (after !== undefined) record.set(operation.bin, after);
  return result;
}
