/** The registry with Apache Kafka as its home, and an Avro serializer for Java with it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Client, createClient, text, topic, unwrap } from '@millrace/client';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { avro, openRegistry, type Registry, registryRoutes } from '@millrace/registry';
import { type HttpServer, startServer } from '@millrace/server';
import { openAvroSession } from './foreign-java.ts';
import { ask } from './registry-fixture.ts';

const kafka = await kafkaForTests();
if (kafka.skip !== false) test('a registry on Apache Kafka', { skip: kafka.skip }, () => undefined);
else {
  const cluster = await kafka.cluster();
  const bootstrap = cluster.bootstrap();
  const opened: { readonly client: Client; readonly registry: Registry; readonly server: HttpServer }[] = [];
  after(async () => {
    for (const { client, registry, server } of opened) {
      await server.close();
      await registry.close();
      await client.close();
    }
    await cluster.close();
  });
  const open = async () => {
    const client = createClient({ bootstrap, retryBackoffMs: 10 });
    const registry = openRegistry({ home: client });
    const server = await startServer({ port: 0, routes: registryRoutes(registry) });
    opened.push({ client, registry, server });
    return { client, registry, url: server.url };
  };
  const enumOf = (name: string): string => JSON.stringify({ type: 'enum', name, symbols: ['A'] });

  test('registries on Apache Kafka that write at a time take turns, and no id stands for two schemas', async () => {
    const [one, other] = [await open(), await open()];
    const ids = new Map<string, number>();
    const write = async (url: string, writer: number): Promise<void> => {
      for (let n = 0; n < 5; n++) {
        const name = `S${writer}x${n}`;
        const { status, json } = await ask(url, 'POST', `/subjects/${name}/versions`, { schema: enumOf(name) });
        assert.equal(status, 200, JSON.stringify(json));
        ids.set(name, json.id);
      }
    };
    await Promise.all([write(one.url, 0), write(other.url, 1)]);
    assert.deepEqual(
      [...ids.values()].sort((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    assert.equal((await ask(one.url, 'DELETE', '/subjects/S0x4')).status, 200);
    assert.equal((await ask(one.url, 'DELETE', '/subjects/S0x4?permanent=true')).status, 200);
    const late = await open();
    const state = await late.registry.state();
    for (const [subject, id] of ids) assert.equal(state.versions(subject)[0]?.id, subject === 'S0x4' ? undefined : id);
    assert.equal((await ask(late.url, 'POST', '/subjects/last/versions', { schema: enumOf('Last') })).json.id, 11);
    await using admin = late.client.admin();
    const [described] = unwrap(await admin.describeConfigs([{ type: 'topic', name: 'millrace.schemas' }]));
    assert.equal(described?.entries.find(({ name }) => name === 'cleanup.policy')?.value, 'compact');
  });

  test("an Avro serializer for Java, on Confluent's client, writes what ours reads, and the other way", async () => {
    const { client, registry, url } = await open();
    await using session = await openAvroSession(kafka.distribution);
    await using admin = client.admin();
    unwrap(await admin.createTopics([{ topic: 'orders', partitions: 1 }]));
    const order = (...more: object[]): string => {
      const fields = [{ name: 'id', type: 'string' }, { name: 'total', type: 'double', default: 0 }, ...more];
      return JSON.stringify({ type: 'record', name: 'Order', namespace: 'shop', fields });
    };
    const java = async (...words: string[]): Promise<string> => {
      const [verb = '', ...rest] = words;
      const { code, stdout, stderr } = await session.runClass('AvroRoundTrip', [verb, bootstrap, url, ...rest]);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await java('write', 'orders', order(), 'of Java');
    interface Order {
      readonly id: string;
      readonly total: number;
      readonly note: string;
    }
    const serde = await avro<Order>(registry, {
      subject: 'orders-value',
      schema: order({ name: 'note', type: 'string', default: 'none' }),
    });
    const orders = topic('orders', { key: text, value: serde });
    await using producer = client.producer();
    await producer.send({ topic: orders, key: 'b', value: { id: 'of ours', total: 8, note: 'some' } });
    const read: unknown[] = [];
    await using consumer = client.consumer({ topics: [orders], from: 'earliest', until: 'end' });
    for await (const { value } of consumer.records()) read.push(JSON.parse(JSON.stringify(value)));
    assert.deepEqual(read, [
      { id: 'of Java', total: 7.5, note: 'none' },
      { id: 'of ours', total: 8, note: 'some' },
    ]);
    const lines = (await java('read', 'orders', order({ name: 'note', type: 'string', default: 'none' }), '2'))
      .split('\n')
      .filter((line) => line.startsWith('{'));
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      read,
    );
    const versions = await ask(url, 'GET', '/subjects/orders-value/versions');
    assert.deepEqual(versions.json, [1, 2]);
  });
}
