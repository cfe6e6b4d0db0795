/** Makes things go wrong with a mirror's workers and both its clusters, until it is told to stop. */
import type { Randomness } from '@millrace/base';
import type { Coverage } from '../oracle/coverage.ts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import type { SimSocket } from '../world/sim-socket.ts';
import type { SimWorld } from '../world/sim-world.ts';
import type { SimMirrorWorker } from './mirror-worker.ts';

export interface MirrorNemesisOptions {
  readonly world: SimWorld;
  /** Source and target, and others. */
  readonly clusters: readonly [SimCluster, SimCluster, ...SimCluster[]];
  readonly workers: readonly SimMirrorWorker[];
  readonly coverage: Coverage;
  /** Mean virtual milliseconds between two deeds. */
  readonly calmMs: number;
}

/** Answers false when there was nothing to do it to. */
type Deed = (nemesis: MirrorNemesis) => boolean;

/** What it does, the likelier the more often it is listed. */
const deeds: readonly (readonly [weight: number, name: string, deed: Deed])[] = [
  [6, 'reset', (nemesis) => nemesis.breakConnections(3)],
  [1, 'reset of all', (nemesis) => nemesis.breakConnections(Number.POSITIVE_INFINITY)],
  [6, 'reset of a busy worker', (nemesis) => nemesis.breakBusy()],
  [6, 'worker cut off', (nemesis) => nemesis.cutOff()],
  [10, 'worker cut off from a broker', (nemesis) => nemesis.cutOffBroker()],
  [2, 'slow network', (nemesis) => nemesis.slowNetwork()],
  [5, 'kill of a worker', (nemesis) => nemesis.worker.kill()],
  [4, 'kill of a busy worker', (nemesis) => nemesis.killBusy()],
  [3, 'stall of a worker', (nemesis) => nemesis.stallWorker()],
  [2, 'worker closed', (nemesis) => nemesis.worker.restart()],
  [4, 'disk full', (nemesis) => nemesis.fillDisk()],
  [2, 'slow disk', (nemesis) => nemesis.slowDisk()],
  [4, 'crash', (nemesis) => nemesis.crash()],
  [1, 'restart', (nemesis) => nemesis.cluster.restart()],
  [4, 'broker stopped', (nemesis) => nemesis.stopBroker()],
];
const lots = deeds.flatMap(([weight, name, deed]) => Array.from({ length: weight }, () => [name, deed] as const));

export class MirrorNemesis {
  readonly #options: MirrorNemesisOptions;
  readonly #randomness: Randomness;
  #stopped = false;
  #faults = 0;

  constructor(options: MirrorNemesisOptions) {
    this.#options = options;
    this.#randomness = options.world.randomness();
    this.#next();
  }

  /** How often something went wrong so far. */
  get faults(): number {
    return this.#faults;
  }

  /** From now on nothing goes wrong. */
  stop(): void {
    this.#stopped = true;
    this.#options.world.network.heal();
    this.#options.world.faults.heal();
  }

  get worker(): SimMirrorWorker {
    return this.#oneOf(this.#options.workers);
  }

  get cluster(): SimCluster {
    return this.#oneOf(this.#options.clusters);
  }

  breakConnections(most: number): boolean {
    const { sockets } = this.#options.world.network;
    for (let count = 0; count < most && count < sockets.length; count++) {
      const socket = this.#oneOf(sockets);
      if (socket.isBusy) this.#options.coverage.add('reset with bytes under way');
      socket.breakOff();
    }
    return sockets.length > 0;
  }

  /** Breaks a worker's connection as soon as there is one with bytes under way. */
  breakBusy(): boolean {
    return this.#whenBusy((socket) => {
      this.#options.coverage.add('reset with bytes under way');
      socket.breakOff();
    });
  }

  /** Ends a worker as soon as there is one with bytes under way to the target. */
  killBusy(): boolean {
    return this.#whenBusy(({ process }) => this.#options.workers.find(({ host }) => host === process.host)?.kill());
  }

  /** A worker reaches one side no more, or neither, for a while; what it has sent arrives afterwards. */
  cutOff(): boolean {
    const { host } = this.worker;
    const forMs = this.#randomness.integer(6000);
    const side = this.#randomness.integer(3);
    for (const [place, cluster] of this.#options.clusters.entries()) {
      if (side === place || side === 2) this.#options.world.network.cut(host, cluster.host, forMs);
    }
    return true;
  }

  /** A worker reaches one broker of the target no more for a while, in which it may end. */
  cutOffBroker(): boolean {
    const { world, clusters } = this.#options;
    const [worker, forMs] = [this.worker, 500 + this.#randomness.integer(4000)];
    const { host, port } = this.#oneOf(clusters[1].brokers);
    world.network.cutPort(worker.host, host, port, forMs);
    if (this.#randomness.integer(2) === 0) {
      world.loop.schedule(this.#randomness.float() * forMs, 'nemesis', () => this.#stopped || worker.kill());
    }
    return true;
  }

  stallWorker(): boolean {
    return this.worker.stall(this.#randomness.integer(6000));
  }

  slowNetwork(): boolean {
    const { world } = this.#options;
    world.network.latencyMsMax = 1 + this.#randomness.integer(200);
    world.loop.schedule(this.#randomness.integer(1000), 'nemesis-heals', () => {
      world.network.latencyMsMax = 1;
    });
    return true;
  }

  /** A partition begins to be copied: at times its first writes fail. */
  atBeginning(): void {
    if (this.#stopped || this.#randomness.integer(3) > 0) return;
    this.#options.coverage.add('disk full at a beginning');
    this.#options.world.loop.schedule(this.#randomness.integer(100), 'nemesis', () => this.#stopped || this.fillDisk());
  }

  /** Writes fail for so short a time that the next one may succeed. */
  fillDisk(): boolean {
    const { loop, faults } = this.#options.world;
    faults.full = true;
    loop.schedule(this.#randomness.integer(this.#randomness.integer(3) === 0 ? 600 : 20), 'nemesis-heals', () => {
      faults.full = false;
    });
    return true;
  }

  slowDisk(): boolean {
    const { loop, faults } = this.#options.world;
    faults.slowness = 1 + this.#randomness.integer(50);
    loop.schedule(this.#randomness.integer(1000), 'nemesis-heals', () => {
      faults.slowness = 1;
    });
    return true;
  }

  crash(): boolean {
    const { cluster } = this;
    const strike = (): void => {
      if (!this.#stopped) cluster.kill();
    };
    if (this.#randomness.integer(2) === 0) strike();
    else cluster.atNextWrite(strike);
    return true;
  }

  stopBroker(): boolean {
    return this.cluster.stopBroker(this.#randomness.integer(1500));
  }

  /** Looks every millisecond for a worker's connection to the target with bytes under way. */
  #whenBusy(deed: (socket: SimSocket) => void, tries = 300): true {
    const { world, workers, clusters } = this.#options;
    const hosts = new Set(workers.map(({ host }) => host));
    const target = clusters[1].host;
    const busy = world.network.sockets.filter(({ process, remoteHost, isBusy }) => {
      return isBusy && remoteHost === target && hosts.has(process.host);
    });
    if (busy.length > 0) deed(this.#oneOf(busy));
    else if (tries > 0) world.loop.schedule(1, 'nemesis', () => this.#stopped || this.#whenBusy(deed, tries - 1));
    return true;
  }

  #next(): void {
    const { world, coverage, calmMs } = this.#options;
    const delayMs = -Math.log(1 - this.#randomness.float()) * calmMs;
    world.loop.schedule(delayMs, 'nemesis', () => {
      if (this.#stopped) return;
      const [name, deed] = this.#oneOf(lots);
      world.loop.note(`nemesis: ${name}`);
      if (deed(this)) {
        coverage.add(name);
        this.#faults += 1;
      }
      this.#next();
    });
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[this.#randomness.integer(list.length)] as T;
  }
}
