/**
 * Edges to load, in columns: a number for each vertex and some bytes for each edge, so that millions fit into memory.
 * Their lists come out vertex by vertex, each edge once: of those with the same identity the last.
 */
import type { Direction, EdgeUpsert } from '../element.ts';
import { type Entry, encodeProperties } from '../layout/edge-page.ts';

/** The edges of a vertex with a label, in a direction. */
export interface LoadedList {
  readonly vertex: string;
  readonly label: string;
  readonly entries: readonly Entry[];
}

const NONE = Number.NaN;
const FIRST_CAPACITY = 4_096;

export class EdgeColumns {
  readonly #numbers = new Map<string, number>();
  readonly ids: string[] = [];
  readonly #labelNumbers = new Map<string, number>();
  readonly #labels: string[] = [];
  readonly #keys = new Map<number, string>();
  readonly #properties = new Map<number, Buffer>();
  readonly #expiries = new Map<number, number>();
  #from = new Uint32Array(FIRST_CAPACITY);
  #to = new Uint32Array(FIRST_CAPACITY);
  #label = new Uint16Array(FIRST_CAPACITY);
  #weight = new Float64Array(FIRST_CAPACITY);
  #time = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get labels(): readonly string[] {
    return this.#labels;
  }

  add({ from, label, to, key = '', weight, time, expiresAt, properties }: EdgeUpsert): void {
    if (this.#count === this.#from.length) this.#grow();
    const at = this.#count++;
    this.#from[at] = this.#number(from);
    this.#to[at] = this.#number(to);
    this.#label[at] = this.#labelNumber(label);
    this.#weight[at] = weight ?? NONE;
    this.#time[at] = time ?? NONE;
    if (key !== '') this.#keys.set(at, key);
    if (expiresAt !== undefined) this.#expiries.set(at, expiresAt);
    const encoded = encodeProperties(properties);
    if (encoded !== undefined) this.#properties.set(at, encoded);
  }

  /** The lists of a direction, those of a vertex after each other. */
  *lists(direction: Direction, stamp: number): Generator<LoadedList> {
    const [near, far] = direction === 'out' ? [this.#from, this.#to] : [this.#to, this.#from];
    const { starts, order } = this.#byVertex(near);
    for (const [vertex, id] of this.ids.entries()) {
      const edges = order.subarray(starts[vertex], starts[vertex + 1]);
      if (edges.length === 0) continue;
      edges.sort((left, right) => this.#compare(far, left, right));
      let entries: Entry[] = [];
      for (const [index, edge] of edges.entries()) {
        const next = edges[index + 1];
        if (next === undefined || !this.#isSame(far, edge, next)) entries.push(this.#entry(far, edge, stamp));
        if (next !== undefined && this.#label[next] === this.#label[edge]) continue;
        yield { vertex: id, label: this.#labels[this.#label[edge] as number] as string, entries };
        entries = [];
      }
    }
  }

  #byVertex(near: Uint32Array): { starts: Uint32Array; order: Uint32Array } {
    const starts = new Uint32Array(this.ids.length + 1);
    for (let edge = 0; edge < this.#count; edge++) starts[(near[edge] as number) + 1]!++;
    for (let vertex = 0; vertex < this.ids.length; vertex++) starts[vertex + 1]! += starts[vertex] as number;
    const next = starts.slice();
    const order = new Uint32Array(this.#count);
    for (let edge = 0; edge < this.#count; edge++) order[next[near[edge] as number]!++] = edge;
    return { starts, order };
  }

  #compare(far: Uint32Array, left: number, right: number): number {
    const byLabel = (this.#label[left] as number) - (this.#label[right] as number);
    if (byLabel !== 0) return byLabel;
    const byVertex = (far[left] as number) - (far[right] as number);
    if (byVertex !== 0) return byVertex;
    const [one, other] = [this.#keys.get(left) ?? '', this.#keys.get(right) ?? ''];
    return one === other ? left - right : one < other ? -1 : 1;
  }

  #isSame(far: Uint32Array, left: number, right: number): boolean {
    if (this.#label[left] !== this.#label[right] || far[left] !== far[right]) return false;
    return (this.#keys.get(left) ?? '') === (this.#keys.get(right) ?? '');
  }

  #entry(far: Uint32Array, edge: number, stamp: number): Entry {
    return {
      other: this.ids[far[edge] as number] as string,
      key: this.#keys.get(edge) ?? '',
      stamp,
      removed: false,
      weight: given(this.#weight[edge]),
      time: given(this.#time[edge]),
      expiresAt: this.#expiries.get(edge),
      properties: this.#properties.get(edge),
    };
  }

  #number(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#numbers.set(id, this.ids.length);
    return this.ids.push(id) - 1;
  }

  #labelNumber(label: string): number {
    const known = this.#labelNumbers.get(label);
    if (known !== undefined) return known;
    this.#labelNumbers.set(label, this.#labels.length);
    return this.#labels.push(label) - 1;
  }

  #grow(): void {
    const length = 2 * this.#from.length;
    const larger = <T extends Uint32Array | Uint16Array | Float64Array>(next: T, column: T): T => {
      next.set(column);
      return next;
    };
    this.#from = larger(new Uint32Array(length), this.#from);
    this.#to = larger(new Uint32Array(length), this.#to);
    this.#label = larger(new Uint16Array(length), this.#label);
    this.#weight = larger(new Float64Array(length), this.#weight);
    this.#time = larger(new Float64Array(length), this.#time);
  }
}

function given(value: number | undefined): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}
