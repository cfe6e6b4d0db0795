/** Lists in memory, in pages. */
import { cursorOf, readCursor } from '../lists/cursor.ts';

export const limitDefault = 100;

export interface Page {
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Of a list that is sorted by name here. */
export function pageByName<T>(all: readonly T[], nameOf: (item: T) => string, { limit, cursor }: Page) {
  const [after = ''] = cursor === undefined ? [] : readCursor(cursor, ['string']);
  const sorted = all
    .filter((item) => nameOf(item) > after)
    .sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const items = sorted.slice(0, limit);
  const last = items.at(-1);
  return { items, next: sorted.length > limit && last !== undefined ? cursorOf([nameOf(last)]) : null };
}

/** Of a list in an order of its own; one that has changed so much that the place is gone begins anew. */
export function pageAfter<T>(all: readonly T[], idOf: (item: T) => string, { limit, cursor }: Page) {
  const [after] = cursor === undefined ? [] : readCursor(cursor, ['string']);
  const begin = after === undefined ? 0 : all.findIndex((item) => idOf(item) === after) + 1;
  const items = all.slice(begin, begin + limit);
  const last = items.at(-1);
  return { items, next: all.length > begin + limit && last !== undefined ? cursorOf([idOf(last)]) : null };
}
