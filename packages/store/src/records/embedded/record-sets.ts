/**
 * The sets of a store and their indexes. Definitions of indexes lie in a space of their own, as JSON; an index that is
 * being made is there from the beginning, so that what changes meanwhile gets its entries, and is finished after a
 * crash.
 */
import type { OrderedSpace, OrderedStore } from '../../ordered/ordered-store.ts';
import { RecordError } from '../record-error.ts';
import type { IndexDefinition } from '../record-store.ts';
import type { ChangeQueue } from './change-queue.ts';
import { partsOfSpaceName, RecordSet, spaceName } from './record-set.ts';
import { SecondaryIndex } from './secondary-index.ts';

/** Records that get their entries at a time. */
const STEP_RECORDS = 500;

interface StoredDefinition extends IndexDefinition {
  readonly ready: boolean;
}

export class RecordSets {
  readonly #store: OrderedStore;
  readonly #queue: ChangeQueue;
  readonly #definitions: OrderedSpace;
  readonly #sets = new Map<string, RecordSet>();
  readonly #indexes = new Map<string, { set: RecordSet; index: SecondaryIndex }>();

  constructor(store: OrderedStore, queue: ChangeQueue) {
    this.#store = store;
    this.#queue = queue;
    this.#definitions = store.space('indexes');
    for (const name of store.spaces()) {
      const [kind, namespace, set] = partsOfSpaceName(name);
      if (kind === 'r' && namespace !== undefined && set !== undefined) this.of({ namespace, set });
    }
    for (const { value } of this.#definitions.range()) {
      const { ready, ...definition } = JSON.parse(value.toString()) as StoredDefinition;
      this.#enter(definition, ready);
    }
  }

  of({ namespace, set: name }: { readonly namespace: string; readonly set: string }): RecordSet {
    const id = spaceName(namespace, name);
    let set = this.#sets.get(id);
    if (set === undefined) {
      set = new RecordSet(this.#store, namespace, name);
      this.#sets.set(id, set);
    }
    return set;
  }

  all(): Iterable<RecordSet> {
    return this.#sets.values();
  }

  /** An index that is ready, and the set it is of. Throws `index_not_found`. */
  index({ namespace, name }: Pick<IndexDefinition, 'namespace' | 'name'>): { set: RecordSet; index: SecondaryIndex } {
    const found = this.#indexes.get(spaceName(namespace, name));
    if (found?.index.ready) return found;
    const what = found === undefined ? 'is no such index' : 'is such an index, but it is being made still';
    throw new RecordError('index_not_found', `${namespace}/${name}: there ${what}`);
  }

  async createIndex(definition: IndexDefinition): Promise<void> {
    if (this.#indexes.has(spaceName(definition.namespace, definition.name))) {
      throw new RecordError('index_exists', `there is an index ${definition.name} in ${definition.namespace} already`);
    }
    const { namespace, set, bin, name, type, part } = definition;
    const entered = this.#enter({ namespace, set, bin, name, type, part }, false);
    await this.#writeDefinition(entered.index);
    await this.#fill(entered);
  }

  async removeIndex({ namespace, name }: Pick<IndexDefinition, 'namespace' | 'name'>): Promise<void> {
    const id = spaceName(namespace, name);
    const found = this.#indexes.get(id);
    if (found === undefined) throw new RecordError('index_not_found', `${namespace}/${name}: there is no such index`);
    this.#indexes.delete(id);
    found.set.removeIndex(found.index);
    // What is on its way may have entries of the index still; they go before its end.
    await this.#queue.idle();
    const batch = this.#store.batch();
    batch.deleteRange(found.index.space);
    batch.delete(this.#definitions, Buffer.from(id));
    await this.#store.write(batch, { durable: !this.#store.traits.rebuildable });
  }

  /** Ends the making of indexes that a crash interrupted. */
  async finishIndexes(): Promise<void> {
    for (const entered of this.#indexes.values()) if (!entered.index.ready) await this.#fill(entered);
  }

  #enter(definition: IndexDefinition, ready: boolean): { set: RecordSet; index: SecondaryIndex } {
    const { namespace, name } = definition;
    const set = this.of(definition);
    const index = new SecondaryIndex(definition, this.#store.space(spaceName('i', namespace, name)), ready);
    set.addIndex(index);
    const entered = { set, index };
    this.#indexes.set(spaceName(namespace, name), entered);
    return entered;
  }

  /** Gives every record of the set its entries, each in its turn among the changes to it. */
  async #fill({ set, index }: { set: RecordSet; index: SecondaryIndex }): Promise<void> {
    // A change that was decided before the index was known is in the store first.
    await this.#queue.idle();
    let from: Buffer | undefined;
    do {
      const keys = [...set.records.range({ from, limit: STEP_RECORDS })].map(({ key }) => key);
      const last = keys.at(-1);
      from = keys.length < STEP_RECORDS ? undefined : last && Buffer.concat([last, Buffer.of(0)]);
      await Promise.all(
        keys.map((key) =>
          this.#queue.run(set, key, false, (record, batch) => {
            if (record !== undefined) index.include(batch, key, record);
            return { result: undefined };
          }),
        ),
      );
    } while (from !== undefined);
    index.ready = true;
    await this.#writeDefinition(index);
  }

  async #writeDefinition({ definition, ready }: SecondaryIndex): Promise<void> {
    const batch = this.#store.batch();
    const stored: StoredDefinition = { ...definition, ready };
    const id = spaceName(definition.namespace, definition.name);
    batch.put(this.#definitions, Buffer.from(id), Buffer.from(JSON.stringify(stored)));
    await this.#store.write(batch, { durable: !this.#store.traits.rebuildable });
  }
}
