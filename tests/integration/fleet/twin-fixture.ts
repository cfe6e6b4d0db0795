/**
 * A production cluster with an authorizer, a place for twins of it, and a control plane that knows how to make them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePlatform } from '@millrace/base';
import { startCluster } from '@millrace/broker';
import { type Client, unwrap } from '@millrace/client';
import { openEmbeddedTwins } from '@millrace/engines';
import { openGroups } from '@millrace/fleet/groups';
import type { PlanKind } from '@millrace/fleet/operations';
import { type ClusterFactory, openTwins } from '@millrace/fleet/twins';
import { startDatabaseFixture } from './database-fixture.ts';
import { openPlansFixture, type PlansFixture } from './plans-fixture.ts';

export interface TwinFixture extends AsyncDisposable {
  readonly plans: PlansFixture;
  /** The kinds of plans, to be run by the test itself. */
  readonly kinds: ReadonlyMap<string, PlanKind>;
  /** Of the cluster `prod`. */
  readonly client: Client;
  readonly twins: ClusterFactory;
  /** What the twins reported. */
  readonly reports: readonly string[];
  /** Ends the twins, and starts them again as another process would. */
  restartTwins(): Promise<ClusterFactory>;
  makeTopic(topic: string, partitions: number, configuration?: Record<string, string>): Promise<void>;
  /** Each a second after the one before, from 1970 on. */
  produce(topic: string, records: readonly { key?: string; value: string; partition?: number }[]): Promise<void>;
}

export async function startTwinFixture(): Promise<TwinFixture> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'millrace-twins-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const databases = stack.use(await startDatabaseFixture());
  const source = await startCluster({
    name: 'prod',
    dataDirectory: join(directory, 'prod'),
    brokers: [0, 1, 2].map((index) => ({ nodeId: index + 1, port: 0, rack: `zone-${index}` })),
    configuration: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
    security: { scramUsers: [{ username: 'orders', password: 'of a test alone' }] },
  });
  stack.defer(() => source.close());
  const reports: string[] = [];
  const open = () =>
    openEmbeddedTwins({ dataDirectory: { path: directory }, report: (message) => void reports.push(message) });
  let twins = await open();
  stack.defer(() => twins.close());
  const url = await databases.emptyDatabase();
  const plans = stack.use(await openPlansFixture(url, { twins, keyDirectory: join(directory, 'keys') }));
  const { record, clusters } = plans;
  const maskingKey = async (): Promise<Uint8Array> => Buffer.from('a key of a test, which is no secret');
  const kinds = new Map<string, PlanKind>();
  for (const { planKinds } of [
    openGroups({ record, clusters }),
    openTwins({ record, clusters, platform: nodePlatform, factory: twins, maskingKey }),
  ]) {
    for (const kind of planKinds) kinds.set(kind.name, kind);
  }
  await plans.declare({ kind: 'cluster', id: 'prod', spec: { name: 'prod', bootstrap: source.bootstrap } });
  const client = await plans.clusters.client('prod');
  const opened = stack.move();
  return {
    plans,
    kinds,
    client,
    reports,
    get twins() {
      return twins;
    },
    async restartTwins() {
      await twins.close();
      twins = await open();
      return twins;
    },
    async makeTopic(topic, partitions, configuration = {}) {
      await using admin = client.admin();
      unwrap(await admin.createTopics([{ topic, partitions, replicationFactor: 3, configuration }]));
    },
    async produce(topic, records) {
      await using producer = client.producer();
      for (const [second, record] of records.entries()) {
        await producer.send({ topic, ...record, timestamp: 1_000 * second });
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
