/** The entries with the largest counts, of ever so many whose counts only grow: kept by comparing with the least. */
export class TopList<E> {
  readonly #most: number;
  readonly #compare: (left: E, right: E) => number;
  readonly #keyOf: (entry: E) => string;
  #entries: E[] = [];

  /** `compare` puts the larger first, and no two entries of different keys equal. */
  constructor(most: number, compare: (left: E, right: E) => number, keyOf: (entry: E) => string) {
    this.#most = most;
    this.#compare = compare;
    this.#keyOf = keyOf;
  }

  get entries(): readonly E[] {
    return this.#entries;
  }

  /** An entry that is new or has grown. */
  note(entry: E): void {
    const last = this.#entries[this.#most - 1];
    if (last !== undefined && this.#compare(entry, last) > 0) return;
    const key = this.#keyOf(entry);
    const known = this.#entries.findIndex((each) => this.#keyOf(each) === key);
    if (known >= 0) this.#entries.splice(known, 1);
    const at = this.#entries.findIndex((each) => this.#compare(entry, each) < 0);
    this.#entries.splice(at < 0 ? this.#entries.length : at, 0, entry);
    if (this.#entries.length > this.#most) this.#entries.pop();
  }
}
