/**
 * Splits a page in two, in steps that anybody may repeat or go on with, since nothing spans several records:
 *
 * 1. The page is sealed: from then on nobody changes it, and whoever wants to does the rest of these steps first.
 * 2. The two pages below are created of what it holds; where they are there, somebody else has done so.
 * 3. The list's record names them instead of it. Of page 1, which is in the list's record, this is all.
 * 4. The page is emptied and says that it was split, to those who read the list's record before.
 *
 * Readers find all edges throughout: in the page until step 3, in those below it from then on.
 */
import type { RecordStore } from '../../records/record-store.ts';
import { edgesIn } from '../layout/edge-page.ts';
import { BIN, depthOf, type EdgeList, type Places, ROOT_PAGE } from '../layout/places.ts';
import { isConflict, type ListRecords, type PageRecord } from '../read/list-records.ts';
import { halves } from './edit-page.ts';
import { Patience, type PatienceOptions } from './patience.ts';

export interface SplitPlace extends PatienceOptions {
  readonly store: RecordStore;
  readonly places: Places;
  readonly records: ListRecords;
}

/** Splits a page, or ends its being split. Does nothing where that is done. */
export async function splitPage(place: SplitPlace, list: EdgeList, page: number): Promise<void> {
  const found = await sealed(place, list, page);
  if (found === undefined) return;
  const [low, high] = halves(found.page, depthOf(page));
  await create(place, list, 2 * page, low);
  await create(place, list, 2 * page + 1, high);
  await nameHalves(place, list, page, { [2 * page]: edgesIn(low), [2 * page + 1]: edgesIn(high) });
  if (page === ROOT_PAGE) return;
  await place.store.put(place.places.page(list, page), { [BIN.forwarded]: 1 }, { mode: 'replace' });
}

/** The page with its seal, undefined where it is split already. */
async function sealed(place: SplitPlace, list: EdgeList, page: number): Promise<PageRecord | undefined> {
  const { store, places, records } = place;
  for (const patience = new Patience(place, 'a page of edges'); ; ) {
    await patience.next();
    const [found] = (await records.pages([{ list, page }])) as [PageRecord];
    if (found.forwarded || found.pages !== undefined || found.generation === undefined) return undefined;
    if (found.sealed) return found;
    await attempt(
      store.put(places.page(list, page), { [BIN.sealed]: 1 }, { mode: 'update', generation: found.generation }),
    );
  }
}

async function create({ store, places }: SplitPlace, list: EdgeList, page: number, bytes: Buffer): Promise<void> {
  await attempt(store.put(places.page(list, page), { [BIN.edges]: bytes }, { mode: 'create' }));
}

async function nameHalves(
  place: SplitPlace,
  list: EdgeList,
  page: number,
  counts: { readonly [page: string]: number },
): Promise<void> {
  const { store, places, records } = place;
  const key = places.list(list);
  for (const patience = new Patience(place, 'a list of edges'); ; ) {
    await patience.next();
    const [root] = (await records.pages([{ list, page: ROOT_PAGE }])) as [PageRecord];
    const { pages, generation } = root;
    if (page === ROOT_PAGE) {
      if (pages !== undefined || generation === undefined) return;
      // Nobody else changes a sealed record but to do the same.
      if (await attempt(store.put(key, { [BIN.pages]: counts }, { mode: 'replace', generation, ttl: 'never' }))) return;
      continue;
    }
    if (pages === undefined || generation === undefined || !Object.hasOwn(pages, page)) return;
    const { [page]: _, ...others } = pages;
    if (await attempt(store.put(key, { [BIN.pages]: { ...others, ...counts } }, { generation }))) return;
  }
}

/** Whether it was done, and not refused because somebody else was faster. */
async function attempt(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}
