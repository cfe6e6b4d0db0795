/**
 * One seed of the relay: two clusters, topics that go from one to the other and back, a group and transactions that go
 * with them, and everything that may go wrong. In the end each record that was written is read, committed, on exactly
 * one of the clusters.
 */
import { createClient } from '@millrace/client';
import { clientOptions } from '../client/client-options.ts';
import { prepareTopics } from '../mirror/prepare-topics.ts';
import { ActorHome } from '../oracle/actor.ts';
import { type RunResult, SeedFailure } from '../oracle/cluster-run.ts';
import { Coverage } from '../oracle/coverage.ts';
import { InvariantViolation, parseValue } from '../oracle/history.ts';
import { SimCluster } from '../oracle/sim-cluster.ts';
import { SimWorld } from '../world/sim-world.ts';
import { RelayAnswers, topics } from './relay-answers.ts';
import { RelayMover } from './relay-mover.ts';
import { RelayProgram } from './relay-program.ts';
import { type ClusterName, type RelayScenario, relayScenarioOf } from './relay-scenario.ts';
import { SwitchNemesis } from './switch-nemesis.ts';

/** Bounds on virtual time, in milliseconds. */
const startMsMax = 60_000;
const troubleMsMax = 60_000;
const finishMsMax = 600_000;

/** Runs a seed. Rejects with `SeedFailure`. */
export async function runRelaySeed(seed: number): Promise<RunResult> {
  const run = new RelayRun(relayScenarioOf(seed));
  try {
    return await run.run();
  } catch (error) {
    throw new SeedFailure(seed, error, run.world.loop.trace.lines());
  }
}

class RelayRun {
  readonly world: SimWorld;
  readonly #scenario: RelayScenario;
  readonly #coverage = new Coverage();
  readonly #clusters: Readonly<Record<ClusterName, SimCluster>>;

  constructor(scenario: RelayScenario) {
    this.#scenario = scenario;
    this.world = new SimWorld(scenario.seed);
    const cluster = (host: ClusterName): SimCluster =>
      new SimCluster(this.world, scenario.clusters[host], new Coverage(), host);
    this.#clusters = { east: cluster('east'), west: cluster('west') };
  }

  async run(): Promise<RunResult> {
    const { loop } = this.world;
    const { east, west } = this.#clusters;
    const [scenario, coverage] = [this.#scenario, this.#coverage];
    await this.#prepare();
    const answers = new RelayAnswers(this.#clusters, () => loop.now);
    const homes = { east: this.#home('mover', 'east'), west: this.#home('mover of west', 'west') };
    const mover = new RelayMover({ homes, scenario, answers, coverage });
    await this.#await(mover.prepared, startMsMax, 'the group may begin');
    const home = this.#home('program', 'east');
    const program = new RelayProgram({ home, scenario, answers, mover, coverage });
    const nemesis = new SwitchNemesis({
      ...{ world: this.world, writer: home, clusters: [east, west], coverage, calmMs: scenario.calmMs },
      home: this.#home('nemesis', 'east'),
    });
    const troubleEnd = loop.now + scenario.troubleMs;
    await loop.runUntil(() => loop.now >= troubleEnd, troubleMsMax, 'things went wrong');
    nemesis.stop();
    mover.settle();
    await loop.runUntil(() => east.isRunning && west.isRunning && east.isWhole && west.isWhole, finishMsMax, 'all run');
    loop.note('all is made good');
    await this.#await(mover.done, finishMsMax, 'the mover comes to its end');
    await this.#await(mover.drained(), finishMsMax, 'the group has read everything');
    program.stop();
    await this.#await(program.done, finishMsMax, 'the program comes to its end');
    this.#check(mover.counts, await this.#await(this.#readAll(), finishMsMax, 'all is read'));
    const { events, hash } = loop.trace;
    coverage.add('seeds');
    const records = mover.counts.reduce((sum, count) => sum + count, 0);
    const { seed } = scenario;
    return { seed, events, records, clients: 1, faults: nemesis.faults, hash, coverage: coverage.counts() };
  }

  #home(name: string, cluster: ClusterName): ActorHome {
    return new ActorHome(this.world, name, this.#clusters[cluster].brokers);
  }

  async #prepare(): Promise<void> {
    const plans = Object.values(topics).map((name) => {
      return { name, partitions: this.#scenario.partitions, replicationFactor: 2, configuration: {} };
    });
    for (const name of ['east', 'west'] as const) {
      this.#clusters[name].start();
      await this.#await(prepareTopics(this.#home(`setup of ${name}`, name), plans), startMsMax, 'topics are created');
    }
  }

  /** The committed values of each partition on each cluster, in order. */
  async #readAll(): Promise<string[][]> {
    const read = (['east', 'west'] as const).map(async (name) => {
      await using client = createClient(clientOptions(this.#home(`reader of ${name}`, name)));
      const values = Array.from({ length: this.#scenario.partitions }, (): string[] => []);
      const options = { from: 'earliest', until: 'end', isolation: 'read_committed' } as const;
      await using consumer = client.consumer({ topics: [topics.producer], ...options });
      for await (const batch of consumer) {
        for (const { value } of batch) values[batch.partition]?.push(Buffer.from(value ?? []).toString());
      }
      return values;
    });
    return (await Promise.all(read)).flat();
  }

  #check(counts: readonly number[], logs: readonly (readonly string[])[]): void {
    const found = counts.map(() => new Set<number>());
    for (const values of logs) {
      let last = -1;
      for (const value of values) {
        const { producer: partition, number } = parseValue(value);
        const seen = found[Number(partition)];
        if (seen === undefined) throw new InvariantViolation(`${value} was copied, and is none of the group's`);
        if (seen.has(number)) throw new InvariantViolation(`record ${number} of ${partition} was copied twice`);
        if (number < last) throw new InvariantViolation(`record ${number} of ${partition} was copied behind ${last}`);
        seen.add(number);
        last = number;
      }
    }
    for (const [partition, count] of counts.entries()) {
      const copied = found[partition]?.size;
      if (copied !== count) throw new InvariantViolation(`${copied} of ${count} records of ${partition} were copied`);
    }
  }

  /** Runs the world until a promise settles. */
  async #await<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
    let settled = false;
    promise.then(
      () => {
        settled = true;
      },
      (error: unknown) => this.world.loop.fail(error),
    );
    await this.world.loop.runUntil(() => settled, limitMs, what);
    return promise;
  }
}
