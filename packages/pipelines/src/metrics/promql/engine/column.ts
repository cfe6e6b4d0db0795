/**
 * A series over the times of a grid, in columns: at each time it has a number, a histogram or nothing. A column belongs
 * to whoever was answered with it, and may be changed in place.
 */
import type { Labels } from '../model/labels.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';

/** What a column has at a time. */
export const kinds = { none: 0, number: 1, histogram: 2 } as const;

export class Column {
  labels: Labels;
  /** The metric's name goes away in the end; until then expressions can still use it. */
  dropsName: boolean;
  readonly values: Float64Array;
  readonly kinds: Uint8Array;
  histograms: (NativeHistogram | undefined)[] | undefined;

  constructor(labels: Labels, count: number, dropsName = false) {
    this.labels = labels;
    this.dropsName = dropsName;
    this.values = new Float64Array(count);
    this.kinds = new Uint8Array(count);
  }

  setNumber(at: number, value: number): void {
    this.values[at] = value;
    this.kinds[at] = kinds.number;
  }

  setHistogram(at: number, histogram: NativeHistogram): void {
    this.histograms ??= new Array(this.kinds.length);
    this.histograms[at] = histogram;
    this.kinds[at] = kinds.histogram;
  }

  set(at: number, value: number | NativeHistogram | undefined): void {
    if (typeof value === 'number') this.setNumber(at, value);
    else if (value !== undefined) this.setHistogram(at, value);
  }

  clear(at: number): void {
    this.kinds[at] = kinds.none;
  }

  histogram(at: number): NativeHistogram | undefined {
    return this.kinds[at] === kinds.histogram ? this.histograms?.[at] : undefined;
  }

  /** What is there at a time. */
  at(at: number): number | NativeHistogram | undefined {
    const kind = this.kinds[at];
    if (kind === kinds.number) return this.values[at];
    return kind === kinds.histogram ? this.histograms?.[at] : undefined;
  }

  has(at: number): boolean {
    return this.kinds[at] !== kinds.none;
  }

  get isEmpty(): boolean {
    return this.histograms === undefined ? !this.kinds.includes(kinds.number) : this.kinds.every((kind) => kind === 0);
  }

  /** Copies what another one has at a time. */
  copyFrom(other: Column, at: number): void {
    const kind = other.kinds[at];
    if (kind === kinds.number) this.setNumber(at, other.values[at] as number);
    else if (kind === kinds.histogram) this.setHistogram(at, other.histograms?.[at] as NativeHistogram);
  }
}

/** Only those that have anything. */
export function nonEmpty(columns: readonly Column[]): Column[] {
  return columns.filter((column) => !column.isEmpty);
}
