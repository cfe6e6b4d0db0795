/** Finds the pages that sides of edges lie in, with what they hold, and ends what others began to split. */
import { type EdgeList, listId, pageFor, ROOT_PAGE } from '../layout/places.ts';
import type { PageCounts, PageRecord } from '../read/list-records.ts';
import type { Side } from './edge-change.ts';
import { type SplitPlace, splitPage } from './split-page.ts';

/** A page, and the sides of edges that belong into it. */
export interface LocatedPage<S extends Pick<Side, 'list' | 'hash'>> {
  readonly list: EdgeList;
  readonly number: number;
  readonly record: PageRecord;
  readonly sides: S[];
}

/** The pages for sides, each once, none of them sealed or split. */
export async function locatePages<S extends Pick<Side, 'list' | 'hash'>>(
  place: SplitPlace,
  sides: readonly S[],
): Promise<LocatedPage<S>[]> {
  const located: LocatedPage<S>[] = [];
  let open = [...byList(sides).values()];
  while (open.length > 0) {
    const roots = await place.records.pages(open.map(({ list }) => ({ list, page: ROOT_PAGE })));
    const candidates: { list: EdgeList; number: number; record: PageRecord | undefined; sides: S[] }[] = [];
    for (const [index, { list, sides: own }] of open.entries()) {
      const record = roots[index] as PageRecord;
      if (record.pages === undefined) candidates.push({ list, number: ROOT_PAGE, record, sides: own });
      else
        for (const [number, some] of byPage(own, record.pages))
          candidates.push({ list, number, record: undefined, sides: some });
    }
    const below = candidates.filter(({ record }) => record === undefined);
    const found = await place.records.pages(below.map(({ list, number }) => ({ list, page: number })));
    for (const [index, candidate] of below.entries()) candidate.record = found[index];
    const again: S[] = [];
    for (const { list, number, record, sides: own } of candidates) {
      if (record === undefined || record.forwarded) again.push(...own);
      else if (record.sealed) {
        await splitPage(place, list, number);
        again.push(...own);
      } else located.push({ list, number, record, sides: own });
    }
    open = [...byList(again).values()];
  }
  return located;
}

function byList<S extends Pick<Side, 'list'>>(sides: readonly S[]): Map<string, { list: EdgeList; sides: S[] }> {
  const lists = new Map<string, { list: EdgeList; sides: S[] }>();
  for (const side of sides) {
    const id = listId(side.list);
    const known = lists.get(id);
    if (known === undefined) lists.set(id, { list: side.list, sides: [side] });
    else known.sides.push(side);
  }
  return lists;
}

function byPage<S extends Pick<Side, 'hash'>>(sides: readonly S[], pages: PageCounts): Map<number, S[]> {
  const grouped = new Map<number, S[]>();
  for (const side of sides) {
    const number = pageFor(pages, side.hash);
    const known = grouped.get(number);
    if (known === undefined) grouped.set(number, [side]);
    else known.push(side);
  }
  return grouped;
}
