/**
 * One seed of the switching producer: two clusters, a program that writes, answers that send it from one to the other
 * and change its settings, and everything that may go wrong. In the end what the program was told is compared with what
 * lies on both clusters.
 */
import { createClient } from '@millrace/client';
import { clientOptions } from '../client/client-options.ts';
import { prepareTopics } from '../mirror/prepare-topics.ts';
import { ActorHome } from '../oracle/actor.ts';
import { type RunResult, SeedFailure } from '../oracle/cluster-run.ts';
import { Coverage } from '../oracle/coverage.ts';
import { SimCluster } from '../oracle/sim-cluster.ts';
import { SimWorld } from '../world/sim-world.ts';
import { SwitchNemesis } from './switch-nemesis.ts';
import { type SwitchScenario, switchScenarioOf } from './switch-scenario.ts';
import { SwitchingWriter, topic } from './switching-writer.ts';

/** Bounds on virtual time, in milliseconds. */
const startMsMax = 60_000;
const troubleMsMax = 60_000;
const finishMsMax = 300_000;

/** Runs a seed. Rejects with `SeedFailure`. */
export async function runSwitchSeed(seed: number): Promise<RunResult> {
  const run = new SwitchRun(switchScenarioOf(seed));
  try {
    return await run.run();
  } catch (error) {
    throw new SeedFailure(seed, error, run.world.loop.trace.lines());
  }
}

class SwitchRun {
  readonly world: SimWorld;
  readonly #scenario: SwitchScenario;
  readonly #coverage = new Coverage();
  readonly #clusters: Readonly<Record<'east' | 'west', SimCluster>>;

  constructor(scenario: SwitchScenario) {
    this.#scenario = scenario;
    this.world = new SimWorld(scenario.seed);
    const cluster = (host: 'east' | 'west'): SimCluster =>
      new SimCluster(this.world, scenario.clusters[host], new Coverage(), host);
    this.#clusters = { east: cluster('east'), west: cluster('west') };
  }

  async run(): Promise<RunResult> {
    const { loop } = this.world;
    const { east, west } = this.#clusters;
    const { partitions, troubleMs, calmMs } = this.#scenario;
    const plan = { name: topic, partitions, replicationFactor: 2, configuration: {} };
    for (const cluster of [east, west]) {
      cluster.start();
      const setup = new ActorHome(this.world, `setup of ${cluster.host}`, cluster.brokers);
      await this.#await(prepareTopics(setup, [plan]), startMsMax, 'the topic is created');
    }
    const home = new ActorHome(this.world, 'writer', east.brokers);
    const writer = new SwitchingWriter(home, this.#scenario, this.#clusters, this.#coverage);
    const nemesis = new SwitchNemesis({
      ...{ world: this.world, writer: home, clusters: [east, west], coverage: this.#coverage, calmMs },
      home: new ActorHome(this.world, 'nemesis', east.brokers),
    });
    const troubleEnd = loop.now + troubleMs;
    await loop.runUntil(() => loop.now >= troubleEnd, troubleMsMax, 'things went wrong');
    nemesis.stop();
    writer.settle();
    await loop.runUntil(() => east.isRunning && west.isRunning && east.isWhole && west.isWhole, finishMsMax, 'all run');
    loop.note('all is made good');
    await this.#await(writer.done, finishMsMax, 'the writer comes to its end');
    const logs = await this.#await(Promise.all([this.#read(east), this.#read(west)]), finishMsMax, 'all is read');
    writer.records.check(logs.flat());
    return this.#result(writer, nemesis.faults);
  }

  /** The values of each partition, in order. */
  async #read(cluster: SimCluster): Promise<{ readonly cluster: string; readonly values: string[] }[]> {
    const home = new ActorHome(this.world, `reader of ${cluster.host}`, cluster.brokers);
    const client = createClient(clientOptions(home));
    const values = Array.from({ length: this.#scenario.partitions }, (): string[] => []);
    const consumer = client.consumer({ topics: [topic], from: 'earliest', until: 'end' });
    for await (const batch of consumer) {
      for (const { value } of batch) values[batch.partition]?.push(Buffer.from(value ?? []).toString());
    }
    await consumer.close();
    await client.close();
    return values.map((each) => ({ cluster: cluster.host, values: each }));
  }

  #result({ records }: SwitchingWriter, faults: number): RunResult {
    const { events, hash } = this.world.loop.trace;
    this.#coverage.add('seeds');
    for (const fate of ['acknowledged', 'ambiguous', 'failed unsent', 'failed'] as const) {
      this.#coverage.add(`records ${fate}`, records.countOf(fate));
    }
    const { seed } = this.#scenario;
    return { seed, events, records: records.count, clients: 1, faults, hash, coverage: this.#coverage.counts() };
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
