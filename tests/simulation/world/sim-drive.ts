/**
 * What lies on a simulated drive, and outlives processes: directories and files, each with what is written and what of
 * it a loss of power leaves for sure.
 *
 * A file's bytes are durable once it is synced; a directory's entries once the directory is synced. When power is lost,
 * each 512-byte sector that was changed since the last sync is either there or not, and of a directory's changes since
 * then some first ones are.
 */
import type { DiskEntry, Randomness } from '@millrace/base';
import { crc32c } from '@millrace/wire';

export const sectorBytes = 512;

/** A file without its name. */
export class SimFile {
  #buffer = Buffer.alloc(0);
  #size = 0;
  #durable: Uint8Array = new Uint8Array(0);
  /** Where the file was cut since the last sync, at the shortest. */
  #cutAt = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#size;
  }

  /** The bytes now; a view that later writes change. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.#size);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, position);
    this.#size = Math.max(this.#size, end);
  }

  truncate(size: number): void {
    this.#buffer.fill(0, Math.min(size, this.#size), this.#size);
    if (size > this.#size) this.write(new Uint8Array(size - this.#size), this.#size);
    this.#size = size;
    this.#cutAt = Math.min(this.#cutAt, size);
  }

  sync(): void {
    this.#durable = Uint8Array.from(this.bytes);
    this.#cutAt = Number.POSITIVE_INFINITY;
  }

  losePower(randomness: Randomness): void {
    const wasCut = this.#cutAt < this.#durable.length;
    const keepsCut = wasCut && randomness.integer(2) === 0;
    // A cut comes before what was written behind it: there the file holds all it held, or what of the new is there.
    const before = keepsCut ? this.#durable.subarray(0, this.#cutAt) : this.#durable;
    const now = wasCut && !keepsCut ? this.bytes.subarray(0, this.#cutAt) : this.bytes;
    const left = mixture(before, now, randomness);
    this.#buffer = Buffer.from(left);
    this.#size = left.length;
    this.#durable = left;
    this.#cutAt = Number.POSITIVE_INFINITY;
  }
}

/** Of each sector either what it was or what it is, where it was nothing zeros, up to one of the lengths or between. */
function mixture(before: Uint8Array, now: Uint8Array, randomness: Randomness): Uint8Array {
  const longer = Math.max(before.length, now.length);
  const least = before.length;
  const sizes = [least, longer, longer, least + randomness.integer(longer - least + 1)];
  const size = sizes[randomness.integer(4)] as number;
  const survivors = randomness.float() < 0.3 ? randomness.integer(2) : randomness.float();
  const left = new Uint8Array(size);
  for (let at = 0; at < size; at += sectorBytes) {
    const end = Math.min(at + sectorBytes, size);
    left.set(before.subarray(at, end), at);
    if (randomness.float() < survivors) left.set(now.subarray(at, end), at);
  }
  return left;
}

interface Change {
  readonly name: string;
  /** Undefined when the entry goes. */
  readonly node: SimFile | SimDirectory | undefined;
}

export class SimDirectory {
  readonly #entries = new Map<string, SimFile | SimDirectory>();
  readonly #durable = new Map<string, SimFile | SimDirectory>();
  /** Since the last sync; the parts of one happen together. */
  #changes: (readonly Change[])[] = [];

  get(name: string): SimFile | SimDirectory | undefined {
    return this.#entries.get(name);
  }

  names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  change(...changes: readonly Change[]): void {
    apply(this.#entries, changes);
    this.#changes.push(changes);
  }

  sync(): void {
    for (const changes of this.#changes) apply(this.#durable, changes);
    this.#changes = [];
  }

  losePower(randomness: Randomness): void {
    for (const changes of this.#changes.slice(0, randomness.integer(this.#changes.length + 1))) {
      apply(this.#durable, changes);
    }
    this.#changes = [];
    this.#entries.clear();
    for (const [name, node] of this.#durable) {
      this.#entries.set(name, node);
      node.losePower(randomness);
    }
  }
}

function apply(entries: Map<string, SimFile | SimDirectory>, changes: readonly Change[]): void {
  for (const { name, node } of changes) {
    if (node === undefined) entries.delete(name);
    else entries.set(name, node);
  }
}

export class SimDrive {
  readonly root = new SimDirectory();

  find(path: string): SimFile | SimDirectory | undefined {
    let node: SimFile | SimDirectory | undefined = this.root;
    for (const part of partsOf(path)) node = node instanceof SimDirectory ? node.get(part) : undefined;
    return node;
  }

  /** Makes a directory and those above it, as they were before the world began: no loss of power takes them. */
  prepare(path: string): void {
    let directory = this.root;
    for (const name of partsOf(path)) {
      const node = new SimDirectory();
      directory.change({ name, node });
      directory.sync();
      directory = node;
    }
  }

  /** The directory that a path lies in, and its last part. */
  place(path: string): { readonly directory: SimDirectory | undefined; readonly name: string } {
    const parts = partsOf(path);
    const name = parts.pop() ?? '';
    const directory = this.find(parts.join('/'));
    return { directory: directory instanceof SimDirectory ? directory : undefined, name };
  }

  list(path: string): DiskEntry[] | undefined {
    const node = this.find(path);
    if (!(node instanceof SimDirectory)) return undefined;
    return node.names().map((name) => {
      const entry = node.get(name);
      return { name, isDirectory: entry instanceof SimDirectory, size: entry instanceof SimFile ? entry.size : 0 };
    });
  }

  /** Paths of all files with their bytes, ascending. */
  *files(path = ''): Iterable<readonly [path: string, file: SimFile]> {
    for (const { name } of this.list(path) ?? []) {
      const node = this.find(`${path}/${name}`);
      if (node instanceof SimFile) yield [`${path}/${name}`, node];
      else yield* this.files(`${path}/${name}`);
    }
  }

  /** A line a file, with length and checksum: equal for equal drives. */
  fingerprint(): string {
    return [...this.files()].map(([path, { bytes }]) => `${path} ${bytes.length} ${crc32c(bytes)}`).join('\n');
  }

  losePower(randomness: Randomness): void {
    this.root.losePower(randomness);
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}
