/**
 * Connected components, kept up to date edge by edge: who is connected whichever way edges point. A union-find whose
 * links are records, each changed alone: a root gets a parent with a smaller id, once and for ever, so that writers
 * beside each other make no circle and lose no link. A component is named by the smallest of its ids.
 *
 * What was connected stays so: a removed edge parts nothing. `clear` and adding the edges anew does.
 */
import type { RecordKey } from '../../records/record-key.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { EdgeKey } from '../element.ts';
import type { Graph } from '../graph.ts';
import { isConflict, ListRecords } from '../read/list-records.ts';
import { Patience, type PatienceOptions } from '../write/patience.ts';

const PARENT = 'p';

interface Link {
  readonly parent: string;
  readonly generation: number;
}

export class Components {
  readonly #store: RecordStore;
  readonly #records: ListRecords;
  readonly #patience: PatienceOptions;
  readonly #namespace: string;
  readonly #set: string;

  /** Several of a graph have names of their own, 1 to 15 bytes. */
  constructor(graph: Graph, name = 'components') {
    const { store, places } = graph.source;
    this.#store = store;
    this.#records = new ListRecords(store, places);
    this.#patience = graph.source;
    this.#namespace = places.namespace;
    this.#set = places.own(name);
  }

  /** Connects the ends of edges. */
  async add(edges: readonly Pick<EdgeKey, 'from' | 'to'>[]): Promise<void> {
    for (const { from, to } of edges) if (from !== to) await this.#connect(from, to);
  }

  /** The smallest id that each vertex is connected with, its own where there is no smaller one. */
  async of(vertices: readonly string[]): Promise<string[]> {
    return (await this.#roots(vertices)).map(({ root }) => root);
  }

  async areConnected(left: string, right: string): Promise<boolean> {
    const [one, other] = await this.of([left, right]);
    return one === other;
  }

  /** The vertices of each component of two at least, by its name; reads all. */
  async all(): Promise<Map<string, string[]>> {
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const page = await this.#store.scan({ namespace: this.#namespace, set: this.#set }, { after });
      for (const { key } of page.records) ids.push(String(key.key));
      after = page.cursor;
    } while (after !== undefined);
    const members = new Map<string, string[]>();
    const roots = await this.of(ids);
    for (const [index, root] of roots.entries()) {
      const known = members.get(root);
      if (known === undefined) members.set(root, [root, ids[index] as string]);
      else known.push(ids[index] as string);
    }
    return members;
  }

  /** Forgets all, to be made anew; nobody may add meanwhile. */
  async clear(): Promise<void> {
    for (;;) {
      const page = await this.#store.scan({ namespace: this.#namespace, set: this.#set });
      if (page.records.length === 0) return;
      await this.#store.batch(page.records.map(({ key }) => ({ type: 'remove', key })));
    }
  }

  async #connect(left: string, right: string): Promise<void> {
    for (const patience = new Patience(this.#patience, 'a component'); ; ) {
      await patience.next();
      const [one, other] = (await this.#roots([left, right])) as [Found, Found];
      if (one.root === other.root) return;
      const [parent, child] = one.root < other.root ? [one.root, other.root] : [other.root, one.root];
      try {
        // A root has no record; whoever makes it links it.
        await this.#store.put(this.#key(child), { [PARENT]: parent }, { mode: 'create' });
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  /** Follows links, all at a time; those that were long are made shorter. */
  async #roots(vertices: readonly string[]): Promise<Found[]> {
    const found: Found[] = vertices.map((id) => ({ id, root: id, way: [] }));
    let open = found;
    while (open.length > 0) {
      const ids = [...new Set(open.map(({ root }) => root))];
      const records = await this.#records.records(ids.map((id) => this.#key(id)));
      const links = new Map<string, Link>();
      for (const [index, record] of records.entries()) {
        if (record === undefined) continue;
        links.set(ids[index] as string, { parent: String(record.bins[PARENT]), generation: record.generation });
      }
      open = open.filter((each) => {
        const link = links.get(each.root);
        if (link === undefined) return false;
        each.way.push({ id: each.root, generation: link.generation });
        each.root = link.parent;
        return true;
      });
    }
    await this.#shorten(found);
    return found;
  }

  /** A link may always lead further up: whoever else changes it meanwhile did the same. */
  async #shorten(found: readonly Found[]): Promise<void> {
    const links = new Map<string, { generation: number; root: string }>();
    for (const { way, root } of found) {
      // The last of a way points to the root already.
      for (const { id, generation } of way.slice(0, -1)) links.set(id, { generation, root });
    }
    if (links.size === 0) return;
    const outcomes = await this.#store.batch(
      [...links].map(([id, { generation, root }]) => {
        return { type: 'put', key: this.#key(id), bins: { [PARENT]: root }, options: { generation } } as const;
      }),
    );
    for (const outcome of outcomes) {
      if (outcome.type === 'error' && !isConflict(outcome.error)) throw outcome.error;
    }
  }

  #key(id: string): RecordKey {
    return { namespace: this.#namespace, set: this.#set, key: id };
  }
}

interface Found {
  readonly id: string;
  root: string;
  readonly way: { readonly id: string; readonly generation: number }[];
}
