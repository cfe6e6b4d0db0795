/** Vertices as records: read many at a time, written one by one in single atomic steps. */
import { isMillraceError } from '@millrace/base';
import { map, type Operation, write } from '../../records/operation.ts';
import type { BatchEntry, FoundRecord, RecordStore } from '../../records/record-store.ts';
import { DEFAULT_VERTEX_LABEL, type Properties, type Vertex, type VertexUpsert } from '../element.ts';
import { BIN, type Places } from '../layout/places.ts';
import type { ListRecords } from './list-records.ts';

/** Vertices that a page of a scan has. */
const PAGE_VERTICES = 1_000;

export class VertexRecords {
  readonly #store: RecordStore;
  readonly #places: Places;
  readonly #records: ListRecords;

  constructor(store: RecordStore, places: Places, records: ListRecords) {
    this.#store = store;
    this.#places = places;
    this.#records = records;
  }

  /** Those that are there, by id. */
  async read(ids: readonly string[]): Promise<Map<string, Vertex>> {
    const found = await this.#records.records(ids.map((id) => this.#places.vertex(id)));
    return new Map(
      found.flatMap((record) => (record === undefined ? [] : [[String(record.key.key), vertexOf(record)]])),
    );
  }

  /** All vertices, a page at a time. */
  async *scan(): AsyncGenerator<readonly Vertex[]> {
    const place = { namespace: this.#places.namespace, set: this.#places.vertices };
    let after: string | undefined;
    do {
      const page = await this.#store.scan(place, { after, pageRecords: PAGE_VERTICES });
      yield page.records.map(vertexOf);
      after = page.cursor;
    } while (after !== undefined);
  }

  async upsert(vertices: readonly VertexUpsert[]): Promise<void> {
    const entries = vertices.flatMap((vertex) => this.#entries(vertex));
    for (const outcome of await this.#store.batch(entries)) {
      // A new vertex that is there already is as it should be.
      if (outcome.type === 'error' && !isMillraceError(outcome.error, 'exists')) throw outcome.error;
    }
  }

  async remove(id: string): Promise<boolean> {
    return this.#store.remove(this.#places.vertex(id));
  }

  #entries({ id, label, properties = {} }: VertexUpsert): BatchEntry[] {
    const key = this.#places.vertex(id);
    const set = Object.entries(properties).filter(([, value]) => value !== null);
    const removed = Object.keys(properties).filter((name) => properties[name] === null);
    const operations: Operation[] = [];
    if (label !== undefined) operations.push(write(BIN.label, label));
    if (set.length > 0) operations.push(map.put(BIN.properties, Object.fromEntries(set)));
    if (removed.length > 0) operations.push(map.removeByKeys(BIN.properties, removed));
    const entries: BatchEntry[] = [];
    if (label === undefined) {
      const bins = { [BIN.label]: DEFAULT_VERTEX_LABEL };
      entries.push({ type: 'put', key, bins, options: { mode: 'create' } });
    }
    if (operations.length > 0) entries.push({ type: 'operate', key, operations });
    return entries;
  }
}

export function vertexOf({ key, bins }: FoundRecord): Vertex {
  const label = String(bins[BIN.label] ?? DEFAULT_VERTEX_LABEL);
  return { id: String(key.key), label, properties: (bins[BIN.properties] ?? {}) as Properties };
}
