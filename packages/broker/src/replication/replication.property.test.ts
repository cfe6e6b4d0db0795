/**
 * Random histories of a cluster: brokers stop and return, partitions are reassigned, leaders elected, records produced,
 * time passes, and the process is killed and started again at any point. After each step everything is checked that
 * must always hold. A failure prints the seed that replays it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Randomness, seededRandomness } from '@millrace/base';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { ManualPlatform } from '../testing/manual-platform.ts';
import { ReplicationFixture } from '../testing/replication-fixture.ts';
import type { Partition } from '../topics/partition.ts';
import { positionOf } from './catch-up.ts';
import { electLeaders } from './elect-leaders.ts';
import { reassignPartitions } from './reassign-partitions.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const seedCount = Math.max(1, Math.round(40 * scale));
const stepCount = 120;
const nodeIds = [1, 2, 3, 4, 5];
const topics = ['clean', 'unclean'];
const partitionCount = 4;

/** What a history expects of one partition. */
interface Expected {
  leader: number;
  leaderEpoch: number;
  inSync: readonly number[];
  /** The replicas before the reassignment under way. */
  settled: readonly number[];
  /** What was acknowledged, in order. */
  readonly values: string[];
  /** Where the reassignment under way leads, in any order; undefined when there is none. */
  target: readonly number[] | undefined;
}

/** What a step may do besides what it is about. */
interface Step {
  readonly told: string;
  /** Replicas out of sync may join the ISR. */
  readonly mayJoin?: boolean;
  /** A replica out of sync may lead also where the topic does not allow that by itself. */
  readonly mayBeUnclean?: boolean;
}

class History {
  readonly #randomness: Randomness;
  readonly #expected = new Map<string, Expected>();
  #down = new Set<number>();
  #cluster: ReplicationFixture;
  #produced = 0;

  constructor(seed: number, cluster: ReplicationFixture) {
    this.#randomness = seededRandomness(seed);
    this.#cluster = cluster;
  }

  static async start(seed: number): Promise<History> {
    const platform = new ManualPlatform(seed, new CrashingDisk());
    const configuration = { 'millrace.replica.catch.up.rate': '400', 'min.insync.replicas': '2' };
    const cluster = await ReplicationFixture.open({ platform, nodeIds, configuration, journalBytesMin: 2000 });
    const history = new History(seed, cluster);
    for (const topic of topics) await history.#create(topic);
    return history;
  }

  async #create(topic: string): Promise<void> {
    const assignment = Array.from({ length: partitionCount }, () => this.#someNodes(3));
    const configuration = new Map([['unclean.leader.election.enable', String(topic === 'unclean')]]);
    await this.#cluster.topics.create(topic, assignment, configuration);
    for (const [index, replicas] of assignment.entries()) {
      const leader = replicas[0] ?? -1;
      this.#expected.set(`${topic}-${index}`, {
        leader,
        leaderEpoch: 0,
        inSync: replicas,
        settled: replicas,
        values: [],
        target: undefined,
      });
    }
  }

  async step(): Promise<Step> {
    const { replication } = this.#cluster;
    const nodeId = this.#one(nodeIds);
    switch (this.#randomness.integer(12)) {
      case 0:
      case 1:
        await replication.brokerStopped(nodeId);
        this.#down.add(nodeId);
        return { told: `stop ${nodeId}` };
      case 2:
      case 3:
        await replication.brokerReturned(nodeId);
        this.#down.delete(nodeId);
        return { told: `start ${nodeId}` };
      case 4:
        return this.#reassign();
      case 5:
        return this.#elect();
      case 6:
        return this.#restart();
      case 7:
      case 8:
        await this.#cluster.platform.pass(this.#one([10, 300, 3000, 30_000]));
        return { told: 'time passes', mayJoin: true };
      default:
        return this.#produce();
    }
  }

  /** A clean one, or one by a kill: a change under way is there then or is not, and nothing in between. */
  async #restart(): Promise<Step> {
    if (this.#randomness.integer(2) === 0) {
      this.#cluster = await this.#cluster.restarted();
      return { told: 'a clean restart' };
    }
    const nodeId = this.#one(nodeIds);
    const stopping = this.#cluster.replication.brokerStopped(nodeId);
    stopping.catch(() => undefined);
    for (let turns = this.#randomness.integer(12); turns > 0; turns--) await Promise.resolve();
    this.#cluster = await this.#cluster.afterKill();
    const isDown = this.#cluster.replication.table.isDown(nodeId);
    if (isDown) this.#down.add(nodeId);
    return { told: `killed while ${nodeId} stops, which it ${isDown ? 'did' : 'did not'}` };
  }

  async #reassign(): Promise<Step> {
    const [topic, partition] = [this.#one(topics), this.#randomness.integer(partitionCount)];
    const replicas = this.#randomness.integer(4) === 0 ? null : this.#someNodes(this.#one([2, 3, 3, 4]));
    const { replication, topics: catalog } = this.#cluster;
    const [refusal] = await reassignPartitions(replication, catalog, [{ topic, partition, replicas }], true);
    const expected = this.#expectedOf(topic, partition);
    if (refusal === undefined) expected.target = replicas ?? expected.settled;
    const target = replicas?.join() ?? 'what it was';
    return { told: `reassign ${topic}-${partition} to ${target}: ${refusal?.message ?? 'begun'}` };
  }

  async #elect(): Promise<Step> {
    const election = this.#one(['preferred', 'unclean'] as const);
    const partition = this.#cluster.partition(this.#one(topics), this.#randomness.integer(partitionCount));
    await electLeaders(this.#cluster.replication, [partition], election);
    return { told: `${election} election`, mayBeUnclean: election === 'unclean' };
  }

  async #produce(): Promise<Step> {
    const [topic, index] = [this.#one(topics), this.#randomness.integer(partitionCount)];
    for (let count = this.#randomness.integer(5); count >= 0; count--) {
      const value = `${this.#produced++}:${'x'.repeat(this.#randomness.integer(200))}`;
      const done = await this.#cluster.produce(this.#cluster.partition(topic, index), value, this.#one([1, -1]));
      if (done) this.#expectedOf(topic, index).values.push(value);
    }
    return { told: `produce to ${topic}-${index}` };
  }

  check(step: Step): void {
    const { table, controller } = this.#cluster.replication;
    for (const topic of topics) {
      for (let index = 0; index < partitionCount; index++) {
        checkReplicas(this.#cluster.partition(topic, index), table.isRunning);
        this.#checkProgress(topic, index, step);
      }
    }
    assert.deepEqual(
      nodeIds.filter(table.isDown),
      nodeIds.filter((nodeId) => this.#down.has(nodeId)),
    );
    const someoneRuns = nodeIds.some(table.isRunning);
    assert.ok(!someoneRuns || table.isRunning(controller.nodeId), 'the controller runs');
  }

  #checkProgress(topic: string, index: number, { mayJoin, mayBeUnclean }: Step): void {
    const { leader, leaderEpoch, inSync, replicas, adding, removing } = this.#cluster.partition(topic, index);
    const expected = this.#expectedOf(topic, index);
    if (leader === expected.leader) assert.ok(leaderEpoch >= expected.leaderEpoch, 'an epoch never shrinks');
    else assert.ok(leaderEpoch > expected.leaderEpoch, 'another leader has a larger epoch');
    const isUnclean = inSync.length === 1 && (mayBeUnclean || topic === 'unclean');
    const hasNoneNew = inSync.every((nodeId) => expected.inSync.includes(nodeId));
    const joined = `${topic}-${index} had ${expected.inSync} in sync and has ${inSync}, of ${replicas}`;
    assert.ok(mayJoin || isUnclean || hasNoneNew, `who joins the ISR has caught up: ${joined}`);
    expected.inSync = inSync;
    expected.leader = leader;
    expected.leaderEpoch = leaderEpoch;
    if (adding.length > 0 || removing.length > 0) {
      assert.ok(expected.target?.every((nodeId) => replicas.includes(nodeId)));
    } else {
      if (expected.target !== undefined) {
        const wanted = [...expected.target].sort();
        assert.deepEqual([...replicas].sort(), wanted, 'a reassignment that is done has the replicas that were wanted');
      }
      expected.target = undefined;
      expected.settled = replicas;
    }
  }

  /** Once everybody runs and had time, all is well again, and nothing that was acknowledged is missing. */
  async end(): Promise<void> {
    for (const nodeId of nodeIds) await this.#cluster.replication.brokerReturned(nodeId);
    this.#down.clear();
    await this.#cluster.platform.pass(3_600_000);
    await this.#cluster.replication.balance();
    this.check({ told: 'the end', mayJoin: true });
    for (const topic of topics) {
      for (let index = 0; index < partitionCount; index++) {
        const partition = this.#cluster.partition(topic, index);
        const { leader, replicas, inSync, adding, removing } = partition;
        assert.deepEqual([leader, inSync, adding, removing], [replicas[0], replicas, [], []]);
        assert.deepEqual(await this.#cluster.values(partition), this.#expectedOf(topic, index).values);
      }
    }
    assert.deepEqual(this.#cluster.reports, []);
  }

  #expectedOf(topic: string, index: number): Expected {
    const expected = this.#expected.get(`${topic}-${index}`);
    assert.ok(expected);
    return expected;
  }

  #one<T>(items: readonly T[]): T {
    return items[this.#randomness.integer(items.length)] as T;
  }

  #someNodes(count: number): number[] {
    const left = [...nodeIds];
    return Array.from({ length: count }, () => left.splice(this.#randomness.integer(left.length), 1)[0] as number);
  }
}

function checkReplicas(partition: Partition, isRunning: (nodeId: number) => boolean): void {
  const { replicas, leader, inSync, adding, removing, highWatermark } = partition;
  assert.equal(new Set(replicas).size, replicas.length, 'no replica twice');
  assert.ok(inSync.length > 0, 'the ISR is never empty');
  assert.ok(
    inSync.every((nodeId) => replicas.includes(nodeId)),
    'the ISR is part of the replicas',
  );
  assert.ok([...adding, ...removing].every((nodeId) => replicas.includes(nodeId)));
  assert.ok(adding.length + removing.length < 2 * replicas.length);
  if (leader === -1) assert.ok(!inSync.some(isRunning), 'only a partition without running replica in sync is offline');
  else assert.ok(inSync.includes(leader) && inSync.every(isRunning), 'the leader and all of the ISR run');
  for (const nodeId of replicas) {
    const position = positionOf(partition, nodeId);
    assert.ok(position >= 0 && position <= highWatermark);
    if (leader !== -1 && inSync.includes(nodeId)) assert.equal(position, highWatermark);
  }
}

for (let seed = 1; seed <= seedCount; seed++) {
  test(`whatever brokers do, replicas stay consistent and no acknowledged record is lost: seed ${seed}`, async () => {
    const history = await History.start(seed);
    const steps: string[] = [];
    try {
      for (let step = 0; step < stepCount; step++) {
        const taken = await history.step();
        steps.push(taken.told);
        history.check(taken);
      }
      steps.push('the end');
      await history.end();
    } catch (error) {
      throw new Error(`seed ${seed} failed after:\n${steps.slice(-12).join('\n')}`, { cause: error });
    }
  });
}
