/**
 * An embedded cluster with clients for one test: everything is closed and removed when the test ends. Once `useCluster`
 * has named a cluster that runs already, clients use that instead, and tests of what only an embedded one can be told
 * to do are not there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ClientMetrics, type Cluster, startCluster } from '@millrace/broker';
import { type Admin, type Client, type ClientOptions, createClient, unwrap } from '@millrace/client';
import { untilTopicIsKnown } from '../../conformance/matrix/topic-knowledge.ts';

export interface Fixture {
  readonly cluster: Cluster;
  readonly bootstrap: string;
  readonly client: Client;
  readonly admin: Admin;
  /** Another client of the same cluster. */
  connect(options?: Partial<ClientOptions>): Client;
  /** Creates a topic under a name of its own, and answers it. */
  createTopic(partitions?: number, configuration?: Record<string, string>): Promise<string>;
  /** Ends the cluster and starts it again on the same ports; `meanwhile` is given the directory in which it stores. */
  restart(meanwhile?: (directory: string) => void): Promise<void>;
  /** Ends the cluster; `restart` brings it back. */
  stop(): Promise<void>;
}

/** The cluster to use instead of an embedded one. */
let foreign: string | undefined;

/** Has the tests that are registered from now on use this cluster, whatever settings they ask for. */
export function useCluster(bootstrap: string): void {
  foreign = bootstrap;
}

/** A test of what an embedded cluster alone can be told to do. */
export function embeddedTest(name: string, body: (t: TestContext) => Promise<void>): void {
  if (foreign === undefined) test(name, body);
}

/** A name that no other test uses, nor an earlier run on the same cluster. */
export function uniqueName(kind: string): string {
  return `${kind}-${crypto.randomUUID()}`;
}

/** Pauses short enough for tests. */
export const quick = { retryBackoffMs: 10, retryBackoffMaxMs: 100, unknownTopicTimeoutMs: 300 };

export interface FixtureOptions {
  /** A cluster that runs already, to be used instead of an embedded one. */
  readonly bootstrap?: string | undefined;
  readonly brokers?: number;
  /** The brokers' racks, a broker for each. */
  readonly racks?: readonly string[];
  readonly configuration?: Record<string, string>;
  /** Whether the cluster asks who may do what; everybody may do everything until there is an ACL. */
  readonly authorizer?: boolean;
  /** Takes what clients tell of themselves. */
  readonly telemetry?: (report: ClientMetrics) => void;
}

const permissive = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'true',
  'super.users': 'User:ANONYMOUS',
};

export async function startFixture(t: TestContext, options: FixtureOptions = {}): Promise<Fixture> {
  const running = options.bootstrap ?? foreign;
  const embedded = running === undefined ? await startEmbedded(options) : undefined;
  const bootstrap = embedded?.cluster.bootstrap ?? (running as string);
  const clients: Client[] = [];
  const connect = (extra: Partial<ClientOptions> = {}): Client => {
    const client = createClient({ bootstrap, ...quick, ...extra });
    clients.push(client);
    return client;
  };
  const client = connect();
  const admin = client.admin();
  t.after(async () => {
    await Promise.allSettled(clients.map((each) => each.close()));
    await embedded?.end();
  });
  const own = (): Embedded => {
    if (embedded === undefined) throw new Error('this test needs the embedded cluster');
    return embedded;
  };
  return {
    get cluster() {
      return own().cluster;
    },
    bootstrap,
    client,
    admin,
    connect,
    async createTopic(partitions = 1, configuration = {}) {
      const topic = uniqueName('topic');
      unwrap(await admin.createTopics([{ topic, partitions, configuration }]));
      // Brokers that have a process each learn of it one after the other.
      if (running !== undefined) await Promise.all(running.split(',').map((each) => untilTopicIsKnown(each, topic)));
      return topic;
    },
    stop: () => own().stop(),
    restart: (meanwhile) => own().restart(meanwhile),
  };
}

interface Embedded {
  readonly cluster: Cluster;
  stop(): Promise<void>;
  restart(meanwhile?: (directory: string) => void): Promise<void>;
  /** Ends the cluster and removes what it stored. */
  end(): Promise<void>;
}

async function startEmbedded(options: FixtureOptions): Promise<Embedded> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-client-'));
  const start = (ports: readonly number[]): Promise<Cluster> =>
    startCluster({
      name: 'test',
      dataDirectory: directory,
      telemetry: options.telemetry,
      brokers: ports.map((port, index) => ({ nodeId: index + 1, port, rack: options.racks?.[index] })),
      configuration: {
        'group.initial.rebalance.delay.ms': '0',
        ...(options.authorizer === true ? permissive : {}),
        ...options.configuration,
      },
    });
  let cluster = await start(Array.from({ length: options.racks?.length ?? options.brokers ?? 1 }, () => 0));
  const ports = cluster.brokers.map(({ port }) => port);
  return {
    get cluster() {
      return cluster;
    },
    async stop() {
      await cluster.close();
    },
    async restart(meanwhile) {
      await cluster.close();
      meanwhile?.(directory);
      cluster = await start(ports);
    },
    async end() {
      await cluster.close();
      rmSync(directory, { recursive: true, force: true });
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

/** What `get` answers once `isThere` accepts it, which in a real cluster takes the change's way to all brokers. */
export async function settled<T>(get: () => Promise<T>, isThere: (value: T) => boolean): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const value = await get();
    if (isThere(value) || performance.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
