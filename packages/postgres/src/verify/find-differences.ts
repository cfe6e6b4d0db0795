/** Keys whose rows differ: ranges whose digests differ are cut into smaller ones until single rows can be compared. */
import type { Client } from 'pg';
import type { ComparedTable } from './compared-table.ts';
import { digestOf, type KeyRange, keyBehind, keysEvery, rowDigests } from './range-digest.ts';

export interface FindOptions {
  /** Rows of a first range, and those of which each is looked at. */
  readonly rangeRows: number;
  readonly leafRows: number;
  /** Told after each of the first ranges. */
  readonly passed?: ((rows: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How many parts a range is cut into. */
const parts = 16;

/** Keys as texts, some at a time; no more is held than the keys of a leaf and a way down to it. */
export async function* findDifferences(
  source: Client,
  target: Client,
  table: ComparedTable,
  options: FindOptions,
): AsyncGenerator<readonly (readonly string[])[]> {
  const { rangeRows, passed, signal } = options;
  let after: readonly string[] | null = null;
  for (;;) {
    signal?.throwIfAborted();
    // The last range has no upper bound: the target may have rows behind it.
    const upTo: readonly string[] | null = (await keyBehind(source, table, { after, upTo: null }, rangeRows)) ?? null;
    const range: KeyRange = { after, upTo };
    const [ours, theirs] = await bothOf(source, target, table, range);
    if (ours.digest !== theirs.digest || ours.rows !== theirs.rows) {
      yield* descend(
        source,
        target,
        table,
        { range, rows: Math.max(ours.rows, theirs.rows), isOurs: ours.rows >= theirs.rows },
        options,
      );
    }
    passed?.(ours.rows);
    if (upTo === null) return;
    after = upTo;
  }
}

interface Wrong {
  readonly range: KeyRange;
  readonly rows: number;
  /** Whether the source has more rows of it than the target. */
  readonly isOurs: boolean;
}

async function* descend(
  source: Client,
  target: Client,
  table: ComparedTable,
  { range, rows, isOurs }: Wrong,
  options: FindOptions,
): AsyncGenerator<readonly (readonly string[])[]> {
  options.signal?.throwIfAborted();
  if (rows <= options.leafRows) {
    const keys = await differentRows(source, target, table, range);
    if (keys.length > 0) yield keys;
    return;
  }
  const bounds = await keysEvery(isOurs ? source : target, table, range, Math.ceil(rows / parts));
  const cuts = [range.after, ...bounds, range.upTo];
  for (const [index, upTo] of cuts.entries()) {
    if (index === 0) continue;
    const part = { after: cuts[index - 1] ?? null, upTo };
    const [ours, theirs] = await bothOf(source, target, table, part);
    if (ours.digest === theirs.digest && ours.rows === theirs.rows) continue;
    // Rows that came meanwhile could make a part as large as the whole.
    const most = Math.min(Math.max(ours.rows, theirs.rows), rows - 1);
    yield* descend(source, target, table, { range: part, rows: most, isOurs: ours.rows >= theirs.rows }, options);
  }
}

async function bothOf(source: Client, target: Client, table: ComparedTable, range: KeyRange) {
  return await Promise.all([digestOf(source, table, range), digestOf(target, table, range)]);
}

async function differentRows(
  source: Client,
  target: Client,
  table: ComparedTable,
  range: KeyRange,
): Promise<(readonly string[])[]> {
  const [ours, theirs] = await Promise.all([rowDigests(source, table, range), rowDigests(target, table, range)]);
  const ids = new Set([...ours.keys(), ...theirs.keys()]);
  return [...ids].filter((id) => ours.get(id) !== theirs.get(id)).map((id) => JSON.parse(id) as string[]);
}
