/**
 * Writes both directions of changes to edges, each page if it is still as it was read, again and again until all are
 * written.
 */
import type { Clock } from '@millrace/base';
import type { BatchEntry, BatchOutcome, PutOptions } from '../../records/record-store.ts';
import { BIN, DEPTH_MAX, depthOf, type EdgeList, listId, type Places, ROOT_PAGE } from '../layout/places.ts';
import { isConflict } from '../read/list-records.ts';
import { type EdgeChange, entryOf, type Side } from './edge-change.ts';
import { type EditedPage, editPage, findVersion, STAMPS_PER_MS } from './edit-page.ts';
import { type LocatedPage, locatePages } from './locate-pages.ts';
import { Patience } from './patience.ts';
import { type SplitPlace, splitPage } from './split-page.ts';

export interface WritePlace extends SplitPlace {
  readonly clock: Clock;
  /** Pages larger than this are split. */
  readonly pageBytesMax: number;
  readonly removalsKeptMs: number;
}

interface Edit {
  readonly page: LocatedPage<Side>;
  readonly edited: EditedPage;
}

export class PageWriter {
  readonly #place: WritePlace;
  #lastStamp = 0;

  constructor(place: WritePlace) {
    this.#place = place;
  }

  /** Writes all sides, with stamps from `stamp` on where one is given. */
  async write(sides: readonly Side[], stamp?: number): Promise<void> {
    const stamps = new Map<EdgeChange, number>();
    if (stamp !== undefined) for (const { change } of sides) stamps.set(change, stamp);
    let open = sides;
    const patience = new Patience(this.#place, 'edges');
    for (let attempt = 0; open.length > 0; attempt++) {
      await patience.next();
      const pages = await locatePages(this.#place, open);
      if (attempt === 0) this.#stamp(pages, stamps);
      open = await this.#writeOnce(pages, stamps);
    }
  }

  /**
   * Gives changes stamps larger than those of what is there in either direction, once. A version with a larger one that
   * is met later was written meanwhile: it holds, and whoever writes it writes it to both directions.
   */
  #stamp(pages: readonly LocatedPage<Side>[], stamps: Map<EdgeChange, number>): void {
    for (const { record, sides } of pages) {
      for (const { change, identity } of sides) {
        const there = record.page.length === 0 ? undefined : findVersion(record.page, identity)?.stamp;
        const given = stamps.get(change) ?? Math.max(this.#lastStamp + 1, this.#place.clock.now() * STAMPS_PER_MS);
        const stamp = Math.max(given, (there ?? 0) + 1);
        this.#lastStamp = Math.max(this.#lastStamp, stamp);
        stamps.set(change, stamp);
      }
    }
  }

  /** Answers the sides that others were faster for. */
  async #writeOnce(pages: readonly LocatedPage<Side>[], stamps: ReadonlyMap<EdgeChange, number>): Promise<Side[]> {
    const { store, clock, removalsKeptMs } = this.#place;
    const times = { now: clock.now(), removalsKeptMs };
    const edits: Edit[] = [];
    for (const page of pages) {
      const versions = page.sides.map((side) => entryOf(side, stamps.get(side.change) as number));
      const edited = editPage(page.record.page, versions, times);
      if (edited.changed) edits.push({ page, edited });
    }
    const outcomes = await store.batch(edits.map((edit) => putOf(this.#place.places, edit, times.now)));
    const failed: Side[] = [];
    const written: Edit[] = [];
    for (const [index, edit] of edits.entries()) {
      if (wasWritten(outcomes[index] as BatchOutcome)) written.push(edit);
      else failed.push(...edit.page.sides);
    }
    await this.#tell(written);
    return failed;
  }

  /** Tells lists' records what split lists have, and splits what has grown. */
  async #tell(written: readonly Edit[]): Promise<void> {
    const counts = new Map<string, { list: EdgeList; entries: { [page: string]: number } }>();
    for (const { page, edited } of written) {
      if (page.number === ROOT_PAGE) continue;
      const id = listId(page.list);
      const known = counts.get(id) ?? { list: page.list, entries: {} };
      known.entries[page.number] = edited.edges;
      counts.set(id, known);
    }
    for (const { list, entries } of counts.values()) await this.count(list, entries);
    for (const { page, edited } of written) {
      const { list, number } = page;
      if (edited.bytes.length <= this.#place.pageBytesMax || depthOf(number) >= DEPTH_MAX) continue;
      await splitPage(this.#place, list, number);
    }
  }

  /** Notes in a split list's record how many edges pages have, of those that it still names. */
  async count(list: EdgeList, entries: { readonly [page: string]: number }): Promise<void> {
    const { store, places, records } = this.#place;
    for (const patience = new Patience(this.#place, 'a list of edges'); ; ) {
      await patience.next();
      const [root] = await records.pages([{ list, page: ROOT_PAGE }]);
      if (root?.pages === undefined || root.generation === undefined) return;
      const { pages, generation } = root;
      const fresh = Object.entries(entries).filter(
        ([page, edges]) => Object.hasOwn(pages, page) && pages[page] !== edges,
      );
      if (fresh.length === 0) return;
      const next = { ...pages, ...Object.fromEntries(fresh) };
      try {
        await store.put(places.list(list), { [BIN.pages]: next }, { generation });
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }
}

function putOf(places: Places, { page, edited }: Edit, now: number): BatchEntry {
  const { generation } = page.record;
  const life: PutOptions = page.number === ROOT_PAGE ? { ttl: secondsTo(edited.lastsUntil, now) } : {};
  const expected: PutOptions = generation === undefined ? { mode: 'create' } : { mode: 'update', generation };
  const key = places.page(page.list, page.number);
  return { type: 'put', key, bins: { [BIN.edges]: edited.bytes }, options: { ...life, ...expected } };
}

/** A list all of whose edges expire goes with the last of them. */
function secondsTo(until: number, now: number): number | 'never' {
  const seconds = Math.ceil((until - now) / 1_000) + 1;
  return seconds <= LIFE_SECONDS_MAX ? Math.max(1, seconds) : 'never';
}

const LIFE_SECONDS_MAX = 9 * 365 * 86_400;

/** False where somebody was faster, or it has to be tried again; throws what trying again does not help. */
function wasWritten(outcome: BatchOutcome): boolean {
  if (outcome.type !== 'error') return true;
  if (isConflict(outcome.error) || outcome.error.retriable) return false;
  throw outcome.error;
}
