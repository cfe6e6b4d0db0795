/**
 * The last offset of each key of a part of a log, in bounded memory: an open hash table in typed arrays, 24 bytes a
 * key. Keys are told apart by the first 128 bits of their SHA-256, so that their length does not count; that two of
 * 2^32 keys share them is a matter of one in 10^19.
 */
import { hash } from 'node:crypto';

const slotBytes = 24;
const wordsOfHash = 4;

export interface OffsetMapOptions {
  /** Most memory that the table takes. */
  readonly bytesMax: number;
  /** More keys than this are never put, so a smaller table will do. */
  readonly keysMax: number;
  /** How full the table may get, above 0 and below 1. */
  readonly loadFactor: number;
}

export class OffsetMap {
  /** How many keys it holds at most. */
  readonly capacity: number;
  readonly #slots: number;
  readonly #hashes: Uint32Array;
  /** Offset plus one; 0 for a free slot. */
  readonly #offsets: Float64Array;
  #size = 0;

  constructor({ bytesMax, keysMax, loadFactor }: OffsetMapOptions) {
    this.#slots = Math.max(2, Math.min(Math.floor(bytesMax / slotBytes), Math.ceil(keysMax / loadFactor) + 1));
    this.capacity = Math.max(1, Math.floor(this.#slots * loadFactor));
    this.#hashes = new Uint32Array(this.#slots * wordsOfHash);
    this.#offsets = new Float64Array(this.#slots);
  }

  /** Keys held. */
  get size(): number {
    return this.#size;
  }

  /** Notes a key's last offset; offsets come ascending. Answers false when there is no room for another key. */
  put(key: Uint8Array, offset: number): boolean {
    const digest = digestOf(key);
    const slot = this.#slotOf(digest);
    if (this.#offsets[slot] === 0) {
      if (this.#size === this.capacity) return false;
      this.#size += 1;
      for (let word = 0; word < wordsOfHash; word++) {
        this.#hashes[slot * wordsOfHash + word] = digest.readUInt32LE(word * 4);
      }
    }
    this.#offsets[slot] = offset + 1;
    return true;
  }

  /** The key's last offset, or -1. */
  get(key: Uint8Array): number {
    return (this.#offsets[this.#slotOf(digestOf(key))] as number) - 1;
  }

  /** Where the key is, or would go. There is always a free slot. */
  #slotOf(digest: Buffer): number {
    let slot = digest.readUInt32LE(16) % this.#slots;
    while (this.#offsets[slot] !== 0 && !this.#holds(slot, digest)) slot = slot + 1 === this.#slots ? 0 : slot + 1;
    return slot;
  }

  #holds(slot: number, digest: Buffer): boolean {
    for (let word = 0; word < wordsOfHash; word++) {
      if (this.#hashes[slot * wordsOfHash + word] !== digest.readUInt32LE(word * 4)) return false;
    }
    return true;
  }
}

function digestOf(key: Uint8Array): Buffer {
  return hash('sha256', key, 'buffer');
}
