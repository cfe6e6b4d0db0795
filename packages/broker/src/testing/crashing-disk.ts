/**
 * For tests: a `Disk` in memory that can stop at any byte. Every changed byte and every change of a name costs one unit
 * of a budget; when the budget is used up, the change is cut off in the middle and nothing more ever happens, as when a
 * process is killed. `afterKill` is the disk that the next process finds, `afterPowerLoss` the one after unsynced
 * changes were lost.
 */
import { type Disk, type DiskEntry, DiskError, type DiskFile, type Randomness } from '@millrace/base';

interface Inode {
  content: Uint8Array;
  /** What a loss of power leaves for sure. */
  durable: Uint8Array;
  /** Bytes below this that were not durable when a sync failed: no later sync of the file writes them. */
  forgotten?: number | undefined;
}

const nothing = new Uint8Array(0);

type FailingOperation = 'write' | 'sync' | 'truncate' | 'rename' | 'open';

export class CrashingDisk implements Disk {
  readonly #names: Map<string, Inode>;
  #durableNames: Map<string, Inode>;
  #budget: number;
  #used = 0;
  #held: Promise<void> | undefined;
  #heldSyncs: Promise<void> | undefined;
  #syncs = 0;
  /** Operations to fail with `DiskError` instead of doing them: the next ones whose name is listed. */
  readonly failing: FailingOperation[] = [];
  /** Asked before each such operation whether it is to fail. */
  onOperation: ((operation: FailingOperation, path: string) => boolean) | undefined;

  constructor(budget = Number.POSITIVE_INFINITY, names = new Map<string, Inode>()) {
    this.#budget = budget;
    this.#names = names;
    this.#durableNames = new Map(names);
  }

  /** Units of the budget that were used. */
  get used(): number {
    return this.#used;
  }

  get killed(): boolean {
    return this.#budget <= 0;
  }

  /** From now on nothing happens any more. */
  kill(): void {
    this.#budget = 0;
  }

  /** Makes writes wait until the answered function is called. */
  holdWrites(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  /** Makes syncs of files wait until the answered function is called. */
  holdSyncs(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#heldSyncs = promise;
    return () => {
      this.#heldSyncs = undefined;
      resolve();
    };
  }

  /** Syncs of files that were begun. */
  get syncs(): number {
    return this.#syncs;
  }

  /** What a new process finds after this one was killed: everything written so far. */
  afterKill(budget = Number.POSITIVE_INFINITY): CrashingDisk {
    this.kill();
    return this.copy(budget);
  }

  /** A disk of its own with the same files. */
  copy(budget = Number.POSITIVE_INFINITY): CrashingDisk {
    return new CrashingDisk(budget, new Map([...this.#names].map(([path, inode]) => [path, { ...inode }])));
  }

  /** What is found when power was lost: synced changes, and of the others an arbitrary part. */
  afterPowerLoss(randomness: Randomness, budget = Number.POSITIVE_INFINITY): CrashingDisk {
    this.kill();
    const names = new Map<string, Inode>();
    for (const path of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const survivors = randomness.integer(2) === 0 ? this.#names : this.#durableNames;
      const inode = survivors.get(path);
      if (inode === undefined) continue;
      const content = partOf(inode, randomness);
      names.set(path, { content, durable: content });
    }
    return new CrashingDisk(budget, names);
  }

  /** The bytes under a path, to look at or to damage. */
  content(path: string): Uint8Array {
    return this.#names.get(path)?.content ?? nothing;
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  async open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    this.#failWhenListed('open', path);
    let inode = this.#names.get(path);
    if (inode === undefined) {
      if (!options.create) throw new DiskError('disk_failed', 'open', path, new Error('no such file'));
      await this.#spend(1);
      inode = { content: nothing, durable: nothing };
      this.#names.set(path, inode);
    }
    return this.#fileOf(path, inode);
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    return this.#names.get(path)?.content.slice();
  }

  async writeFileAtomic(path: string, content: Uint8Array, options: { readonly sync: boolean }): Promise<void> {
    const file = await this.open(`${path}.tmp`, { create: true });
    await file.write([content], 0);
    if (options.sync) await file.sync();
    await this.rename(`${path}.tmp`, path);
    if (options.sync) await this.syncDirectory('/');
  }

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  async list(path: string): Promise<DiskEntry[]> {
    const entries = new Map<string, DiskEntry>();
    for (const file of this.paths()) {
      if (!file.startsWith(`${path}/`)) continue;
      const [name = '', ...below] = file.slice(path.length + 1).split('/');
      const isDirectory = below.length > 0;
      entries.set(name, { name, isDirectory, size: isDirectory ? 0 : this.content(file).length });
    }
    return [...entries.values()];
  }

  async rename(from: string, to: string): Promise<void> {
    this.#failWhenListed('rename', from);
    await this.#spend(1);
    const inode = this.#names.get(from);
    if (inode === undefined) throw new DiskError('disk_failed', 'rename', from, new Error('no such file'));
    this.#names.set(to, inode);
    this.#names.delete(from);
  }

  async remove(path: string): Promise<void> {
    if (!this.#names.has(path)) return;
    await this.#spend(1);
    this.#names.delete(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#failWhenListed('sync', path);
    await this.#spend(0);
    this.#durableNames = new Map(this.#names);
  }

  #fileOf(path: string, inode: Inode): DiskFile {
    return {
      size: async () => inode.content.length,
      read: async (target, position) => {
        const part = inode.content.subarray(position, position + target.length);
        target.set(part);
        return part.length;
      },
      write: async (chunks, position) => {
        await this.#held;
        const bytes = Buffer.concat(chunks);
        const fails = this.#isListed('write', path);
        const allowed = fails ? bytes.length >> 1 : Math.min(bytes.length, this.#budget);
        put(inode, bytes.subarray(0, allowed), position);
        await this.#spend(bytes.length);
        if (fails) throw new DiskError('disk_full', 'write', path, undefined);
      },
      sync: async () => {
        await this.#heldSyncs;
        this.#syncs += 1;
        if (this.#isListed('sync', path)) {
          inode.forgotten = inode.content.length;
          throw new DiskError('disk_full', 'sync', path, undefined);
        }
        await this.#spend(0);
        inode.durable = synced(inode);
      },
      truncate: async (size) => {
        this.#failWhenListed('truncate', path);
        await this.#spend(1);
        inode.content = inode.content.slice(0, size);
        inode.forgotten = Math.min(inode.forgotten ?? 0, size);
      },
      close: () => Promise.resolve(),
    };
  }

  /** Uses up units; never resolves once the budget is gone. */
  async #spend(units: number): Promise<void> {
    this.#used += units;
    this.#budget -= units;
    if (this.#budget < 0 || (this.#budget === 0 && units === 0)) await new Promise<never>(() => undefined);
  }

  #isListed(operation: FailingOperation, path: string): boolean {
    if (this.onOperation?.(operation, path) === true) return true;
    const at = this.failing.indexOf(operation);
    if (at === -1) return false;
    this.failing.splice(at, 1);
    return true;
  }

  #failWhenListed(operation: FailingOperation, path: string): void {
    if (this.#isListed(operation, path)) throw new DiskError('disk_full', operation, path, undefined);
  }
}

function put(inode: Inode, bytes: Uint8Array, position: number): void {
  const content = new Uint8Array(Math.max(inode.content.length, position + bytes.length));
  content.set(inode.content);
  content.set(bytes, position);
  inode.content = content;
}

/** What a sync makes durable: after a failed one the system takes what it could not write for written. */
function synced({ content, durable, forgotten = 0 }: Inode): Uint8Array {
  const bytes = content.slice();
  bytes.fill(0, durable.length, Math.min(forgotten, bytes.length));
  bytes.set(durable.subarray(0, forgotten));
  return bytes;
}

function partOf(inode: Inode, randomness: Randomness): Uint8Array {
  const { content, durable } = inode;
  const unsynced = content.length - durable.length;
  if (unsynced <= 0) return randomness.integer(2) === 0 ? content.slice() : durable.slice();
  return content.slice(0, durable.length + randomness.integer(unsynced + 1));
}
