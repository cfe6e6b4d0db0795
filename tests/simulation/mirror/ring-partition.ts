/**
 * The judge of one partition on all clusters of a ring: no record may ever lie twice on a cluster, and in the end each
 * has the records of all, those of each writer in the order in which they lie where they were written.
 */
import type { ActorHome } from '../oracle/actor.ts';
import { InvariantViolation } from '../oracle/history.ts';
import { LogReader } from './mirrored-partition.ts';

interface Place {
  readonly name: string;
  readonly reader: LogReader;
  /** What lies there, in its order. */
  readonly contents: Set<string>;
  /** Those of it that were written there. */
  readonly own: string[];
}

export class RingPartition {
  readonly #what: string;
  readonly #places: readonly Place[];
  readonly #isOf: (content: string, cluster: string) => boolean;
  #looking: Promise<unknown> = Promise.resolve();

  /** `homes`: from where each cluster is asked, by its name. `isOf`: whether a record was written on a cluster. */
  constructor(
    topic: string,
    index: number,
    homes: ReadonlyMap<string, ActorHome>,
    isOf: (content: string, cluster: string) => boolean,
  ) {
    this.#what = `${topic}/${index}`;
    this.#isOf = isOf;
    this.#places = [...homes].map(([name, home]) => {
      return { name, reader: new LogReader(home, topic, index, 0), contents: new Set(), own: [] };
    });
  }

  /** How many records were written, as far as they were read. */
  get written(): number {
    return this.#places.reduce((sum, { own }) => sum + own.length, 0);
  }

  /** Reads what has come; answers whether every cluster has all. Rejects with `InvariantViolation`. */
  look(): Promise<boolean> {
    const looking = this.#looking.then(() => this.#look());
    this.#looking = looking;
    return looking;
  }

  /** Throws `InvariantViolation` where the records of one cluster lie in another order on another. */
  checkOrder(): void {
    for (const { name, own } of this.#places) {
      for (const other of this.#places) {
        const copies = [...other.contents].filter((content) => this.#isOf(content, name));
        const place = own.findIndex((content, index) => copies[index] !== content);
        if (place < 0 && copies.length === own.length) continue;
        throw new InvariantViolation(`${this.#what}: record ${place} of ${name} is in another place on ${other.name}`);
      }
    }
  }

  async #look(): Promise<boolean> {
    for (const { name, reader, contents, own } of this.#places) {
      for await (const { offset, content } of reader.read()) {
        if (contents.has(content)) {
          const what = content.slice(0, 60);
          throw new InvariantViolation(`${this.#what}: offset ${offset} of ${name} is there before: ${what}`);
        }
        contents.add(content);
        if (this.#isOf(content, name)) own.push(content);
      }
    }
    return this.#places.every(({ contents }) => contents.size === this.written);
  }
}
