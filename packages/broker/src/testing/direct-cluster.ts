/**
 * For tests: a whole cluster on a manual clock and a disk in memory, whose handlers are called without sockets between.
 * Requests and answers are encoded and decoded as on the wire.
 */
import { assert, type Listener, type Network } from '@millrace/base';
import { type Api, type RequestDraft, type ResponseOf, versionRange } from '@millrace/wire';
import { Cluster } from '../cluster.ts';
import type { BrokerEvent } from '../cluster-options.ts';
import { anonymous, type Principal } from '../security/principal.ts';
import { roomFor } from './answer-room.ts';
import { callHandler } from './coded-call.ts';
import { ManualPlatform, orKilled } from './manual-platform.ts';

/** Listens without anybody ever connecting. */
const silentNetwork: Network = {
  listen: ({ host }) => Promise.resolve({ host, port: 9092, close: () => Promise.resolve() } satisfies Listener),
  connect: () => Promise.reject(new Error('there is no network in this test')),
};

export interface DirectClusterOptions {
  readonly configuration?: Readonly<Record<string, string>>;
  readonly tailBytesMax?: number;
}

export class DirectCluster {
  readonly platform: ManualPlatform;
  readonly cluster: Cluster;
  readonly events: BrokerEvent[] = [];
  /** Who asks. */
  principal: Principal = anonymous;
  readonly #options: DirectClusterOptions;

  private constructor(platform: ManualPlatform, options: DirectClusterOptions) {
    this.platform = platform;
    this.#options = options;
    const { clock, disk, randomness, timers } = platform;
    this.cluster = new Cluster({
      name: 'direct',
      dataDirectory: '/data',
      brokers: [{ nodeId: 1, port: 9092 }],
      ...options,
      platform: { clock, disk, randomness, timers, network: silentNetwork },
      report: (event) => this.events.push(event),
    });
  }

  static async start(options: DirectClusterOptions = {}, platform = new ManualPlatform()): Promise<DirectCluster> {
    const direct = new DirectCluster(platform, options);
    await direct.cluster.start();
    return direct;
  }

  /**
   * What comes up after the process was killed; requests that were under way are never answered. The next life ends in
   * the middle of a write once `diskBudget` is used up; if that is before it serves, there is none.
   */
  async afterKill(diskBudget = Number.POSITIVE_INFINITY): Promise<DirectCluster> {
    const platform = this.platform.afterKill(diskBudget);
    const next = await orKilled(DirectCluster.start(this.#options, platform), platform.disk);
    return next ?? DirectCluster.start(this.#options, platform.afterKill());
  }

  /** What comes up after a clean shutdown. */
  async afterClose(): Promise<DirectCluster> {
    await this.cluster.close();
    return this.afterKill();
  }

  /** In the highest version, or the one named. */
  async request<A extends Api>(
    api: A,
    draft: RequestDraft<A>,
    version = versionRange(api.versions).last,
  ): Promise<ResponseOf<A>> {
    const broker = this.cluster.endpoints[0];
    assert(broker !== undefined, 'the cluster has a broker');
    return callHandler(api, version, draft, {
      broker,
      clientId: 'direct',
      principal: this.principal,
      connection: { isClosed: false, onClosed: () => () => undefined, throttle: () => undefined },
      roomFor,
    });
  }
}
