/**
 * Two topics that are joined in every way: each pair, each record that nobody met in time, each look-up and each change
 * of joined rows must be there once, the changes of each row in order. What makes a function throw must be set aside
 * once, and have left nothing.
 *
 * A task takes the records of both topics by their times and never goes on without one of them, so that what comes of
 * them follows from how they lie in their partitions, however late a broker, a member or a packet is.
 */
import type { Randomness } from '@millrace/base';
import { type AnyTopic, text, topic } from '@millrace/client';
import {
  type JoinedRecord,
  joinedForMs,
  joinsOfEveryKind,
  pairTopic,
  recomputedJoins,
  told,
} from '@millrace/streams/testing/exactly-once';
import type { Coverage } from '../oracle/coverage.ts';
import { checkSame } from './check-same.ts';
import type { InputRecord, JobWork, Result } from './job-work.ts';
import type { StreamsScenario } from './streams-scenario.ts';

const topics = { left: 'left', right: 'right', joined: 'joined', aside: 'aside' } as const;

interface Partition {
  readonly left: JoinedRecord[];
  readonly right: JoinedRecord[];
}

export class JoiningWork implements JobWork {
  readonly partitions: ReadonlyMap<string, number>;
  readonly outputs: readonly AnyTopic[] = [pairTopic(topics.joined), topic(topics.aside, { key: text, value: text })];
  /** Nothing is ever taken for idle. */
  readonly options = { idleMaxMs: 3_600_000, poison: { topic: topics.aside } };
  readonly #scenario: StreamsScenario;
  readonly #written: readonly Partition[];
  #time = 10_000;
  #number = 0;

  constructor(scenario: StreamsScenario) {
    const { partitions } = scenario;
    this.#scenario = scenario;
    this.#written = Array.from({ length: partitions }, () => ({ left: [], right: [] }));
    this.partitions = new Map(Object.values(topics).map((name) => [name, partitions]));
  }

  topology() {
    return joinsOfEveryKind('simulated', topics);
  }

  next(randomness: Randomness): InputRecord[] {
    const { keys, paceMsMax, behindMsMax, partitions } = this.#scenario;
    return [true, false].map((isLeft) => {
      this.#time += randomness.integer(paceMsMax);
      const time = this.#time - randomness.integer(behindMsMax);
      const partition = randomness.integer(partitions);
      return this.#record(partition, { isLeft, key: `k${partition}-${randomness.integer(keys)}`, time });
    });
  }

  last(): InputRecord[] {
    const time = this.#time + 2 * joinedForMs;
    return this.#written.flatMap((_, partition) =>
      [true, false].map((isLeft) => this.#record(partition, { isLeft, key: `end${partition}`, time })),
    );
  }

  expectedCounts(): number[] {
    return [this.#results().length, this.#setAside().length];
  }

  check([joined = [], aside = []]: readonly (readonly Result[])[]): void {
    const letters = aside.map(({ key, value, header }) => {
      return `${header('millrace.store') ?? header('millrace.topic')} ${key} ${value}`;
    });
    checkSame('what is set aside', this.#setAside(), letters);
    const found = joined.map(({ key, value, timestamp }) => told(key, value as never, timestamp));
    checkSame('results', this.#results(), found);
    for (const [key, changes] of changesByRow(this.#results())) {
      checkSame(`changes of ${key}`, changes, changesByRow(found).get(key) ?? [], { inOrder: true });
    }
  }

  cover(coverage: Coverage): void {
    const results = this.#results();
    coverage.add('pairs', results.filter((each) => each.startsWith('streams join')).length);
    coverage.add('unmet records', results.filter((each) => /^streams outerJoin .*null/.test(each)).length);
    coverage.add(
      'late records',
      this.#recomputed().reduce((sum, { lateCount }) => sum + lateCount, 0),
    );
    const setAside = this.#setAside();
    coverage.add('bad records', setAside.filter((each) => each.startsWith('left ')).length);
    coverage.add('bad results', setAside.filter((each) => each.startsWith('streams-')).length);
    coverage.add('rows that are gone', results.filter((each) => /^tables .* null @/.test(each)).length);
  }

  #results(): string[] {
    return this.#recomputed().flatMap(({ results }) => results);
  }

  #setAside(): string[] {
    return this.#recomputed().flatMap(({ setAside }) => setAside);
  }

  #recomputed() {
    return this.#written.map(({ left, right }) => recomputedJoins(left, right));
  }

  #record(partition: number, { isLeft, key, time }: Pick<JoinedRecord, 'isLeft' | 'key' | 'time'>): InputRecord {
    const value = this.#number++;
    const { left, right } = this.#written[partition] as Partition;
    (isLeft ? left : right).push({ isLeft, key, value, time });
    return { topic: isLeft ? topics.left : topics.right, partition, key, value: String(value), timestamp: time };
  }
}

/** Results of joins of tables by their kinds and keys. */
function changesByRow(results: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const result of results) {
    const row = /^tables \S+ \S+/.exec(result)?.[0];
    if (row === undefined) continue;
    const changes = found.get(row);
    if (changes === undefined) found.set(row, [result]);
    else changes.push(result);
  }
  return found;
}
