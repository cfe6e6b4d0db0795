/**
 * The engine on disk: LMDB, a B+ tree in a memory-mapped file, through `lmdb`. Reads come from the map without a copy
 * of the tree in our memory: the system keeps in its page cache what is used, and a working set larger than memory
 * costs reads from the disk. Writes are done by a thread of the binding, one transaction a batch or for several; a
 * transaction's pages are copied, so a crash finds the tree of before or of after. A commit is told only once it is
 * synced, unless the store is rebuildable; so `durable` costs nothing more.
 *
 * A deleted range is decided on the tree as it is in its turn: it waits for the batches before it, and those behind it
 * wait for it.
 */
import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Key, open, type RootDatabase } from 'lmdb';
import { StoreError } from '../store-error.ts';
import type { Engine, EngineChange, EngineRange } from './engine.ts';
import type { Entry, OrderedStats } from './ordered-store.ts';
import { RebuildMark } from './rebuild-mark.ts';

/** LMDB's bound for pages of 4 KiB. */
const KEY_BYTES_MAX = 1978;
const FILE = 'data.mdb';
const ENOSPC = 28;

export interface LmdbOptions {
  /** A directory of the store's own; it is made where there is none. */
  readonly directory: string;
  /**
   * Whether what is in the store can be made anew from elsewhere. Then nothing waits for the disk, which makes writes
   * several times as fast, and after a loss of power (not after a mere end of the process) the store opens empty.
   * `durable` writes are refused. False by default.
   */
  readonly rebuildable?: boolean | undefined;
}

interface Request {
  readonly changes: readonly EngineChange[];
  readonly durable: boolean;
  resolve(): void;
  reject(error: Error): void;
}

/** Directories that are open here: a second store would not see the first one's batches in time. */
const opened = new Set<string>();

export class LmdbEngine implements Engine {
  readonly traits;
  readonly #directory: string;
  readonly #database: RootDatabase<Buffer, Key>;
  readonly #mark: RebuildMark | undefined;
  readonly #waiting: Request[] = [];
  /** Batches that LMDB has and has not committed. */
  readonly #issued = new Set<Promise<void>>();
  #pumping = false;

  constructor({ directory, rebuildable = false }: LmdbOptions) {
    mkdirSync(directory, { recursive: true });
    this.#directory = realpathSync(directory);
    if (opened.has(this.#directory)) throw new StoreError('store_in_use', { detail: this.#directory });
    this.traits = { engine: 'lmdb', persistent: true, rebuildable, keyBytesMax: KEY_BYTES_MAX } as const;
    this.#mark = rebuildable ? new RebuildMark(this.#directory) : undefined;
    this.#mark?.opening(FILE);
    try {
      this.#database = open<Buffer, Key>({
        path: this.#directory,
        encoding: 'binary',
        keyEncoding: 'binary',
        maxDbs: 1,
        ...(rebuildable && { noSync: true }),
      });
    } catch (cause) {
      throw new StoreError('store_failed', { detail: `${this.#directory} can not be opened`, cause });
    }
    opened.add(this.#directory);
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#database.getBinary(key);
  }

  has(key: Uint8Array): boolean {
    return this.#database.doesExist(key);
  }

  range({ from, to, reverse, limit, keyBytesSkipped }: EngineRange): Iterable<Entry> {
    if (limit <= 0 || Buffer.compare(from, to) >= 0) return [];
    const bounds = reverse
      ? { start: to, end: from, reverse, exclusiveStart: true, inclusiveEnd: true }
      : { start: from, end: to };
    const range = this.#database.getRange(Number.isFinite(limit) ? { ...bounds, limit } : bounds);
    return range.map(({ key, value }) => ({ key: (key as Buffer).subarray(keyBytesSkipped), value }));
  }

  write(changes: readonly EngineChange[], durable: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, durable, resolve, reject });
      if (!this.#pumping) void this.#pump();
    });
  }

  async flush(): Promise<void> {
    await this.#settled();
    await this.#database.flushed;
  }

  stats(): OrderedStats {
    const { pageSize, treeBranchPageCount, entryCount } = this.#database.getStats() as LmdbStats;
    const bytes = statSync(join(this.#directory, FILE)).size;
    return { bytes, keys: entryCount, indexBytes: treeBranchPageCount * pageSize };
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#database.close();
    this.#mark?.closed(FILE);
    opened.delete(this.#directory);
  }

  /** Hands what waits to LMDB, in its order. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift()) {
      if (!request.changes.some(({ to }) => to !== undefined)) this.#issue(request);
      else {
        await Promise.allSettled(this.#issued);
        this.#issueRanges(request);
      }
    }
    this.#pumping = false;
  }

  #issue({ changes, durable, resolve, reject }: Request): void {
    const database = this.#database;
    const written = database.batch(() => {
      for (const { key, value } of changes) {
        if (value === undefined) database.remove(key);
        else database.put(key, value as Buffer);
      }
    });
    this.#track(written, durable, resolve, reject);
  }

  #issueRanges({ changes, durable, resolve, reject }: Request): void {
    const database = this.#database;
    const written = Promise.resolve().then(() =>
      database.transactionSync(() => {
        for (const { key, value, to } of changes) {
          if (to !== undefined)
            for (const each of [...database.getKeys({ start: key, end: to })]) database.removeSync(each);
          else if (value === undefined) database.removeSync(key);
          else database.putSync(key, value as Buffer);
        }
      }),
    );
    this.#track(written, durable, resolve, reject);
  }

  #track(written: Promise<unknown>, durable: boolean, resolve: () => void, reject: (error: Error) => void): void {
    const settled = written.then(
      async () => {
        if (durable) await this.#database.flushed;
        resolve();
      },
      (cause: unknown) => reject(failure(cause)),
    );
    this.#issued.add(settled);
    void settled.then(() => this.#issued.delete(settled));
  }

  async #settled(): Promise<void> {
    while (this.#waiting.length > 0 || this.#issued.size > 0) await Promise.allSettled([...this.#issued, null]);
  }
}

/** What `getStats` answers, of which `lmdb` declares no type. */
interface LmdbStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly entryCount: number;
}

function failure(cause: unknown): StoreError {
  const number = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return new StoreError(number === ENOSPC || number === 'ENOSPC' ? 'disk_full' : 'store_failed', { cause });
}
