/**
 * Words that are counted over a repartition, and records that are counted in windows of every kind: each count of each
 * word must be there once and in order, each window once, each late record once. In a quarter of the runs a function
 * throws for some windows, which must be set aside once.
 */
import type { Randomness } from '@millrace/base';
import { int64, text, topic } from '@millrace/client';
import {
  badCount,
  type CountedRecord,
  closingTime,
  countsAndWindows,
  recomputedWindows,
} from '@millrace/streams/testing/exactly-once';
import type { Coverage } from '../oracle/coverage.ts';
import { InvariantViolation } from '../oracle/history.ts';
import { checkSame } from './check-same.ts';
import type { InputRecord, JobWork, Result } from './job-work.ts';
import type { StreamsScenario } from './streams-scenario.ts';

const topics = { words: 'words', timed: 'timed', counts: 'counts', windows: 'windows', aside: 'aside' } as const;

export class CountingWork implements JobWork {
  readonly partitions: ReadonlyMap<string, number>;
  readonly outputs = [topics.counts, topics.windows, topics.aside].map((name) => {
    return topic(name, { key: text, value: int64 });
  });
  readonly options = { poison: { topic: topics.aside } };
  readonly #scenario: StreamsScenario;
  /** How often each word was written. */
  readonly #words = new Map<string, number>();
  readonly #timed: CountedRecord[][];
  readonly #hasBadWindows: boolean;
  #time = 10_000;

  constructor(scenario: StreamsScenario) {
    const { partitions, wordPartitions } = scenario;
    this.#scenario = scenario;
    // In the other runs transactions are given up for nothing but trouble.
    this.#hasBadWindows = scenario.seed % 4 === 2;
    this.#timed = Array.from({ length: partitions }, () => []);
    this.partitions = new Map([
      [topics.words, wordPartitions],
      [topics.timed, partitions],
      [topics.counts, 1],
      [topics.windows, partitions],
      [topics.aside, 1],
    ]);
  }

  topology() {
    return countsAndWindows('simulated', topics, { hasBadWindows: this.#hasBadWindows });
  }

  next(randomness: Randomness): InputRecord[] {
    const { keys, paceMsMax, behindMsMax, partitions } = this.#scenario;
    const word = `w${randomness.integer(keys)}`;
    this.#words.set(word, (this.#words.get(word) ?? 0) + 1);
    this.#time += randomness.integer(paceMsMax);
    const record = { key: `k${randomness.integer(keys)}`, timestamp: this.#time - randomness.integer(behindMsMax) };
    return [{ topic: topics.words, key: null, value: word }, this.#timedRecord(randomness.integer(partitions), record)];
  }

  last(): InputRecord[] {
    return this.#timed.map((own, partition) =>
      this.#timedRecord(partition, { key: 'end', timestamp: closingTime(own) }),
    );
  }

  expectedCounts(): number[] {
    return [
      [...this.#words.values()].reduce((sum, count) => sum + count, 0),
      this.#windows().sent.length,
      this.#windows().bad.length,
    ];
  }

  check([counts = [], windows = [], aside = []]: readonly (readonly Result[])[]): void {
    for (const [word, count] of this.#words) {
      const found = counts.filter(({ key }) => key === word).map(({ value }) => value);
      if (found.length === count && found.every((value, index) => value === index + 1)) continue;
      throw new InvariantViolation(`${word} was written ${count} times, and its counts are ${found.join(' ')}`);
    }
    checkSame(
      'windows',
      this.#windows().sent,
      windows.map(({ key, value }) => `${key} ${value}`),
    );
    checkSame('windows that are set aside', this.#windows().bad, aside.map(nameOfLetter));
  }

  cover(coverage: Coverage): void {
    const { sent: windows, bad } = this.#windows();
    coverage.add('bad windows', bad.length);
    coverage.add('windows', windows.filter((each) => !/^(late|running)/.test(each)).length);
    coverage.add('late records', windows.filter((each) => each.startsWith('late')).length);
  }

  /** Those that are sent, and those that are set aside, as `name count`. */
  #windows(): { readonly sent: string[]; readonly bad: string[] } {
    const windows = this.#timed.flatMap(recomputedWindows);
    if (!this.#hasBadWindows) return { sent: windows, bad: [] };
    const isBad = (window: string): boolean => !/^(late|running)/.test(window) && window.endsWith(` ${badCount}`);
    return { sent: windows.filter((each) => !isBad(each)), bad: windows.filter(isBad) };
  }

  #timedRecord(partition: number, record: CountedRecord): InputRecord {
    (this.#timed[partition] as CountedRecord[]).push(record);
    return { topic: topics.timed, partition, key: record.key, value: '', timestamp: record.timestamp };
  }
}

/** A result that was set aside as it would have been sent. */
function nameOfLetter({ key, value, header }: Result): string {
  const times = `${header('millrace.window.start')}-${header('millrace.window.end')}`;
  return `${header('millrace.store')} ${key} ${times} ${value}`;
}
