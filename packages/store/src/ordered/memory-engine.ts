/**
 * The engine in memory: a B+ tree whose copies share their nodes, so that a snapshot costs nothing until something is
 * written. Keys and values are copied into it: it pins no buffer of a caller.
 *
 * For simulations it stands on a `MemoryVolume`, which outlives it: a crash leaves what was durable and as many of the
 * batches after that as the simulation chooses, in their order.
 */
import BTreeModule, { type default as BTree } from 'sorted-btree';
import { StoreError } from '../store-error.ts';
import type { Engine, EngineChange, EngineRange } from './engine.ts';
import type { Entry, OrderedStats } from './ordered-store.ts';

type Tree = BTree.default<Buffer, Buffer>;

const KEY_BYTES_MAX = 65_536;

function emptyTree(): Tree {
  return new BTreeModule.default<Buffer, Buffer>(undefined, Buffer.compare, 64);
}

/** What a store in memory leaves behind: its "disk". */
export class MemoryVolume {
  #durable = emptyTree();
  #pending: (readonly EngineChange[])[] = [];
  #mounted: MemoryEngine | undefined;

  /** Batches that were written and are not durable yet. */
  get pendingBatches(): number {
    return this.#pending.length;
  }

  /**
   * Ends the store that is open on it as a crash does: its calls fail from now on. Of the batches that were not durable
   * the first `surviving` are there afterwards: none after the worst loss of power, all (the default) after a `kill
   * -9`.
   */
  crash(surviving: number = this.#pending.length): void {
    for (const changes of this.#pending.slice(0, surviving)) apply(this.#durable, changes);
    this.#pending = [];
    this.#mounted?.abandon();
    this.#mounted = undefined;
  }

  /** For the engine: takes the volume, and answers what is on it. */
  mount(engine: MemoryEngine): Tree {
    if (this.#mounted !== undefined) throw new StoreError('store_in_use', { detail: 'a store in memory' });
    this.#mounted = engine;
    return this.#durable.clone();
  }

  unmount(engine: MemoryEngine): void {
    if (this.#mounted === engine) this.#mounted = undefined;
  }

  written(changes: readonly EngineChange[]): void {
    this.#pending.push(changes);
  }

  synced(): void {
    for (const changes of this.#pending) apply(this.#durable, changes);
    this.#pending = [];
  }
}

export class MemoryEngine implements Engine {
  readonly traits;
  readonly #volume: MemoryVolume | undefined;
  #tree: Tree;
  /** Iterations that may read `#tree` still: they have it to themselves once something is to be written. */
  #readers = 0;
  #bytes = 0;
  #crashed = false;

  constructor(volume?: MemoryVolume) {
    this.traits = {
      engine: 'memory',
      persistent: volume !== undefined,
      rebuildable: false,
      keyBytesMax: KEY_BYTES_MAX,
    } as const;
    this.#volume = volume;
    this.#tree = volume?.mount(this) ?? emptyTree();
    for (const [key, value] of this.#tree.entries()) this.#bytes += key.length + value.length;
  }

  get(key: Uint8Array): Buffer | undefined {
    this.#assertAlive();
    return this.#tree.get(key as Buffer);
  }

  has(key: Uint8Array): boolean {
    this.#assertAlive();
    return this.#tree.has(key as Buffer);
  }

  range(range: EngineRange): Iterable<Entry> {
    return { [Symbol.iterator]: () => this.#iterate(range) };
  }

  async write(changes: readonly EngineChange[], durable: boolean): Promise<void> {
    const copied = changes.map(({ key, value, to }) => ({ key, value: value && Buffer.from(value), to }));
    // As on disk, a batch is not there yet when `write` returns; who needs it at once would find that only there.
    await Promise.resolve();
    this.#assertAlive();
    if (this.#readers > 0) {
      this.#tree = this.#tree.clone();
      this.#readers = 0;
    }
    this.#bytes += apply(this.#tree, copied);
    this.#volume?.written(copied);
    if (durable) this.#volume?.synced();
  }

  async flush(): Promise<void> {
    await Promise.resolve();
    this.#assertAlive();
    this.#volume?.synced();
  }

  stats(): OrderedStats {
    this.#assertAlive();
    return { bytes: this.#bytes, keys: this.#tree.size, indexBytes: this.#bytes };
  }

  async close(): Promise<void> {
    if (!this.#crashed) await this.flush();
    this.#volume?.unmount(this);
  }

  /** The volume crashed under it. */
  abandon(): void {
    this.#crashed = true;
  }

  *#iterate({ from, to, reverse, limit, keyBytesSkipped }: EngineRange): Generator<Entry, void, undefined> {
    this.#assertAlive();
    if (limit <= 0 || Buffer.compare(from, to) >= 0) return;
    const tree = this.#tree;
    this.#readers++;
    try {
      let count = 0;
      const entries = reverse ? tree.entriesReversed(to as Buffer, undefined, true) : tree.entries(from as Buffer);
      for (const [key, value] of entries) {
        if (reverse ? Buffer.compare(key, from) < 0 : Buffer.compare(key, to) >= 0) return;
        yield { key: key.subarray(keyBytesSkipped), value };
        if (++count >= limit) return;
      }
    } finally {
      if (tree === this.#tree) this.#readers--;
    }
  }

  #assertAlive(): void {
    if (this.#crashed) throw new StoreError('store_closed', { detail: 'it crashed' });
  }
}

/** Applies changes, and answers by how many bytes the tree has grown. */
function apply(tree: Tree, changes: readonly EngineChange[]): number {
  let grown = 0;
  for (const { key, value, to } of changes) {
    if (to !== undefined) {
      const doomed: Buffer[] = [];
      for (const [each] of tree.entries(key)) {
        if (Buffer.compare(each, to) >= 0) break;
        doomed.push(each);
      }
      for (const each of doomed) grown -= each.length + (tree.get(each)?.length ?? 0);
      for (const each of doomed) tree.delete(each);
      continue;
    }
    const before = tree.get(key);
    if (before !== undefined) grown -= key.length + before.length;
    if (value === undefined) tree.delete(key);
    else {
      tree.set(key, value as Buffer);
      grown += key.length + value.length;
    }
  }
  return grown;
}
