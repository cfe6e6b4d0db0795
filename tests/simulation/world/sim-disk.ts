/**
 * A process's way to its drive: a `Disk` of base's, whose operations take time, may happen in another order than they
 * were asked for, and may fail as the file system's do.
 *
 * Each operation takes effect at one moment between its call and its answer. When the process is killed, what was
 * called and did not yet take effect happens wholly, not at all, or, for a write, with some of its first bytes.
 */
import { type Disk, type DiskEntry, DiskError, type DiskFile, type Randomness } from '@millrace/base';
import { SimDirectory, type SimDrive, SimFile } from './sim-drive.ts';
import { SimulationFailure } from './sim-loop.ts';
import type { ProcessResource, SimProcess } from './sim-process.ts';

/** What is wrong with a drive at the moment. Shared by all processes that use it. */
export class DiskFaults {
  /** Nothing can grow: writes stop in the middle, files can't be made. */
  full = false;
  /** The shares of reads and of syncs that fail. */
  readFailures = 0;
  syncFailures = 0;
  /** How many times longer everything takes. */
  slowness = 1;
  /** How many operations failed because of these, by kind. */
  readonly met = { full: 0, read: 0, sync: 0 };

  heal(): void {
    this.full = false;
    this.readFailures = 0;
    this.syncFailures = 0;
    this.slowness = 1;
  }
}

/** An operation that was called and has not taken effect. */
interface Pending {
  readonly isWrite: boolean;
  /** Takes effect in part: a share from 0 to 1. */
  happen(share: number): void;
}

export class SimDisk implements Disk, ProcessResource {
  readonly #process: SimProcess;
  readonly #drive: SimDrive;
  readonly #faults: DiskFaults;
  readonly #randomness: Randomness;
  readonly #pending = new Set<Pending>();
  #openFiles = 0;
  /** Called once, when the next write or sync of such a file was called and has not taken effect. */
  ambush: { readonly pathEnd: string; readonly strike: () => void } | undefined;

  constructor(process: SimProcess, drive: SimDrive, faults: DiskFaults, randomness: Randomness) {
    this.#process = process;
    this.#drive = drive;
    this.#faults = faults;
    this.#randomness = randomness;
    process.attach(this);
  }

  /** Files opened and not closed. */
  get openFiles(): number {
    return this.#openFiles;
  }

  /** Whether a write was called and has not taken effect. */
  get isWriting(): boolean {
    for (const { isWrite } of this.#pending) if (isWrite) return true;
    return false;
  }

  killed(): void {
    for (const pending of this.#pending)
      pending.happen([0, 1, this.#randomness.float()][this.#randomness.integer(3)] as number);
    this.#pending.clear();
  }

  async open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    const file = await this.#operate('open', path, (): SimFile => {
      const node = this.#drive.find(path);
      if (node instanceof SimFile) return node;
      if (node !== undefined || !options.create) throw failed('open', path, 'ENOENT: no such file');
      return this.#create(path);
    });
    this.#openFiles += 1;
    return this.#handle(path, file);
  }

  readFile(path: string): Promise<Uint8Array | undefined> {
    return this.#operate('read', path, () => {
      this.#failRead(path);
      const node = this.#drive.find(path);
      return node instanceof SimFile ? Buffer.from(node.bytes) : undefined;
    });
  }

  async writeFileAtomic(path: string, content: Uint8Array, options: { readonly sync: boolean }): Promise<void> {
    const temporary = `${path}.tmp`;
    const file = await this.#operate('open', temporary, () => {
      const node = this.#drive.find(temporary);
      if (node instanceof SimFile) node.truncate(0);
      return node instanceof SimFile ? node : this.#create(temporary);
    });
    await this.#write(temporary, file, [content], 0);
    if (options.sync) await this.#sync(temporary, file);
    await this.rename(temporary, path);
    if (options.sync) await this.syncDirectory(path.slice(0, path.lastIndexOf('/')));
  }

  makeDirectory(path: string): Promise<void> {
    return this.#operate('create', path, () => {
      let directory = this.#drive.root;
      for (const name of path.split('/').filter((part) => part !== '')) {
        let node = directory.get(name);
        if (node === undefined) {
          this.#failFull('create', path);
          node = new SimDirectory();
          directory.change({ name, node });
        }
        if (!(node instanceof SimDirectory)) throw failed('create', path, 'ENOTDIR: not a directory');
        directory = node;
      }
    });
  }

  list(path: string): Promise<DiskEntry[]> {
    return this.#operate('list', path, () => {
      this.#failRead(path);
      return this.#drive.list(path) ?? [];
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#operate('rename', from, () => {
      const node = this.#drive.find(from);
      const source = this.#drive.place(from);
      const target = this.#drive.place(to);
      if (node === undefined || target.directory === undefined) throw failed('rename', from, 'ENOENT: no such file');
      const gone = { name: source.name, node: undefined };
      if (source.directory === target.directory) target.directory.change({ name: target.name, node }, gone);
      else {
        target.directory.change({ name: target.name, node });
        source.directory?.change(gone);
      }
    });
  }

  remove(path: string): Promise<void> {
    return this.#operate('remove', path, () => {
      const { directory, name } = this.#drive.place(path);
      if (directory?.get(name) !== undefined) directory.change({ name, node: undefined });
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.#operate('sync', path, () => {
      const node = this.#drive.find(path);
      if (!(node instanceof SimDirectory)) throw failed('sync', path, 'ENOENT: no such directory');
      this.#failSync(path);
      node.sync();
    });
  }

  #create(path: string): SimFile {
    this.#failFull('open', path);
    const { directory, name } = this.#drive.place(path);
    if (directory === undefined) throw failed('open', path, 'ENOENT: no such directory');
    const file = new SimFile();
    directory.change({ name, node: file });
    return file;
  }

  #handle(path: string, file: SimFile): DiskFile {
    let closed = false;
    let working = 0;
    const use = async <T>(work: () => Promise<T>): Promise<T> => {
      if (closed) throw this.#misuse(`${path} was used after it was closed`);
      working += 1;
      try {
        return await work();
      } finally {
        working -= 1;
      }
    };
    return {
      size: () => use(() => this.#operate('inspect', path, () => file.size)),
      read: (target, position) => use(() => this.#read(path, file, target, position)),
      write: (chunks, position) => use(() => this.#write(path, file, chunks, position)),
      sync: () => use(() => this.#sync(path, file)),
      truncate: (size) => use(() => this.#operate('truncate', path, () => file.truncate(size))),
      close: async () => {
        if (closed || working > 0) throw this.#misuse(`${path} was closed ${closed ? 'twice' : 'while it was used'}`);
        closed = true;
        await this.#operate('close', path, () => undefined);
        this.#openFiles -= 1;
      },
    };
  }

  /** A descriptor's number is given to the next file, so using one after its end may destroy any other file. */
  #misuse(message: string): SimulationFailure {
    const failure = new SimulationFailure(message);
    this.#process.loop.fail(failure);
    return failure;
  }

  #read(path: string, file: SimFile, target: Uint8Array, position: number): Promise<number> {
    return this.#operate('read', path, () => {
      this.#failRead(path);
      const part = file.bytes.subarray(position, position + target.length);
      target.set(part);
      return part.length;
    });
  }

  #write(path: string, file: SimFile, chunks: readonly Uint8Array[], position: number): Promise<void> {
    const effect = (share: number): void => {
      // Not before: bytes that their owner changes too early must be found out.
      const bytes = Buffer.concat(chunks);
      const fits = !this.#faults.full || position + bytes.length <= file.size;
      const length = Math.floor(bytes.length * (fits ? share : share * this.#randomness.float()));
      file.write(bytes.subarray(0, length), position);
      if (fits) return;
      this.#faults.met.full += 1;
      throw new DiskError('disk_full', 'write', path, new Error('ENOSPC: no space left on device'));
    };
    return this.#operate('write', path, effect, true);
  }

  #sync(path: string, file: SimFile): Promise<void> {
    return this.#operate('sync', path, () => {
      this.#failSync(path);
      file.sync();
    });
  }

  /** Calls `effect` at some moment, and answers some time later; neither if the process is killed before. */
  #operate<T>(label: string, path: string, effect: (share: number) => T, isWrite = false): Promise<T> {
    const { loop } = this.#process;
    return new Promise((resolve, reject) => {
      if (!this.#process.alive) return;
      const pending: Pending = {
        isWrite,
        happen: (share) => {
          // Only a write can happen in part; whether it then fails is of no interest any more.
          if (share === 0 || (!isWrite && share < 0.5)) return;
          try {
            effect(share);
          } catch (error) {
            if (!(error instanceof DiskError)) throw error;
          }
        },
      };
      this.#pending.add(pending);
      if ((isWrite || label === 'sync') && this.ambush !== undefined && path.endsWith(this.ambush.pathEnd)) {
        const { strike } = this.ambush;
        this.ambush = undefined;
        strike();
      }
      loop.schedule(this.#duration(label), `disk-${label}`, () => {
        if (!this.#pending.delete(pending)) return;
        let outcome: () => void;
        try {
          const result = effect(1);
          outcome = () => resolve(result);
        } catch (error) {
          loop.note(`disk ${label} ${path}: ${String(error)}`);
          outcome = () => reject(error);
        }
        this.#process.schedule(this.#randomness.float() * 0.1, 'disk-answer', outcome);
      });
    });
  }

  #duration(label: string): number {
    const usual = label === 'sync' ? 5 : 0.3;
    const rare = this.#randomness.integer(100) === 0 ? 20 : 1;
    return this.#randomness.float() * usual * rare * this.#faults.slowness;
  }

  #failFull(operation: string, path: string): void {
    if (!this.#faults.full) return;
    this.#faults.met.full += 1;
    throw new DiskError('disk_full', operation, path, new Error('ENOSPC: no space left on device'));
  }

  #failRead(path: string): void {
    if (this.#randomness.float() >= this.#faults.readFailures) return;
    this.#faults.met.read += 1;
    throw failed('read', path, 'EIO: i/o error');
  }

  #failSync(path: string): void {
    if (this.#randomness.float() >= this.#faults.syncFailures) return;
    this.#faults.met.sync += 1;
    throw failed('sync', path, 'EIO: i/o error');
  }
}

function failed(operation: string, path: string, reason: string): DiskError {
  return new DiskError('disk_failed', operation, path, new Error(reason));
}
