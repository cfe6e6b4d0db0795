/**
 * What a traversal has between two steps: its items in one array and, where somebody asks for them, the way of each in
 * a second and its origin in a third. A vertex is its id: nothing is made for one that only leads on.
 */
import { type Edge, edgeId } from '../element.ts';
import type { Kind } from './step.ts';

/** An edge, and the vertex that it was found at. */
export interface FoundEdge extends Edge {
  readonly foundAt: string;
}

/** An item, and what came before it. */
export interface Trail {
  readonly item: unknown;
  readonly kind: Kind;
  readonly marks: readonly string[];
  readonly before: Trail | undefined;
}

/** Where a traversal within another began: at which of the other's items. */
export interface Origins {
  readonly of: readonly number[];
  readonly count: number;
}

export interface Frontier {
  readonly kind: Kind;
  readonly items: readonly unknown[];
  readonly trails: readonly Trail[] | undefined;
  readonly origins: Origins | undefined;
}

/** Collects what a step hands on. */
export class NextFrontier {
  readonly items: unknown[] = [];
  readonly #kind: Kind;
  readonly #from: Frontier;
  readonly #trails: Trail[] | undefined;
  readonly #origins: number[] | undefined;

  constructor(kind: Kind, from: Frontier) {
    this.#kind = kind;
    this.#from = from;
    this.#trails = from.trails && [];
    this.#origins = from.origins && [];
  }

  /** Adds what came of the item at `index`. */
  add(index: number, item: unknown): void {
    this.items.push(item);
    this.#origins?.push(this.#from.origins?.of[index] as number);
    this.#trails?.push({ item, kind: this.#kind, marks: [], before: this.#from.trails?.[index] });
  }

  /** What was added, in place of what was there. */
  get frontier(): Frontier {
    const { origins } = this.#from;
    return {
      kind: this.#kind,
      items: this.items,
      trails: this.#trails,
      origins: origins && { of: this.#origins as number[], count: origins.count },
    };
  }
}

/** Those items whose indexes are named, in that order. */
export function pick(from: Frontier, indexes: readonly number[]): Frontier {
  const { kind, items, trails, origins } = from;
  return {
    kind,
    items: indexes.map((index) => items[index]),
    trails: trails && indexes.map((index) => trails[index] as Trail),
    origins: origins && { of: indexes.map((index) => origins.of[index] as number), count: origins.count },
  };
}

export function keep(from: Frontier, holds: (item: unknown, index: number) => boolean): Frontier {
  const indexes: number[] = [];
  for (const [index, item] of from.items.entries()) if (holds(item, index)) indexes.push(index);
  return indexes.length === from.items.length ? from : pick(from, indexes);
}

export function joined(left: Frontier, right: Frontier): Frontier {
  if (left.items.length === 0) return right;
  if (right.items.length === 0) return left;
  const { origins } = left;
  return {
    kind: left.kind,
    items: [...left.items, ...right.items],
    trails: left.trails && [...left.trails, ...(right.trails ?? [])],
    origins: origins && { of: [...origins.of, ...(right.origins?.of ?? [])], count: origins.count },
  };
}

/** Every item as the beginning of a traversal of its own. */
export function asOrigins({ kind, items, trails }: Frontier): Frontier {
  return { kind, items, trails, origins: { of: items.map((_, index) => index), count: items.length } };
}

/** Equal for equal items of a kind. */
export function identity(item: unknown, kind: Kind): unknown {
  if (kind === 'edge') return edgeId(item as FoundEdge);
  if (typeof item !== 'object' || item === null) return item;
  return JSON.stringify(item, (_, value) => {
    if (value instanceof Map) return [...value];
    return typeof value === 'bigint' ? String(value) : value;
  });
}

/** The items that a traverser came by, itself last. */
export function wayOf(trail: Trail): Trail[] {
  const way: Trail[] = [];
  for (let each: Trail | undefined = trail; each !== undefined; each = each.before) way.push(each);
  return way.reverse();
}
