/** Finds where two sequences of records go on together after a difference. */
import type { Record } from '@millrace/wire';
import { digestOf } from './record-facts.ts';

/** How many records of either side come before the next ones that are equal. */
export interface Realignment {
  readonly source: number;
  readonly target: number;
  /** Nothing goes on together within what was given. */
  readonly isLost: boolean;
  /** What comes before is the same on both sides but for its order. */
  readonly isReordered: boolean;
}

/**
 * The least number of records to pass over on both sides so that the next two pairs are equal (one pair at the very
 * end); all that are given when there is no such place.
 */
export function realign(source: readonly Record[], target: readonly Record[]): Realignment {
  const left = source.map(digestOf);
  const right = target.map(digestOf);
  const places = new Map<string, number[]>();
  for (const [index, digest] of right.entries()) {
    const same = places.get(digest);
    if (same === undefined) places.set(digest, [index]);
    else same.push(index);
  }
  let best = { source: left.length, target: right.length };
  for (let i = 0; i < left.length && i < best.source + best.target; i++) {
    for (const j of places.get(left[i] as string) ?? []) {
      if (i + j >= best.source + best.target) break;
      const goesOn = left[i + 1] === right[j + 1] || i + 1 === left.length || j + 1 === right.length;
      if (goesOn) best = { source: i, target: j };
    }
  }
  const isLost = best.source === left.length && best.target === right.length;
  return { ...best, isLost, isReordered: haveSameMembers(left.slice(0, best.source), right.slice(0, best.target)) };
}

function haveSameMembers(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.toSorted().join(' ') === right.toSorted().join(' ');
}
