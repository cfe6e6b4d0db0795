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

type Deed = (nemesis: Nemesis) => void;

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

  /** From now on nothing goes wrong. */
  stop(): void {
    this.#stopped = true;
    this.#world.network.heal();
    this.#world.faults.heal();
  }

  breakConnections(most: number): void {
    const sockets = this.#world.network.sockets;
    for (let count = 0; count < most && sockets.length > 0 && count < sockets.length; count++) {
      const socket = sockets[this.#randomness.integer(sockets.length)];
      if (socket?.isBusy) this.#coverage.add('reset with bytes under way');
      socket?.breakOff();
    }
  }

  partition(): void {
    const client = this.#clients[this.#randomness.integer(this.#clients.length)];
    if (client !== undefined) this.#world.network.cut(client.name, this.#cluster.host, this.#randomness.integer(5000));
  }

  slowNetwork(): void {
    this.#world.network.latencyMsMax = 1 + this.#randomness.integer(200);
    this.#later(() => {
      this.#world.network.latencyMsMax = 1;
    });
  }

  refuse(): void {
    this.#world.network.refusedShare = this.#randomness.float();
    this.#later(() => {
      this.#world.network.refusedShare = 0;
    });
  }

  slowDisk(): void {
    this.#world.faults.slowness = 1 + this.#randomness.integer(50);
    this.#later(() => {
      this.#world.faults.slowness = 1;
    });
  }

  fillDisk(): void {
    this.#world.faults.full = true;
    const forMs = this.#randomness.integer(3) === 0 ? 600 : 20;
    this.#later(() => {
      this.#world.faults.full = false;
    }, forMs);
  }

  failReads(): void {
    this.#world.faults.readFailures = this.#randomness.float() ** 2;
    this.#later(() => {
      this.#world.faults.readFailures = 0;
    });
  }

  failSyncs(): void {
    this.#world.faults.syncFailures = this.#randomness.float() ** 2;
    this.#later(() => {
      this.#world.faults.syncFailures = 0;
    });
  }

  stall(): void {
    this.#cluster.process?.stall(this.#randomness.integer(1000));
  }

  jumpClock(): void {
    this.#cluster.process?.shiftWallClock(this.#randomness.integer(20_000) - 10_000);
  }

  crash(): void {
    const strike = (): void => {
      if (this.#stopped) return;
      if (this.#scenario.powerLoss) this.#cluster.losePower();
      else this.#cluster.kill();
    };
    if (this.#randomness.integer(2) === 0) strike();
    else this.#cluster.atNextWrite(strike);
  }

  restart(): void {
    this.#cluster.restart();
  }

  #next(): void {
    const delayMs = -Math.log(1 - this.#randomness.float()) * this.#scenario.calmMs;
    this.#world.loop.schedule(delayMs, 'nemesis', () => {
      if (this.#stopped) return;
      const [name, deed] = lots[this.#randomness.integer(lots.length)] as (typeof lots)[number];
      this.#world.loop.note(`nemesis: ${name}`);
      this.#coverage.add(name);
      deed(this);
      this.#next();
    });
  }

  #later(callback: () => void, longestMs = 600): void {
    this.#world.loop.schedule(this.#randomness.integer(longestMs), 'nemesis-heals', callback);
  }
}
