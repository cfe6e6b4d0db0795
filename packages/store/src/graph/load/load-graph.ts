/**
 * Loads many edges at once: gathered in memory, and written list by list, each record once, where a writer would change
 * records edge by edge. Nobody else may write to the graph meanwhile; a load that was interrupted is done again.
 */
import { isMillraceError } from '@millrace/base';
import type { BatchEntry, RecordStore } from '../../records/record-store.ts';
import { checkEdge, DEFAULT_VERTEX_LABEL, type EdgeUpsert, type VertexUpsert } from '../element.ts';
import type { Graph } from '../graph.ts';
import { type Entry, encodeEntry, encodePage, hashOfIdentity, identityOf } from '../layout/edge-page.ts';
import type { LabelNumbers } from '../layout/label-numbers.ts';
import { BIN, childOf, DEPTH_MAX, depthOf, type EdgeList, ROOT_PAGE } from '../layout/places.ts';
import type { Side } from '../write/edge-change.ts';
import { STAMPS_PER_MS } from '../write/edit-page.ts';
import { PageWriter, type WritePlace } from '../write/write-pages.ts';
import { EdgeColumns, type LoadedList } from './edge-columns.ts';

export interface LoadOptions {
  /** Edges that are gathered before they are written; each takes some 30 bytes. 10,000,000 by default. */
  readonly edgesInMemory?: number | undefined;
  /** Told now and then how many edges are written. */
  readonly onProgress?: ((edges: number) => void) | undefined;
}

export interface Loaded {
  readonly edges: number;
  readonly vertices: number;
}

/** What is loaded: vertices and edges in any order. */
export type LoadItem =
  | { readonly type: 'vertex'; readonly vertex: VertexUpsert }
  | { readonly type: 'edge'; readonly edge: EdgeUpsert };

const BATCH_ENTRIES = 2_000;
const BATCH_BYTES = 8 * 2 ** 20;

/** Throws `invalid_element` for what no graph takes; what came before it may be written. */
export async function loadGraph(
  graph: Graph,
  items: Iterable<LoadItem> | AsyncIterable<LoadItem>,
  { edgesInMemory = 10_000_000, onProgress = () => undefined }: LoadOptions = {},
): Promise<Loaded> {
  let columns = new EdgeColumns();
  let vertices: VertexUpsert[] = [];
  const written = { edges: 0, vertices: 0 };
  let stamp = 0;
  const writeVertices = async (): Promise<void> => {
    await graph.upsertVertices(vertices);
    written.vertices += vertices.length;
    vertices = [];
  };
  const writeEdges = async (): Promise<void> => {
    await writeVertices();
    if (columns.count === 0) return;
    // Both directions have the same, so that they are the same version; what is loaded later is a later one.
    stamp = Math.max(stamp + 1, graph.source.clock.now() * STAMPS_PER_MS);
    await new Load(graph.writePlace, graph.source.labels, columns, stamp).write();
    written.edges += columns.count;
    onProgress(written.edges);
    columns = new EdgeColumns();
  };
  for await (const item of items) {
    if (item.type === 'vertex') vertices.push(item.vertex);
    else {
      checkEdge(item.edge);
      columns.add(item.edge);
    }
    if (vertices.length === BATCH_ENTRIES) await writeVertices();
    if (columns.count >= edgesInMemory) await writeEdges();
  }
  await writeEdges();
  return written;
}

/** Writes what was gathered. */
class Load {
  readonly #place: WritePlace;
  readonly #labels: LabelNumbers;
  readonly #columns: EdgeColumns;
  readonly #batch: RecordBatch;
  readonly #stamp: number;

  constructor(place: WritePlace, labels: LabelNumbers, columns: EdgeColumns, stamp: number) {
    this.#place = place;
    this.#labels = labels;
    this.#columns = columns;
    this.#batch = new RecordBatch(place.store);
    this.#stamp = stamp;
  }

  async write(): Promise<void> {
    await this.#labels.ensure(this.#columns.labels);
    for (const id of this.#columns.ids) {
      const bins = { [BIN.label]: DEFAULT_VERTEX_LABEL };
      await this.#batch.add({ type: 'put', key: this.#place.places.vertex(id), bins, options: { mode: 'create' } }, 8);
    }
    // Whether a list is there already is read for many at a time.
    for (const direction of ['out', 'in'] as const) {
      let lists: (LoadedList & { readonly list: EdgeList })[] = [];
      for (const loaded of this.#columns.lists(direction, this.#stamp)) {
        const label = this.#labels.known(loaded.label) as number;
        lists.push({ ...loaded, list: { direction, label, vertex: loaded.vertex } });
        if (lists.length < BATCH_ENTRIES) continue;
        await this.#writeLists(lists);
        lists = [];
      }
      await this.#writeLists(lists);
    }
    await this.#batch.flush();
  }

  async #writeLists(lists: readonly (LoadedList & { readonly list: EdgeList })[]): Promise<void> {
    const { records, places } = this.#place;
    const keys = lists.map(({ list }) => places.list(list));
    const found = await records.records(keys, [BIN.sealed]);
    for (const [index, { list, entries }] of lists.entries()) {
      if (found[index] === undefined) await this.#writeNew(list, entries);
      else await this.#merge(list, entries);
    }
  }

  /** A list that is not there: its pages, and last the record that names them. */
  async #writeNew(list: EdgeList, entries: readonly Entry[]): Promise<void> {
    const { places, pageBytesMax } = this.#place;
    const pages = new Map<number, Buffer>();
    const counts: { [page: string]: number } = {};
    split(
      ROOT_PAGE,
      entries.map((entry) => ({ entry, bytes: encodeEntry(entry) })),
      pageBytesMax,
      pages,
      counts,
    );
    const root = pages.get(ROOT_PAGE);
    for (const [page, bytes] of pages) {
      const key = places.page(list, page);
      await this.#batch.add({ type: 'put', key, bins: { [BIN.edges]: bytes } }, bytes.length);
    }
    if (root !== undefined) return;
    await this.#batch.flush();
    await this.#batch.add({ type: 'put', key: places.list(list), bins: { [BIN.pages]: counts } }, 10 * pages.size);
  }

  async #merge(list: EdgeList, entries: readonly Entry[]): Promise<void> {
    const sides = entries.map((entry): Side => {
      const { other, key, removed, weight, time, expiresAt, properties } = entry;
      const [from, to] = list.direction === 'out' ? [list.vertex, other] : [other, list.vertex];
      const bytes = properties && Buffer.from(properties);
      const change = { id: '', from, label: '', to, key, removed, weight, time, expiresAt, properties: bytes };
      return { change, list, other, identity: identityOf(other, key), hash: hashOfIdentity(other, key) };
    });
    for (let first = 0; first < sides.length; first += BATCH_ENTRIES) {
      await new PageWriter(this.#place).write(sides.slice(first, first + BATCH_ENTRIES), this.#stamp);
    }
  }
}

interface EncodedEntry {
  readonly entry: Entry;
  readonly bytes: Buffer;
}

/** Entries in pages that are no larger than they may be, numbered as if they had been split one after the other. */
function split(
  page: number,
  entries: readonly EncodedEntry[],
  bytesMax: number,
  pages: Map<number, Buffer>,
  counts: { [page: string]: number },
): void {
  const bytes = entries.reduce((sum, each) => sum + each.bytes.length, 0);
  if (bytes <= bytesMax || depthOf(page) >= DEPTH_MAX) {
    counts[page] = entries.length;
    pages.set(
      page,
      encodePage(
        entries.map((each) => each.bytes),
        entries.length,
      ),
    );
    return;
  }
  const low: EncodedEntry[] = [];
  const high: EncodedEntry[] = [];
  for (const each of entries) {
    const child = childOf(page, hashOfIdentity(each.entry.other, each.entry.key));
    (child === 2 * page ? low : high).push(each);
  }
  split(2 * page, low, bytesMax, pages, counts);
  split(2 * page + 1, high, bytesMax, pages, counts);
}

/** Puts that are written many at a time. One that finds its record there already has nothing to do. */
class RecordBatch {
  readonly #store: RecordStore;
  #entries: BatchEntry[] = [];
  #bytes = 0;

  constructor(store: RecordStore) {
    this.#store = store;
  }

  async add(entry: BatchEntry, bytes: number): Promise<void> {
    this.#entries.push(entry);
    this.#bytes += bytes;
    if (this.#entries.length >= BATCH_ENTRIES || this.#bytes >= BATCH_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const entries = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    if (entries.length === 0) return;
    for (const outcome of await this.#store.batch(entries)) {
      if (outcome.type === 'error' && !isMillraceError(outcome.error, 'exists')) throw outcome.error;
    }
  }
}
