/**
 * The labels of a series: an immutable, sorted set of names with values. Names are ascending and unique, and no value
 * is empty, since a label without a value is the same as none. Equal sets have equal keys.
 */

/** The label that holds a metric's name. */
export const metricNameLabel = '__name__';

/** No name or value of valid UTF-8 text that people write holds it; those that do still sort and compare. */
const separator = '\xff';

export class Labels {
  static readonly empty = new Labels([]);
  readonly #pairs: readonly string[];
  #key: string | undefined;

  private constructor(pairs: readonly string[]) {
    this.#pairs = pairs;
  }

  /** From any record or pairs; the last value of a name counts, and empty values are left out. */
  static from(labels: Readonly<Record<string, string>> | Iterable<readonly [string, string]>): Labels {
    const entries =
      Symbol.iterator in labels ? (labels as Iterable<readonly [string, string]>) : Object.entries(labels);
    const byName = new Map(entries);
    const pairs: string[] = [];
    for (const name of [...byName.keys()].sort()) {
      const value = byName.get(name) as string;
      if (value !== '') pairs.push(name, value);
    }
    return pairs.length === 0 ? Labels.empty : new Labels(pairs);
  }

  /** From names and values in turn, names ascending and unique, values not empty. It owns the array from then on. */
  static ofSorted(pairs: readonly string[]): Labels {
    return pairs.length === 0 ? Labels.empty : new Labels(pairs);
  }

  /** Names and values in turn, names ascending. */
  get pairs(): readonly string[] {
    return this.#pairs;
  }

  /** The same for equal sets, and for no others. */
  get key(): string {
    this.#key ??= this.#pairs.join(separator);
    return this.#key;
  }

  get size(): number {
    return this.#pairs.length / 2;
  }

  /** The value of a name; empty where there is none. */
  get(name: string): string {
    const pairs = this.#pairs;
    for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === name) return pairs[at + 1] as string;
    return '';
  }

  *[Symbol.iterator](): Generator<readonly [string, string]> {
    const pairs = this.#pairs;
    for (let at = 0; at < pairs.length; at += 2) yield [pairs[at] as string, pairs[at + 1] as string];
  }

  /** The same with one name set to a value; an empty one removes it. */
  with(name: string, value: string): Labels {
    if (this.get(name) === value) return this;
    return Labels.from([...this, [name, value]]);
  }

  /** Only these names. */
  keep(names: ReadonlySet<string>): Labels {
    return this.#filtered((name) => names.has(name));
  }

  /** All but these names. */
  drop(names: ReadonlySet<string>): Labels {
    return this.#filtered((name) => !names.has(name));
  }

  /** The same without the metric's name, its type and its unit. */
  get withoutMetric(): Labels {
    return this.drop(metadataLabels);
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(this);
  }

  #filtered(keeps: (name: string) => boolean): Labels {
    const pairs = this.#pairs;
    const kept: string[] = [];
    for (let at = 0; at < pairs.length; at += 2) {
      if (keeps(pairs[at] as string)) kept.push(pairs[at] as string, pairs[at + 1] as string);
    }
    return kept.length === pairs.length ? this : Labels.ofSorted(kept);
  }
}

/** What names a metric rather than one of its series. */
export const metadataLabels: ReadonlySet<string> = new Set([metricNameLabel, '__type__', '__unit__']);

/** The order of series in answers: by names and values in turn, the shorter set first. */
export function compareLabels(one: Labels, other: Labels): number {
  const a = one.pairs;
  const b = other.pairs;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a[at] as string;
    const right = b[at] as string;
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
