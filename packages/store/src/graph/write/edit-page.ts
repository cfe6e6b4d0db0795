/**
 * A page of edges with new versions of some of them: pure, from bytes to bytes. A version holds against one with a
 * smaller stamp; edges that have expired and marks of removals that are old enough are left out.
 */
import { EdgeCursor, type Entry, encodeEntry, encodePage, identityOf } from '../layout/edge-page.ts';

export interface EditedPage {
  readonly bytes: Buffer;
  /** Edges in it, and of those it had before. */
  readonly edges: number;
  /** When the last of its entries may go, in milliseconds since 1970; Infinity where one stays. */
  readonly lastsUntil: number;
  /** Whether anything is other than before. */
  readonly changed: boolean;
}

export interface EditTimes {
  readonly now: number;
  /** How long marks of removals are kept. */
  readonly removalsKeptMs: number;
}

/** Stamps are microseconds since 1970, and a little more where there were several. */
export const STAMPS_PER_MS = 1_000;

const cursor = new EdgeCursor();

export function editPage(page: Buffer, versions: readonly Entry[], times: EditTimes): EditedPage {
  const wanted = new Map<string, Entry>();
  for (const version of versions) wanted.set(identityOf(version.other, version.key), version);
  const kept: Uint8Array[] = [];
  let edges = 0;
  let lastsUntil = 0;
  let changed = false;
  const keep = (bytes: Uint8Array, removed: boolean, until: number): void => {
    kept.push(bytes);
    if (!removed) edges++;
    lastsUntil = Math.max(lastsUntil, until);
  };
  cursor.open(page);
  while (cursor.next()) {
    const { identity, removed } = cursor;
    const version = wanted.get(identity);
    if (version !== undefined && version.stamp > cursor.stamp) continue;
    wanted.delete(identity);
    const until = lastsTo({ removed, stamp: cursor.stamp, expiresAt: cursor.expiresAt }, times);
    if (until <= times.now) changed = true;
    else keep(cursor.entry, removed, until);
  }
  for (const version of wanted.values()) {
    changed = true;
    const until = lastsTo(version, times);
    if (until > times.now) keep(encodeEntry(version), version.removed, until);
  }
  return { bytes: encodePage(kept, edges), edges, lastsUntil, changed };
}

/** The version of an edge that a page has. */
export function findVersion(page: Buffer, identity: string): EdgeCursor | undefined {
  const found = new EdgeCursor().open(page);
  while (found.next()) if (found.identity === identity) return found;
  return undefined;
}

/** A page's entries as the two pages below it have them; `depth` is that of the page. */
export function halves(page: Buffer, depth: number): readonly [Buffer, Buffer] {
  const entries: [Uint8Array[], Uint8Array[]] = [[], []];
  const edges: [number, number] = [0, 0];
  cursor.open(page);
  while (cursor.next()) {
    const side = ((cursor.hash >>> depth) & 1) as 0 | 1;
    entries[side].push(cursor.entry);
    if (!cursor.removed) edges[side]++;
  }
  return [encodePage(entries[0], edges[0]), encodePage(entries[1], edges[1])];
}

function lastsTo(
  { removed, stamp, expiresAt }: Pick<Entry, 'removed' | 'stamp' | 'expiresAt'>,
  { removalsKeptMs }: EditTimes,
): number {
  if (removed) return stamp / STAMPS_PER_MS + removalsKeptMs;
  return expiresAt ?? Number.POSITIVE_INFINITY;
}
