/** What lies on the target of a mirror that copies at least once: records, and where they come again. */
import type { SeenRecord } from './mirrored-partition.ts';

interface Places {
  readonly first: number;
  last: number;
}

export class RepeatedRecords {
  /** As they lie there. */
  readonly #all: SeenRecord[] = [];
  /** Offsets of each record, by its content. */
  readonly #places = new Map<string, Places>();

  /** How many were there before. */
  get count(): number {
    return this.#all.length - this.#places.size;
  }

  /** Takes note of the next record; answers whether it is there for the first time. */
  take(record: SeenRecord): boolean {
    const { content, offset } = record;
    this.#all.push(record);
    const known = this.#places.get(content);
    if (known === undefined) this.#places.set(content, { first: offset, last: offset });
    else known.last = offset;
    return known === undefined;
  }

  /** Whether who reads from an offset on meets all of these, and begins with none that was there before them alone. */
  areNext(from: number, records: readonly SeenRecord[]): boolean {
    const places = records.map(({ content }) => this.#places.get(content) as Places);
    if (places.some(({ last }) => last < from)) return false;
    const next = this.#all.find(({ offset }) => offset >= from);
    const known = next && this.#places.get(next.content);
    return known === undefined || known.first !== next?.offset || places.includes(known);
  }
}
