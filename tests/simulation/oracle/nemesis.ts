/**
 * Makes things go wrong, at random moments and in random order, until it is told to stop; then it makes good what it
 * can.
 */
import type { Randomness } from '@millrace/base';
import type { SimWorld } from '../world/sim-world.ts';
import type { ActorHome } from './actor.ts';
import type { Coverage } from './coverage.ts';
import type { Scenario } from './scenario.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Answers false when there was nothing to do it to. */
type Deed = (nemesis: Nemesis) => boolean;

/** What it does, the likelier the more often it is listed. */
const deeds: readonly (readonly [weight: number, name: string, deed: Deed])[] = [
  [6, 'reset', (nemesis) => nemesis.breakConnections(1)],
  [1, 'reset of all', (nemesis) => nemesis.breakConnections(Number.POSITIVE_INFINITY)],
  [3, 'partition', (nemesis) => nemesis.partition()],
  [2, 'slow network', (nemesis) => nemesis.slowNetwork()],
  [2, 'refused connections', (nemesis) => nemesis.refuse()],
  [2, 'slow disk', (nemesis) => nemesis.slowDisk()],
  [6, 'disk full', (nemesis) => nemesis.fillDisk()],
  [2, 'failing reads', (nemesis) => nemesis.failReads()],
  [2, 'failing syncs', (nemesis) => nemesis.failSyncs()],
  [2, 'stall', (nemesis) => nemesis.stall()],
  [1, 'clock jump', (nemesis) => nemesis.jumpClock()],
  [8, 'crash', (nemesis) => nemesis.crash()],
  [2, 'restart', (nemesis) => nemesis.restart()],
  [6, 'broker stopped', (nemesis) => nemesis.stopBroker()],
];
/** Each deed as often as its weight says. */
const lots = deeds.flatMap(([weight, name, deed]) => Array.from({ length: weight }, () => [name, deed] as const));

export class Nemesis {
  readonly #world: SimWorld;
  readonly #cluster: SimCluster;
  readonly #scenario: Scenario;
  readonly #clients: readonly ActorHome[];
  readonly #coverage: Coverage;
  readonly #randomness: Randomness;
  #stopped = false;
  #faults = 0;

  constructor(
    world: SimWorld,
    cluster: SimCluster,
    scenario: Scenario,
    clients: readonly ActorHome[],
    coverage: Coverage,
  ) {
    this.#world = world;
    this.#cluster = cluster;
    this.#scenario = scenario;
    this.#clients = clients;
    this.#coverage = coverage;
    this.#randomness = world.randomness();
    this.#next();
  }

  /** How often something went wrong so far. */
  get faults(): number {
    return this.#faults;
  }

  /** From now on nothing goes wrong. */
  stop(): void {
    this.#stopped = true;
    this.#world.network.heal();
    this.#world.faults.heal();
  }

  breakConnections(most: number): boolean {
    const sockets = this.#world.network.sockets;
    for (let count = 0; count < most && sockets.length > 0 && count < sockets.length; count++) {
      const socket = sockets[this.#randomness.integer(sockets.length)];
      if (socket?.isBusy) this.#coverage.add('reset with bytes under way');
      socket?.breakOff();
    }
    return sockets.length > 0;
  }

  partition(): boolean {
    const client = this.#clients[this.#randomness.integer(this.#clients.length)];
    if (client === undefined) return false;
    this.#world.network.cut(client.name, this.#cluster.host, this.#randomness.integer(5000));
    return true;
  }

  slowNetwork(): boolean {
    this.#world.network.latencyMsMax = 1 + this.#randomness.integer(200);
    this.#later(() => {
      this.#world.network.latencyMsMax = 1;
    });
    return true;
  }

  refuse(): boolean {
    this.#world.network.refusedShare = this.#randomness.float();
    this.#later(() => {
      this.#world.network.refusedShare = 0;
    });
    return true;
  }

  slowDisk(): boolean {
    this.#world.faults.slowness = 1 + this.#randomness.integer(50);
    this.#later(() => {
      this.#world.faults.slowness = 1;
    });
    return true;
  }

  fillDisk(): boolean {
    this.#world.faults.full = true;
    const forMs = this.#randomness.integer(3) === 0 ? 600 : 20;
    this.#later(() => {
      this.#world.faults.full = false;
    }, forMs);
    return true;
  }

  failReads(): boolean {
    this.#world.faults.readFailures = this.#randomness.float() ** 2;
    this.#later(() => {
      this.#world.faults.readFailures = 0;
    });
    return true;
  }

  failSyncs(): boolean {
    this.#world.faults.syncFailures = this.#randomness.float() ** 2;
    this.#later(() => {
      this.#world.faults.syncFailures = 0;
    });
    return true;
  }

  stall(): boolean {
    const { process } = this.#cluster;
    process?.stall(this.#randomness.integer(1000));
    return process !== undefined;
  }

  jumpClock(): boolean {
    const { process } = this.#cluster;
    process?.shiftWallClock(this.#randomness.integer(20_000) - 10_000);
    return process !== undefined;
  }

  crash(): boolean {
    const strike = (): void => {
      if (this.#stopped) return;
      if (this.#scenario.powerLoss) this.#cluster.losePower();
      else this.#cluster.kill();
    };
    if (this.#randomness.integer(2) === 0) strike();
    else this.#cluster.atNextWrite(strike);
    return true;
  }

  restart(): boolean {
    return this.#cluster.restart();
  }

  /** One broker of the cluster is stopped, while the others run on. */
  stopBroker(): boolean {
    return this.#cluster.stopBroker(this.#randomness.integer(1500));
  }

  #next(): void {
    const delayMs = -Math.log(1 - this.#randomness.float()) * this.#scenario.calmMs;
    this.#world.loop.schedule(delayMs, 'nemesis', () => {
      if (this.#stopped) return;
      const [name, deed] = lots[this.#randomness.integer(lots.length)] as (typeof lots)[number];
      this.#world.loop.note(`nemesis: ${name}`);
      if (deed(this)) {
        this.#coverage.add(name);
        this.#faults += 1;
      }
      this.#next();
    });
  }

  #later(callback: () => void, longestMs = 600): void {
    this.#world.loop.schedule(this.#randomness.integer(longestMs), 'nemesis-heals', callback);
  }
}
