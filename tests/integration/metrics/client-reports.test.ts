/** What Kafka clients tell of themselves (KIP-714) becomes points of the pipeline, with nothing set at the client. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from '@millrace/client';
import { openDataDirectory, startEmbeddedFleet } from '@millrace/engines';
import { askClients, ClientReports, Metrics, QueryEngine } from '@millrace/pipelines';
import { openOrderedStore } from '@millrace/store';
import { eventually } from '../../support/eventually.ts';

test('a client tells its brokers how it does, unasked, and the points carry its id and cluster', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-clients-'));
  const reports = new ClientReports();
  await using parts = new AsyncDisposableStack();
  parts.defer(() => rm(folder, { recursive: true }));
  const dataDirectory = parts.use(await openDataDirectory(join(folder, 'kafka'), { purpose: 'a test' }));
  const fleet = parts.use(
    await startEmbeddedFleet({
      dataDirectory,
      clusters: [{ name: 'east', brokers: [{ nodeId: 1, port: 0 }] }],
      telemetry: (cluster, report) => reports.take(cluster, report),
    }),
  );
  const bootstrap = fleet.clusters[0]?.bootstrap ?? '';
  const client = parts.use(createClient({ bootstrap, telemetry: false }));
  const state = parts.use(openOrderedStore({ directory: join(folder, 'series'), rebuildable: true }));
  const metrics = parts.use(new Metrics({ client, state, flushMs: 50 }));
  reports.attach(metrics.collector);
  const admin = parts.use(client.admin());
  await askClients(admin);
  const changes = [{ name: 'interval.ms', operation: 'set', value: '100' }] as const;
  await admin.incrementalAlterConfigs([{ type: 'client-metrics', name: 'millrace', changes }]);
  // What an operator has changed stays.
  await askClients(admin);
  const [described] = await admin.describeConfigs([{ type: 'client-metrics', name: 'millrace' }]);
  assert(described?.error === undefined);
  const interval = described?.entries.find(({ name }) => name === 'interval.ms')?.value;
  assert.equal(interval, '100');

  const shop = parts.use(createClient({ bootstrap, clientId: 'shop' }));
  const producer = parts.use(shop.producer());
  await producer.send({ topic: 'orders', key: 'a', value: 'b' });
  const engine = new QueryEngine({ source: metrics.source });
  const labelsOf = async (query: string) => {
    const { result } = await engine.instant(query, Date.now());
    return result.type === 'vector' ? result.series.map(({ labels }) => labels.toJSON()) : [];
  };
  await eventually(
    async () => (await labelsOf('{__name__=~"org_apache_kafka_producer_.*", client_id="shop"}')).length > 0,
  );
  const [point] = await labelsOf('{__name__=~"org_apache_kafka_producer_.*", client_id="shop"}');
  assert.deepEqual([point?.['cluster'], point?.['job']], ['east', 'shop']);
  const infoOf = async () => (await labelsOf('target_info{job="shop"}')).at(0);
  await eventually(async () => (await infoOf()) !== undefined);
  const info = await infoOf();
  assert.equal(info?.['instance'], point?.['instance']);
  assert.match(info?.['client_software_name'] ?? '', /millrace/);
  assert.throws(() => reports.take('east', { ...anyone, otlp: Uint8Array.of(0x0a, 0x7f) }), {
    code: 'malformed_telemetry',
  });
});

const anyone = {
  ...{ clientInstanceId: 'i', clientId: null, clientHost: 'h', principal: 'User:ANONYMOUS' },
  ...{ clientSoftwareName: 's', clientSoftwareVersion: '1' },
};
