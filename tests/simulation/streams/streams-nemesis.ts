/** Makes things go wrong with a job's members, their ways to the cluster, and the cluster, until it is told to stop. */
import { sleep } from '@millrace/base';
import {
  type Api,
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  joinGroup,
  offsetFetch,
  produce,
  syncGroup,
  txnOffsetCommit,
} from '@millrace/wire';
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
  [3, 'replies withheld', (nemesis) => nemesis.withholdReplies()],
  [16, 'ambush', (nemesis) => nemesis.ambush()],
  [5, 'slow network', (nemesis) => nemesis.slowNetwork()],
  [3, 'cluster killed', (nemesis) => nemesis.killCluster()],
  [4, 'broker stopped', (nemesis) => nemesis.stopBroker()],
];
const lots = deeds.flatMap(([weight, name, deed]) => Array.from({ length: weight }, () => [name, deed] as const));
/** Requests whose answers are worth losing: the steps of a commit, and of becoming an owner. */
const ambushed: readonly Api[] = [
  produce,
  addPartitionsToTxn,
  addOffsetsToTxn,
  txnOffsetCommit,
  endTxn,
  endTxn,
  initProducerId,
  joinGroup,
  syncGroup,
  offsetFetch,
];
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

  /** The next request of some kind is done, and the member that made it ends, or does not hear of it. */
  ambush(): boolean {
    const { world, members, cluster, coverage } = this.#options;
    const { network, loop } = world;
    const api = this.#oneOf(ambushed);
    const strike = (member: SimJobMember, socket: SimSocket): void => {
      const outcome = this.integer(3);
      if (outcome === 0) network.mute(cluster.host, member.host, this.integer(10_000));
      else loop.schedule(1 + this.integer(5), 'nemesis', () => (outcome === 1 ? socket.breakOff() : member.kill()));
    };
    network.onWrite = (socket, [head]) => {
      const member = members.find(({ host }) => host === socket.process.host);
      // A frame begins with its length and the key of its API.
      if (member === undefined || head === undefined || apiKeyOf(head) !== api.key) return;
      network.onWrite = undefined;
      coverage.add(`ambush at ${api.name}`);
      strike(member, socket);
    };
    return true;
  }

  /** What a member asks for is done, and it does not hear of it for a while, or only when it has given up. */
  withholdReplies(): boolean {
    const { world, cluster } = this.#options;
    return this.#whenBusy(true, ({ process }) => {
      world.network.mute(cluster.host, process.host, this.integer(10_000));
    });
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
    world.loop.schedule(this.integer(3000), 'nemesis-heals', () => {
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

function apiKeyOf(frame: Uint8Array): number {
  return frame.length < 6 ? -1 : new DataView(frame.buffer, frame.byteOffset).getInt16(4);
}
