/**
 * A cluster under test: one process on a host of its own, which is killed and started again on the same drive. Starting
 * may fail while the drive is in trouble; it is then tried again, as an operator or a supervisor would.
 */
import { isMillraceError, type Randomness } from '@millrace/base';
import { type Cluster, startCluster } from '@millrace/broker';
import type { SimDrive, SimFile } from '../world/sim-drive.ts';
import type { Inhabitant, SimWorld } from '../world/sim-world.ts';
import type { BrokerPlace } from './actor.ts';
import type { Coverage } from './coverage.ts';
import { InvariantViolation } from './history.ts';
import type { Scenario } from './scenario.ts';

/** What of a scenario is the cluster's. */
export type ClusterPlan = Pick<Scenario, 'configuration' | 'durable' | 'tailBytesMax' | 'openFilesMax'>;

const hostDefault = 'broker';
const dataDirectory = '/var/millrace/cluster';
const brokers = [
  { nodeId: 1, port: 9092 },
  { nodeId: 2, port: 9093 },
  { nodeId: 3, port: 9094 },
];
const restartMs = 100;
/** How often a stopped broker that is due is tried to be started. */
const brokerStartMs = 100;

export class SimCluster {
  readonly host: string;
  readonly drive: SimDrive;
  readonly #world: SimWorld;
  readonly #scenario: ClusterPlan;
  readonly #coverage: Coverage;
  readonly #randomness: Randomness;
  #home: Inhabitant | undefined;
  #cluster: Cluster | undefined;
  #stopping = false;
  /** Brokers that were stopped and are not known to run again. */
  readonly #down = new Set<number>();

  constructor(world: SimWorld, scenario: ClusterPlan, coverage: Coverage, host = hostDefault) {
    this.host = host;
    this.#world = world;
    this.#scenario = scenario;
    this.#coverage = coverage;
    this.#randomness = world.randomness();
    this.drive = world.driveOf(host);
    this.drive.prepare(dataDirectory);
  }

  get brokers(): readonly BrokerPlace[] {
    return brokers.map((broker) => ({ ...broker, host: this.host }));
  }

  /** Whether clients are served. */
  get isRunning(): boolean {
    return this.#cluster !== undefined && !this.#stopping;
  }

  get process(): Inhabitant['process'] | undefined {
    return this.#home?.process;
  }

  /** Starts the process; tries again for as long as that fails. */
  start(): void {
    const { host } = this;
    const home = this.#world.start(host);
    this.#home = home;
    this.#world.loop.note('cluster starts');
    startCluster({
      name: 'simulated',
      dataDirectory,
      host,
      brokers,
      security: { allowAnonymous: true },
      platform: home.platform,
      configuration: this.#scenario.configuration,
      durable: this.#scenario.durable,
      tailBytesMax: this.#scenario.tailBytesMax,
      openFilesMax: this.#scenario.openFilesMax,
      scribbles: true,
      report: ({ level, message }) => this.#world.loop.note(`broker ${level}: ${message}`),
    }).then(
      (cluster) => {
        this.#cluster = cluster;
        this.#world.loop.note('cluster runs');
      },
      (error: unknown) => {
        if (!isMillraceError(error, 'disk_full') && !isMillraceError(error, 'disk_failed')) {
          return this.#world.loop.fail(error);
        }
        this.#coverage.add('start failed');
        this.#world.loop.note(`start failed: ${String(error)}`);
        this.#checkReleased(home, 'a failed start');
        home.process.kill();
        this.#startLater();
      },
    );
  }

  /** Ends the process at once, whatever it is doing, and starts it again. */
  kill(): void {
    const home = this.#home;
    if (home === undefined || !home.process.alive) return;
    this.#coverage.add(this.#cluster === undefined ? 'kill while starting' : 'kill');
    if (home.disk.isWriting) this.#coverage.add('kill in a write');
    this.#world.loop.note('cluster is killed');
    home.process.kill();
    this.#cluster = undefined;
    this.#stopping = false;
    this.#startLater();
  }

  /** Does something to the process while its next write or sync is under way. */
  atNextWrite(deed: () => void): void {
    const home = this.#home;
    if (home === undefined) return;
    const strike = (): void => {
      this.#world.loop.schedule(this.#randomness.float() * 0.4, 'ambush', () => {
        if (this.#home === home) deed();
      });
    };
    home.disk.ambush = { pathEnd: this.#randomness.integer(3) === 0 ? '' : '.log', strike };
  }

  losePower(): void {
    this.kill();
    this.#coverage.add('power loss');
    this.drive.losePower(this.#randomness);
  }

  /** Ends at once, and logs of these topics lose what a loss of power takes; all else on the drive is whole. */
  loseEnds(topics: readonly string[]): void {
    this.kill();
    this.#coverage.add('ends of logs lost');
    const newest = new Map<string, SimFile>();
    for (const [path, file] of this.drive.files()) {
      if (!path.endsWith('.log') || !topics.some((topic) => path.includes(`/topics/${topic}.`))) continue;
      newest.set(path.slice(0, path.lastIndexOf('/')), file);
    }
    for (const file of newest.values()) {
      // As often as not a few batches, in whose place others soon come to lie.
      if (this.#randomness.integer(2) === 0) file.losePower(this.#randomness);
      else file.truncate(Math.max(0, file.size - 2 ** this.#randomness.integer(12)));
    }
  }

  /** Closes the cluster as an operator does, and starts it again. Answers false when it does not run. */
  restart(): boolean {
    if (!this.isRunning) return false;
    this.#coverage.add('clean restart');
    this.#stop().then(
      () => this.#startLater(),
      () => this.#startLater(),
    );
    return true;
  }

  /** Whether no broker of it is stopped. */
  get isWhole(): boolean {
    return this.#down.size === 0;
  }

  /** Stops one of its brokers for a while. Answers false when the cluster does not run, or not whole. */
  stopBroker(forMs: number): boolean {
    const cluster = this.#cluster;
    const { nodeId } = brokers[this.#randomness.integer(brokers.length)] as (typeof brokers)[number];
    if (cluster === undefined || !this.isRunning || !this.isWhole) return false;
    this.#down.add(nodeId);
    this.#world.loop.note(`broker ${nodeId} stops`);
    this.#expect(cluster.stopBroker(nodeId, { graceMs: this.#randomness.integer(300) }));
    this.#startBrokerLater(nodeId, forMs);
    return true;
  }

  #startBrokerLater(nodeId: number, delayMs: number): void {
    this.#world.loop.schedule(delayMs, 'broker-start', () => {
      const cluster = this.#cluster;
      if (cluster !== undefined && this.isRunning) {
        const started = cluster.startBroker(nodeId).then(() => {
          if (this.#cluster !== cluster || !this.#down.delete(nodeId)) return;
          this.#world.loop.note(`broker ${nodeId} runs again`);
        });
        this.#expect(started);
      }
      // A kill may have come between: tried until it is known to run.
      if (this.#down.has(nodeId)) this.#startBrokerLater(nodeId, brokerStartMs);
    });
  }

  /** What may fail because the drive does. */
  #expect(doing: Promise<void>): void {
    doing.catch((error: unknown) => {
      if (!isMillraceError(error)) this.#world.loop.fail(error);
      else this.#world.loop.note(`failed: ${error.message}`);
    });
  }

  /** Closes the cluster for good. */
  async stop(): Promise<void> {
    const home = this.#home as Inhabitant;
    await this.#stop();
    this.#checkReleased(home, 'a clean end');
  }

  async #stop(): Promise<void> {
    const home = this.#home as Inhabitant;
    this.#stopping = true;
    this.#world.loop.note('cluster closes');
    try {
      await this.#cluster?.close();
      this.#world.loop.note('cluster is closed');
    } finally {
      home.process.kill();
      this.#cluster = undefined;
      this.#stopping = false;
    }
  }

  #startLater(): void {
    const ended = this.#home;
    this.#world.loop.schedule(this.#randomness.float() * restartMs, 'cluster-start', () => {
      if (this.#home === ended) this.start();
    });
  }

  /** What was opened must be closed: a process that goes on would run out of it. */
  #checkReleased(home: Inhabitant, after: string): void {
    const { disk, process } = home;
    const left = [
      ...(disk.openFiles > 0 ? [`${disk.openFiles} files`] : []),
      ...(process.pendingTimers > 0 ? [`${process.pendingTimers} timers`] : []),
      // The disk itself is one.
      ...(process.openResources > 1 ? [`${process.openResources - 1} sockets or listeners`] : []),
    ];
    if (left.length > 0) this.#world.loop.fail(new InvariantViolation(`open after ${after}: ${left.join(', ')}`));
  }
}
