/** Creates, grows and deletes topics; what was answered must be what is listed, whatever happened since. */
import { createPartitions, createTopics, deleteTopics, errorCodes, errorRow, metadata } from '@millrace/wire';
import type { Actor, ActorHome } from './actor.ts';
import { InvariantViolation } from './history.ts';
import { isPassing } from './passing-trouble.ts';
import { someVersion } from './wire-connection.ts';

const topicsAtOnce = 6;

export class OracleTopics implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  /** Topics of this actor, with their number of partitions. */
  readonly #topics = new Map<string, number>();
  #stopped = false;
  #made = 0;
  #changes = 0;

  constructor(home: ActorHome) {
    this.name = home.name;
    this.#home = home;
    this.done = home.work(() => this.#run());
  }

  get changes(): number {
    return this.#changes;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    const { randomness } = this.#home;
    while (!this.#stopped) {
      await this.#home.anyBroker().pause(400);
      const names = [...this.#topics.keys()];
      const some = names[randomness.integer(Math.max(1, names.length))];
      const choice = randomness.integer(4);
      if (some === undefined || (choice < 2 && names.length < topicsAtOnce)) {
        await this.#create(`${this.name}-${this.#made++}`, 1 + randomness.integer(5));
      } else if (choice === 2) await this.#grow(some, (this.#topics.get(some) as number) + 1 + randomness.integer(3));
      else await this.#delete(some);
      this.#changes += 1;
      if (randomness.integer(3) === 0) await this.check();
    }
  }

  /** Compares the topics that are listed with those that should be. */
  async check(): Promise<void> {
    const version = someVersion(this.#home.randomness, 1, 12);
    const response = await this.#home.anyBroker().ask(metadata, version, { topics: null });
    const found = new Map(response.topics.map(({ name, partitions }) => [name, partitions.length]));
    for (const [name, count] of this.#topics) {
      if (found.get(name) !== count) {
        throw new InvariantViolation(`topic ${name} has ${found.get(name) ?? 'no'} partitions instead of ${count}`);
      }
    }
    for (const name of found.keys()) {
      if (name?.startsWith(`${this.name}-`) && !this.#topics.has(name)) {
        throw new InvariantViolation(`topic ${name} was deleted and is there again`);
      }
    }
  }

  async #create(name: string, count: number): Promise<void> {
    const response = await this.#home.anyBroker().ask(createTopics, someVersion(this.#home.randomness, 2, 7), {
      topics: [{ name, numPartitions: count, replicationFactor: 1, assignments: [], configs: [] }],
    });
    // An earlier attempt may have got through before its connection broke.
    const { errorCode } = response.topics[0] as { errorCode: number };
    if (!this.#succeeded(`create ${name}`, errorCode, errorCodes.TOPIC_ALREADY_EXISTS))
      return this.#create(name, count);
    this.#topics.set(name, count);
  }

  async #grow(name: string, count: number): Promise<void> {
    const response = await this.#home.anyBroker().ask(createPartitions, someVersion(this.#home.randomness, 0, 3), {
      topics: [{ name, count, assignments: null }],
      validateOnly: false,
      timeoutMs: 10_000,
    });
    const { errorCode } = response.results[0] as { errorCode: number };
    if (!this.#succeeded(`grow ${name}`, errorCode, errorCodes.INVALID_PARTITIONS)) return this.#grow(name, count);
    this.#topics.set(name, count);
  }

  async #delete(name: string): Promise<void> {
    const response = await this.#home.anyBroker().ask(deleteTopics, someVersion(this.#home.randomness, 1, 5), {
      topicNames: [name],
      timeoutMs: 10_000,
    });
    const { errorCode } = response.responses[0] as { errorCode: number };
    if (!this.#succeeded(`delete ${name}`, errorCode, errorCodes.UNKNOWN_TOPIC_OR_PARTITION)) return this.#delete(name);
    this.#topics.delete(name);
  }

  /** False when it is worth another try. `whenRepeated` is what a request gets whose first attempt got through. */
  #succeeded(what: string, errorCode: number, whenRepeated: number): boolean {
    if (errorCode === errorCodes.NONE || errorCode === whenRepeated) return true;
    if (isPassing(errorCode) || errorCode === errorCodes.INVALID_REPLICATION_FACTOR) return false;
    throw new InvariantViolation(`${this.name} could not ${what}: ${errorRow(errorCode).name}`);
  }
}
