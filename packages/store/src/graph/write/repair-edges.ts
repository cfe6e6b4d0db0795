/**
 * Makes both directions of edges agree, of which a note says that a writer did not end. The version with the larger
 * stamp holds, and is written to the direction that has not got it. It does not write what the writer was to write: an
 * edge that is in neither direction was not acknowledged, or was removed since.
 */

import type { EdgeKey } from '../element.ts';
import { type EdgeCursor, edgesIn, entryAt } from '../layout/edge-page.ts';
import type { LabelNumbers } from '../layout/label-numbers.ts';
import { BIN, ROOT_PAGE } from '../layout/places.ts';
import { isConflict } from '../read/list-records.ts';
import { removalOf, type Side, sidesOf } from './edge-change.ts';
import { editPage, findVersion } from './edit-page.ts';
import { type LocatedPage, locatePages } from './locate-pages.ts';
import { Patience } from './patience.ts';
import { PageWriter, type WritePlace } from './write-pages.ts';

/** Answers how many edges were in one direction only, or in two versions. */
export async function repairEdges(place: WritePlace, labels: LabelNumbers, edges: readonly EdgeKey[]): Promise<number> {
  let repaired = 0;
  for (const edge of edges) {
    const label = labels.known(edge.label);
    if (label === undefined) continue;
    if (await repairEdge(place, sidesOf(removalOf(edge), label))) repaired++;
  }
  return repaired;
}

async function repairEdge(place: WritePlace, sides: readonly [Side, Side]): Promise<boolean> {
  let wrote = false;
  for (const patience = new Patience(place, 'an edge'); ; ) {
    await patience.next();
    const pages = await locatePages(place, sides);
    await tellCounts(place, pages);
    const versions = sides.map((side) => {
      const page = pages.find((each) => each.sides.includes(side)) as LocatedPage<Side>;
      return { side, page, found: findVersion(page.record.page, side.identity) };
    });
    const stampOf = (found: EdgeCursor | undefined): number => found?.stamp ?? 0;
    const [newest, oldest] = versions.toSorted((left, right) => stampOf(right.found) - stampOf(left.found));
    if (newest?.found === undefined || oldest === undefined) return wrote;
    if (newest.found.stamp === stampOf(oldest.found)) return wrote;
    const entry = { ...entryAt(newest.found), other: oldest.side.other };
    const times = { now: place.clock.now(), removalsKeptMs: place.removalsKeptMs };
    const edited = editPage(oldest.page.record.page, [entry], times);
    if (!edited.changed) return wrote;
    const { list, number, record } = oldest.page;
    try {
      const { generation } = record;
      const expected = generation === undefined ? ({ mode: 'create' } as const) : { generation };
      await place.store.put(
        place.places.page(list, number),
        { [BIN.edges]: edited.bytes },
        { ...expected, ttl: 'never' },
      );
      wrote = true;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

/** A writer that ended before it told a split list's record what its pages have may have left an older count there. */
async function tellCounts(place: WritePlace, pages: readonly LocatedPage<Side>[]): Promise<void> {
  const writer = new PageWriter(place);
  for (const { list, number, record } of pages) {
    if (number !== ROOT_PAGE) await writer.count(list, { [number]: edgesIn(record.page) });
  }
}
