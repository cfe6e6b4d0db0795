/** An embedded cluster whose brokers can be replaced by others: the same logs, at other addresses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Cluster, type ClusterOptions, startCluster } from '@millrace/broker';
import { type ClientOptions, createClient, unwrap } from '@millrace/client';

export interface ReplaceableClusterOptions {
  /** What its brokers ask of clients, with what they need for that. */
  readonly secured?: Required<Pick<ClusterOptions, 'configuration' | 'security'>> | undefined;
  /** The listener that clients come to, of those that it has. */
  readonly listener?: 'SASL_PLAINTEXT' | undefined;
}

export class ReplaceableCluster {
  readonly #options: ReplaceableClusterOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'millrace-replaceable-'));
  #cluster: Cluster | undefined;

  private constructor(options: ReplaceableClusterOptions) {
    this.#options = options;
  }

  static async start(t: TestContext, options: ReplaceableClusterOptions = {}): Promise<ReplaceableCluster> {
    const replaceable = new ReplaceableCluster(options);
    await replaceable.start();
    t.after(async () => {
      await replaceable.stop();
      rmSync(replaceable.#directory, { recursive: true, force: true });
    });
    return replaceable;
  }

  get bootstrap(): string {
    const { listener } = this.#options;
    const cluster = this.#cluster as Cluster;
    if (listener === undefined) return cluster.bootstrap;
    return cluster.endpoints.map(({ listeners }) => `127.0.0.1:${listeners?.get(listener)?.port}`).join(',');
  }

  /** `as`: how one comes that may make topics; default by the address alone. */
  async createTopic(topic: string, partitions: number, as: Partial<ClientOptions> = {}): Promise<void> {
    await using client = createClient({ bootstrap: this.bootstrap, ...as });
    unwrap(await client.admin().createTopics([{ topic, partitions }]));
  }

  async start(): Promise<void> {
    const { secured } = this.#options;
    this.#cluster = await startCluster({
      name: 'replaceable',
      dataDirectory: this.#directory,
      brokers: [1, 2, 3].map((nodeId) => ({ nodeId, port: 0 })),
      ...(secured === undefined ? {} : { security: secured.security }),
      configuration: { ...secured?.configuration, 'group.initial.rebalance.delay.ms': '0' },
    });
  }

  async stop(): Promise<void> {
    await this.#cluster?.close();
    this.#cluster = undefined;
  }

  /** All brokers go, and others come. */
  async replace(): Promise<void> {
    const before = this.bootstrap;
    await this.stop();
    await this.start();
    if (this.bootstrap === before) throw new Error('the new brokers have the addresses of the old ones');
  }
}
