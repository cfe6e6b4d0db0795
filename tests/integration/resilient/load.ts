/** A program that writes as fast as it may for as long as a test wants, and what it was told. */
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';

/** What writes for it. */
export interface Sender {
  send(record: { readonly topic: string; readonly key: string; readonly value: string }): Promise<unknown>;
}

export interface Load {
  /** Records that were acknowledged so far. */
  readonly acknowledged: number;
  readonly failures: readonly Error[];
  /** The longest time between two acknowledgements, in ms. */
  readonly longestPauseMs: number;
  /** Nothing new is written. */
  stop(): void;
  /** The same; resolves with all values when everything is known. */
  end(): Promise<string[]>;
}

const underWayMax = 200;
export const keys = 7;

/** Values are `NAME-KEY-NUMBER`, numbers ascending per key. */
export function startLoad(producer: Sender, topic: string, name: string): Load {
  const values: string[] = [];
  const failures: Error[] = [];
  const underWay = new Set<Promise<void>>();
  let [acknowledged, longestPauseMs, isOver] = [0, 0, false];
  let lastAt = performance.now();
  const write = async (number: number): Promise<void> => {
    const value = `${name}-${number % keys}-${number}`;
    values.push(value);
    try {
      await producer.send({ topic, key: `${name}-${number % keys}`, value });
      const now = performance.now();
      longestPauseMs = Math.max(longestPauseMs, now - lastAt);
      lastAt = now;
      acknowledged++;
    } catch (error) {
      failures.push(error as Error);
    }
  };
  const run = async (): Promise<void> => {
    for (let number = 0; !isOver; number++) {
      const writing = write(number).finally(() => underWay.delete(writing));
      underWay.add(writing);
      if (underWay.size >= underWayMax) await Promise.race(underWay);
      else if (number % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(underWay);
  };
  const running = run();
  return {
    get acknowledged() {
      return acknowledged;
    },
    failures,
    get longestPauseMs() {
      return Math.round(longestPauseMs);
    },
    stop() {
      isOver = true;
    },
    async end() {
      isOver = true;
      await running;
      return values;
    },
  };
}

/** Waits until so many more records of each were acknowledged. */
export async function goOn(loads: readonly Load[], count: number): Promise<void> {
  const goals = loads.map((load) => load.acknowledged + count);
  await eventually(() => loads.every((load, place) => load.acknowledged >= (goals[place] as number)), {
    timeoutMs: 60_000,
    describe: () => `the load did not go on (${loads.map((load) => load.failures[0]?.message).join()})`,
  });
}

/** Each value once, and in order per key. */
export function assertWhole(written: readonly string[], read: readonly string[]): void {
  assert.equal(read.length, written.length);
  assert.deepEqual([...read].sort(), [...written].sort());
  assert.equal(disordered(read), undefined);
}

/** The first key whose numbers do not ascend in what was read of one partition after the other; undefined: none. */
export function disordered(values: readonly string[]): string | undefined {
  const last = new Map<string, number>();
  for (const value of values) {
    const [name, key, number] = value.split('-') as [string, string, string];
    const place = `${name}-${key}`;
    if (Number(number) <= (last.get(place) ?? -1)) return value;
    last.set(place, Number(number));
  }
  return undefined;
}
