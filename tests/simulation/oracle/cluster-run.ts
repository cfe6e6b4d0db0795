/**
 * One seed: a cluster, clients that write, read, commit, trim and create, and everything that may go wrong. In the end
 * all is made good, and what the clients were told is compared with what is there, also after restarts.
 */
import { createTopics, errorCodes, errorRow, fetch, listOffsets } from '@millrace/wire';
import { ClientGroup } from '../client/client-group.ts';
import { ClientProducer } from '../client/client-producer.ts';
import { SimWorld } from '../world/sim-world.ts';
import { type Actor, ActorHome, type KnownPartition } from './actor.ts';
import { Coverage } from './coverage.ts';
import { findLeaders } from './find-leaders.ts';
import { InvariantViolation, PartitionHistory } from './history.ts';
import { Nemesis } from './nemesis.ts';
import { OracleCommitter } from './oracle-committer.ts';
import { OracleConsumer } from './oracle-consumer.ts';
import { followerWaitMs, OracleFollower } from './oracle-follower.ts';
import { OracleIdentities } from './oracle-identities.ts';
import { OracleProducer } from './oracle-producer.ts';
import { OracleTopics } from './oracle-topics.ts';
import { OracleTrimmer } from './oracle-trimmer.ts';
import { faultsMin, type Scenario, scenarioOf } from './scenario.ts';
import { SimCluster } from './sim-cluster.ts';

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
  readonly #producers: OracleProducer[] = [];
  readonly #clientProducers: ClientProducer[] = [];
  readonly #groups: ClientGroup[] = [];
  readonly #consumers: OracleConsumer[] = [];
  readonly #followers: OracleFollower[] = [];
  readonly #committers: OracleCommitter[] = [];
  readonly #trimmers: OracleTrimmer[] = [];
  readonly #topicActors: OracleTopics[] = [];
  readonly #identities: OracleIdentities[] = [];
  readonly #producerIds = new Set<number>();
  readonly #exactlyOnce = new Set<string>();
  #partitions: KnownPartition[] = [];
  #faults = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.world = new SimWorld(scenario.seed);
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
    await this.#await(this.#prepare(), startMsMax, 'the topics are created');
    this.#startActors();
    const nemesis = new Nemesis(this.world, this.#cluster, this.#scenario, this.#homes, this.coverage);
    const troubleEnd = loop.now + this.#scenario.troubleMs;
    const troubled = (): boolean => loop.now >= troubleEnd && nemesis.faults >= faultsMin;
    await loop.runUntil(troubled, troubleMsMax, `${faultsMin} things went wrong`);
    nemesis.stop();
    this.#faults = nemesis.faults;
    loop.note('all is made good');
    await this.#finish();
    await this.#verify('at the end');
    await this.#await(this.#cluster.stop(), finishMsMax, 'the cluster closes');
    await this.#restartAndVerify();
    this.#count();
  }

  async #prepare(): Promise<void> {
    const setup = this.#home('setup');
    for (const { name, partitions, configuration, trimming } of this.#scenario.topics) {
      const configs = Object.entries(configuration).map(([key, value]) => ({ name: key, value }));
      const response = await setup.anyBroker().ask(createTopics, 7, {
        topics: [{ name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs }],
      });
      const { errorCode, topicId } = response.topics[0] as { errorCode: number; topicId: string };
      if (errorCode !== errorCodes.NONE) throw new InvariantViolation(`creating ${name}: ${errorRow(errorCode).name}`);
      for (const [index, leader] of (await findLeaders(setup, name)).entries()) {
        const history = new PartitionHistory(`${name}/${index}`, setup.fail);
        if (trimming === 'retention') {
          history.allowStart(Number.POSITIVE_INFINITY);
          if (this.#scenario.powerLoss) history.allowReturn();
        }
        this.#partitions.push({ topic: name, topicId, index, leader, history });
      }
    }
  }

  #startActors(): void {
    for (const [index, plan] of this.#scenario.producers.entries()) {
      const name = `producer-${index}`;
      if (plan.idempotent) this.#exactlyOnce.add(name);
      const onProducerId = (producerId: number): void => this.#notice(producerId);
      this.#producers.push(new OracleProducer(this.#home(name), plan, this.#partitions, onProducerId));
    }
    for (const [index, plan] of this.#scenario.clientProducers.entries()) {
      const name = `client-producer-${index}`;
      this.#exactlyOnce.add(name);
      this.#clientProducers.push(new ClientProducer(this.#home(name), plan, this.#partitions));
    }
    const { clientGroup } = this.#scenario;
    if (clientGroup !== undefined) {
      const homes = Array.from({ length: clientGroup.members }, (_, index) => this.#home(`client-member-${index}`));
      this.#groups.push(new ClientGroup(homes, clientGroup, this.#partitions));
    }
    for (let index = 0; index < this.#scenario.consumers; index++) {
      this.#consumers.push(new OracleConsumer(this.#home(`consumer-${index}`), this.#partitions));
    }
    this.#followers.push(new OracleFollower(this.#home('follower', 2 * followerWaitMs), this.#partitions));
    for (let index = 0; index < this.#scenario.committers; index++) {
      this.#committers.push(new OracleCommitter(this.#home(`committer-${index}`), this.#partitions));
    }
    this.#identities.push(new OracleIdentities(this.#home('identities'), (producerId) => this.#notice(producerId)));
    this.#topicActors.push(new OracleTopics(this.#home('topics')));
    const trimmed = this.#scenario.topics.filter(({ trimming }) => trimming === 'client').map(({ name }) => name);
    const partitions = this.#partitions.filter(({ topic }) => trimmed.includes(topic));
    if (partitions.length > 0) this.#trimmers.push(new OracleTrimmer(this.#home('trimmer'), partitions));
  }

  #home(name: string, answerTimeoutMs?: number): ActorHome {
    const home = new ActorHome(this.world, name, this.#cluster.brokers, answerTimeoutMs);
    this.#homes.push(home);
    return home;
  }

  #notice(producerId: number): void {
    if (this.#producerIds.has(producerId)) {
      this.world.loop.fail(new InvariantViolation(`producer id ${producerId} was given twice`));
    }
    this.#producerIds.add(producerId);
  }

  /** Producers finish what they have to write; all others stop. */
  async #finish(): Promise<void> {
    const producers = [...this.#producers, ...this.#clientProducers];
    await this.#await(Promise.all(producers.map(({ done }) => done)), finishMsMax, 'everything is acknowledged');
    const hasAll = (): boolean => this.#groups.every((group) => group.hasHandledAll);
    await this.world.loop.runUntil(hasAll, finishMsMax, 'the group handles everything');
    const isFollowed = (): boolean => this.#followers.every((follower) => follower.isAtEnd);
    await this.world.loop.runUntil(isFollowed, finishMsMax, 'a fetch that waits is woken by everything it waits for');
    const others: Actor[] = [
      ...this.#followers,
      ...this.#groups,
      ...this.#consumers,
      ...this.#committers,
      ...this.#trimmers,
      ...this.#topicActors,
      ...this.#identities,
    ];
    for (const actor of others) actor.stop();
    await this.#await(Promise.all(others.map(({ done }) => done)), finishMsMax, 'all clients stop');
  }

  /** Kills and starts twice more: what recovery leaves must be what the next recovery leaves, and hold all records. */
  async #restartAndVerify(): Promise<void> {
    this.#cluster.start();
    await this.#verify('after a clean restart');
    this.#cluster.kill();
    await this.#await(this.#running(), startMsMax, 'the cluster starts');
    const once = this.#cluster.drive.fingerprint();
    this.#cluster.kill();
    await this.#await(this.#running(), startMsMax, 'the cluster starts again');
    const twice = this.#cluster.drive.fingerprint();
    if (once !== twice) throw new InvariantViolation(`a second recovery changed files:\n${once}\n---\n${twice}`);
    await this.#verify('after two kills');
    await this.#await(this.#cluster.stop(), finishMsMax, 'the cluster closes again');
  }

  async #running(): Promise<void> {
    const setup = this.#homes[0] as ActorHome;
    do await setup.anyBroker().pause();
    while (!this.#cluster.isRunning);
  }

  async #verify(when: string): Promise<void> {
    this.world.loop.note(`verifying ${when}`);
    const reader = this.#home(`reader ${when}`);
    const reading = Promise.all(this.#partitions.map((partition) => this.#verifyPartition(reader, partition)));
    await this.#await(reading, finishMsMax, `all is read ${when}`);
    const checks = [...this.#committers, ...this.#topicActors, ...this.#groups].map((actor) => actor.check());
    await this.#await(Promise.all(checks), finishMsMax, `offsets and topics are told ${when}`);
  }

  async #verifyPartition(reader: ActorHome, partition: KnownPartition): Promise<void> {
    const { topic, index, leader, history } = partition;
    for (;;) {
      const start = await this.#startOf(reader, partition);
      const records = new Map<number, string>();
      let position = start;
      let trimmed = false;
      while (position < history.knowledge.highWatermark) {
        const before = history.knowledge;
        const response = await reader.broker(leader).ask(fetch, 12, {
          maxWaitMs: 0,
          minBytes: 0,
          topics: [{ topic, partitions: [{ partition: index, fetchOffset: position, partitionMaxBytes: 64 * 1024 }] }],
        });
        const answer = response.responses[0]?.partitions[0];
        if (answer === undefined) throw new InvariantViolation(`${history.name} can't be read`);
        if (answer.errorCode === errorCodes.OFFSET_OUT_OF_RANGE) {
          trimmed = true;
          break;
        }
        history.bounds(answer.highWatermark, answer.logStartOffset, before);
        const read = history.read(answer.records as Uint8Array, position, before, answer.highWatermark);
        if (read.size === 0) throw new InvariantViolation(`${history.name} gives no record at offset ${position}`);
        for (const [offset, value] of read) records.set(offset, value);
        position += read.size;
      }
      // Retention may move the start while we read; that is no failure, but then we begin again.
      if (trimmed) continue;
      return history.complete(records, start, this.#exactlyOnce);
    }
  }

  async #startOf(reader: ActorHome, { topic, index, leader, history }: KnownPartition): Promise<number> {
    const before = history.knowledge;
    const ask = async (timestamp: number): Promise<number> => {
      const response = await reader.broker(leader).ask(listOffsets, 8, {
        replicaId: -1,
        topics: [{ name: topic, partitions: [{ partitionIndex: index, timestamp }] }],
      });
      return response.topics[0]?.partitions[0]?.offset as number;
    };
    const end = await ask(-1);
    const start = await ask(-2);
    history.bounds(Math.max(end, start), start, before);
    return start;
  }

  /** Runs the world until a promise settles. */
  async #await(promise: Promise<unknown>, limitMs: number, what: string): Promise<void> {
    let settled = false;
    promise.then(
      () => {
        settled = true;
      },
      (error: unknown) => this.world.loop.fail(error),
    );
    await this.world.loop.runUntil(() => settled, limitMs, what);
  }

  #count(): void {
    const { faults } = this.world;
    this.coverage.add('writes refused for want of space', faults.met.full);
    this.coverage.add('reads failed', faults.met.read);
    this.coverage.add('syncs failed', faults.met.sync);
    for (const { acknowledgedRecords, retries } of this.#producers) {
      this.coverage.add('records acknowledged', acknowledgedRecords);
      this.coverage.add('batches sent again', retries);
    }
    for (const { delivered, waits } of this.#clientProducers) {
      this.coverage.add('records acknowledged to our client', delivered);
      this.coverage.add('waits of our client for room', waits);
    }
    for (const { joins, records } of this.#groups) {
      this.coverage.add('members of our client that joined', joins);
      this.coverage.add('records handled by our client', records);
    }
    for (const { recordsRead } of this.#consumers) this.coverage.add('records read', recordsRead);
    for (const { commits } of this.#committers) this.coverage.add('offset commits', Math.max(0, commits));
    for (const { trims } of this.#trimmers) this.coverage.add('records deleted by clients', trims);
    for (const { changes } of this.#topicActors) this.coverage.add('topics changed', changes);
    for (const { history } of this.#partitions) {
      if (history.knowledge.startOffset > 0) this.coverage.add('partitions whose start moved');
    }
    this.coverage.add('producer ids', this.#producerIds.size);
    this.coverage.add('seeds');
    if (this.#scenario.powerLoss) this.coverage.add('seeds with loss of power');
  }
}
