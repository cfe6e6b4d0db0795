/** Steps that make one of many, or bring them in order: of all items, or of those from each origin. */

import type { Value } from '../../records/value.ts';
import { compareValues } from '../../records/value-order.ts';
import { elements, propertyOf } from './filters.ts';
import { type Frontier, identity, pick, type Trail } from './frontier.ts';
import type { Run } from './run.ts';
import type { Kind, OrderBy, Step } from './step.ts';

type Reduction = Extract<Step, { step: 'count' | 'sum' | 'min' | 'max' | 'mean' | 'groupCount' }>['step'];

export function reduce(step: Reduction, from: Frontier): Frontier {
  const kind: Kind = step === 'groupCount' ? 'map' : 'value';
  const groups = groupsOf(from);
  const items: unknown[] = [];
  const of: number[] = [];
  for (const [origin, group] of groups.entries()) {
    const item = reduced(step, group, from.kind);
    if (item === undefined) continue;
    items.push(item);
    of.push(origin);
  }
  const trails: Trail[] | undefined =
    from.trails && items.map((item) => ({ item, kind, marks: [], before: undefined }));
  return { kind, items, trails, origins: from.origins && { of, count: from.origins.count } };
}

function groupsOf({ items, origins }: Frontier): unknown[][] {
  if (origins === undefined) return [[...items]];
  const groups: unknown[][] = Array.from({ length: origins.count }, () => []);
  for (const [index, item] of items.entries()) (groups[origins.of[index] as number] as unknown[]).push(item);
  return groups;
}

function reduced(step: Reduction, items: readonly unknown[], kind: Kind): unknown {
  if (step === 'count') return items.length;
  if (step === 'groupCount') return counted(items, kind);
  if (items.length === 0) return undefined;
  if (step === 'min' || step === 'max') {
    const sign = step === 'min' ? 1 : -1;
    return items.reduce((best, each) => (sign * compareItems(each as Value, best as Value) < 0 ? each : best));
  }
  const sum = items.reduce<number>((total, each) => total + Number(each), 0);
  return step === 'sum' ? sum : sum / items.length;
}

function counted(items: readonly unknown[], kind: Kind): Map<unknown, number> {
  const counts = new Map<unknown, { item: unknown; count: number }>();
  for (const item of items) {
    const id = identity(item, kind);
    const known = counts.get(id);
    if (known === undefined) counts.set(id, { item, count: 1 });
    else known.count++;
  }
  return new GroupedItems(
    kind,
    [...counts.values()].map(({ item, count }) => [item, count]),
  );
}

/** A map whose keys are items of a kind. */
export class GroupedItems extends Map<unknown, number> {
  readonly kind: Kind;

  constructor(kind: Kind, entries: readonly (readonly [unknown, number])[]) {
    super(entries);
    this.kind = kind;
  }
}

/** In order, those alone that have all that is ordered by; within each origin, where there are some. */
export async function order(run: Run, by: readonly OrderBy[], from: Frontier): Promise<Frontier> {
  const orders = by.length === 0 ? [{ key: undefined, descending: false }] : by;
  const keys = await Promise.all(orders.map(({ key }) => orderKeys(run, key, from)));
  const indexes = from.items
    .map((_, index) => index)
    .filter((index) => keys.every((column) => column[index] !== undefined));
  indexes.sort((left, right) => {
    for (const [at, { descending }] of orders.entries()) {
      const column = keys[at] as readonly Value[];
      const compared = compareItems(column[left] as Value, column[right] as Value);
      if (compared !== 0) return descending ? -compared : compared;
    }
    return left - right;
  });
  return pick(from, indexes);
}

async function orderKeys(run: Run, key: string | undefined, from: Frontier): Promise<readonly (Value | undefined)[]> {
  if (key === undefined)
    return from.kind === 'edge' ? from.items.map((item) => identity(item, 'edge') as string) : (from.items as Value[]);
  const element = await elements(run, from);
  return from.items.map((_, index) => {
    const found = element(index);
    return found && propertyOf(found, key);
  });
}

/** Numbers by what they are worth, where records have all integers before all doubles; the rest as records do. */
function compareItems(left: Value, right: Value): number {
  if (!isNumber(left) || !isNumber(right)) return compareValues(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
