/** Deletes records from the front of partitions; what was answered must hold from then on. */
import { deleteRecords, errorCodes, errorRow } from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import { InvariantViolation } from './history.ts';
import { isPassing } from './passing-trouble.ts';
import { someVersion } from './wire-connection.ts';

export class OracleTrimmer implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #partitions: readonly KnownPartition[];
  #stopped = false;
  #trims = 0;

  constructor(home: ActorHome, partitions: readonly KnownPartition[]) {
    this.name = home.name;
    this.#home = home;
    this.#partitions = partitions;
    this.done = home.work(() => this.#run());
  }

  /** Deletions that were acknowledged. */
  get trims(): number {
    return this.#trims;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    const { randomness } = this.#home;
    while (!this.#stopped) {
      await this.#home.anyBroker().pause(800);
      const partition = this.#partitions[randomness.integer(this.#partitions.length)] as KnownPartition;
      const { startOffset, highWatermark } = partition.history.knowledge;
      if (highWatermark > startOffset)
        await this.#trim(partition, startOffset + randomness.integer(highWatermark - startOffset + 1));
    }
  }

  async #trim(partition: KnownPartition, offset: number): Promise<void> {
    const { history, topic, index } = partition;
    history.allowStart(offset);
    const version = someVersion(this.#home.randomness, 0, 2);
    const response = await this.#home.broker(partition.leader).ask(deleteRecords, version, {
      topics: [{ name: topic, partitions: [{ partitionIndex: index, offset }] }],
      timeoutMs: 10_000,
    });
    const answer = response.topics[0]?.partitions[0];
    if (answer !== undefined && isPassing(answer.errorCode)) return;
    if (answer?.errorCode !== errorCodes.NONE) {
      const name = errorRow(answer?.errorCode ?? -1).name;
      throw new InvariantViolation(`${this.name}: deleting up to ${offset} in ${history.name} failed with ${name}`);
    }
    if (answer.lowWatermark < offset) {
      const message = `the start of ${history.name} is ${answer.lowWatermark} after a deletion up to ${offset}`;
      throw new InvariantViolation(`${this.name}: ${message}`);
    }
    history.startMoved(answer.lowWatermark);
    this.#trims += 1;
  }
}
