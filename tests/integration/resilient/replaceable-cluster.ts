/** An embedded cluster whose brokers can be replaced by others: the same logs, at other addresses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Cluster, startCluster } from '@millrace/broker';
import { createClient, unwrap } from '@millrace/client';

export class ReplaceableCluster {
  readonly #directory = mkdtempSync(join(tmpdir(), 'millrace-replaceable-'));
  #cluster: Cluster | undefined;

  static async start(t: TestContext): Promise<ReplaceableCluster> {
    const replaceable = new ReplaceableCluster();
    await replaceable.start();
    t.after(async () => {
      await replaceable.stop();
      rmSync(replaceable.#directory, { recursive: true, force: true });
    });
    return replaceable;
  }

  get bootstrap(): string {
    return (this.#cluster as Cluster).bootstrap;
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    await using client = createClient({ bootstrap: this.bootstrap });
    unwrap(await client.admin().createTopics([{ topic, partitions }]));
  }

  async start(): Promise<void> {
    this.#cluster = await startCluster({
      name: 'replaceable',
      dataDirectory: this.#directory,
      brokers: [1, 2, 3].map((nodeId) => ({ nodeId, port: 0 })),
      configuration: { 'group.initial.rebalance.delay.ms': '0' },
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
