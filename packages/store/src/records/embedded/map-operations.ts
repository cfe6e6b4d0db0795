/** What the operations on maps do: pure, from the map of before to the map of after and a result. */
import type { MapOperation } from '../operation.ts';
import { RecordError } from '../record-error.ts';
import type { Value } from '../value.ts';
import { compareText, compareValues } from '../value-order.ts';
import { addInMap } from './add.ts';
import { ranked, span, within } from './spans.ts';

interface Mapping {
  readonly [key: string]: Value;
}

interface MapOutcome {
  /** Undefined where nothing changes. */
  readonly after?: Mapping;
  readonly result: Value;
}

/** `current` is null where there is no map. */
export function applyMapOperation(current: Mapping | null, operation: MapOperation): MapOutcome {
  const before = current ?? {};
  switch (operation.type) {
    case 'map.put':
      return put(before, operation);
    case 'map.increment': {
      const addend = own(before, operation.key);
      const sum = addInMap(addend ?? null, operation.value);
      // A null that is there is no number, unlike nothing.
      if (sum === undefined || addend === null) {
        const what = `${operation.key} of the map in ${operation.bin} is no number`;
        throw new RecordError('invalid_operation', what);
      }
      return { after: { ...before, [operation.key]: sum }, result: sum };
    }
    case 'map.clear':
      return current === null ? { result: null } : { after: {}, result: null };
    case 'map.size':
      return { result: current === null ? null : Object.keys(before).length };
    default:
      return current === null ? { result: null } : partOf(before, operation);
  }
}

type PartOperation = Exclude<MapOperation, { type: 'map.put' | 'map.increment' | 'map.clear' | 'map.size' }>;

function partOf(before: Mapping, operation: PartOperation): MapOutcome {
  if (operation.type === 'map.getByKey') return { result: own(before, operation.key) ?? null };
  const chosen = choose(before, operation);
  if (operation.type.startsWith('map.getBy')) return { result: chosen };
  const doomed = new Set(chosen.map(([key]) => key));
  const after = Object.fromEntries(Object.entries(before).filter(([key]) => !doomed.has(key)));
  if (operation.type === 'map.removeByKey') return { after, result: chosen[0]?.[1] ?? null };
  return { after, result: chosen.length };
}

/** The entries that an operation is about. */
function choose(before: Mapping, operation: PartOperation): [string, Value][] {
  switch (operation.type) {
    case 'map.getByKey':
    case 'map.removeByKey':
      return inOrder(before).filter(([key]) => key === operation.key);
    case 'map.getByKeys':
    case 'map.removeByKeys': {
      const keys = new Set(operation.keys);
      return inOrder(before).filter(([key]) => keys.has(key));
    }
    case 'map.getByKeyRange':
    case 'map.removeByKeyRange':
      return inOrder(before).filter(([key]) => within(key, operation.from, operation.to));
    case 'map.getByRank':
    case 'map.removeByRank': {
      const entries = byValue(before);
      return entries.slice(...span(entries.length, operation.start, operation.count));
    }
    case 'map.removeByValue':
      return inOrder(before).filter(([, value]) => compareValues(value, operation.value) === 0);
    case 'map.getByValueRange':
    case 'map.removeByValueRange':
      return byValue(before).filter(([, value]) => within(value, operation.from, operation.to));
  }
}

function put(before: Mapping, { bin, entries, mode }: Extract<MapOperation, { type: 'map.put' }>): MapOutcome {
  for (const key of Object.keys(entries)) {
    const there = Object.hasOwn(before, key);
    if (mode === 'create' && there) throw new RecordError('exists', `${key} is in the map in ${bin} already`);
    if (mode === 'update' && !there) throw new RecordError('not_found', `${key} is not in the map in ${bin}`);
  }
  const after = { ...before, ...entries };
  return { after, result: Object.keys(after).length };
}

function own(before: Mapping, key: string): Value | undefined {
  return Object.hasOwn(before, key) ? before[key] : undefined;
}

function inOrder(before: Mapping): [string, Value][] {
  return Object.entries(before).sort(([left], [right]) => compareText(left, right));
}

function byValue(before: Mapping): [string, Value][] {
  const entries = inOrder(before);
  return ranked(entries.map(([, value]) => value)).map((index) => entries[index] as [string, Value]);
}
