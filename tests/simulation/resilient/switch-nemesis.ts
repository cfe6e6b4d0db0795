/** Makes things go wrong with both clusters of a switching producer, and its ways to them. */
import { sleep } from '@millrace/base';
import type { ActorHome } from '../oracle/actor.ts';
import type { Coverage } from '../oracle/coverage.ts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import type { SimWorld } from '../world/sim-world.ts';

export interface SwitchNemesisOptions {
  readonly world: SimWorld;
  /** Its clock, and chance. */
  readonly home: ActorHome;
  readonly writer: ActorHome;
  readonly clusters: readonly SimCluster[];
  readonly coverage: Coverage;
  readonly calmMs: number;
}

export class SwitchNemesis {
  readonly done: Promise<void>;
  readonly #options: SwitchNemesisOptions;
  #isOver = false;
  faults = 0;

  constructor(options: SwitchNemesisOptions) {
    this.#options = options;
    this.done = options.home.work(() => this.#run());
  }

  stop(): void {
    this.#isOver = true;
    this.#options.world.network.heal();
  }

  async #run(): Promise<void> {
    const { home, calmMs } = this.#options;
    while (!this.#isOver) {
      await sleep(home.platform.timers, home.randomness.float() * 2 * calmMs);
      if (this.#isOver) return;
      const deed = this.#deed();
      this.faults++;
      this.#options.coverage.add(deed);
      home.note(`nemesis: ${deed}`);
    }
  }

  #deed(): string {
    const { world, home, writer, clusters } = this.#options;
    const { randomness } = home;
    const cluster = clusters[randomness.integer(clusters.length)] as SimCluster;
    switch (randomness.integer(7)) {
      case 0:
        cluster.kill();
        return 'kill of a cluster';
      case 1:
        return cluster.stopBroker(randomness.integer(1500)) ? 'broker stopped' : 'broker was stopped already';
      case 2:
        world.network.cut(writer.name, cluster.host, randomness.integer(3000));
        return 'cut off from a cluster';
      case 3: {
        const { host, port } = cluster.brokers[randomness.integer(3)] as { host: string; port: number };
        world.network.cutPort(writer.name, host, port, randomness.integer(3000));
        return 'cut off from a broker';
      }
      case 4:
        writer.process.stall(randomness.integer(500));
        return 'stall of the writer';
      default: {
        const sockets = world.network.sockets.filter(({ isBusy }) => isBusy);
        const socket = sockets[randomness.integer(Math.max(1, sockets.length))];
        socket?.breakOff();
        return socket === undefined ? 'nothing under way to break' : 'reset with bytes under way';
      }
    }
  }
}
