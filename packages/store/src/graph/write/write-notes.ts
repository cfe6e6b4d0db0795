/**
 * Notes of what a writer is writing, one for each batch of edges: written before, and removed after, both directions.
 * A note that is left over names the edges whose directions may disagree (`repair-edges.ts`).
 */

import { isMillraceError } from '@millrace/base';
import type { RecordKey } from '../../records/record-key.ts';
import type { BatchEntry, RecordStore } from '../../records/record-store.ts';
import type { EdgeKey } from '../element.ts';
import { BIN, type Places } from '../layout/places.ts';

export interface WriteNote {
  readonly key: RecordKey;
  /** When it was written, by its writer's clock. */
  readonly since: number;
  readonly edges: readonly EdgeKey[];
}

export class WriteNotes {
  readonly #store: RecordStore;
  readonly #places: Places;
  readonly #writer: string;
  #number = 0;
  /** Notes whose edges are written, to be removed with the next one. */
  #done: RecordKey[] = [];

  /** `writer` is a text that no other writer has. */
  constructor(store: RecordStore, places: Places, writer: string) {
    this.#store = store;
    this.#places = places;
    this.#writer = writer;
  }

  /**
   * Notes edges, and makes what is to be there before them (`before`, which may be there); resolves when all is kept.
   */
  async begin(edges: readonly EdgeKey[], now: number, before: readonly BatchEntry[]): Promise<RecordKey> {
    const key = this.#places.write(`${this.#writer}:${this.#number++}`);
    const listed = edges.map(({ from, label, to, key: own = '' }) => [from, label, to, own]);
    const note: BatchEntry = { type: 'put', key, bins: { [BIN.edges]: listed, [BIN.since]: now } };
    await this.#send([note, ...before]);
    return key;
  }

  end(note: RecordKey): void {
    this.#done.push(note);
  }

  /** Removes the notes of what is written. */
  async clear(): Promise<void> {
    if (this.#done.length > 0) await this.#send([]);
  }

  async #send(entries: readonly BatchEntry[]): Promise<void> {
    const done = this.#done;
    this.#done = [];
    const outcomes = await this.#store.batch([...entries, ...done.map((key) => ({ type: 'remove', key }) as const)]);
    for (const outcome of outcomes.slice(0, entries.length)) {
      if (outcome.type === 'error' && !isMillraceError(outcome.error, 'exists')) throw outcome.error;
    }
  }

  /** The notes of all writers, a page at a time. */
  async *all(): AsyncGenerator<WriteNote> {
    const place = { namespace: this.#places.namespace, set: this.#places.writes };
    let after: string | undefined;
    do {
      const page = await this.#store.scan(place, { after, pageRecords: 100 });
      for (const { key, bins } of page.records) {
        const listed = bins[BIN.edges] as readonly (readonly [string, string, string, string])[];
        const edges = listed.map(([from, label, to, own]) => ({ from, label, to, key: own }));
        yield { key, since: Number(bins[BIN.since]), edges };
      }
      after = page.cursor;
    } while (after !== undefined);
  }
}
