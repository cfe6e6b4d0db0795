/** A producer of our client that writes records of every form to the source: keys, headers, no values, any times. */
import { sleep } from '@millrace/base';
import { createClient } from '@millrace/client';
import { checkReleased, clientOptions } from '../client/client-options.ts';
import type { Actor, ActorHome, KnownPartition } from '../oracle/actor.ts';
import { InvariantViolation, numberedValue } from '../oracle/history.ts';
import type { SourceWriterPlan } from './mirror-scenario.ts';

export class SourceWriter implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #plan: SourceWriterPlan;
  readonly #partitions: readonly KnownPartition[];
  #stopped = false;
  #delivered = 0;

  constructor(home: ActorHome, plan: SourceWriterPlan, partitions: readonly KnownPartition[]) {
    this.name = home.name;
    this.#home = home;
    this.#plan = plan;
    this.#partitions = partitions;
    this.done = home.work(() => this.#run());
  }

  get delivered(): number {
    return this.#delivered;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    const client = createClient(clientOptions(this.#home));
    const { randomness, platform } = this.#home;
    const { records, lingerMs, compression, pauseMs } = this.#plan;
    const producer = client.producer({
      lingerMs,
      compression,
      deliveryTimeoutMs: 600_000,
      onDelivery: ({ error, recordCount }) => {
        if (error === undefined) this.#delivered += recordCount;
        else this.#home.fail(new InvariantViolation(`${this.name} could not deliver: ${String(error)}`));
      },
    });
    for (let number = 0; number < records && !this.#stopped; number++) {
      if (!producer.write(this.#record(number))) await producer.ready();
      if (randomness.integer(3) > 0) await sleep(platform.timers, randomness.float() * 3 * pauseMs);
    }
    await producer.flush();
    await producer.close();
    await client.close();
    checkReleased(this.#home);
  }

  #record(number: number) {
    const { randomness, platform } = this.#home;
    const { topic, index } = this.#partitions[randomness.integer(this.#partitions.length)] as KnownPartition;
    const { isDense, valueBytesMax } = this.#plan;
    const length = randomness.integer(valueBytesMax);
    const padding = isDense ? Buffer.from(randomness.bytes(length)).toString('base64') : '.'.repeat(length);
    const value = randomness.integer(10) === 0 ? null : Buffer.from(numberedValue(this.name, number, padding));
    const headers = Object.fromEntries(
      Array.from({ length: Math.max(0, randomness.integer(5) - 2) }, (_, place) => [`h${place}`, String(number)]),
    );
    return {
      topic,
      partition: index,
      key: value === null || randomness.integer(2) === 0 ? Buffer.from(`${this.name}-${number}`) : null,
      value,
      headers,
      timestamp: platform.clock.now() - randomness.integer(100_000),
    };
  }
}
