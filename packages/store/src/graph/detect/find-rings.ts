/**
 * Rings that an edge closes: ways from its end back to its beginning, of bounded length, over edges that are like it.
 * Each round is one batched read. The last edge of a ring needs none: it is one of those that arrive at the beginning,
 * which are read first.
 */
import type { Clock } from '@millrace/base';
import type { Edge } from '../element.ts';
import type { EdgeCursor } from '../layout/edge-page.ts';
import type { Adjacency } from '../read/adjacency.ts';

export interface RingConditions {
  /** Edges with this label alone make rings. */
  readonly label: string;
  /** Edges of a ring: 2 at least and by default. */
  readonly lengthMin?: number | undefined;
  /** 6 by default. */
  readonly lengthMax?: number | undefined;
  /** How far weights may be from that of the closing edge. Whatever by default. */
  readonly weightTolerance?: number | undefined;
  /** How far times may be from that of the closing edge. Whatever by default. */
  readonly windowMs?: number | undefined;
  /** Ways that are followed at a time. 10,000 by default. */
  readonly waysMax?: number | undefined;
  /** How long a search may take. 1,000 ms by default. */
  readonly timeMs?: number | undefined;
}

export interface Ring {
  /** The vertices in the order of the edges, the smallest id first. */
  readonly vertices: readonly string[];
  readonly closing: Edge;
}

export interface FoundRings {
  readonly rings: readonly Ring[];
  /** False where a budget ended the search: there may be others. */
  readonly complete: boolean;
}

export async function findRings(
  adjacency: Adjacency,
  clock: Clock,
  closing: Edge,
  conditions: RingConditions,
): Promise<FoundRings> {
  const { label, lengthMin = 2, lengthMax = 6, waysMax = 10_000, timeMs = 1_000 } = conditions;
  if (closing.from === closing.to) return { rings: [], complete: true };
  const deadline = clock.monotonic() + timeMs;
  const fits = likeness(closing, conditions);
  const labels = [label];
  const last = new Set<string>();
  const before = { vertices: [closing.from], directions: ['in'], labels } as const;
  await adjacency.each(before, (_, cursor) => {
    if (fits(cursor)) last.add(cursor.other);
    return true;
  });
  const rings: Ring[] = [];
  if (last.size === 0) return { rings, complete: true };
  let ways: string[][] = [[closing.from, closing.to]];
  for (let length = 2; length <= lengthMax && ways.length > 0; length++) {
    for (const way of ways) {
      if (length >= lengthMin && last.has(way.at(-1) as string)) rings.push({ vertices: turned(way), closing });
    }
    if (length === lengthMax) break;
    if (clock.monotonic() > deadline) return { rings, complete: false };
    const next = await longer(adjacency, ways, fits, { labels, waysMax });
    if (next === undefined) return { rings, complete: false };
    ways = next;
  }
  return { rings, complete: true };
}

/** The ways by one edge longer that come by no vertex twice; undefined when they are too many. */
async function longer(
  adjacency: Adjacency,
  ways: readonly string[][],
  fits: (cursor: EdgeCursor) => boolean,
  { labels, waysMax }: { labels: readonly string[]; waysMax: number },
): Promise<string[][] | undefined> {
  const next: string[][] = [];
  const byEnd = new Map<string, string[][]>();
  for (const way of ways) {
    const end = way.at(-1) as string;
    byEnd.set(end, [...(byEnd.get(end) ?? []), way]);
  }
  const vertices = [...byEnd.keys()];
  const seen = vertices.map(() => new Set<string>());
  const all = await adjacency.each({ vertices, directions: ['out'], labels }, (index, cursor) => {
    if (!fits(cursor)) return true;
    const { other } = cursor;
    // Several edges between the same two lead on once.
    const known = seen[index] as Set<string>;
    if (known.has(other)) return true;
    known.add(other);
    for (const way of byEnd.get(vertices[index] as string) ?? []) {
      if (!way.includes(other)) next.push([...way, other]);
    }
    return next.length <= waysMax;
  });
  return all ? next : undefined;
}

function likeness(
  { weight, time }: Edge,
  { weightTolerance, windowMs }: RingConditions,
): (cursor: EdgeCursor) => boolean {
  return (cursor) => {
    if (weightTolerance !== undefined) {
      const other = cursor.weight;
      if (weight === undefined || other === undefined || Math.abs(other - weight) > weightTolerance) return false;
    }
    if (windowMs === undefined) return true;
    const other = cursor.time;
    return time !== undefined && other !== undefined && Math.abs(other - time) <= windowMs;
  };
}

/** A ring from its smallest id on. */
function turned(way: readonly string[]): string[] {
  const smallest = way.reduce((best, id, index) => (id < (way[best] as string) ? index : best), 0);
  return [...way.slice(smallest), ...way.slice(0, smallest)];
}
