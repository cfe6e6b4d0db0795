/**
 * Gives idempotent producers their ids. Ids are reserved in blocks in the journal, synced, so that none is ever given
 * twice.
 */
import type { Journal, JournalSection } from './journal/journal.ts';

interface ReserveEntry {
  /** First id that is not reserved. */
  readonly next: number;
}

const blockSize = 1000;

export class ProducerIds {
  readonly #section: JournalSection<ReserveEntry>;
  #next = 0;
  #reserved = 0;
  #reserving: Promise<void> | undefined;

  constructor(journal: Journal) {
    this.#section = journal.section<ReserveEntry>('producer-ids', {
      apply: (entry) => {
        this.#reserved = Math.max(this.#reserved, entry.next);
      },
      snapshot: () => (this.#reserved === 0 ? [] : [{ next: this.#reserved }]),
    });
  }

  /** To be called once the journal was replayed: ids of an earlier run's block may have been given. */
  start(): void {
    this.#next = this.#reserved;
  }

  async allocate(): Promise<number> {
    while (this.#next >= this.#reserved) {
      this.#reserving ??= this.#section.append({ next: this.#next + blockSize }, { sync: true }).finally(() => {
        this.#reserving = undefined;
      });
      await this.#reserving;
    }
    return this.#next++;
  }
}
