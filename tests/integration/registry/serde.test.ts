/** Our own serdes with the registry: through a topic, over a change of the schema, and against those of others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { text, topic } from '@millrace/client';
import { avro } from '@millrace/registry';
import { startRegistry } from './registry-fixture.ts';

const item = JSON.stringify({ type: 'record', name: 'Item', fields: [{ name: 'price', type: 'int' }] });
const order = (...more: object[]): string =>
  JSON.stringify({
    type: 'record',
    name: 'Order',
    fields: [{ name: 'id', type: 'string' }, { name: 'item', type: 'Item' }, ...more],
  });

interface Order {
  readonly id: string;
  readonly item: { readonly price: number };
  readonly count?: number;
}

test('Avro values go through a topic, and are read with a newer schema; others read them too', async (t) => {
  const { kafka, registry, url } = await startRegistry(t);
  const name = await kafka.createTopic();
  const subject = `${name}-value`;
  await registry.register('item', { schemaType: 'AVRO', schema: item, references: [], normalize: false });
  const references = [{ name: 'Item', subject: 'item', version: 1 }];
  const old = topic(name, { key: text, value: await avro<Order>(registry, { subject, schema: order(), references }) });
  await using producer = kafka.client.producer();
  await producer.send({ topic: old, key: 'a', value: { id: 'a', item: { price: 7 } } });
  const newer = order({ name: 'count', type: 'int', default: 1 });
  const serde = await avro<Order>(registry, { subject, schema: newer, references });
  const now = topic(name, { key: text, value: serde });
  await producer.send({ topic: now, key: 'b', value: { id: 'b', item: { price: 8 }, count: 2 } });
  const read: unknown[] = [];
  const bytes: Uint8Array[] = [];
  await using consumer = kafka.client.consumer({ topics: [now], from: 'earliest', until: 'end' });
  for await (const batch of consumer) {
    for (const record of batch) {
      read.push(JSON.parse(JSON.stringify(record.value)));
      bytes.push(Buffer.from(record.valueBytes as Uint8Array));
    }
  }
  assert.deepEqual(read, [
    { id: 'a', item: { price: 7 }, count: 1 },
    { id: 'b', item: { price: 8 }, count: 2 },
  ]);
  const foreign = await new SchemaRegistry({ host: url }).decode(Buffer.from(bytes[1] as Uint8Array));
  assert.deepEqual(JSON.parse(JSON.stringify(foreign)), read[1]);
  assert.throws(() => serde.deserialize(Buffer.from('{"id":"a"}')), /does not begin with a zero/);
  assert.throws(() => serde.deserialize(Buffer.from([0, 0, 0, 0, 99, 1])), /schema 99 is not known/);
});
