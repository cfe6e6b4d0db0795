/**
 * What a writer was told of each of its records, and what must hold of it: per key the calls' order, each record on one
 * cluster at most and there once, each that was acknowledged there, none that surely was not.
 */
import { InvariantViolation, parseValue } from '../oracle/history.ts';

export type Fate = 'written' | 'acknowledged' | 'ambiguous' | 'failed unsent' | 'failed';

interface Written {
  readonly key: number;
  fate: Fate;
  cluster: string | undefined;
}

export class WrittenRecords {
  readonly #records: Written[] = [];
  /** Numbers by key, ascending. */
  readonly #byKey = new Map<number, number[]>();
  /** How many of a key's records are known to be settled, counted from the first. */
  readonly #settled = new Map<number, number>();
  readonly #counts = new Map<Fate, number>();

  get count(): number {
    return this.#records.length;
  }

  countOf(fate: Fate): number {
    return this.#counts.get(fate) ?? 0;
  }

  /** A record was accepted; answers its number. */
  write(key: number): number {
    const number = this.#records.length;
    this.#records.push({ key, fate: 'written', cluster: undefined });
    const numbers = this.#byKey.get(key) ?? [];
    numbers.push(number);
    this.#byKey.set(key, numbers);
    return number;
  }

  /** It was not accepted after all. */
  refuse(number: number): void {
    const { key } = this.#of(number);
    this.#records.pop();
    this.#byKey.get(key)?.pop();
  }

  settle(number: number, fate: Exclude<Fate, 'written'>, cluster: string | undefined): void {
    const record = this.#of(number);
    // A promise and `onDelivery` may both tell.
    if (record.fate === fate) return;
    if (record.fate !== 'written') throw new InvariantViolation(`record ${number} was ${record.fate}, and now ${fate}`);
    record.fate = fate;
    record.cluster = cluster;
    this.#counts.set(fate, this.countOf(fate) + 1);
    if (fate === 'acknowledged') this.#checkOrder(number, record.key);
  }

  /** Compares with what lies on the clusters: values of each partition, in order. */
  check(logs: readonly { readonly cluster: string; readonly values: readonly string[] }[]): void {
    const found = new Map<number, string>();
    for (const { cluster, values } of logs) {
      const last = new Map<number, number>();
      for (const value of values) {
        const { number } = parseValue(value);
        const { key, fate, cluster: told } = this.#of(number);
        const before = found.get(number);
        if (before !== undefined) throw new InvariantViolation(`record ${number} lies on ${before} and on ${cluster}`);
        found.set(number, cluster);
        const later = last.get(key) ?? -1;
        // What was on its way to a cluster that was given up may arrive there at any time.
        if (number < later && fate !== 'ambiguous') {
          throw new InvariantViolation(`record ${number} (${fate}) lies on ${cluster} behind ${later} of its key`);
        }
        last.set(key, Math.max(number, later));
        if (fate === 'failed unsent')
          throw new InvariantViolation(`record ${number} lies on ${cluster}, and was unsent`);
        if (told !== undefined && told !== cluster) {
          throw new InvariantViolation(`record ${number} lies on ${cluster}, and was told to be on ${told}`);
        }
      }
    }
    for (const [number, { fate }] of this.#records.entries()) {
      if (fate === 'written') throw new InvariantViolation(`nobody was told what became of record ${number}`);
      if (fate === 'acknowledged' && !found.has(number)) throw new InvariantViolation(`record ${number} is lost`);
    }
  }

  /** When a record is acknowledged, the fate of all before it under its key is known. */
  #checkOrder(number: number, key: number): void {
    const numbers = this.#byKey.get(key) as number[];
    let settled = this.#settled.get(key) ?? 0;
    while (settled < numbers.length && this.#of(numbers[settled] as number).fate !== 'written') settled++;
    this.#settled.set(key, settled);
    const first = numbers[settled];
    if (first !== undefined && first < number) {
      throw new InvariantViolation(`record ${number} is acknowledged, and ${first} before it under way`);
    }
  }

  #of(number: number): Written {
    const record = this.#records[number];
    if (record === undefined) throw new InvariantViolation(`record ${number} was never written`);
    return record;
  }
}
