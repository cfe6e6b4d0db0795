/**
 * Memory for bulk data that is used again, because a collector that frees it costs more than what is done with the
 * data.
 *
 * Giving back is never owed: what is not given back is collected like any other memory. So whoever can't tell when the
 * last user of some bytes is done, as after a failure, keeps silent.
 */
import { assert } from './assert.ts';

/** Memory that may be used again once it is released, for which each user does so at most once. */
export interface Releasable {
  release(): void;
}

/** Smaller buffers are made for each use. */
const bufferBytesMin = 16 * 1024;
const bufferBytesMaxDefault = 8 * 1024 * 1024;
/** The bound below where it scribbles: small things are what tests use. */
const scribblingBytesMin = 32;

export interface BufferPoolOptions {
  /** Most bytes kept while nobody uses them; default 128 MiB. */
  readonly idleBytesMax?: number | undefined;
  /** Larger ones are made for each use; default 8 MiB. */
  readonly bufferBytesMax?: number | undefined;
  /** For tests: overwrites what is given back, so that bytes used for too long are seen to be. Small buffers too. */
  readonly scribbles?: boolean | undefined;
}

/** Buffers of one size that nobody uses. */
interface SizeClass {
  readonly idle: Buffer[];
  /** The fewest there were since `trim`. */
  least: number;
}

export class BufferPool {
  readonly #idleBytesMax: number;
  readonly #scribbles: boolean;
  readonly #bytesMin: number;
  readonly #bytesMax: number;
  /** By the size of their buffers. */
  readonly #classes = new Map<number, SizeClass>();
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #idleBytes = 0;

  constructor(options: BufferPoolOptions = {}) {
    const { idleBytesMax = 128 * 1024 * 1024, bufferBytesMax = bufferBytesMaxDefault, scribbles = false } = options;
    this.#idleBytesMax = idleBytesMax;
    this.#bytesMax = bufferBytesMax;
    this.#scribbles = scribbles;
    this.#bytesMin = scribbles ? scribblingBytesMin : bufferBytesMin;
  }

  /** Bytes that wait to be used again. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A buffer of at least so many bytes, and at most a quarter more, of whatever content. */
  take(bytesMin: number): Buffer {
    if (bytesMin > this.#bytesMax || bytesMin < this.#bytesMin) return Buffer.allocUnsafeSlow(bytesMin);
    const size = sizeFor(bytesMin);
    const known = this.#classes.get(size);
    const taken = (known && this.#pop(known)) ?? Buffer.allocUnsafeSlow(size);
    this.#lent.add(taken.buffer);
    return taken;
  }

  /**
   * Takes back the buffer that `bytes` is, or is a part of: nobody may use any of it from now on. Bytes of other memory
   * are left alone, as is a buffer that was given back before.
   */
  giveBack({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer)) return;
    const whole = Buffer.from(buffer);
    if (this.#scribbles) whole.fill(0xdb);
    const known = this.#classes.get(whole.length) ?? { idle: [], least: 0 };
    this.#classes.set(whole.length, known);
    known.idle.push(whole);
    this.#idleBytes += whole.length;
    while (this.#idleBytes > this.#idleBytesMax) this.#pop(this.#fullest());
  }

  /** Leaves to the collector what nobody has needed since it was called last. */
  trim(): void {
    for (const known of this.#classes.values()) {
      for (let left = known.least; left > 0; left--) this.#pop(known);
      known.least = known.idle.length;
    }
  }

  #pop(known: SizeClass): Buffer | undefined {
    const buffer = known.idle.pop();
    this.#idleBytes -= buffer?.length ?? 0;
    known.least = Math.min(known.least, known.idle.length);
    return buffer;
  }

  /** The size of which most bytes are idle. */
  #fullest(): SizeClass {
    let most: { readonly known: SizeClass; readonly bytes: number } | undefined;
    for (const [size, known] of this.#classes) {
      const bytes = size * known.idle.length;
      if (most === undefined || bytes > most.bytes) most = { known, bytes };
    }
    assert(most !== undefined && most.bytes > 0, 'idle buffers have a size');
    return most.known;
  }
}

/** What one user has of a pool, and of memory shared with others, until all of it is released at once. */
export class HeldMemory implements Releasable {
  readonly #pool: BufferPool;
  #shared: SharedBuffer[] = [];
  #buffers: Buffer[] = [];
  #bytes = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Bytes that are kept from being used again. */
  get bytes(): number {
    return this.#bytes;
  }

  /** As `BufferPool.take`. */
  take(bytesMin: number): Buffer {
    const buffer = this.#pool.take(bytesMin);
    this.#buffers.push(buffer);
    this.#bytes += buffer.length;
    return buffer;
  }

  /** Is one user more of a shared buffer. */
  share(buffer: SharedBuffer): void {
    this.#shared.push(buffer.use());
    this.#bytes += buffer.bytes.length;
  }

  /**
   * Keeps of all that is held only the chunks, parts of it, and answers them: copies, where they are so small a part
   * that the rest is better released.
   */
  keep(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (length >= this.#bytes * keptShareMin) return chunks;
    const copy = new HeldMemory(this.#pool);
    const copies = chunks.length === 0 ? [] : copyAll(chunks, copy.take(length));
    this.release();
    this.#buffers = copy.#buffers;
    this.#bytes = copy.#bytes;
    return copies;
  }

  release(): void {
    const shared = this.#shared;
    const buffers = this.#buffers;
    this.#shared = [];
    this.#buffers = [];
    this.#bytes = 0;
    for (const buffer of shared) buffer.release();
    for (const buffer of buffers) this.#pool.giveBack(buffer);
  }
}

/** Less than this share of a buffer does not keep it from being used again. */
const keptShareMin = 1 / 4;

function copyAll(chunks: readonly Uint8Array[], target: Buffer): Uint8Array[] {
  let at = 0;
  return chunks.map((chunk) => {
    target.set(chunk, at);
    at += chunk.length;
    return target.subarray(at - chunk.length, at);
  });
}

/** A pool's buffer with several users, who count themselves: it is given back once the last of them has released it. */
export class SharedBuffer implements Releasable {
  readonly bytes: Buffer;
  readonly #pool: BufferPool;
  #users = 1;

  /** Whoever makes it is its first user. */
  constructor(pool: BufferPool, bytesMin: number) {
    this.#pool = pool;
    this.bytes = pool.take(bytesMin);
  }

  /** One user more, who calls `release` once. */
  use(): this {
    assert(this.#users > 0, 'memory is used that was given back');
    this.#users += 1;
    return this;
  }

  release(): void {
    this.#users -= 1;
    assert(this.#users >= 0, 'memory was released more often than used');
    if (this.#users === 0) this.#pool.giveBack(this.bytes);
  }
}

/** The size of buffers for so many bytes: four sizes from each power of two to the next. */
function sizeFor(bytes: number): number {
  const step = 2 ** (29 - Math.clz32(bytes - 1));
  return Math.ceil(bytes / step) * step;
}
