/**
 * The set of events that have been counted, as 128 bits of a hash each: 16 bytes an event in an open-addressed table
 * that is at most three quarters full, so 21 to 43 bytes, where a `Set` of strings would take over a hundred. Never
 * forgets. At 100 million events the chance that two different ones share a hash is below 10^-22.
 */
import { hash } from 'node:crypto';
import type { TrackingEvent } from './event.ts';

const wordsPerEntry = 4;

export class Seen {
  #words = new Uint32Array(1_024 * wordsPerEntry);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes of the table. */
  get bytes(): number {
    return this.#words.byteLength;
  }

  has(identity: Uint32Array): boolean {
    return this.#words[this.#slotOf(identity)] !== 0;
  }

  /** Adds an event's identity; false when it was there already. */
  add(identity: Uint32Array): boolean {
    const slot = this.#slotOf(identity);
    if (this.#words[slot] !== 0) return false;
    this.#words.set(identity, slot);
    this.#size++;
    if (this.#size * wordsPerEntry * 4 > this.#words.length * 3) this.#grow();
    return true;
  }

  /** The slot that holds the identity, or the free one where it belongs. */
  #slotOf(identity: Uint32Array): number {
    const words = this.#words;
    const mask = words.length - 1;
    let slot = ((identity[1] as number) * wordsPerEntry) & mask;
    while (words[slot] !== 0) {
      if (
        words[slot] === identity[0] &&
        words[slot + 1] === identity[1] &&
        words[slot + 2] === identity[2] &&
        words[slot + 3] === identity[3]
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
      const identity = old.subarray(at, at + wordsPerEntry);
      this.#words.set(identity, this.#slotOf(identity));
    }
  }
}

/**
 * What makes an event the same as another: its id and what was sent. A sender's repetition of an event is the same,
 * although it was sent, received and timed anew, perhaps from another network; two events that a faulty sender gave one
 * id are not. The first word is never 0.
 */
export function identityOf(event: TrackingEvent): Uint32Array {
  const { receivedAt, timestamp, sentAt, context, ...content } = event;
  const { ip, ...kept } = context ?? {};
  const digest = hash('sha1', JSON.stringify([content, kept]), 'buffer');
  const identity = new Uint32Array(wordsPerEntry);
  for (let word = 0; word < wordsPerEntry; word++) identity[word] = digest.readUInt32LE(word * 4);
  if (identity[0] === 0) identity[0] = 1;
  return identity;
}
