/** An embedded cluster with clients for one test: everything is closed and removed when the test ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Cluster, startCluster } from '@millrace/broker';
import { type Admin, type Client, type ClientOptions, createClient, unwrap } from '@millrace/client';

export interface Fixture {
  readonly cluster: Cluster;
  readonly client: Client;
  readonly admin: Admin;
  /** Another client of the same cluster. */
  connect(options?: Partial<ClientOptions>): Client;
  /** Creates a topic under a name of its own, and answers it. */
  createTopic(partitions?: number, configuration?: Record<string, string>): Promise<string>;
  /** Ends the cluster and starts it again on the same ports. */
  restart(): Promise<void>;
  /** Ends the cluster; `restart` brings it back. */
  stop(): Promise<void>;
}

/** Pauses short enough for tests. */
export const quick = { retryBackoffMs: 10, retryBackoffMaxMs: 100, unknownTopicTimeoutMs: 300 };

export async function startFixture(
  t: TestContext,
  options: { readonly brokers?: number; readonly configuration?: Record<string, string> } = {},
): Promise<Fixture> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-client-'));
  const start = (ports: readonly number[]): Promise<Cluster> =>
    startCluster({
      name: 'test',
      dataDirectory: directory,
      brokers: ports.map((port, index) => ({ nodeId: index + 1, port })),
      configuration: { 'group.initial.rebalance.delay.ms': '0', ...options.configuration },
    });
  let cluster = await start(Array.from({ length: options.brokers ?? 1 }, () => 0));
  const { bootstrap } = cluster;
  const ports = cluster.brokers.map(({ port }) => port);
  const clients: Client[] = [];
  const connect = (extra: Partial<ClientOptions> = {}): Client => {
    const client = createClient({ bootstrap, ...quick, ...extra });
    clients.push(client);
    return client;
  };
  const client = connect();
  const admin = client.admin();
  let topics = 0;
  t.after(async () => {
    await Promise.allSettled(clients.map((each) => each.close()));
    await cluster.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    get cluster() {
      return cluster;
    },
    client,
    admin,
    connect,
    async createTopic(partitions = 1, configuration = {}) {
      const topic = `topic-${++topics}`;
      unwrap(await admin.createTopics([{ topic, partitions, configuration }]));
      return topic;
    },
    async stop() {
      await cluster.close();
    },
    async restart() {
      await cluster.close();
      cluster = await start(ports);
    },
  };
}

/** Resolves when `condition` holds; fails after `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
