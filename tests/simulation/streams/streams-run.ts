/**
 * One seed of a streams job: a cluster, members that come and go, input with late and out-of-order records, and
 * everything that may go wrong. In the end readers of committed records find what a batch computation over the same
 * input finds: each count of each word once and in order, each window of every kind once, each late record once.
 */
import { sleep } from '@millrace/base';
import { createClient, int64, text, topic, unwrap } from '@millrace/client';
import { countsAndWindows } from '@millrace/streams/testing/exactly-once';
import { clientOptions } from '../client/client-options.ts';
import { prepareTopics } from '../mirror/prepare-topics.ts';
import { ActorHome } from '../oracle/actor.ts';
import { type RunResult, SeedFailure } from '../oracle/cluster-run.ts';
import { Coverage } from '../oracle/coverage.ts';
import { InvariantViolation } from '../oracle/history.ts';
import { SimCluster } from '../oracle/sim-cluster.ts';
import { SimWorld } from '../world/sim-world.ts';
import { JobInput, topics } from './job-input.ts';
import { SimJobMember } from './job-member.ts';
import { StreamsNemesis } from './streams-nemesis.ts';
import { type StreamsScenario, streamsScenarioOf } from './streams-scenario.ts';

/** Bounds on virtual time, in milliseconds. */
const startMsMax = 60_000;
const troubleMsMax = 60_000;
const finishMsMax = 300_000;
/** How long members go on when everything is there: what is there twice may come late. */
const afterMs = 3_000;

/** Runs a seed. Rejects with `SeedFailure`. */
export async function runStreamsSeed(seed: number): Promise<RunResult> {
  const run = new StreamsRun(streamsScenarioOf(seed));
  try {
    return await run.run();
  } catch (error) {
    throw new SeedFailure(seed, error, run.world.loop.trace.lines());
  }
}

interface Output {
  readonly counts: readonly (readonly [string, number])[];
  readonly windows: readonly string[];
}

class StreamsRun {
  readonly world: SimWorld;
  readonly #scenario: StreamsScenario;
  readonly #coverage = new Coverage();
  readonly #cluster: SimCluster;

  constructor(scenario: StreamsScenario) {
    this.#scenario = scenario;
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
    const input = new JobInput(this.#home('input'), this.#scenario);
    const parts = { world: this.world, members, cluster: this.#cluster, coverage: this.#coverage, calmMs };
    const nemesis = new StreamsNemesis({ ...parts, home: this.#home('nemesis') });
    const troubleEnd = loop.now + troubleMs;
    await loop.runUntil(() => loop.now >= troubleEnd, troubleMsMax, 'things went wrong');
    nemesis.stop();
    await loop.runUntil(() => this.#cluster.isWhole, finishMsMax, 'all brokers run');
    loop.note('all is made good');
    await loop.settled(input.done, finishMsMax, 'everything is written');
    const expected = input.windows();
    await loop.settled(this.#complete(input.wordCount, expected.length), finishMsMax, 'everything is worked on');
    await loop.runUntil(() => members.every(({ isRunning }) => isRunning), finishMsMax, 'all members run');
    await loop.settled(sleep(this.#home('pause').platform.timers, afterMs), finishMsMax, 'a while passes');
    await loop.settled(Promise.all(members.map((member) => member.stop())), finishMsMax, 'the members close');
    const output = await loop.settled(this.#read('judge'), finishMsMax, 'everything is read');
    check(input, expected, output);
    this.#coverage.add('seeds');
    this.#coverage.add('records', records * 2);
    this.#coverage.add('windows', expected.filter((each) => !/^(late|running)/.test(each)).length);
    this.#coverage.add('late records', expected.filter((each) => each.startsWith('late')).length);
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
    const { partitions, wordPartitions, replicationFactor, isFirstKind } = this.#scenario;
    const plan = (name: string, count: number) => ({ name, partitions: count, replicationFactor, configuration: {} });
    await prepareTopics(this.#home('setup'), [
      plan(topics.words, wordPartitions),
      plan(topics.timed, partitions),
      plan(topics.counts, 1),
      plan(topics.windows, partitions),
    ]);
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
    const topology = () => countsAndWindows('simulated', topics);
    return new SimJobMember({ world, scenario, cluster, coverage, plan, host: `member-${index}`, topology });
  }

  #home(name: string): ActorHome {
    return new ActorHome(this.world, name, this.#cluster.brokers);
  }

  /** Resolves when so much is there. */
  async #complete(counts: number, windows: number): Promise<void> {
    const { timers } = this.#home('waiting').platform;
    for (let look = 0; ; look++) {
      const output = await this.#read(`look ${look}`);
      if (output.counts.length >= counts && output.windows.length >= windows) return;
      await sleep(timers, 1_000);
    }
  }

  async #read(who: string): Promise<Output> {
    const client = createClient(clientOptions(this.#home(who)));
    const all = async (name: string): Promise<[string, number][]> => {
      const described = topic(name, { key: text, value: int64 });
      const found: [string, number][] = [];
      const isolation = 'read_committed' as const;
      await using consumer = client.consumer({ topics: [described], from: 'earliest', until: 'end', isolation });
      for await (const batch of consumer) for (const { key, value } of batch) found.push([key, value]);
      return found;
    };
    const [counts, windows] = [await all(topics.counts), await all(topics.windows)];
    await client.close();
    return { counts, windows: windows.map(([name, count]) => `${name} ${count}`).sort() };
  }
}

/** Throws `InvariantViolation`. */
function check(input: JobInput, expected: readonly string[], { counts, windows }: Output): void {
  for (const [word, count] of input.words) {
    const found = counts.filter(([key]) => key === word).map(([, value]) => value);
    if (found.length === count && found.every((value, index) => value === index + 1)) continue;
    throw new InvariantViolation(`${word} was written ${count} times, and its counts are ${found.join(' ')}`);
  }
  const missing = without(expected, windows);
  const extra = without(windows, expected);
  if (missing.length + extra.length === 0) return;
  const told = (list: readonly string[]): string => list.join(', ') || 'none';
  throw new InvariantViolation(`windows that are missing: ${told(missing)}; that should not be there: ${told(extra)}`);
}

/** What a list has more of than another. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const each of other) left.set(each, (left.get(each) ?? 0) + 1);
  return list.filter((each) => {
    const count = left.get(each) ?? 0;
    left.set(each, count - 1);
    return count <= 0;
  });
}
