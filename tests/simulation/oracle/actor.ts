/** What all clients of a simulated cluster are given. */
import type { Platform, Randomness } from '@millrace/base';
import type { SimProcess } from '../world/sim-process.ts';
import type { SimWorld } from '../world/sim-world.ts';
import { Endpoint } from './endpoint.ts';
import type { PartitionHistory } from './history.ts';

/** A partition as clients know it. */
export interface KnownPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  /** Node id of the leader. */
  readonly leader: number;
  readonly history: PartitionHistory;
}

export interface BrokerPlace {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** Someone who works against the cluster until the work is done. */
export interface Actor {
  readonly name: string;
  /** Nothing new is begun from now on; what was begun comes to its end. */
  stop(): void;
  /** Resolves when the work is done; never rejects, failures go to the world. */
  readonly done: Promise<void>;
}

/** A client process: its own host, a way to each broker. */
export class ActorHome {
  readonly name: string;
  readonly process: SimProcess;
  readonly platform: Platform;
  readonly randomness: Randomness;
  readonly fail: (error: Error) => void;
  /** Keeps a line for people. */
  readonly note: (line: string) => void;
  /** `host:port,host:port` of all brokers. */
  readonly bootstrap: string;
  readonly #endpoints = new Map<number, Endpoint>();

  /** `answerTimeoutMs` bounds the wait for an answer, where it is not the usual one. */
  constructor(world: SimWorld, name: string, brokers: readonly BrokerPlace[], answerTimeoutMs?: number) {
    this.name = name;
    const { process, platform } = world.start(name);
    this.process = process;
    this.platform = platform;
    this.note = (line) => world.loop.note(line);
    this.bootstrap = brokers.map(({ host, port }) => `${host}:${port}`).join();
    this.randomness = world.randomness();
    this.fail = (error) => world.loop.fail(error);
    for (const { nodeId, host, port } of brokers) {
      const { fail } = this;
      this.#endpoints.set(nodeId, new Endpoint({ platform, host, port, clientId: name, fail, answerTimeoutMs }));
    }
  }

  broker(nodeId: number): Endpoint {
    return this.#endpoints.get(nodeId) as Endpoint;
  }

  anyBroker(): Endpoint {
    const endpoints = [...this.#endpoints.values()];
    return endpoints[this.randomness.integer(endpoints.length)] as Endpoint;
  }

  /** Runs the work of an actor; what it throws fails the world. */
  work(body: () => Promise<void>): Promise<void> {
    return body().catch((error: unknown) => this.fail(error instanceof Error ? error : new Error(String(error))));
  }
}
