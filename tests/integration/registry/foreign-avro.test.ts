/** Serializers of others, unchanged, with Avro schemas in our registry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { startRegistry } from './registry-fixture.ts';

const order = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'total', type: 'double', default: 0 },
  ],
};

test('@kafkajs/confluent-schema-registry registers, encodes and decodes Avro', async (t) => {
  const { url, ask } = await startRegistry(t);
  const writer = new SchemaRegistry({ host: url });
  const { id } = await writer.register(
    { type: SchemaType.AVRO, schema: JSON.stringify(order) },
    { subject: 'orders-value' },
  );
  const bytes = await writer.encode(id, { id: 'a', total: 7 });
  assert.deepEqual([...bytes.subarray(0, 5)], [0, 0, 0, 0, id]);
  const read = await new SchemaRegistry({ host: url }).decode(bytes);
  assert.deepEqual({ ...read }, { id: 'a', total: 7 });
  const again = await writer.register(
    { type: SchemaType.AVRO, schema: JSON.stringify(order) },
    { subject: 'orders-value' },
  );
  assert.equal(again.id, id);
  assert.equal(await writer.getLatestSchemaId('orders-value'), id);
  assert.equal(
    await writer.getRegistryIdBySchema('orders-value', { type: SchemaType.AVRO, schema: JSON.stringify(order) }),
    id,
  );
  const { json } = await ask('GET', '/subjects/orders-value/versions/latest');
  assert.equal(json.version, 1);
  assert.equal(json.schemaType, undefined);
  const narrowed = { ...order, fields: [...order.fields, { name: 'currency', type: 'string' }] };
  await assert.rejects(
    writer.register({ type: SchemaType.AVRO, schema: JSON.stringify(narrowed) }, { subject: 'orders-value' }),
    /incompatible with an earlier schema/,
  );
});
