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

/** Buffers have powers of two bytes within these bounds; smaller and larger ones are made for each use. */
const orderMin = 14;
const bufferBytesMax = 8 * 1024 * 1024;
/** The bound below where it scribbles: small things are what tests use. */
const scribblingOrderMin = 5;

export interface BufferPoolOptions {
  /** Most bytes kept while nobody uses them; default 32 MiB. */
  readonly idleBytesMax?: number | undefined;
  /** For tests: overwrites what is given back, so that bytes used for too long are seen to be. Small buffers too. */
  readonly scribbles?: boolean | undefined;
}

export class BufferPool {
  readonly #idleBytesMax: number;
  readonly #scribbles: boolean;
  readonly #orderMin: number;
  /** By the binary logarithm of their size. */
  readonly #idle: Buffer[][] = [];
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #idleBytes = 0;

  constructor({ idleBytesMax = 32 * 1024 * 1024, scribbles = false }: BufferPoolOptions = {}) {
    this.#idleBytesMax = idleBytesMax;
    this.#scribbles = scribbles;
    this.#orderMin = scribbles ? scribblingOrderMin : orderMin;
  }

  /** Bytes that wait to be used again. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A buffer of at least so many bytes, of whatever content. */
  take(bytesMin: number): Buffer {
    if (bytesMin > bufferBytesMax || bytesMin < 2 ** this.#orderMin) return Buffer.allocUnsafeSlow(bytesMin);
    const order = orderOf(bytesMin);
    const buffer = this.#idle[order]?.pop();
    if (buffer !== undefined) this.#idleBytes -= buffer.length;
    const taken = buffer ?? Buffer.allocUnsafeSlow(2 ** order);
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
    if (this.#idleBytes + whole.length > this.#idleBytesMax) return;
    const order = orderOf(whole.length);
    const idle = this.#idle[order] ?? [];
    this.#idle[order] = idle;
    idle.push(whole);
    this.#idleBytes += whole.length;
  }
}

/** What one user has of a pool, and of memory shared with others, until all of it is released at once. */
export class HeldMemory implements Releasable {
  readonly #pool: BufferPool;
  #held: Releasable[] = [];
  #buffers: Uint8Array[] = [];

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** As `BufferPool.take`. */
  take(bytesMin: number): Buffer {
    const buffer = this.#pool.take(bytesMin);
    this.#buffers.push(buffer);
    return buffer;
  }

  /** Releases it with all else. */
  add(held: Releasable): void {
    this.#held.push(held);
  }

  release(): void {
    const held = this.#held;
    const buffers = this.#buffers;
    this.#held = [];
    this.#buffers = [];
    for (const each of held) each.release();
    for (const buffer of buffers) this.#pool.giveBack(buffer);
  }
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

/** The binary logarithm of the size of a buffer that holds so many bytes. */
function orderOf(bytes: number): number {
  return 32 - Math.clz32(bytes - 1);
}
