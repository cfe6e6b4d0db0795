/**
 * One seed: a cluster, clients that write, read, commit, trim and create, and everything that may go wrong. In the end
 * all is made good, and what the clients were told is compared with what is there, also after restarts.
 */
import { createTopics, errorCodes, errorRow } from '@millrace/wire';
import { SimWorld } from '../world/sim-world.ts';
import { ActorHome, type KnownPartition } from './actor.ts';
import { Cast } from './cast.ts';
import { Coverage } from './coverage.ts';
import { findLeaders } from './find-leaders.ts';
import { InvariantViolation, PartitionHistory } from './history.ts';
import { Nemesis } from './nemesis.ts';
import { OracleCommittedReader } from './oracle-committed-reader.ts';
import { checkPartition } from './partition-check.ts';
import { faultsMin, type Scenario, scenarioOf } from './scenario.ts';
import { SimCluster } from './sim-cluster.ts';
import { TransactionLedger } from './transaction-ledger.ts';

/** What a run was like. */
export interface RunResult {
  readonly seed: number;
  readonly events: number;
  /** Records that producers were to write, clients that wrote or read them, and things that went wrong. */
  readonly records: number;
  readonly clients: number;
  readonly faults: number;
  /** Over every event: equal for equal runs. */
  readonly hash: string;
  readonly coverage: Readonly<Record<string, number>>;
}

/** A seed that failed, with what a person needs to look into it. */
export class SeedFailure extends Error {
  override readonly name = 'SeedFailure';
  readonly seed: number;
  readonly lines: readonly string[];

  constructor(seed: number, cause: unknown, lines: readonly string[]) {
    super(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.seed = seed;
    this.lines = lines;
  }
}

/** Bounds on virtual time, in milliseconds. */
const startMsMax = 60_000;
const troubleMsMax = 60_000;
const finishMsMax = 120_000;

/** Runs a seed. Rejects with `SeedFailure`. */
export async function runSeed(seed: number): Promise<RunResult> {
  const run = new ClusterRun(scenarioOf(seed));
  try {
    await run.run();
  } catch (error) {
    throw new SeedFailure(seed, error, run.world.loop.trace.lines());
  }
  const { events, hash } = run.world.loop.trace;
  const { records, clients, faults } = run;
  return { seed, events, records, clients, faults, hash, coverage: run.coverage.counts() };
}

class ClusterRun {
  readonly world: SimWorld;
  readonly coverage = new Coverage();
  readonly #scenario: Scenario;
  readonly #cluster: SimCluster;
  readonly #homes: ActorHome[] = [];
  readonly #ledger: TransactionLedger;
  readonly #partitions: KnownPartition[] = [];
  #faults = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.world = new SimWorld(scenario.seed);
    this.#ledger = new TransactionLedger((error) => this.world.loop.fail(error));
    this.#cluster = new SimCluster(this.world, scenario, this.coverage);
  }

  get records(): number {
    const plans = [...this.#scenario.producers, ...this.#scenario.clientProducers];
    return plans.reduce((sum, { records }) => sum + records, 0) * this.#partitions.length;
  }

  /** Not counted: those that only look, trim, create or ask for identities. */
  get clients(): number {
    const { producers, clientProducers, consumers, clientGroup } = this.#scenario;
    return producers.length + clientProducers.length + consumers + (clientGroup?.members ?? 0);
  }

  get faults(): number {
    return this.#faults;
  }

  async run(): Promise<void> {
    const { loop } = this.world;
    this.#cluster.start();
    await this.world.loop.settled(this.#prepare(), startMsMax, 'the topics are created');
    const cast = new Cast({
      scenario: this.#scenario,
      partitions: this.#partitions,
      ledger: this.#ledger,
      home: (name, answerTimeoutMs) => this.#home(name, answerTimeoutMs),
      now: () => loop.now,
      fail: (error) => loop.fail(error),
    });
    const nemesis = new Nemesis(this.world, this.#cluster, this.#scenario, this.#homes, this.coverage);
    const troubleEnd = loop.now + this.#scenario.troubleMs;
    const troubled = (): boolean => loop.now >= troubleEnd && nemesis.faults >= faultsMin;
    await loop.runUntil(troubled, troubleMsMax, `${faultsMin} things went wrong`);
    nemesis.stop();
    this.#faults = nemesis.faults;
    await loop.runUntil(() => this.#cluster.isWhole, finishMsMax, 'all brokers run');
    loop.note('all is made good');
    await this.#finish(cast);
    await this.#verify(cast, 'at the end');
    await this.world.loop.settled(this.#cluster.stop(), finishMsMax, 'the cluster closes');
    await this.#restartAndVerify(cast);
    this.#count(cast);
  }

  async #prepare(): Promise<void> {
    const setup = this.#home('setup');
    for (const { name, partitions, replicationFactor, configuration, trimming } of this.#scenario.topics) {
      const configs = Object.entries(configuration).map(([key, value]) => ({ name: key, value }));
      const response = await setup.anyBroker().ask(createTopics, 7, {
        topics: [{ name, numPartitions: partitions, replicationFactor, assignments: [], configs }],
      });
      const { errorCode, topicId } = response.topics[0] as { errorCode: number; topicId: string };
      if (errorCode !== errorCodes.NONE) throw new InvariantViolation(`creating ${name}: ${errorRow(errorCode).name}`);
      for (const [index, leader] of (await findLeaders(setup, name)).entries()) {
        const history = new PartitionHistory(`${name}/${index}`, setup.fail);
        if (trimming === 'retention') {
          history.allowStart(Number.POSITIVE_INFINITY);
          history.allowReturn();
        }
        this.#partitions.push({ topic: name, topicId, index, leader, history });
      }
    }
  }

  #home(name: string, answerTimeoutMs?: number): ActorHome {
    const home = new ActorHome(this.world, name, this.#cluster.brokers, answerTimeoutMs);
    this.#homes.push(home);
    return home;
  }

  /** Producers finish what they have to write; all others stop. */
  async #finish(cast: Cast): Promise<void> {
    const { loop } = this.world;
    cast.settle();
    await this.world.loop.settled(
      Promise.all(cast.workers.map(({ done }) => done)),
      finishMsMax,
      'everything is acknowledged',
    );
    await loop.runUntil(() => cast.hasHandledAll, finishMsMax, 'the group handles everything');
    await loop.runUntil(() => cast.hasFollowedAll, finishMsMax, 'a fetch that waits is woken by what it waits for');
    await loop.runUntil(() => cast.isShared, finishMsMax, 'members of a consumer group share its partitions evenly');
    for (const actor of cast.others) actor.stop();
    await this.world.loop.settled(Promise.all(cast.others.map(({ done }) => done)), finishMsMax, 'all clients stop');
  }

  /** Kills and starts twice more: what recovery leaves must be what the next recovery leaves, and hold all records. */
  async #restartAndVerify(cast: Cast): Promise<void> {
    this.#cluster.start();
    await this.#verify(cast, 'after a clean restart');
    this.#cluster.kill();
    await this.world.loop.settled(this.#running(), startMsMax, 'the cluster starts');
    const once = this.#logsOnDisk();
    this.#cluster.kill();
    await this.world.loop.settled(this.#running(), startMsMax, 'the cluster starts again');
    const twice = this.#logsOnDisk();
    if (once !== twice) throw new InvariantViolation(`a second recovery changed files:\n${once}\n---\n${twice}`);
    await this.#verify(cast, 'after two kills');
    await this.world.loop.settled(this.#cluster.stop(), finishMsMax, 'the cluster closes again');
  }

  /** All files but the journal, which notes each start. */
  #logsOnDisk(): string {
    const files = this.#cluster.drive.fingerprint().split('\n');
    return files.filter((file) => !/\/journal /.test(file)).join('\n');
  }

  async #running(): Promise<void> {
    const setup = this.#homes[0] as ActorHome;
    do await setup.anyBroker().pause();
    while (!this.#cluster.isRunning);
  }

  async #verify(cast: Cast, when: string): Promise<void> {
    this.world.loop.note(`verifying ${when}`);
    const reader = this.#home(`reader ${when}`);
    const reading = this.#partitions.map((partition) => checkPartition(reader, partition, cast.exactlyOnce));
    await this.world.loop.settled(Promise.all(reading), finishMsMax, `all is read ${when}`);
    const checks = cast.judges.map((judge) => judge.check());
    await this.world.loop.settled(Promise.all(checks), finishMsMax, `offsets and topics are told ${when}`);
    if (cast.hasTransactions) {
      await this.world.loop.settled(
        this.#readCommitted(cast, when),
        finishMsMax,
        `all that is committed is read ${when}`,
      );
    }
  }

  async #readCommitted(cast: Cast, when: string): Promise<void> {
    const reader = new OracleCommittedReader(this.#home(`committed reader ${when}`), [], this.#ledger);
    const read = cast.untrimmed.map(async (partition) => [partition, await reader.readAll(partition)] as const);
    this.#ledger.complete(new Map(await Promise.all(read)));
  }

  #count(cast: Cast): void {
    const { faults } = this.world;
    this.coverage.add('writes refused for want of space', faults.met.full);
    this.coverage.add('reads failed', faults.met.read);
    this.coverage.add('syncs failed', faults.met.sync);
    for (const { history } of this.#partitions) {
      if (history.knowledge.startOffset > 0) this.coverage.add('partitions whose start moved');
    }
    cast.count(this.coverage);
    this.coverage.add('seeds');
    if (this.#scenario.powerLoss) this.coverage.add('seeds with loss of power');
    if (this.#scenario.durable) this.coverage.add('seeds of durable clusters');
  }
}
