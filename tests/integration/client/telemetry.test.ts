/** What clients tell brokers of themselves when an operator asks (KIP-714), as the broker hands it on. */
import assert from 'node:assert/strict';
import type { ClientMetrics } from '@millrace/broker';
import { unwrap } from '@millrace/client';
import { type DecodedPoint, decodeMetrics } from '@millrace/client/testing/otlp-decoder';
import { embeddedTest, startFixture, uniqueName, until } from './client-fixture.ts';

const producer = 'org.apache.kafka.producer.';
const consumer = 'org.apache.kafka.consumer.';

for (const protocol of ['classic', 'consumer'] as const) {
  embeddedTest(
    `a broker gets the metrics that its operator asked for, until the client says goodbye: group protocol ${protocol}`,
    async (t) => {
      const reports: ClientMetrics[] = [];
      const { admin, connect, createTopic } = await startFixture(t, {
        telemetry: (report) => void reports.push(report),
      });
      unwrap(
        await admin.incrementalAlterConfigs([
          {
            type: 'client-metrics',
            name: 'everything',
            changes: [
              { name: 'metrics', operation: 'set', value: '*' },
              { name: 'interval.ms', operation: 'set', value: '100' },
            ],
          },
        ]),
      );
      const [topic, group, clientId] = [await createTopic(2), uniqueName('group'), uniqueName('client')];
      const client = connect({ clientId, rack: 'zone-a' });
      const writer = client.producer();
      await writer.send({ topic, partition: 0, value: 'x' });
      const reader = client.consumer({ topics: [topic], group, from: 'earliest', protocol });
      for await (const batch of reader) {
        await reader.commit([{ topic, partition: batch.partition, offset: batch.nextOffset }]);
        break;
      }
      const own = (): ClientMetrics[] => reports.filter((report) => report.clientId === clientId);
      const points = (): DecodedPoint[] => own().flatMap(({ otlp }) => decodeMetrics(otlp).points);
      const wanted = [
        `${producer}connection.creation.rate`,
        `${producer}connection.creation.total`,
        `${producer}node.request.latency.avg`,
        `${producer}node.request.latency.max`,
        `${producer}record.queue.time.avg`,
        `${producer}record.queue.time.max`,
        `${consumer}connection.creation.total`,
        `${consumer}coordinator.assigned.partitions`,
        `${consumer}coordinator.commit.latency.avg`,
        `${consumer}coordinator.rebalance.latency.avg`,
        `${consumer}coordinator.rebalance.latency.total`,
        `${consumer}fetch.manager.fetch.latency.max`,
        `${consumer}poll.idle.ratio.avg`,
      ];
      const missing = (): string[] => wanted.filter((name) => !points().some((point) => point.name === name));
      await until(() => missing().length === 0).catch(() => assert.deepEqual(missing(), []));
      const id = await client.clientInstanceId();
      await client.close();
      const last = own().at(-1);
      assert.equal(last?.terminating, true);
      assert.deepEqual([...new Set(own().map(({ clientInstanceId }) => clientInstanceId))], [id]);
      assert.equal(last.clientSoftwareName, 'millrace');
      assert.deepEqual(decodeMetrics(last.otlp).resource, { client_rack: 'zone-a' });
      const assigned = points().filter(({ name }) => name === `${consumer}coordinator.assigned.partitions`);
      assert.ok(assigned.some(({ value }) => value === 2));
      const latency = points().find(({ name }) => name === `${producer}node.request.latency.max`);
      assert.deepEqual(latency?.attributes, { node_id: '1' });
      assert.ok(latency.value > 0);
    },
  );
}

embeddedTest(
  'a broker is told of the metrics that it names, and nothing by clients that were told not to',
  async (t) => {
    const reports: ClientMetrics[] = [];
    const { admin, connect, createTopic } = await startFixture(t, { telemetry: (report) => void reports.push(report) });
    const set = (name: string, value: string) => ({ name, operation: 'set', value }) as const;
    const changes = [set('metrics', `${producer}record.queue.time`), set('interval.ms', '100')];
    unwrap(await admin.incrementalAlterConfigs([{ type: 'client-metrics', name: 'some', changes }]));
    const topic = await createTopic(1);
    const silent = connect({ clientId: 'silent', telemetry: false }).producer();
    const talking = connect({ clientId: 'talking' }).producer();
    await until(async () => {
      for (const each of [silent, talking]) await each.send({ topic, value: 'x' });
      return reports.some(({ metricNames }) => metricNames.length > 0);
    });
    assert.deepEqual([...new Set(reports.map(({ clientId }) => clientId))], ['talking']);
    for (const { metricNames } of reports) {
      assert.ok(
        metricNames.every((name) => name.startsWith(`${producer}record.queue.time`)),
        metricNames.join(),
      );
    }
  },
);
