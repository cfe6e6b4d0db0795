/**
 * A set of texts as 128 bits of a hash each: 16 bytes a text in an open-addressed table that is at most three quarters
 * full, so 21 to 43 bytes, where a `Set` of strings would take over a hundred. Never forgets. At 100 million texts the
 * chance that two different ones share a hash is below 10^-22.
 */
import { hash } from 'node:crypto';

const wordsPerEntry = 4;

export class DigestSet {
  #words = new Uint32Array(1_024 * wordsPerEntry);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes of the table. */
  get bytes(): number {
    return this.#words.byteLength;
  }

  has(text: string): boolean {
    return this.#words[this.#slotOf(digestOf(text))] !== 0;
  }

  add(text: string): void {
    const digest = digestOf(text);
    const slot = this.#slotOf(digest);
    if (this.#words[slot] !== 0) return;
    this.#words.set(digest, slot);
    this.#size++;
    if (this.#size * wordsPerEntry * 4 > this.#words.length * 3) this.#grow();
  }

  /** The slot that holds the digest, or the free one where it belongs. */
  #slotOf(digest: Uint32Array): number {
    const words = this.#words;
    const mask = words.length - 1;
    let slot = ((digest[1] as number) * wordsPerEntry) & mask;
    while (words[slot] !== 0) {
      if (
        words[slot] === digest[0] &&
        words[slot + 1] === digest[1] &&
        words[slot + 2] === digest[2] &&
        words[slot + 3] === digest[3]
      ) {
        return slot;
      }
      slot = (slot + wordsPerEntry) & mask;
    }
    return slot;
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += wordsPerEntry) {
      if (old[at] === 0) continue;
      const digest = old.subarray(at, at + wordsPerEntry);
      this.#words.set(digest, this.#slotOf(digest));
    }
  }
}

/** The first word is never 0. */
function digestOf(text: string): Uint32Array {
  const bytes = hash('sha1', text, 'buffer');
  const digest = new Uint32Array(wordsPerEntry);
  for (let word = 0; word < wordsPerEntry; word++) digest[word] = bytes.readUInt32LE(word * 4);
  if (digest[0] === 0) digest[0] = 1;
  return digest;
}
