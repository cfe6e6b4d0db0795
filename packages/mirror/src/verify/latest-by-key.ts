/**
 * The latest record of each key on both sides, by digests: 48 bytes a slot whatever keys and values take, and up to
 * twice as many slots as keys. Digests of keys have 128 bits, those of records 64.
 */
import type { Record } from '@millrace/wire';
import { ContentDigest } from './content-digest.ts';
import { addContent } from './record-facts.ts';

export type Side = 'source' | 'target';

/** A key whose latest records differ: where they lie; undefined where a side has none, or a tombstone. */
export interface KeyDifference {
  readonly source: number | undefined;
  readonly target: number | undefined;
}

const keyWords = 4;
const valueWords = 2;
const slotsMin = 1024;
const none = -1;
/** A key that is not compared. */
const excused = -2;

export class LatestByKey {
  readonly #key = new ContentDigest();
  readonly #content = new ContentDigest();
  #slots = slotsMin;
  #size = 0;
  #keys = new Uint32Array(slotsMin * keyWords);
  #values = { source: new Uint32Array(slotsMin * valueWords), target: new Uint32Array(slotsMin * valueWords) };
  #offsets = { source: new Float64Array(slotsMin).fill(none), target: new Float64Array(slotsMin).fill(none) };

  /** Takes a record as the latest of its key so far. Records without a key are none that compaction keeps. */
  take(side: Side, record: Record): void {
    if (!this.#digestKey(record)) return;
    const slot = this.#takenSlot() ?? this.#add();
    if (this.#isExcused(slot)) return;
    this.#offsets[side][slot] = record.offset;
    const values = this.#values[side];
    const at = slot * valueWords;
    if (record.valueLength < 0) values.fill(0, at, at + valueWords);
    else {
      const { words } = this.#content;
      this.#content.begin();
      addContent(this.#content, record);
      this.#content.end();
      values[at] = words[0]!;
      values[at + 1] = words[1]! || 1;
    }
  }

  /** Leaves a record's key out of the comparison: it was written anew behind what is compared. */
  excuse(record: Record): void {
    const slot = this.#digestKey(record) ? this.#takenSlot() : undefined;
    if (slot === undefined) return;
    this.#offsets.source[slot] = excused;
    this.#offsets.target[slot] = excused;
  }

  /** How many keys are compared. */
  get compared(): number {
    let count = 0;
    for (let slot = 0; slot < this.#slots; slot++) if (this.#isUsed(slot) && !this.#isExcused(slot)) count++;
    return count;
  }

  /** The keys whose latest records differ, in no order. */
  *differences(): Generator<KeyDifference, undefined> {
    for (let slot = 0; slot < this.#slots; slot++) {
      if (!this.#isUsed(slot) || this.#isExcused(slot)) continue;
      const [source, target] = [this.#valueOf('source', slot), this.#valueOf('target', slot)];
      const at = slot * valueWords;
      const { source: left, target: right } = this.#values;
      if (left[at] === right[at] && left[at + 1] === right[at + 1]) continue;
      yield { source, target };
    }
  }

  /** Where a side has the key's value; undefined for none and for a tombstone. */
  #valueOf(side: Side, slot: number): number | undefined {
    const isThere = this.#values[side][slot * valueWords + 1] !== 0;
    return isThere ? this.#offsets[side][slot] : undefined;
  }

  #isUsed(slot: number): boolean {
    return this.#offsets.source[slot] !== none || this.#offsets.target[slot] !== none;
  }

  #isExcused(slot: number): boolean {
    return this.#offsets.source[slot] === excused;
  }

  /** Answers false for a record without a key. */
  #digestKey({ key }: Record): boolean {
    if (key === null) return false;
    this.#key.begin();
    this.#key.add(key);
    this.#key.end();
    return true;
  }

  /** The slot of the key digested last, if it has one. */
  #takenSlot(): number | undefined {
    const slot = this.#probe(this.#key.words);
    return this.#isUsed(slot) ? slot : undefined;
  }

  /** A key's slot, or the empty one where it would be. */
  #probe(key: Uint32Array): number {
    const mask = this.#slots - 1;
    for (let slot = key[0]! & mask; ; slot = (slot + 1) & mask) {
      if (!this.#isUsed(slot)) return slot;
      const at = slot * keyWords;
      let i = 0;
      while (i < keyWords && this.#keys[at + i] === key[i]) i++;
      if (i === keyWords) return slot;
    }
  }

  /** Gives the key digested last a slot; the caller sets an offset there at once. */
  #add(): number {
    if (++this.#size > this.#slots * 0.75) this.#grow();
    const slot = this.#probe(this.#key.words);
    this.#keys.set(this.#key.words, slot * keyWords);
    return slot;
  }

  #grow(): void {
    const [slots, keys, values, offsets] = [this.#slots, this.#keys, this.#values, this.#offsets];
    this.#slots = slots * 2;
    this.#keys = new Uint32Array(this.#slots * keyWords);
    this.#values = {
      source: new Uint32Array(this.#slots * valueWords),
      target: new Uint32Array(this.#slots * valueWords),
    };
    this.#offsets = {
      source: new Float64Array(this.#slots).fill(none),
      target: new Float64Array(this.#slots).fill(none),
    };
    for (let from = 0; from < slots; from++) {
      if (offsets.source[from] === none && offsets.target[from] === none) continue;
      const key = keys.subarray(from * keyWords, (from + 1) * keyWords);
      const to = this.#probe(key);
      this.#keys.set(key, to * keyWords);
      for (const side of ['source', 'target'] as const) {
        this.#values[side].set(values[side].subarray(from * valueWords, (from + 1) * valueWords), to * valueWords);
        this.#offsets[side][to] = offsets[side][from]!;
      }
    }
  }
}
