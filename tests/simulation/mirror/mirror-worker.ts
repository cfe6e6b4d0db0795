/**
 * A place where a worker of the mirror runs: a host whose process is killed, cut off, stalled or closed, and started
 * again. What a killed worker sent may still arrive; a stalled one goes on where it was, and must be refused by then.
 */
import { isMillraceError, type Randomness } from '@millrace/base';
import type { ClientOptions } from '@millrace/client';
import { type Mirror, type MirrorEvent, type StandstillReason, startMirror } from '@millrace/mirror';
import type { Coverage } from '../oracle/coverage.ts';
import { InvariantViolation } from '../oracle/history.ts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import type { Inhabitant, SimWorld } from '../world/sim-world.ts';
import type { MirrorScenario, WorkerPlan } from './mirror-scenario.ts';

export interface MirrorWorkerOptions {
  readonly world: SimWorld;
  readonly host: string;
  readonly plan: WorkerPlan;
  readonly scenario: MirrorScenario;
  readonly source: SimCluster;
  readonly target: SimCluster;
  readonly coverage: Coverage;
  /** What the mirror is called. */
  readonly mirror?: string | undefined;
  /** Alarms that are to be told if it comes to that. */
  readonly expects?: ReadonlySet<MirrorEvent['event']> | undefined;
  /** What becomes of what the target lost. */
  readonly truncatedTarget?: 'stop' | 'continue' | undefined;
  /** Told when partitions begin to be copied, from the start or by another worker. */
  readonly onBegin: () => void;
}

export const mirrorName = 'simulated';
const restartMsMax = 2000;
/** A pause of a connection that was given up may outlast the worker's end by so much. */
const releaseMsMax = 5000;
/** What must not be told unless it happened, which it does not here. */
const alarms: ReadonlySet<MirrorEvent['event']> = new Set([
  'source_failed',
  'foreign_write',
  'records_lost',
  'source_truncated',
  'target_truncated',
  'record_too_large',
  'partition_failed',
  'topic_recreated',
  'topic_deleted',
]);

export class SimMirrorWorker {
  readonly host: string;
  readonly #options: MirrorWorkerOptions;
  readonly #randomness: Randomness;
  #home: Inhabitant | undefined;
  #mirror: Mirror | undefined;
  #isClosing = false;
  #isRetired = false;
  readonly #told = new Set<string>();

  constructor(options: MirrorWorkerOptions) {
    this.#options = options;
    this.host = options.host;
    this.#randomness = options.world.randomness();
  }

  /** Undefined while it does not run. */
  get mirror(): Mirror | undefined {
    return this.#isClosing ? undefined : this.#mirror;
  }

  /** Whether it told something that is expected of a partition. */
  hasTold(event: MirrorEvent['event'], topic: string, partition: number): boolean {
    return this.#told.has(`${event} ${topic} ${partition}`);
  }

  /** Whether it says that a partition stands still for a reason. */
  isStanding(reason: StandstillReason, topic: string, partition: number): boolean {
    const all = this.mirror?.standstills() ?? [];
    return all.some((each) => each.reason === reason && each.topic === topic && each.partition === partition);
  }

  start(): void {
    const { world, coverage } = this.#options;
    const { scenario, source } = this.#options;
    if (scenario.distance !== undefined) world.network.setDistance(this.host, source.host, scenario.distance.ms);
    const home = world.start(this.host);
    this.#home = home;
    world.loop.note(`${this.host} starts`);
    startMirror(this.#mirrorOptions(home)).then(
      (mirror) => {
        if (this.#home !== home) return;
        coverage.add('workers started');
        world.loop.note(`${this.host} runs`);
        this.#mirror = mirror;
      },
      (error: unknown) => {
        if (!isMillraceError(error) || !error.retriable) return world.loop.fail(error);
        coverage.add('workers that could not start');
        world.loop.note(`${this.host} did not start: ${error.message}`);
        this.#released(home, () => this.#startLater(home));
      },
    );
  }

  /** The process ends at once, whatever it is doing, and another is started. Answers false when there is none. */
  kill(): boolean {
    const home = this.#home;
    if (home === undefined || !home.process.alive || this.#isRetired) return false;
    this.#options.coverage.add(this.#mirror === undefined ? 'worker killed while starting' : 'worker killed');
    this.#options.world.loop.note(`${this.host} is killed`);
    home.process.kill();
    this.#mirror = undefined;
    this.#isClosing = false;
    this.#startLater(home);
    return true;
  }

  stall(forMs: number): boolean {
    this.#home?.process.stall(forMs);
    return this.#home !== undefined;
  }

  /** Closes it as an operator does, and starts it again. Answers false when it does not run. */
  restart(): boolean {
    const home = this.#home;
    if (this.mirror === undefined || home === undefined) return false;
    this.#close().then(
      () => this.#startLater(home),
      (error: unknown) => this.#options.world.loop.fail(error),
    );
    return true;
  }

  /** Closes it for good; resolves when it has let go of everything. */
  async stop(): Promise<void> {
    this.#isRetired = true;
    if (this.mirror !== undefined) await this.#close();
  }

  async #close(): Promise<void> {
    const [home, mirror] = [this.#home, this.#mirror];
    if (home === undefined || mirror === undefined) return;
    this.#isClosing = true;
    this.#options.world.loop.note(`${this.host} is closed`);
    await mirror.close();
    await new Promise<void>((resolve) => this.#released(home, resolve));
    if (this.#home !== home) return;
    this.#mirror = undefined;
    this.#isClosing = false;
  }

  #startLater(ended: Inhabitant): void {
    const { loop } = this.#options.world;
    loop.schedule(this.#randomness.float() * restartMsMax, 'worker-start', () => {
      if (this.#home === ended && !this.#isRetired) this.start();
    });
  }

  /** What was opened must be closed: a process that goes on would run out of it. */
  #released(home: Inhabitant, then: () => void): void {
    const { loop } = this.#options.world;
    loop.schedule(releaseMsMax, 'worker-released', () => {
      const { process } = home;
      // The disk is the one that stays.
      if (process.alive && (process.pendingTimers > 0 || process.openResources > 1)) {
        const left = `${process.pendingTimers} timers and ${process.openResources - 1} sockets`;
        loop.fail(new InvariantViolation(`${this.host} ended its worker, which still holds ${left}`));
      }
      process.kill();
      then();
    });
  }

  #mirrorOptions(home: Inhabitant): Parameters<typeof startMirror>[0] {
    const { plan, scenario, source, target, host } = this.#options;
    return {
      name: this.#options.mirror ?? mirrorName,
      source: this.#clientOptions(home, source),
      target: this.#clientOptions(home, target),
      topics: scenario.topics.map(({ name }) => name),
      shards: scenario.shards,
      groupIntervalMs: scenario.groupIntervalMs,
      topicIntervalMs: scenario.topicIntervalMs,
      fetchBytesMax: scenario.distance?.fetchBytesMax,
      fetchVersionMax: scenario.fetchVersionMax,
      guarantee: scenario.guarantee,
      acls: false,
      worker: plan.isNamed ? host : undefined,
      sharing: { sessionTimeoutMs: plan.sessionTimeoutMs, rebalanceIntervalMs: 3 * plan.sessionTimeoutMs },
      truncatedTarget: this.#options.truncatedTarget,
      scribbles: true,
      report: (event) => this.#report(event),
    };
  }

  #clientOptions({ platform }: Inhabitant, cluster: SimCluster): ClientOptions {
    return {
      bootstrap: cluster.brokers.map(({ host, port }) => `${host}:${port}`).join(),
      clientId: this.host,
      platform,
      requestTimeoutMs: 2000,
      connectTimeoutMs: 1000,
      retryBackoffMs: 10,
      retryBackoffMaxMs: 200,
      metadataMaxAgeMs: 5000,
      report: ({ level, message }) => this.#note(`${cluster.host} ${level}: ${message}`),
    };
  }

  #report({ level, event, message, topic, partition }: MirrorEvent): void {
    const { expects } = this.#options;
    this.#note(`${level} ${event}: ${message}`);
    this.#options.coverage.add(`told: ${event}`);
    if (event === 'shard_opened' || event === 'partitions_added') this.#options.onBegin();
    // Of two workers that nobody fences each tells of the other.
    if (event === 'foreign_write' && this.#options.scenario.guarantee === 'at-least-once') return;
    if (expects?.has(event) === true) this.#told.add(`${event} ${topic} ${partition}`);
    else if (alarms.has(event)) this.#options.world.loop.fail(new InvariantViolation(`${this.host} told: ${message}`));
  }

  #note(line: string): void {
    this.#options.world.loop.note(`${this.host} ${line}`);
  }
}
