/**
 * Reads pages of edges, many lists at a time: the records of all lists in one batch, and the pages of those that are
 * split in a second one.
 */
import { isMillraceError } from '@millrace/base';
import type { RecordKey } from '../../records/record-key.ts';
import type { BatchOutcome, Bins, FoundRecord, RecordStore } from '../../records/record-store.ts';
import type { Value } from '../../records/value.ts';
import { edgesIn } from '../layout/edge-page.ts';
import { BIN, type EdgeList, type Places } from '../layout/places.ts';

/** Pages of a split list, by number, with how many edges each has. */
export interface PageCounts {
  readonly [page: string]: number;
}

/** A list or page as its record has it. */
export interface PageRecord {
  readonly generation: number | undefined;
  /** Empty where there is no record, or the page is split. */
  readonly page: Buffer;
  /** Of a split list's own record. */
  readonly pages: PageCounts | undefined;
  readonly sealed: boolean;
  readonly forwarded: boolean;
}

export interface ListPages {
  readonly pages: readonly Buffer[];
  /** Whether these are all; else there are more edges, in pages that were not asked for. */
  readonly complete: boolean;
}

const NO_BYTES = Buffer.alloc(0);
const ATTEMPTS_MAX = 20;

export class ListRecords {
  readonly #store: RecordStore;
  readonly #places: Places;
  #batches = 0;
  #records = 0;

  constructor(store: RecordStore, places: Places) {
    this.#store = store;
    this.#places = places;
  }

  /** Batches read so far, and the records asked for in them. */
  get reads(): { readonly batches: number; readonly records: number } {
    return { batches: this.#batches, records: this.#records };
  }

  /** Records in one batch, with these bins of them or all. */
  async records(keys: readonly RecordKey[], bins?: readonly string[]): Promise<(FoundRecord | undefined)[]> {
    if (keys.length === 0) return [];
    this.#batches++;
    this.#records += keys.length;
    const outcomes = await this.#store.batch(keys.map((key) => ({ type: 'get', key, bins })));
    return outcomes.map(recordOf);
  }

  /** The records of pages, root or not. */
  async pages(pages: readonly { readonly list: EdgeList; readonly page: number }[]): Promise<PageRecord[]> {
    const found = await this.records(pages.map(({ list, page }) => this.#places.page(list, page)));
    return found.map(pageRecord);
  }

  /** What lists hold, in their order; of a split one no more pages than hold `edgesMax` edges. */
  async lists(lists: readonly EdgeList[], edgesMax = Number.POSITIVE_INFINITY): Promise<ListPages[]> {
    const results: ListPages[] = [];
    let open = lists.map((list, at) => ({ list, at }));
    for (let attempt = 0; open.length > 0; attempt++) {
      // Whoever splits a page does it in a moment; that a list is always met in that moment is a fault of its own.
      if (attempt === ATTEMPTS_MAX) throw new RangeError('a list of edges refers to pages that are not there');
      open = await this.#readLists(open, edgesMax, results);
    }
    return results;
  }

  /** Those lists remain of which a page was split after the list's own record was read. */
  async #readLists(
    open: readonly { readonly list: EdgeList; readonly at: number }[],
    edgesMax: number,
    results: ListPages[],
  ): Promise<{ list: EdgeList; at: number }[]> {
    const roots = await this.records(open.map(({ list }) => this.#places.list(list)));
    const wanted: { list: EdgeList; page: number; at: number }[] = [];
    const split = new Map<number, { list: EdgeList; complete: boolean }>();
    for (const [index, { list, at }] of open.entries()) {
      const { page, pages } = pageRecord(roots[index]);
      if (pages === undefined) results[at] = { pages: page.length === 0 ? [] : [page], complete: true };
      else {
        const { chosen, complete } = choose(pages, edgesMax);
        for (const number of chosen) wanted.push({ list, page: number, at });
        split.set(at, { list, complete });
      }
    }
    const found = await this.pages(wanted);
    const pagesOf = new Map<number, Buffer[] | undefined>();
    for (const [index, { at }] of wanted.entries()) {
      const { forwarded, page } = found[index] as PageRecord;
      const so = pagesOf.has(at) ? pagesOf.get(at) : [];
      if (!forwarded && page.length > 0) so?.push(page);
      pagesOf.set(at, forwarded ? undefined : so);
    }
    const again: { list: EdgeList; at: number }[] = [];
    for (const [at, { list, complete }] of split) {
      const pages = pagesOf.has(at) ? pagesOf.get(at) : [];
      if (pages === undefined) again.push({ list, at });
      else results[at] = { pages, complete };
    }
    return again;
  }
}

function choose(pages: PageCounts, edgesMax: number): { chosen: number[]; complete: boolean } {
  const chosen: number[] = [];
  let edges = 0;
  let complete = true;
  for (const [page, count] of Object.entries(pages)) {
    if (edges >= edgesMax) complete = false;
    else chosen.push(Number(page));
    edges += count;
  }
  return { chosen, complete };
}

export function pageRecord(record: FoundRecord | undefined): PageRecord {
  const bins: Bins = record?.bins ?? {};
  return {
    generation: record?.generation,
    page: bytesOf(bins[BIN.edges]),
    pages: bins[BIN.pages] as PageCounts | undefined,
    sealed: bins[BIN.sealed] === 1,
    forwarded: bins[BIN.forwarded] === 1,
  };
}

/** How many edges a list's record knows of. */
export function edgesOf({ page, pages }: PageRecord): number {
  if (pages === undefined) return edgesIn(page);
  return Object.values(pages).reduce((sum, count) => sum + count, 0);
}

function bytesOf(value: Value | undefined): Buffer {
  if (!(value instanceof Uint8Array)) return NO_BYTES;
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length);
}

function recordOf(outcome: BatchOutcome): FoundRecord | undefined {
  if (outcome.type === 'error') throw outcome.error;
  return outcome.type === 'get' ? outcome.record : undefined;
}

/** Whether a change was refused because the record is another one than was expected. */
export function isConflict(error: unknown): boolean {
  return ['generation', 'exists', 'not_found'].some((code) => isMillraceError(error, code));
}
