/**
 * One seed of a mirror: two clusters, writers on the source, workers that copy, and everything that may go wrong. All
 * the while the target must hold the first so many of the source's committed records; in the end, all made good, it
 * must hold all of them, and groups must go on with exactly the next record.
 */
import { sleep } from '@millrace/base';
import { type Actor, ActorHome, type KnownPartition } from '../oracle/actor.ts';
import { type RunResult, SeedFailure } from '../oracle/cluster-run.ts';
import { Coverage } from '../oracle/coverage.ts';
import { InvariantViolation, PartitionHistory } from '../oracle/history.ts';
import { OracleProducer } from '../oracle/oracle-producer.ts';
import { OracleTransactor } from '../oracle/oracle-transactor.ts';
import { SimCluster } from '../oracle/sim-cluster.ts';
import { TransactionLedger } from '../oracle/transaction-ledger.ts';
import { SimWorld } from '../world/sim-world.ts';
import { addPartition } from './add-partition.ts';
import { aftermath, lossAlarms } from './aftermath.ts';
import { MirrorNemesis } from './mirror-nemesis.ts';
import { type MirrorScenario, mirrorScenarioOf, type SourceWriterPlan } from './mirror-scenario.ts';
import { SimMirrorWorker } from './mirror-worker.ts';
import { areCarried, MirroredGroups } from './mirrored-groups.ts';
import { MirroredPartition } from './mirrored-partition.ts';
import { prepareTopics } from './prepare-topics.ts';
import { SourceWriter } from './source-writer.ts';
import { targetAftermath } from './target-aftermath.ts';

/** Bounds on virtual time, in milliseconds. */
const startMsMax = 60_000;
const troubleMsMax = 60_000;
const finishMsMax = 120_000;
/** Until when groups are where they must be, once all is copied. */
const settledMsMax = 30_000;
/** How long the judge waits between two looks, at most. */
const lookMsMax = 600;

/** Runs a seed. Rejects with `SeedFailure`. */
export async function runMirrorSeed(seed: number): Promise<RunResult> {
  const run = new MirrorRun(mirrorScenarioOf(seed));
  try {
    return await run.run();
  } catch (error) {
    throw new SeedFailure(seed, error, run.world.loop.trace.lines());
  }
}

class MirrorRun {
  readonly world: SimWorld;
  readonly #coverage = new Coverage();
  readonly #scenario: MirrorScenario;
  readonly #source: SimCluster;
  readonly #target: SimCluster;
  readonly #sourceCoverage = new Coverage();
  readonly #targetCoverage = new Coverage();
  readonly #workers: readonly SimMirrorWorker[];
  readonly #partitions: MirroredPartition[] = [];
  readonly #judging: Promise<void>[] = [];
  #isJudging = true;
  #nemesis: MirrorNemesis | undefined;

  constructor(scenario: MirrorScenario) {
    this.#scenario = scenario;
    this.world = new SimWorld(scenario.seed);
    this.#source = new SimCluster(this.world, scenario.source, this.#sourceCoverage, 'source');
    this.#target = new SimCluster(this.world, scenario.target, this.#targetCoverage, 'target');
    this.#workers = scenario.workers.map((_, index) => this.#worker(index));
  }

  async run(): Promise<RunResult> {
    const { loop } = this.world;
    this.#source.start();
    this.#target.start();
    const known = await loop.settled(
      prepareTopics(this.#home('setup'), this.#scenario.topics),
      startMsMax,
      'the topics are created',
    );
    const homes = {
      source: this.#home('judge of the source'),
      target: this.#home('judge of the target', this.#target),
    };
    const groups = new MirroredGroups(homes.source, homes.target, this.#partitions);
    for (const { topic, index } of known) this.#judge(topic, index, homes);
    for (const worker of this.#workers) worker.start();
    const writers = this.#startWriters(known);
    const adding = this.#addPartitions((partition) => {
      this.#judge(partition.topic, partition.index, homes);
      const plan = this.#scenario.writers[0] as SourceWriterPlan;
      const home = this.#home(`writer-${partition.topic}-${partition.index}`);
      writers.push(new SourceWriter(home, plan, [partition]));
    });
    this.#judging.push(this.#moveGroups(groups));
    const nemesis = this.#startNemesis();
    this.#nemesis = nemesis;
    const troubleEnd = loop.now + this.#scenario.troubleMs;
    await loop.runUntil(() => loop.now >= troubleEnd, troubleMsMax, 'things went wrong');
    nemesis.stop();
    const { faults } = nemesis;
    await loop.runUntil(() => this.#source.isWhole && this.#target.isWhole, finishMsMax, 'all brokers run');
    loop.note('all is made good');
    await loop.settled(adding, finishMsMax, 'partitions are added');
    await loop.settled(Promise.all(writers.map(({ done }) => done)), finishMsMax, 'everything is acknowledged');
    this.#isJudging = false;
    await loop.settled(Promise.all(this.#judging), finishMsMax, 'the judges come to an end');
    await loop.settled(this.#caughtUp(), finishMsMax, 'everything is copied');
    const allRun = (): boolean => this.#workers.every(({ isRunning }) => isRunning);
    await loop.runUntil(allRun, finishMsMax, 'all workers run');
    await this.#checkGroups(groups, 'at the end');
    await loop.settled(Promise.all(this.#workers.map((each) => each.stop())), finishMsMax, 'the workers close');
    await this.#successor(groups);
    await this.#aftermath();
    return this.#result(groups, faults);
  }

  /** A worker that comes after all others finds everything copied, and knows the map that they left. */
  async #successor(groups: MirroredGroups): Promise<void> {
    const worker = this.#worker(this.#workers.length);
    worker.start();
    await this.world.loop.runUntil(() => worker.isRunning, finishMsMax, 'a successor starts');
    await this.#checkGroups(groups, 'after all', [worker]);
    const closed = this.#caughtUp().then(() => worker.stop());
    await this.world.loop.settled(closed, finishMsMax, 'nothing is copied again, and the successor closes');
  }

  async #aftermath(): Promise<void> {
    const { aftermath: kind } = this.#scenario;
    if (kind === 'nothing') return;
    this.#coverage.add(`aftermath: ${kind}`);
    if (kind === 'target loses power') return this.#targetAftermath();
    const [source, worker] = [this.#source, this.#worker(this.#workers.length + 1, lossAlarms)];
    const judged = aftermath({
      kind,
      source,
      worker,
      partitions: this.#partitions,
      home: (name, side) => this.#home(name, side === 'target' ? this.#target : source),
      cover: (what) => this.#coverage.add(what),
    });
    const closed = judged.then(() => worker.stop());
    await this.world.loop.settled(closed, finishMsMax, `after the ${kind} all is as it must be`);
  }

  async #targetAftermath(): Promise<void> {
    const [target, takeovers] = [this.#target, this.#scenario.takeovers];
    let workers = this.#workers.length + 1;
    const judged = targetAftermath({
      target,
      takeovers,
      partitions: this.#partitions,
      home: (name, side) => this.#home(name, side === 'target' ? target : this.#source),
      worker: (policy) => this.#worker(workers++, lossAlarms, policy),
      cover: (what) => this.#coverage.add(what),
    });
    await this.world.loop.settled(
      judged,
      (2 + takeovers) * finishMsMax,
      'after the target lost power all is as it must be',
    );
  }

  #startNemesis(): MirrorNemesis {
    const { calmMs } = this.#scenario;
    const clusters = [this.#source, this.#target] as const;
    return new MirrorNemesis({ world: this.world, clusters, workers: this.#workers, coverage: this.#coverage, calmMs });
  }

  #worker(index: number, expects?: typeof lossAlarms, truncatedTarget?: 'stop' | 'continue'): SimMirrorWorker {
    const { world } = this;
    const [scenario, source, target, coverage] = [this.#scenario, this.#source, this.#target, this.#coverage];
    const plan = scenario.workers[index % scenario.workers.length] as (typeof scenario.workers)[number];
    const onBegin = (): void => this.#nemesis?.atBeginning();
    const host = `worker-${index}`;
    const options = { world, host, plan, scenario, source, target, coverage, onBegin, expects, truncatedTarget };
    return new SimMirrorWorker(options);
  }

  #home(name: string, cluster = this.#source): ActorHome {
    return new ActorHome(this.world, name, cluster.brokers);
  }

  #startWriters(known: readonly KnownPartition[]): Actor[] {
    const { producers, transactors, writers } = this.#scenario;
    const ledger = new TransactionLedger((error) => this.world.loop.fail(error));
    return [
      ...producers.map((plan, index) => {
        return new OracleProducer(this.#home(`producer-${index}`), plan, known, () => undefined);
      }),
      ...transactors.map((plan, index) => {
        return new OracleTransactor(this.#home(`transactor-${index}`), plan, known, ledger);
      }),
      ...writers.map((plan, index) => new SourceWriter(this.#home(`writer-${index}`), plan, known)),
    ];
  }

  /** Compares a partition's sides again and again. */
  #judge(topic: string, index: number, { source, target }: { source: ActorHome; target: ActorHome }): void {
    const mayRepeat = this.#scenario.guarantee === 'at-least-once';
    const partition = new MirroredPartition(topic, index, source, target, mayRepeat);
    this.#partitions.push(partition);
    const home = this.#home(`judge of ${topic}/${index}`);
    const judge = async (): Promise<void> => {
      while (this.#isJudging) {
        await partition.compare();
        await sleep(home.platform.timers, home.randomness.float() * lookMsMax);
      }
    };
    this.#judging.push(home.work(judge));
  }

  /** Gives topics of the source another partition now and then. */
  #addPartitions(added: (partition: KnownPartition) => void): Promise<void> {
    const home = this.#home('partitions');
    const { topics, additions, troubleMs } = this.#scenario;
    const counts = new Map(topics.map(({ name, partitions }) => [name, partitions]));
    return home.work(async () => {
      for (let round = 0; round < additions; round++) {
        await sleep(home.platform.timers, (home.randomness.float() * 2 * troubleMs) / (additions + 1));
        const { name } = topics[home.randomness.integer(topics.length)] as { name: string };
        const index = counts.get(name) as number;
        counts.set(name, index + 1);
        await addPartition(home, name, index + 1);
        const history = new PartitionHistory(`${name}/${index}`, home.fail);
        // Only our client writes to it, which looks for the leader itself.
        added({ topic: name, topicId: '', index, leader: -1, history });
        this.#coverage.add('partitions added');
      }
    });
  }

  #moveGroups(groups: MirroredGroups): Promise<void> {
    const home = this.#home('groups');
    return home.work(async () => {
      while (this.#isJudging) {
        await sleep(home.platform.timers, home.randomness.float() * 3 * lookMsMax);
        await groups.move(`group-${home.randomness.integer(2)}`);
        // What is copied again is so in the end.
        if (this.#scenario.guarantee === 'exactly-once') await groups.checkPast();
      }
    });
  }

  async #caughtUp(): Promise<void> {
    const home = this.#home('waiting');
    for (;;) {
      const same = await Promise.all(this.#partitions.map((partition) => partition.compare()));
      if (same.every(Boolean)) return;
      await sleep(home.platform.timers, 100);
    }
  }

  /** Carries groups over, one of which is new, and compares. */
  async #checkGroups(groups: MirroredGroups, when: string, workers = this.#workers): Promise<void> {
    const check = async (): Promise<void> => {
      const { timers, clock } = this.#home(`groups ${when}`).platform;
      await groups.move(`group ${when}`);
      const deadline = clock.monotonic() + settledMsMax;
      for (;;) {
        // What was passed over last may not be noted yet.
        while (!(await areCarried(groups, workers))) await sleep(timers, 50);
        try {
          return await groups.check();
        } catch (error) {
          // What a worker asked for that lost a share since may set a group back; then it is set right the next time.
          if (!(error instanceof InvariantViolation) || clock.monotonic() > deadline) throw error;
          this.#coverage.add('groups set back for a while');
        }
        await sleep(timers, 50);
      }
    };
    await this.world.loop.settled(check(), finishMsMax, `groups are carried over ${when}`);
  }

  #result(groups: MirroredGroups, faults: number): RunResult {
    const { events, hash } = this.world.loop.trace;
    const records = this.#partitions.reduce((sum, { copiedCount }) => sum + copiedCount, 0);
    this.#coverage.add('seeds');
    this.#coverage.add('records copied', records);
    const repeats = this.#partitions.reduce((sum, { repeatedCount }) => sum + repeatedCount, 0);
    this.#coverage.add('records copied again, with at least once', repeats);
    this.#coverage.add('offsets of groups checked', groups.checked);
    this.#coverage.add('virtual seconds', Math.round(this.world.loop.now / 1000));
    for (const [side, coverage] of [
      ['source', this.#sourceCoverage],
      ['target', this.#targetCoverage],
    ] as const) {
      for (const [what, count] of Object.entries(coverage.counts())) this.#coverage.add(`${side}: ${what}`, count);
    }
    const { seed, workers } = this.#scenario;
    return { seed, events, records, clients: workers.length, faults, hash, coverage: this.#coverage.counts() };
  }
}
