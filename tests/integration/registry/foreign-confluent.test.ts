/** Confluent's own serializers for Node, unchanged, with our registry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confluentPeer } from './confluent-peer.ts';
import { startRegistry } from './registry-fixture.ts';

const { skip, load } = confluentPeer();

const order = JSON.stringify({
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'total', type: 'double', default: 0 },
  ],
});

test('@confluentinc/schemaregistry registers, serializes and deserializes Avro', { skip }, async (t) => {
  const { AvroDeserializer, AvroSerializer, SchemaRegistryClient, SerdeType } = load();
  const { url } = await startRegistry(t);
  const client = new SchemaRegistryClient({ baseURLs: [url] });
  const id = await client.register('orders-value', { schemaType: 'AVRO', schema: order });
  const serializer = new AvroSerializer(client, SerdeType.VALUE, { useLatestVersion: true });
  const bytes = await serializer.serialize('orders', { id: 'a', total: 7 });
  assert.deepEqual([...bytes.subarray(0, 5)], [0, 0, 0, 0, id]);
  const reader = new SchemaRegistryClient({ baseURLs: [url] });
  const read = await new AvroDeserializer(reader, SerdeType.VALUE, {}).deserialize('orders', bytes);
  assert.deepEqual({ ...(read as object) }, { id: 'a', total: 7 });
});

test('@confluentinc/schemaregistry asks and changes everything that its client knows', { skip }, async (t) => {
  const { Compatibility, SchemaRegistryClient } = load();
  const { url } = await startRegistry(t);
  const client = new SchemaRegistryClient({ baseURLs: [url], cacheCapacity: 1, cacheLatestTtlSecs: 0 });
  const schema = { schemaType: 'AVRO', schema: order };
  const id = await client.register('orders-value', schema);
  assert.equal(await client.getId('orders-value', schema), id);
  assert.deepEqual(await client.getAllSubjects(), ['orders-value']);
  assert.deepEqual(await client.getAllVersions('orders-value'), [1]);
  assert.equal((await client.getLatestSchemaMetadata('orders-value')).id, id);
  assert.equal((await client.getSchemaMetadata('orders-value', 1)).version, 1);
  assert.equal(await client.getVersion('orders-value', schema), 1);
  assert.equal(
    await client.testSubjectCompatibility('orders-value', { schemaType: 'AVRO', schema: '"string"' }),
    false,
  );
  assert.equal(await client.updateCompatibility('orders-value', Compatibility.FULL), Compatibility.FULL);
  assert.equal(await client.getCompatibility('orders-value'), Compatibility.FULL);
  assert.equal(await client.updateDefaultCompatibility(Compatibility.NONE), Compatibility.NONE);
  assert.equal(await client.getDefaultCompatibility(), Compatibility.NONE);
  assert.equal(await client.deleteSubjectVersion('orders-value', 1), 1);
  assert.deepEqual(await client.deleteSubject('orders-value', true), [1]);
  await assert.rejects(client.getAllVersions('orders-value'), /40401/);
});
