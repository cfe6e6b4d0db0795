/** Makes things go wrong with a job's members, their ways to the cluster, and the cluster, until it is told to stop. */
import { sleep } from '@millrace/base';
import type { ActorHome } from '../oracle/actor.ts';
import type { Coverage } from '../oracle/coverage.ts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import type { SimSocket } from '../world/sim-socket.ts';
import type { SimWorld } from '../world/sim-world.ts';
import type { SimJobMember } from './job-member.ts';

export interface StreamsNemesisOptions {
  readonly world: SimWorld;
  /** Its clock, and chance. */
  readonly home: ActorHome;
  readonly members: readonly SimJobMember[];
  readonly cluster: SimCluster;
  readonly coverage: Coverage;
  readonly calmMs: number;
}

/** Answers false when there was nothing to do it to. */
type Deed = (nemesis: StreamsNemesis) => boolean;

/** What it does, the likelier the more often it is listed. */
const deeds: readonly (readonly [weight: number, name: string, deed: Deed])[] = [
  [5, 'kill of a member', (nemesis) => nemesis.member.kill()],
  [4, 'kill of a busy member', (nemesis) => nemesis.killBusy()],
  [3, 'stall of a member', (nemesis) => nemesis.member.stall(nemesis.integer(5000))],
  [3, 'member closed', (nemesis) => nemesis.member.restart()],
  [4, 'member cut off', (nemesis) => nemesis.cutOff()],
  [6, 'member cut off from a broker', (nemesis) => nemesis.cutOffBroker()],
  [10, 'reply lost', (nemesis) => nemesis.loseReply()],
  [6, 'request lost', (nemesis) => nemesis.loseRequest()],
  [2, 'slow network', (nemesis) => nemesis.slowNetwork()],
  [3, 'cluster killed', (nemesis) => nemesis.killCluster()],
  [4, 'broker stopped', (nemesis) => nemesis.stopBroker()],
];
const lots = deeds.flatMap(([weight, name, deed]) => Array.from({ length: weight }, () => [name, deed] as const));
/** How often a connection is looked for that has bytes under way, once a millisecond. */
const looksMax = 300;

export class StreamsNemesis {
  readonly done: Promise<void>;
  readonly #options: StreamsNemesisOptions;
  #isOver = false;
  #faults = 0;

  constructor(options: StreamsNemesisOptions) {
    this.#options = options;
    this.done = options.home.work(() => this.#run());
  }

  /** How often something went wrong so far. */
  get faults(): number {
    return this.#faults;
  }

  /** From now on nothing goes wrong. */
  stop(): void {
    this.#isOver = true;
    this.#options.world.network.heal();
  }

  get member(): SimJobMember {
    return this.#oneOf(this.#options.members);
  }

  integer(bound: number): number {
    return this.#options.home.randomness.integer(bound);
  }

  killBusy(): boolean {
    const { members } = this.#options;
    return this.#whenBusy(true, ({ process }) => members.find(({ host }) => host === process.host)?.kill());
  }

  /** An answer is under way, and never arrives. */
  loseReply(): boolean {
    return this.#whenBusy(false, (socket) => socket.breakOff());
  }

  loseRequest(): boolean {
    return this.#whenBusy(true, (socket) => socket.breakOff());
  }

  cutOff(): boolean {
    const { world, cluster } = this.#options;
    world.network.cut(this.member.host, cluster.host, this.integer(5000));
    return true;
  }

  cutOffBroker(): boolean {
    const { world, cluster } = this.#options;
    const { host, port } = this.#oneOf(cluster.brokers);
    world.network.cutPort(this.member.host, host, port, this.integer(5000));
    return true;
  }

  slowNetwork(): boolean {
    const { world } = this.#options;
    world.network.latencyMsMax = 1 + this.integer(200);
    world.loop.schedule(this.integer(1000), 'nemesis-heals', () => {
      world.network.latencyMsMax = 1;
    });
    return true;
  }

  killCluster(): boolean {
    this.#options.cluster.kill();
    return true;
  }

  stopBroker(): boolean {
    return this.#options.cluster.stopBroker(this.integer(1500));
  }

  /** Waits for a connection of a member with bytes under way: from the member, or to it. */
  #whenBusy(isSending: boolean, deed: (socket: SimSocket) => void, looks = looksMax): true {
    const { world, members, cluster } = this.#options;
    const hosts = new Set(members.map(({ host }) => host));
    const busy = world.network.sockets.filter(({ process, remoteHost, isBusy }) => {
      const [member, other] = isSending ? [process.host, remoteHost] : [remoteHost, process.host];
      return isBusy && other === cluster.host && hosts.has(member);
    });
    if (busy.length > 0) deed(this.#oneOf(busy));
    else if (looks > 0)
      world.loop.schedule(1, 'nemesis', () => this.#isOver || this.#whenBusy(isSending, deed, looks - 1));
    return true;
  }

  async #run(): Promise<void> {
    const { home, coverage, calmMs } = this.#options;
    for (;;) {
      await sleep(home.platform.timers, -Math.log(1 - home.randomness.float()) * calmMs);
      if (this.#isOver) return;
      const [name, deed] = this.#oneOf(lots);
      home.note(`nemesis: ${name}`);
      if (!deed(this)) continue;
      coverage.add(name);
      this.#faults++;
    }
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[this.integer(list.length)] as T;
  }
}
