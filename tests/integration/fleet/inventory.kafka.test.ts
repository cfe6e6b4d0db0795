/** A fleet of Apache Kafka and embedded clusters in one inventory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  getBrokerContract,
  getGroupContract,
  getTopicContract,
  listClustersContract,
  listTopicsContract,
  refreshClusterContract,
} from '@millrace/api/fleet';
import { createClient, unwrap } from '@millrace/client';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { eventually } from '../../support/eventually.ts';
import { startDatabaseFixture } from './database-fixture.ts';
import { clusterSpec, openInventoryFixture, TestCluster } from './inventory-fixture.ts';

const kafka = await kafkaForTests('own');

test('two clusters of Apache Kafka and two embedded ones are one inventory', { skip: kafka.skip }, async () => {
  await using first = await kafka.cluster();
  await using second = await kafka.cluster();
  await using database = await startDatabaseFixture();
  await using east = await TestCluster.start('east');
  await using west = await TestCluster.start('west');
  const bootstraps = {
    first: first.bootstrap(),
    second: second.bootstrap(),
    east: east.bootstrap,
    west: west.bootstrap,
  };
  await using fixture = await openInventoryFixture(await database.emptyDatabase());
  for (const [name, bootstrap] of Object.entries(bootstraps)) {
    await using client = createClient({ bootstrap, telemetry: false });
    const configuration = { 'retention.ms': '60000' };
    unwrap(await client.admin().createTopics([{ topic: `of-${name}`, partitions: 2, configuration }]));
    await using producer = client.producer();
    for (let at = 0; at < 10; at++) await producer.send({ topic: `of-${name}`, value: 'v', partition: at % 2 });
    await using consumer = client.consumer({ group: 'readers', topics: [`of-${name}`], from: 'earliest' });
    for await (const { nextOffset } of consumer.batches()) if (nextOffset > 0) break;
    await consumer.commit();
  }
  await fixture.declare(...Object.entries(bootstraps).map(([name, bootstrap]) => clusterSpec(name, bootstrap)));
  for (const name of Object.keys(bootstraps)) {
    await eventually(() => fixture.inventory.cluster(name)?.stale === false, { timeoutMs: 60_000 });
    const params = { name };
    await fixture.call(refreshClusterContract, { params });
    const topic = await fixture.call(getTopicContract, { params: { cluster: name, topic: `of-${name}` } });
    const ends = topic.partitionList.map(({ endOffset }) => endOffset);
    assert.deepEqual([topic.configs, ends], [{ 'retention.ms': '60000' }, [5, 5]], name);
    assert.ok((topic.storedBytes ?? 0) > 0, name);
    const group = await fixture.call(getGroupContract, { params: { cluster: name, group: 'readers' } });
    assert.ok((group.lag ?? 10) < 10, name);
    const nodeId = fixture.inventory.cluster(name)?.brokers[0]?.nodeId ?? -1;
    const broker = await fixture.call(getBrokerContract, { params: { cluster: name, nodeId } });
    assert.deepEqual([broker.problem, broker.configs === null], [null, false], name);
    assert.ok((broker.logBytes ?? 0) > 0, name);
  }
  const { items } = await fixture.call(listClustersContract, { query: {} });
  assert.deepEqual(
    items.map(({ name, stale, brokers }) => [name, stale, brokers > 0]),
    ['east', 'first', 'second', 'west'].map((name) => [name, false, true]),
  );
  const page = await fixture.call(listTopicsContract, { query: { q: 'of-', fields: 'name' } });
  assert.deepEqual(
    page.items.map(({ name }) => name),
    ['of-east', 'of-first', 'of-second', 'of-west'],
  );
  const known = first.brokers[0];
  assert.ok(known !== undefined);
  await first.killBroker(known.nodeId);
  await eventually(() => fixture.inventory.cluster('first')?.problem !== undefined, { timeoutMs: 60_000 });
  assert.deepEqual([...(fixture.inventory.cluster('first')?.topics.keys() ?? [])].includes('of-first'), true);
  assert.equal(fixture.inventory.cluster('second')?.stale, false);
  await first.startBroker(known.nodeId);
  await eventually(() => fixture.inventory.cluster('first')?.stale === false, { timeoutMs: 60_000 });
});
