/**
 * The labels of a graph's edges and their numbers, in one record. Numbers are given once and for ever; a process knows
 * those it has seen, and looks again where it sees one that it does not know.
 */
import { isMillraceError } from '@millrace/base';
import type { RecordStore } from '../../records/record-store.ts';
import { GraphError } from '../graph-error.ts';
import { Patience, type PatienceOptions } from '../write/patience.ts';
import { BIN, type Places } from './places.ts';

const LABELS_MAX = 1_000;

export class LabelNumbers {
  readonly #store: RecordStore;
  readonly #places: Places;
  readonly #patience: PatienceOptions;
  #numbers = new Map<string, number>();
  #names: string[] = [];
  #adding: Promise<void> = Promise.resolve();

  constructor(store: RecordStore, places: Places, patience: PatienceOptions) {
    this.#store = store;
    this.#places = places;
    this.#patience = patience;
  }

  /** Reads what others have added. */
  async refresh(): Promise<void> {
    await this.#read();
  }

  /** The number of a label that is known here. */
  known(label: string): number | undefined {
    return this.#numbers.get(label);
  }

  name(number: number): string {
    return this.#names[number] ?? '';
  }

  get all(): readonly number[] {
    return [...this.#numbers.values()];
  }

  get names(): readonly string[] {
    return [...this.#numbers.keys()];
  }

  /** Numbers for labels, given to those that have none. */
  async ensure(labels: Iterable<string>): Promise<void> {
    for (const label of labels) {
      if (this.#numbers.has(label)) continue;
      const added = this.#adding.then(() => this.#add(label));
      this.#adding = added.catch(() => undefined);
      await added;
    }
  }

  async #add(label: string): Promise<void> {
    for (const patience = new Patience(this.#patience, 'the labels'); ; ) {
      await patience.next();
      const generation = await this.#read();
      if (this.#numbers.has(label)) return;
      const number = this.#numbers.size;
      if (number >= LABELS_MAX) throw new GraphError('invalid_element', `a graph has at most ${LABELS_MAX} labels`);
      const numbers = { ...Object.fromEntries(this.#numbers), [label]: number };
      try {
        const expected = generation === undefined ? ({ mode: 'create' } as const) : { generation };
        await this.#store.put(this.#places.labels(), { [BIN.numbers]: numbers }, expected);
      } catch (error) {
        if (!isMillraceError(error, 'generation') && !isMillraceError(error, 'exists')) throw error;
      }
    }
  }

  async #read(): Promise<number | undefined> {
    const record = await this.#store.get(this.#places.labels());
    const numbers = (record?.bins[BIN.numbers] ?? {}) as { readonly [label: string]: number };
    this.#numbers = new Map(Object.entries(numbers));
    this.#names = [];
    for (const [label, number] of this.#numbers) this.#names[number] = label;
    return record?.generation;
  }
}
