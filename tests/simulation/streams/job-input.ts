/** Writes what the job reads, and knows what it must make of it. */
import { sleep } from '@millrace/base';
import { createClient } from '@millrace/client';
import { type CountedRecord, closingTime, recomputedWindows } from '@millrace/streams/testing/exactly-once';
import { checkReleased, clientOptions } from '../client/client-options.ts';
import type { ActorHome } from '../oracle/actor.ts';
import { InvariantViolation } from '../oracle/history.ts';
import type { StreamsScenario } from './streams-scenario.ts';

export const topics = { words: 'words', timed: 'timed', counts: 'counts', windows: 'windows' } as const;

export class JobInput {
  /** Resolves when everything is written. */
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #scenario: StreamsScenario;
  readonly #words = new Map<string, number>();
  readonly #timed: CountedRecord[][];

  constructor(home: ActorHome, scenario: StreamsScenario) {
    this.#home = home;
    this.#scenario = scenario;
    this.#timed = Array.from({ length: scenario.partitions }, () => []);
    this.done = home.work(() => this.#run());
  }

  get wordCount(): number {
    return [...this.#words.values()].reduce((sum, count) => sum + count, 0);
  }

  /** How often each word was written. */
  get words(): ReadonlyMap<string, number> {
    return this.#words;
  }

  /** What windows come to, as `name count`, sorted. To be asked when all is written. */
  windows(): string[] {
    return this.#timed.flatMap(recomputedWindows).sort();
  }

  async #run(): Promise<void> {
    const { randomness, platform, fail, name } = this.#home;
    const { records, pauseMs, keys, paceMsMax, behindMsMax, partitions } = this.#scenario;
    const client = createClient(clientOptions(this.#home));
    const producer = client.producer({
      deliveryTimeoutMs: 600_000,
      lingerMs: randomness.integer(2) * randomness.integer(50),
      onDelivery: ({ error }) => {
        if (error !== undefined) fail(new InvariantViolation(`${name} could not deliver: ${String(error)}`));
      },
    });
    const write = (partition: number, record: CountedRecord): void => {
      (this.#timed[partition] as CountedRecord[]).push(record);
      producer.write({ topic: topics.timed, partition, key: record.key, value: '', timestamp: record.timestamp });
    };
    let time = 10_000;
    for (let number = 0; number < records; number++) {
      const word = `w${randomness.integer(keys)}`;
      this.#words.set(word, (this.#words.get(word) ?? 0) + 1);
      producer.write({ topic: topics.words, key: null, value: word });
      time += randomness.integer(paceMsMax);
      const record = { key: `k${randomness.integer(keys)}`, timestamp: time - randomness.integer(behindMsMax) };
      write(randomness.integer(partitions), record);
      if (randomness.integer(3) > 0) await sleep(platform.timers, randomness.float() * 3 * pauseMs);
    }
    for (const [partition, own] of this.#timed.entries()) write(partition, { key: 'end', timestamp: closingTime(own) });
    await producer.flush();
    await producer.close();
    await client.close();
    checkReleased(this.#home);
  }
}
