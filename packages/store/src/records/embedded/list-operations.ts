/** What the operations on lists do: pure, from the list of before to the list of after and a result. */
import type { ListOperation } from '../operation.ts';
import { RecordError } from '../record-error.ts';
import type { Value } from '../value.ts';
import { compareValues } from '../value-order.ts';
import { ranked, span, within } from './spans.ts';

interface ListBefore {
  /** Null where there is no list. */
  readonly elements: readonly Value[] | null;
  readonly ordered: boolean;
}

interface ListOutcome {
  /** Undefined where nothing changes. */
  readonly after?: { readonly elements: readonly Value[]; readonly ordered: boolean };
  readonly result: Value;
}

export function applyListOperation({ elements, ordered }: ListBefore, operation: ListOperation): ListOutcome {
  const before = elements ?? [];
  const changed = (after: readonly Value[], result: Value): ListOutcome => ({
    after: { elements: after, ordered },
    result,
  });
  switch (operation.type) {
    case 'list.order':
      return {
        after: {
          elements: operation.ordered && !ordered ? [...before].sort(compareValues) : before,
          ordered: operation.ordered,
        },
        result: null,
      };
    case 'list.append':
      return appendTo(before, ordered, operation);
    case 'list.insert': {
      refuseOrdered(ordered, operation.bin);
      const at = operation.index < 0 ? before.length + operation.index : operation.index;
      if (at < 0 || at > before.length) throw outOfList(operation.bin, operation.index);
      return changed(before.toSpliced(at, 0, ...operation.values), before.length + operation.values.length);
    }
    case 'list.set': {
      refuseOrdered(ordered, operation.bin);
      const at = operation.index < 0 ? before.length + operation.index : operation.index;
      if (at < 0 || at > before.length) throw outOfList(operation.bin, operation.index);
      return changed(before.toSpliced(at, 1, operation.value), null);
    }
    case 'list.clear':
      return elements === null ? { result: null } : changed([], null);
    case 'list.size':
      return { result: elements === null ? null : before.length };
    default:
      return elements === null ? { result: null } : partOf(before, ordered, operation);
  }
}

type PartOperation = Extract<ListOperation, { start: number } | { from: unknown } | { type: 'list.removeByValue' }>;

function partOf(before: readonly Value[], ordered: boolean, operation: PartOperation): ListOutcome {
  const without = (doomed: (value: Value, index: number) => boolean): ListOutcome => {
    const elements = before.filter((value, index) => !doomed(value, index));
    return { after: { elements, ordered }, result: before.length - elements.length };
  };
  switch (operation.type) {
    case 'list.removeByValue':
      return without((value) => compareValues(value, operation.value) === 0);
    case 'list.removeByValueRange':
      return without((value) => within(value, operation.from, operation.to));
    case 'list.getByValueRange':
      return { result: before.filter((value) => within(value, operation.from, operation.to)) };
    case 'list.getByRank': {
      const ranks = ranked(before).slice(...span(before.length, operation.start, operation.count));
      return { result: ranks.map((index) => before[index] as Value) };
    }
    case 'list.removeByRank': {
      const ranks = new Set(ranked(before).slice(...span(before.length, operation.start, operation.count)));
      return without((_, index) => ranks.has(index));
    }
    default: {
      const [begin, end] = span(before.length, operation.start, operation.count);
      if (operation.type === 'list.get') return { result: before.slice(begin, end) };
      if (operation.type === 'list.trim') return without((_, index) => index < begin || index >= end);
      const elements = before.toSpliced(begin, end - begin);
      return { after: { elements, ordered }, result: before.slice(begin, end) };
    }
  }
}

function appendTo(
  before: readonly Value[],
  ordered: boolean,
  { values, unique }: Extract<ListOperation, { type: 'list.append' }>,
): ListOutcome {
  const elements = [...before];
  for (const value of values) {
    if (unique && elements.some((each) => compareValues(each, value) === 0)) continue;
    if (ordered) elements.splice(upperBound(elements, value), 0, value);
    else elements.push(value);
  }
  return { after: { elements, ordered }, result: elements.length };
}

/** The place behind all elements of an ordered list that are not above the value. */
function upperBound(elements: readonly Value[], value: Value): number {
  let low = 0;
  let high = elements.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareValues(elements[middle] as Value, value) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function refuseOrdered(ordered: boolean, bin: string): void {
  if (!ordered) return;
  throw new RecordError('not_applicable', `the list in ${bin} is kept in order: append to it instead`);
}

function outOfList(bin: string, index: number): RecordError {
  return new RecordError('not_applicable', `the list in ${bin} has no place ${index}`);
}
