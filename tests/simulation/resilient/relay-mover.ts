/**
 * Whoever moves the topics of the relay: writes what it reads, wherever the topics are; and when they go elsewhere,
 * copies the rest, waits until the group reads no more on the cluster that is left (it has read all that is there, or
 * its program was started anew since, and waits), sets the group where its next record lies on the other one, and says
 * so. It is the judge of where the group may read, too.
 */
import { isMillraceError, sleep } from '@millrace/base';
import { type Client, createClient, unwrap } from '@millrace/client';
import { clientOptions } from '../client/client-options.ts';
import { withAdmin } from '../mirror/mirrored-groups.ts';
import type { ActorHome } from '../oracle/actor.ts';
import type { Coverage } from '../oracle/coverage.ts';
import { InvariantViolation, numberedValue } from '../oracle/history.ts';
import { group, type RelayAnswers, topics } from './relay-answers.ts';
import type { ClusterName, RelayScenario } from './relay-scenario.ts';

const topic = topics.consumer;
const lookMs = 50;

export interface RelayMoverParts {
  /** A way to each cluster. */
  readonly homes: Readonly<Record<ClusterName, ActorHome>>;
  readonly scenario: RelayScenario;
  readonly answers: RelayAnswers;
  readonly coverage: Coverage;
}

export class RelayMover {
  readonly done: Promise<void>;
  /** The group may begin. */
  readonly #prepared = Promise.withResolvers<void>();
  readonly #parts: RelayMoverParts;
  /** Of each partition how many records there are, and how many of them lie on each cluster. */
  readonly #counts: number[];
  readonly #copied: Readonly<Record<ClusterName, number[]>>;
  /** The least offset that the group may be handed on a cluster, by partition. */
  readonly #starts: Record<ClusterName, readonly number[]>;
  #place: ClusterName = 'east';
  #generation = 0;
  #isOver = false;
  #settings = 0;
  /** The generation that programs that start now are told. */
  #told = 0;
  /** What the program that lives was told when it started. */
  #startedAt: number | undefined;

  constructor(parts: RelayMoverParts) {
    this.#parts = parts;
    const { partitions, before } = parts.scenario;
    const none = (): number[] => new Array<number>(partitions).fill(0);
    this.#counts = none();
    this.#copied = { east: none(), west: none() };
    this.#starts = { east: before.east, west: before.west };
    this.done = parts.homes.east.work(() => this.#run());
  }

  /** Resolves once the group may begin. */
  get prepared(): Promise<void> {
    return this.#prepared.promise;
  }

  /** How many records a partition has. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  /** Moves nothing any more; what was begun comes to its end. */
  settle(): void {
    this.#isOver = true;
  }

  /** The group was handed a record. */
  handedOut(cluster: string, partition: number, offset: number): void {
    const start = this.#starts[cluster as ClusterName]?.[partition];
    if (start !== undefined && offset >= start) return;
    const where = `${offset} of ${topic}-${partition} on ${cluster}`;
    const problem = `the group was handed ${where}, and begins at ${start} there`;
    this.#parts.homes.east.fail(new InvariantViolation(problem));
  }

  /** The program starts, and obeys what is told by now. */
  starts(): void {
    this.#startedAt = this.#told;
  }

  /** Resolves once the group has read everything where the topics are. */
  async drained(): Promise<void> {
    await this.#groupLeft(this.#place, () => false);
  }

  async #run(): Promise<void> {
    const { homes, scenario, coverage } = this.#parts;
    const { timers } = homes.east.platform;
    await using east = createClient(clientOptions(homes.east));
    await using west = createClient(clientOptions(homes.west));
    const clients = { east, west };
    for (const cluster of ['east', 'west'] as const) await this.#prepare(cluster, clients[cluster]);
    this.#prepared.resolve();
    while (!this.#isOver) {
      await this.#feed(clients[this.#place]);
      await sleep(timers, homes.east.randomness.float() * 2 * scenario.pauseMs);
      if (homes.east.randomness.integer(100) < scenario.moveShare) await this.#move(clients);
      else if (homes.east.randomness.integer(3) === 0) {
        this.#settings++;
        this.#tell('producer');
        this.#tell('consumer', this.#generation);
        coverage.add('changes of settings');
      }
    }
  }

  /** What is none of the group's, and the group behind it. */
  async #prepare(cluster: ClusterName, client: Client): Promise<void> {
    const { before } = this.#parts.scenario;
    await using producer = client.producer({ deliveryTimeoutMs: 600_000 });
    for (const [partition, count] of before[cluster].entries()) {
      for (let each = 0; each < count; each++) producer.write({ topic, partition, key: cluster, value: 'of others' });
    }
    await producer.flush();
    if (cluster === 'east') await this.#set(cluster, before.east);
  }

  async #feed(client: Client): Promise<void> {
    const { homes, scenario } = this.#parts;
    for (const partition of this.#counts.keys()) {
      this.#counts[partition] =
        (this.#counts[partition] as number) + homes.east.randomness.integer(scenario.recordsMax);
    }
    await this.#copy(this.#place, client);
  }

  /** Writes what a cluster has not, in order. */
  async #copy(cluster: ClusterName, client: Client): Promise<void> {
    await using producer = client.producer({ deliveryTimeoutMs: 600_000 });
    const copied = this.#copied[cluster];
    const sends = [...this.#counts].flatMap((count, partition) => {
      const first = copied[partition] as number;
      return Array.from({ length: count - first }, async (_, index) => {
        const value = numberedValue(`${partition}`, first + index, '');
        const { offset } = await producer.send({ topic, partition, key: cluster, value });
        if (offset === this.#offsetOf(cluster, partition, first + index)) return;
        throw new InvariantViolation(`record ${first + index} of ${partition} lies at ${offset} on ${cluster}`);
      });
    });
    await Promise.all(sends);
    for (const [partition, count] of this.#counts.entries()) copied[partition] = count;
  }

  async #move(clients: Readonly<Record<ClusterName, Client>>): Promise<void> {
    const { homes, coverage } = this.#parts;
    const [from, to] = [this.#place, this.#place === 'east' ? 'west' : 'east'] as const;
    const { randomness, platform } = homes.east;
    this.#generation++;
    this.#place = to;
    const tellAll = [() => this.#tell('producer'), () => this.#tell('consumer')];
    if (randomness.integer(2) === 0) tellAll.reverse();
    for (const tell of tellAll) {
      tell();
      await sleep(platform.timers, randomness.float() * 200);
    }
    const read = await this.#groupLeft(from, () => this.#startedAt === this.#generation);
    const starts = read.map((count, partition) => this.#offsetOf(to, partition, count));
    await this.#copy(to, clients[to]);
    // The records behind the group's place are there before it is.
    if (randomness.integer(2) === 0) await this.#feed(clients[to]);
    this.#starts[to] = starts;
    await this.#set(to, starts);
    this.#tell('consumer', this.#generation);
    coverage.add('moves');
  }

  #tell(role: 'producer' | 'consumer', translated?: number): void {
    const settings = { 'linger.ms': `${this.#settings % 3}`, 'fetch.min.bytes': `${1 + (this.#settings % 3)}` };
    const place = { name: this.#place, generation: this.#generation, translated };
    this.#parts.answers.tell(role, place, settings);
    if (role === 'consumer') this.#told = this.#generation;
  }

  /** How many records of each partition the group has read on a cluster, once it reads no more there. */
  async #groupLeft(cluster: ClusterName, waitsElsewhere: () => boolean): Promise<number[]> {
    const home = this.#parts.homes[cluster];
    const places = this.#counts.map((_, partition) => ({ topic, partition }));
    const options = { requireStable: true };
    for (;;) {
      const isOver = waitsElsewhere();
      const found = await withAdmin(home, async (admin) => unwrap(await admin.fetchOffsets(group, places, options)));
      const read = places.map(({ partition }) => {
        const offset = found.find((each) => each.partition === partition)?.offset;
        return (offset ?? this.#offsetOf(cluster, partition, 0)) - this.#offsetOf(cluster, partition, 0);
      });
      if (isOver) this.#parts.coverage.add('moves of a group that waits');
      if (isOver || read.every((count, partition) => count === this.#copied[cluster][partition])) return read;
      await sleep(home.platform.timers, lookMs);
    }
  }

  /** Sets the group, once it has no members there any more. */
  async #set(cluster: ClusterName, starts: readonly number[]): Promise<void> {
    const home = this.#parts.homes[cluster];
    const offsets = starts.map((offset, partition) => ({ topic, partition, offset }));
    for (;;) {
      try {
        return await withAdmin(home, async (admin) => void unwrap(await admin.commitOffsets(group, offsets)));
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        home.note(`the group is not set on ${cluster} yet: ${error.message}`);
      }
      await sleep(home.platform.timers, lookMs);
    }
  }

  #offsetOf(cluster: ClusterName, partition: number, index: number): number {
    return (this.#parts.scenario.before[cluster][partition] as number) + index;
  }
}
