/**
 * A bounded number of open files, shared by all logs of a cluster. A file in use is never closed; of the others the one
 * used longest ago goes first. So a cluster of 200,000 partitions needs no more descriptors than the bound plus what is
 * in use now.
 */
import type { Disk, DiskFile } from '@millrace/base';

interface Entry {
  readonly path: string;
  readonly file: Promise<DiskFile>;
  users: number;
  forgotten: boolean;
}

/** The right to use an open file until `release`. */
export interface FileLease {
  readonly file: DiskFile;
  release(): Promise<void>;
}

export class FileCache {
  readonly #disk: Disk;
  #openMax: number;
  /** Leases that were not released, and whom to tell when there is none any more. */
  #leases = 0;
  #onUnused: (() => void) | undefined;
  /** In order of last use, oldest first. */
  readonly #entries = new Map<string, Entry>();

  constructor(disk: Disk, openMax: number) {
    this.#disk = disk;
    this.#openMax = openMax;
  }

  /** Opens a file, or takes it if it is open. Rejects with `DiskError`. */
  async acquire(path: string, options: { readonly create: boolean }): Promise<FileLease> {
    let entry = this.#entries.get(path);
    if (entry === undefined) entry = { path, file: this.#disk.open(path, options), users: 0, forgotten: false };
    else this.#entries.delete(path);
    this.#entries.set(path, entry);
    entry.users += 1;
    this.#leases += 1;
    const taken = entry;
    try {
      const file = await taken.file;
      return { file, release: () => this.#release(taken) };
    } catch (error) {
      if (this.#entries.get(path) === taken) this.#entries.delete(path);
      this.#countRelease();
      throw error;
    }
  }

  /** Lets go of a file that is about to be removed; it is closed once nobody uses it. */
  async forget(path: string): Promise<void> {
    const entry = this.#entries.get(path);
    if (entry === undefined) return;
    this.#entries.delete(path);
    entry.forgotten = true;
    if (entry.users === 0) await (await entry.file).close();
  }

  async #release(entry: Entry): Promise<void> {
    entry.users -= 1;
    try {
      if (entry.forgotten) {
        if (entry.users === 0) await (await entry.file).close();
      } else if (this.#entries.size > this.#openMax) await this.#closeOldest();
    } finally {
      this.#countRelease();
    }
  }

  /** Closes all files, those in use when they are released, and waits for that. A file taken later is not kept. */
  async close(): Promise<void> {
    this.#openMax = 0;
    await this.#closeOldest();
    if (this.#leases === 0) return;
    await new Promise<void>((resolve) => {
      this.#onUnused = resolve;
    });
  }

  #countRelease(): void {
    this.#leases -= 1;
    if (this.#leases === 0) this.#onUnused?.();
  }

  async #closeOldest(): Promise<void> {
    for (const [path, entry] of this.#entries) {
      if (entry.users > 0) continue;
      this.#entries.delete(path);
      await (await entry.file).close();
      if (this.#entries.size <= this.#openMax) return;
    }
  }
}
