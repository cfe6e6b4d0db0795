/** `Disk` on the file system through `node:fs`. */
import {
  close,
  constants,
  type Dirent,
  fdatasync,
  open as fsOpen,
  fstat,
  ftruncate,
  read,
  write,
  writev,
} from 'node:fs';
import { mkdir, open as openHandle, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { assert } from './assert.ts';
import type { Disk, DiskEntry, DiskFile } from './disk.ts';
import { DiskError } from './disk.ts';

const { O_CREAT, O_RDWR } = constants;

const closeFile = promisify(close);
const syncFile = promisify(fdatasync);
const statFile = promisify(fstat);
const truncateFile = promisify(ftruncate);
const openFile = promisify(fsOpen);

/** More chunks than this in one vectored write fail on Linux (IOV_MAX). */
const chunksPerWriteMax = 1024;

export const nodeDisk: Disk = {
  async open(path, options) {
    try {
      // Without O_CREAT `r+` demands that the file exists; O_RDWR|O_CREAT is what `a+` would be without its append
      // mode.
      const fd = options.create ? await openFile(path, O_RDWR | O_CREAT, 0o644) : await openFile(path, 'r+');
      return new NodeFile(fd, path);
    } catch (error) {
      throw diskError(error, 'open', path);
    }
  },

  async readFile(path) {
    try {
      return await readFile(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw diskError(error, 'read', path);
    }
  },

  async writeFileAtomic(path, content, options) {
    const temporary = `${path}.tmp`;
    try {
      await using handle = await openHandle(temporary, 'w', 0o644);
      await handle.writeFile(content);
      if (options.sync) await handle.datasync();
    } catch (error) {
      throw diskError(error, 'write', temporary);
    }
    await nodeDisk.rename(temporary, path);
    if (options.sync) await nodeDisk.syncDirectory(dirname(path));
  },

  async makeDirectory(path) {
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      throw diskError(error, 'create', path);
    }
  },

  async list(path) {
    try {
      const entries = await readdir(path, { withFileTypes: true });
      const listed = await Promise.all(entries.map((entry) => describeEntry(path, entry)));
      return listed.flat().sort((left, right) => (left.name < right.name ? -1 : 1));
    } catch (error) {
      if (isMissing(error)) return [];
      throw diskError(error, 'list', path);
    }
  },

  async rename(from, to) {
    try {
      await rename(from, to);
    } catch (error) {
      throw diskError(error, 'rename', from);
    }
  },

  async remove(path) {
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      throw diskError(error, 'remove', path);
    }
  },

  async space(path) {
    try {
      const { bsize, blocks, bavail } = await statfs(path);
      return { totalBytes: blocks * bsize, usableBytes: bavail * bsize };
    } catch (error) {
      throw diskError(error, 'stat', path);
    }
  },

  async syncDirectory(path) {
    try {
      await using handle = await openHandle(path, 'r');
      await handle.sync();
    } catch (error) {
      throw diskError(error, 'sync', path);
    }
  },
};

/** The entry with its size, or nothing when it was removed since the directory was read. */
async function describeEntry(directory: string, entry: Dirent): Promise<DiskEntry[]> {
  const { name } = entry;
  if (entry.isDirectory()) return [{ name, isDirectory: true, size: 0 }];
  try {
    return [{ name, isDirectory: false, size: (await stat(`${directory}/${name}`)).size }];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

class NodeFile implements DiskFile {
  /** -1 once closed: the system gives the number to the next file opened, which must not be touched by mistake. */
  #fd: number;
  readonly #path: string;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  async size(): Promise<number> {
    return (await this.#attempt('inspect', statFile(this.#open))).size;
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const step = (done: number): void => {
        read(this.#open, target, done, target.length - done, position + done, (error, count) => {
          if (error) return reject(diskError(error, 'read', this.#path));
          if (count === 0 || done + count === target.length) return resolve(done + count);
          step(done + count);
        });
      };
      step(0);
    });
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let at = position;
    for (let first = 0; first < chunks.length; first += chunksPerWriteMax) {
      const part = chunks.length <= chunksPerWriteMax ? chunks : chunks.slice(first, first + chunksPerWriteMax);
      at += await this.#writePart(part, at);
    }
  }

  async sync(): Promise<void> {
    return this.#attempt('sync', syncFile(this.#open));
  }

  async truncate(size: number): Promise<void> {
    return this.#attempt('truncate', truncateFile(this.#open, size));
  }

  async close(): Promise<void> {
    const fd = this.#open;
    this.#fd = -1;
    return this.#attempt('close', closeFile(fd));
  }

  get #open(): number {
    assert(this.#fd >= 0, `${this.#path} is not used after it was closed`);
    return this.#fd;
  }

  /** One system call as a rule; what a short write left over is written from where it stopped. */
  #writePart(chunks: readonly Uint8Array[], position: number): Promise<number> {
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    return new Promise((resolve, reject) => {
      const finished = (error: NodeJS.ErrnoException | null, count: number): void => {
        if (error) return reject(diskError(error, 'write', this.#path));
        if (count === length) return resolve(length);
        if (count === 0) return reject(diskError(new Error('nothing was written'), 'write', this.#path));
        const rest = dropBytes(chunks, count);
        this.#writePart(rest, position + count).then(() => resolve(length), reject);
      };
      const only = chunks.length === 1 ? chunks[0] : undefined;
      if (only !== undefined) write(this.#open, only, 0, only.length, position, finished);
      else writev(this.#open, chunks, position, finished);
    });
  }

  async #attempt<T>(operation: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw diskError(error, operation, this.#path);
    }
  }
}

function dropBytes(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = count;
  for (const chunk of chunks) {
    if (skip >= chunk.length) skip -= chunk.length;
    else {
      rest.push(chunk.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function diskError(error: unknown, operation: string, path: string): DiskError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DiskError('disk_full', operation, path, error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new DiskError('no_access', operation, path, error);
  return new DiskError('disk_failed', operation, path, error);
}
