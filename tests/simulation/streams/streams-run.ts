/**
 * One seed of a streams job: a cluster, members that come and go, input with late and out-of-order records, and
 * everything that may go wrong. In the end readers of committed records find what a batch computation over the same
 * input finds, whatever the job's work is.
 */
import { sleep } from '@millrace/base';
import { type AnyTopic, createClient, unwrap } from '@millrace/client';
import { clientOptions } from '../client/client-options.ts';
import { prepareTopics } from '../mirror/prepare-topics.ts';
import { ActorHome } from '../oracle/actor.ts';
import { type RunResult, SeedFailure } from '../oracle/cluster-run.ts';
import { Coverage } from '../oracle/coverage.ts';
import { SimCluster } from '../oracle/sim-cluster.ts';
import { SimWorld } from '../world/sim-world.ts';
import { CountingWork } from './counting-work.ts';
import { writeInput } from './job-input.ts';
import { SimJobMember } from './job-member.ts';
import type { JobWork, Result } from './job-work.ts';
import { JoiningWork } from './joining-work.ts';
import { StreamsNemesis } from './streams-nemesis.ts';
import { type StreamsScenario, streamsScenarioOf } from './streams-scenario.ts';

/** Bounds on virtual time, in milliseconds. */
const startMsMax = 60_000;
const troubleMsMax = 60_000;
const finishMsMax = 300_000;
/** How often it is looked whether everything is there, once a second. */
const looksMax = 200;
/** How long members go on when everything is there: what is there twice may come late. */
const afterMs = 3_000;

/** Runs a seed of a job that counts. Rejects with `SeedFailure`. */
export function runStreamsSeed(seed: number): Promise<RunResult> {
  return runSeedOf(seed, (scenario) => new CountingWork(scenario));
}

/** Runs a seed of a job that joins. Rejects with `SeedFailure`. */
export function runJoinsSeed(seed: number): Promise<RunResult> {
  return runSeedOf(seed, (scenario) => new JoiningWork(scenario));
}

async function runSeedOf(seed: number, workOf: (scenario: StreamsScenario) => JobWork): Promise<RunResult> {
  const scenario = streamsScenarioOf(seed);
  const run = new StreamsRun(scenario, workOf(scenario));
  try {
    return await run.run();
  } catch (error) {
    throw new SeedFailure(seed, error, run.world.loop.trace.lines());
  }
}

class StreamsRun {
  readonly world: SimWorld;
  readonly #scenario: StreamsScenario;
  readonly #work: JobWork;
  readonly #coverage = new Coverage();
  readonly #cluster: SimCluster;

  constructor(scenario: StreamsScenario, work: JobWork) {
    this.#scenario = scenario;
    this.#work = work;
    this.world = new SimWorld(scenario.seed);
    this.#cluster = new SimCluster(this.world, scenario.cluster, this.#coverage);
  }

  async run(): Promise<RunResult> {
    const { loop } = this.world;
    const { seed, troubleMs, calmMs, members: plans, records } = this.#scenario;
    this.#cluster.start();
    await loop.settled(this.#prepare(), startMsMax, 'the topics are created');
    const members = plans.map((_, index) => this.#member(index));
    for (const member of members) member.start();
    const home = this.#home('input');
    const input = home.work(() => writeInput(home, this.#scenario, this.#work));
    const parts = { world: this.world, members, cluster: this.#cluster, coverage: this.#coverage, calmMs };
    const nemesis = new StreamsNemesis({ ...parts, home: this.#home('nemesis') });
    const troubleEnd = loop.now + troubleMs;
    await loop.runUntil(() => loop.now >= troubleEnd, troubleMsMax, 'things went wrong');
    nemesis.stop();
    await loop.runUntil(() => this.#cluster.isWhole, finishMsMax, 'all brokers run');
    loop.note('all is made good');
    await loop.settled(input, finishMsMax, 'everything is written');
    await loop.settled(this.#complete(this.#work.expectedCounts()), finishMsMax, 'everything is worked on');
    await loop.runUntil(() => members.every(({ isRunning }) => isRunning), finishMsMax, 'all members run');
    await loop.settled(sleep(this.#home('pause').platform.timers, afterMs), finishMsMax, 'a while passes');
    await loop.settled(Promise.all(members.map((member) => member.stop())), finishMsMax, 'the members close');
    this.#work.check(await loop.settled(this.#read('judge'), finishMsMax, 'everything is read'));
    this.#work.cover(this.#coverage);
    this.#coverage.add('seeds');
    this.#coverage.add('records', records * 2);
    this.#coverage.add('virtual seconds', Math.round(loop.now / 1000));
    const { events, hash } = loop.trace;
    const { faults } = nemesis;
    return {
      seed,
      events,
      records: records * 2,
      clients: members.length,
      faults,
      hash,
      coverage: this.#coverage.counts(),
    };
  }

  async #prepare(): Promise<void> {
    const { replicationFactor, isFirstKind } = this.#scenario;
    const plans = Array.from(this.#work.partitions, ([name, partitions]) => {
      return { name, partitions, replicationFactor, configuration: {} };
    });
    await prepareTopics(this.#home('setup'), plans);
    if (!isFirstKind) return;
    this.#coverage.add('seeds with transactions of the first kind');
    const client = createClient(clientOptions(this.#home('features')));
    const change = { feature: 'transaction.version', level: 0, change: 'unsafe-downgrade' } as const;
    unwrap(await client.admin().updateFeatures([change]));
    await client.close();
  }

  #member(index: number): SimJobMember {
    const [world, scenario, cluster, coverage] = [this.world, this.#scenario, this.#cluster, this.#coverage];
    const plan = scenario.members[index] as StreamsScenario['members'][number];
    return new SimJobMember({ world, scenario, cluster, coverage, plan, host: `member-${index}`, work: this.#work });
  }

  #home(name: string): ActorHome {
    return new ActorHome(this.world, name, this.#cluster.brokers);
  }

  /** Resolves when each output has so many results, or these do not come: then the check tells which are missing. */
  async #complete(counts: readonly number[]): Promise<void> {
    const { timers } = this.#home('waiting').platform;
    for (let look = 0; look < looksMax; look++) {
      const found = await this.#read(`look ${look}`);
      if (counts.every((count, index) => (found[index]?.length ?? 0) >= count)) return;
      await sleep(timers, 1_000);
    }
  }

  /** The results of each output. */
  async #read(who: string): Promise<Result[][]> {
    const client = createClient(clientOptions(this.#home(who)));
    const all = async (output: AnyTopic): Promise<Result[]> => {
      const found: Result[] = [];
      const isolation = 'read_committed' as const;
      await using consumer = client.consumer({ topics: [output], from: 'earliest', until: 'end', isolation });
      for await (const batch of consumer) {
        for (const { key, value, timestamp, headers } of batch) {
          const told = new Map(headers.map((header) => [header.key, String(Buffer.from(header.value ?? []))]));
          found.push({ key: key as string, value, timestamp, header: (name) => told.get(name) });
        }
      }
      return found;
    };
    const results: Result[][] = [];
    for (const output of this.#work.outputs) results.push(await all(output));
    await client.close();
    return results;
  }
}
