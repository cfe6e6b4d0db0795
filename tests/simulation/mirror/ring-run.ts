/**
 * One seed of mirrors that lead back: two or three clusters in a ring, each with writers of its own, topics of the same
 * names, and everything that may go wrong. No record may come to a cluster twice, and in the end each has all of them.
 */
import { sleep } from '@millrace/base';
import type { MirrorEvent } from '@millrace/mirror';
import { ActorHome, type KnownPartition } from '../oracle/actor.ts';
import { type RunResult, SeedFailure } from '../oracle/cluster-run.ts';
import { Coverage } from '../oracle/coverage.ts';
import { SimCluster } from '../oracle/sim-cluster.ts';
import { SimWorld } from '../world/sim-world.ts';
import { MirrorNemesis } from './mirror-nemesis.ts';
import { type MirrorScenario, mirrorScenarioOf } from './mirror-scenario.ts';
import { SimMirrorWorker } from './mirror-worker.ts';
import { prepareTopics } from './prepare-topics.ts';
import { RingPartition } from './ring-partition.ts';
import { SourceWriter } from './source-writer.ts';

/** Bounds on virtual time, in milliseconds. */
const startMsMax = 60_000;
const finishMsMax = 180_000;
const lookMsMax = 600;
/** Writers of the next cluster may be met before the mirror that makes them expected has begun. */
const unannounced: ReadonlySet<MirrorEvent['event']> = new Set(['foreign_write'] as const);

/** Runs a seed. Rejects with `SeedFailure`. */
export async function runRingSeed(seed: number): Promise<RunResult> {
  // What is copied at least once goes no rings.
  const run = new RingRun({ ...mirrorScenarioOf(seed), guarantee: 'exactly-once' });
  try {
    return await run.run();
  } catch (error) {
    throw new SeedFailure(seed, error, run.world.loop.trace.lines());
  }
}

class RingRun {
  readonly world: SimWorld;
  readonly #coverage = new Coverage();
  readonly #scenario: MirrorScenario;
  readonly #clusters: readonly [SimCluster, SimCluster, ...SimCluster[]];
  readonly #workers: readonly SimMirrorWorker[];
  #nemesis: MirrorNemesis | undefined;
  #isJudging = true;

  constructor(scenario: MirrorScenario) {
    const { seed, source, target, workers } = scenario;
    this.#scenario = scenario;
    this.world = new SimWorld(seed);
    const cluster = (name: string, plan = source): SimCluster => {
      return new SimCluster(this.world, plan, this.#coverage, name);
    };
    const third = seed % 2 === 0 ? [] : [cluster('north')];
    this.#clusters = [cluster('east'), cluster('west', target), ...third];
    this.#workers = this.#clusters.flatMap((_, place) => {
      return workers.slice(0, 2).map((plan, index) => this.#worker(place, `${index}`, plan));
    });
  }

  async run(): Promise<RunResult> {
    const { loop } = this.world;
    const { troubleMs, calmMs, seed } = this.#scenario;
    for (const cluster of this.#clusters) cluster.start();
    const preparing = Promise.all(this.#clusters.map((each) => this.#prepare(each)));
    const known = await loop.settled(preparing, startMsMax, 'topics are there');
    for (const worker of this.#workers) worker.start();
    const writing = this.#clusters.map((cluster, place) => this.#write(cluster, known[place] ?? []));
    const partitions = this.#partitions();
    const judging = this.#judge(partitions);
    const options = { world: this.world, clusters: this.#clusters, workers: this.#workers, coverage: this.#coverage };
    const nemesis = new MirrorNemesis({ ...options, calmMs });
    this.#nemesis = nemesis;
    const troubleEnd = loop.now + troubleMs;
    await loop.runUntil(() => loop.now >= troubleEnd, finishMsMax, 'things went wrong');
    nemesis.stop();
    await loop.runUntil(() => this.#clusters.every(({ isWhole }) => isWhole), finishMsMax, 'all brokers run');
    await loop.settled(Promise.all(writing), finishMsMax, 'everything is acknowledged');
    this.#isJudging = false;
    await loop.settled(judging, finishMsMax, 'the judge comes to an end');
    await loop.settled(this.#caughtUp(partitions), finishMsMax, 'everything has gone round');
    const allRun = (): boolean => this.#workers.every(({ isRunning }) => isRunning);
    await loop.runUntil(allRun, finishMsMax, 'all workers run');
    await loop.settled(Promise.all(this.#workers.map((each) => each.stop())), finishMsMax, 'the workers close');
    await loop.settled(this.#caughtUp(partitions), finishMsMax, 'nothing has come back');
    for (const partition of partitions) partition.checkOrder();
    const records = partitions.reduce((sum, { written }) => sum + written, 0);
    this.#coverage.add('seeds');
    this.#coverage.add('records that went round', records);
    this.#coverage.add(`rings of ${this.#clusters.length}`);
    const { events, hash } = loop.trace;
    const clients = this.#workers.length;
    return { seed, events, records, clients, faults: nemesis.faults, hash, coverage: this.#coverage.counts() };
  }

  /** Of the mirror from one cluster to the next. */
  #worker(place: number, name: string, plan: MirrorScenario['workers'][number]): SimMirrorWorker {
    const { world } = this;
    const [scenario, coverage] = [this.#scenario, this.#coverage];
    const source = this.#clusters[place] as SimCluster;
    const target = this.#clusters[(place + 1) % this.#clusters.length] as SimCluster;
    const onBegin = (): void => this.#nemesis?.atBeginning();
    const mirror = `from-${source.host}`;
    const manner = { plan, scenario, coverage, onBegin, mirror, expects: unannounced };
    return new SimMirrorWorker({ world, host: `${mirror}-${name}`, source, target, ...manner });
  }

  #prepare(cluster: SimCluster): Promise<KnownPartition[]> {
    const topics = this.#scenario.topics.map((topic) => ({ ...topic, configuration: {} }));
    return prepareTopics(this.#home(`setup of ${cluster.host}`, cluster), topics);
  }

  /** Resolves when all that is written on a cluster is acknowledged. */
  async #write(cluster: SimCluster, known: readonly KnownPartition[]): Promise<void> {
    const { writers } = this.#scenario;
    const all = writers.map((plan, index) => {
      return new SourceWriter(this.#home(`writer-${cluster.host}-${index}`, cluster), plan, known);
    });
    await Promise.all(all.map(({ done }) => done));
  }

  #partitions(): RingPartition[] {
    const homes = new Map(this.#clusters.map((each) => [each.host, this.#home(`judge of ${each.host}`, each)]));
    const isOf = (content: string, host: string): boolean => content.includes(`writer-${host}-`);
    return this.#scenario.topics.flatMap(({ name, partitions }) => {
      return Array.from({ length: partitions }, (_, index) => new RingPartition(name, index, homes, isOf));
    });
  }

  #judge(partitions: readonly RingPartition[]): Promise<void> {
    const home = this.#home('judge', this.#clusters[0]);
    return home.work(async () => {
      while (this.#isJudging) {
        for (const partition of partitions) await partition.look();
        await sleep(home.platform.timers, home.randomness.float() * lookMsMax);
      }
    });
  }

  async #caughtUp(partitions: readonly RingPartition[]): Promise<void> {
    const home = this.#home('waiting', this.#clusters[0]);
    for (;;) {
      const whole = await Promise.all(partitions.map((partition) => partition.look()));
      if (whole.every(Boolean)) return;
      await sleep(home.platform.timers, 100);
    }
  }

  #home(name: string, cluster: SimCluster): ActorHome {
    return new ActorHome(this.world, name, cluster.brokers);
  }
}
