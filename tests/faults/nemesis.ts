/** Makes go wrong what a schedule says, and then makes good all of it. */
import { isMillraceError, messageOf, type Randomness } from '@millrace/base';
import type { Admin } from '@millrace/client';
import type { Coverage } from '../simulation/oracle/coverage.ts';
import type { FaultCluster, FaultServer } from './fault-cluster.ts';
import { partitionCount } from './partition-count.ts';
import { drawSchedule, type Fault, pick } from './schedule.ts';
import type { Direction } from './tcp-proxy.ts';

/** Those processes of clients that may be harmed. */
export interface Victims {
  readonly count: number;
  kill(place: number): Promise<void>;
  /** Ends one by SIGTERM, and starts it again. */
  stop(place: number): Promise<void>;
  pause(place: number): () => void;
  /** Pauses one and starts another under its name; what it answers lets the first go on. */
  replace(place: number): () => void;
}

export interface NemesisParts {
  readonly cluster: FaultCluster;
  /** Reaches the cluster past the proxies. */
  readonly admin: Admin;
  readonly victims: Victims;
  /** Whose leaders are moved. */
  readonly topics: readonly string[];
  readonly coverage: Coverage;
  readonly note: (what: string) => void;
}

const directions: readonly Direction[] = ['up', 'down', 'both'];

export class Nemesis {
  readonly schedule: readonly Fault[];
  readonly #parts: NemesisParts;
  readonly #ends: Promise<void>[] = [];
  /** Only one at a time, so that the others can go on. */
  #harmed: FaultServer | undefined;

  constructor(parts: NemesisParts, random: Randomness, calmMs: number) {
    this.#parts = parts;
    this.schedule = drawSchedule(random, calmMs);
  }

  /** Resolves when all has gone wrong and has been made good. */
  async run(): Promise<void> {
    const began = performance.now();
    for (const fault of this.schedule) {
      await pause(began + fault.atMs - performance.now());
      this.#parts.note(`${fault.kind} (${fault.forMs} ms)`);
      this.#strike(fault);
      this.#parts.coverage.add(fault.kind);
    }
    const results = await Promise.allSettled(this.#ends);
    for (const proxy of this.#parts.cluster.proxies.values()) proxy.heal();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  #strike(fault: Fault): void {
    const { kind } = fault;
    if (kind.startsWith('connections')) this.#connections(fault);
    else if (kind.startsWith('client')) this.#client(fault);
    else if (kind === 'leaders moved') this.#ends.push(this.#moveLeaders(fault));
    else this.#ends.push(this.#server(fault));
  }

  #connections({ kind, forMs, chances: [which = 0, way = 0, much = 0] }: Fault): void {
    const all = [...this.#parts.cluster.proxies.values()];
    // Of one broker, mostly.
    const proxies = which < 0.25 ? all : all.slice(Math.floor(which * all.length)).slice(0, 1);
    const direction = pick(directions, way) as Direction;
    for (const proxy of proxies) {
      if (kind === 'connections reset') proxy.cut();
      else if (kind === 'connections reset in mid-frame') proxy.cutAfter(Math.floor(much * 3000), direction);
      else if (kind === 'connections half closed') proxy.halfClose(way < 0.5 ? 'up' : 'down');
      else if (kind === 'connections swallowed') proxy.swallow(direction);
      else if (kind === 'connections held') proxy.hold(direction);
      else if (kind === 'connections delayed') proxy.delay(Math.floor(much * 400), direction);
      else if (kind === 'connections throttled') proxy.throttle(2000 + much * 20_000, direction);
      else {
        proxy.refuse();
        proxy.cut();
      }
    }
    const heal = (): void => {
      for (const proxy of proxies) proxy.heal();
    };
    this.#ends.push(pause(forMs).then(heal));
  }

  #client({ kind, forMs, chances: [which = 0] }: Fault): void {
    const { victims } = this.#parts;
    const place = Math.floor(which * victims.count);
    if (kind === 'client killed') this.#ends.push(victims.kill(place));
    else if (kind === 'client stopped') this.#ends.push(victims.stop(place));
    else {
      const goOn = kind === 'client paused' ? victims.pause(place) : victims.replace(place);
      this.#ends.push(pause(forMs).then(goOn));
    }
  }

  async #server({ kind, forMs, chances: [which = 0] }: Fault): Promise<void> {
    const server = pick(this.#parts.cluster.servers, which);
    if (server === undefined || this.#harmed !== undefined) return;
    this.#harmed = server;
    if (kind === 'server paused') {
      server.pause();
      await pause(forMs);
      server.resume();
    } else {
      await (kind === 'server killed' ? server.kill() : server.stop());
      await pause(forMs);
      await server.start();
    }
    this.#parts.note(`${server.name} is back`);
    this.#harmed = undefined;
  }

  /** Each partition gets another preferred leader among its replicas, which is then elected. */
  async #moveLeaders({ chances: [which = 0, way = 0] }: Fault): Promise<void> {
    const { admin, cluster, topics, coverage, note } = this.#parts;
    const first = Math.floor(which * cluster.brokerIds.length);
    const ids = [...cluster.brokerIds.slice(first), ...cluster.brokerIds.slice(0, first)];
    const topic = pick(topics, way) ?? '';
    const places = Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }));
    const rotated = places.map((place) => ({ ...place, replicas: turn(ids, place.partition) }));
    try {
      await admin.alterPartitionReassignments(rotated, { timeoutMs: 5000 });
      const results = await admin.electLeaders('preferred', places, { timeoutMs: 5000 });
      coverage.add('leaderships moved', results.filter(({ error }) => error === undefined).length);
    } catch (error) {
      // A cluster that is being harmed may have other things to do.
      if (!isMillraceError(error)) throw error;
      note(`leaders were not moved: ${messageOf(error)}`);
    }
  }
}

function turn<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
