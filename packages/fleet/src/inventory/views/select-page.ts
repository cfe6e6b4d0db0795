/**
 * One page of a list that is sorted on the server: the best rows after a cursor, without sorting the rest. A cursor
 * names the row before, so that a page is right whatever came or went meanwhile. Pure.
 */
import { ProblemError } from '@millrace/api';

/** What rows are sorted by; null is last, whichever way. */
export type SortKey = string | number | null;

export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface Sorting<Row> {
  readonly keyOf: (row: Row) => SortKey;
  /** Unique; ties are broken by it, ascending. */
  readonly idOf: (row: Row) => string;
  readonly descending: boolean;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
  /** All there were, before and after the page too. */
  readonly total: number;
}

const limitDefault = 100;
/** Up to so many rows are sorted whole. */
const sortMax = 2_000;

/** Throws `ProblemError` for a cursor that is none of ours. */
export function selectPage<Row>(rows: readonly Row[], sorting: Sorting<Row>, query: PageQuery): Page<Row> {
  const limit = query.limit ?? limitDefault;
  const { keyOf, idOf, descending } = sorting;
  const compare = (leftKey: SortKey, leftId: string, rightKey: SortKey, rightId: string): number => {
    if (leftKey !== rightKey) {
      if (leftKey === null) return 1;
      if (rightKey === null) return -1;
      return (leftKey < rightKey ? -1 : 1) * (descending ? -1 : 1);
    }
    return leftId < rightId ? -1 : leftId > rightId ? 1 : 0;
  };
  const compareRows = (left: Row, right: Row): number => compare(keyOf(left), idOf(left), keyOf(right), idOf(right));
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const isAfter = (row: Row): boolean => after === undefined || compare(keyOf(row), idOf(row), after[0], after[1]) > 0;
  const open = after === undefined ? rows : rows.filter(isAfter);
  // One more than fits tells whether there is another page.
  const best = open.length <= sortMax ? [...open].sort(compareRows) : bestOf(open, limit + 1, compareRows);
  const page = best.slice(0, limit);
  const last = page.at(-1);
  const next = best.length > limit && last !== undefined ? writeCursor(keyOf(last), idOf(last)) : null;
  return { rows: page, next, total: rows.length };
}

/** The first `count`, sorted; takes n log(count). */
function bestOf<Row>(rows: readonly Row[], count: number, compare: (left: Row, right: Row) => number): Row[] {
  const best: Row[] = [];
  for (const row of rows) {
    const worst = best[count - 1];
    if (worst !== undefined && compare(row, worst) >= 0) continue;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(row, best[middle] as Row) < 0) high = middle;
      else low = middle + 1;
    }
    best.splice(low, 0, row);
    if (best.length > count) best.pop();
  }
  return best;
}

function writeCursor(key: SortKey, id: string): string {
  return Buffer.from(JSON.stringify([key, id])).toString('base64url');
}

function readCursor(cursor: string): readonly [SortKey, string] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(value) && value.length === 2) {
      const [key, id] = value as [unknown, unknown];
      const isKey = key === null || typeof key === 'string' || typeof key === 'number';
      if (isKey && typeof id === 'string') return [key, id];
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new ProblemError('invalid_request', 'the cursor is not one that this list gave; begin again without it', {
    issues: [{ field: '/cursor', message: 'is not one that this list gave' }],
  });
}
