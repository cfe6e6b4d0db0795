/** Serializers of others, unchanged, with JSON Schemas and Protobuf in our registry, references among them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, createFileRegistry, createMutableRegistry, fromJson, type Message } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { confluentPeer } from './confluent-peer.ts';
import { startRegistry } from './registry-fixture.ts';

const { skip, load } = confluentPeer();

const order = JSON.stringify({
  $id: 'order.json',
  type: 'object',
  properties: { id: { type: 'string' }, item: { $ref: 'item.json' } },
  additionalProperties: false,
});
const item = JSON.stringify({ $id: 'item.json', type: 'object', properties: { price: { type: 'number' } } });

test('@confluentinc/schemaregistry serializes with JSON Schemas that refer to others', { skip }, async (t) => {
  const { JsonDeserializer, JsonSerializer, SchemaRegistryClient, SerdeType } = load();
  const { url, ask } = await startRegistry(t);
  const client = new SchemaRegistryClient({ baseURLs: [url] });
  await client.register('item', { schemaType: 'JSON', schema: item });
  const references = [{ name: 'item.json', subject: 'item', version: 1 }];
  const id = await client.register('orders-value', { schemaType: 'JSON', schema: order, references });
  const serializer = new JsonSerializer(client, SerdeType.VALUE, { useLatestVersion: true, validate: true });
  const bytes = await serializer.serialize('orders', { id: 'a', item: { price: 7 } });
  assert.deepEqual([...bytes.subarray(0, 5)], [0, 0, 0, 0, id]);
  const reader = new SchemaRegistryClient({ baseURLs: [url] });
  const read = await new JsonDeserializer(reader, SerdeType.VALUE, { validate: true }).deserialize('orders', bytes);
  assert.deepEqual(read, { id: 'a', item: { price: 7 } });
  await assert.rejects(serializer.serialize('orders', { id: 'a', item: { price: 'much' } }));
  assert.deepEqual((await ask('GET', '/subjects/item/versions/1/referencedby')).json, [id]);
  assert.equal((await ask('DELETE', '/subjects/item')).json.error_code, 42206);
});

test('@confluentinc/schemaregistry serializes and deserializes Protobuf', { skip }, async (t) => {
  const { ProtobufDeserializer, ProtobufSerializer, SchemaRegistryClient, SerdeType } = load();
  const { url, ask } = await startRegistry(t);
  const file = fromJson(FileDescriptorProtoSchema, {
    name: 'order.proto',
    package: 'shop',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Order',
        field: [
          { name: 'id', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING', jsonName: 'id' },
          { name: 'item', number: 2, label: 'LABEL_OPTIONAL', type: 'TYPE_MESSAGE', typeName: '.shop.Item' },
        ],
      },
      { name: 'Item', field: [{ name: 'price', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_INT32' }] },
    ],
  }) as FileDescriptorProto;
  const types = createFileRegistry(file, () => undefined);
  const [orderType, itemType] = [types.getMessage('shop.Order'), types.getMessage('shop.Item')];
  assert.ok(orderType !== undefined && itemType !== undefined);
  const client = new SchemaRegistryClient({ baseURLs: [url] });
  const registry = createMutableRegistry(orderType, itemType);
  const serializer = new ProtobufSerializer(client, SerdeType.VALUE, { registry, autoRegisterSchemas: true });
  const value = create(orderType, { id: 'a', item: create(itemType, { price: 7 }) } as never);
  const bytes = await serializer.serialize('orders', value);
  const { json } = await ask('GET', '/subjects/orders-value/versions/latest');
  assert.match(json.schema, /^syntax = "proto3";\npackage shop;\n\nmessage Order \{\n {2}string id = 1;/);
  assert.deepEqual([...bytes.subarray(0, 5)], [0, 0, 0, 0, json.id]);
  const reader = new SchemaRegistryClient({ baseURLs: [url] });
  const read = await new ProtobufDeserializer(reader, SerdeType.VALUE, {}).deserialize('orders', bytes);
  const { id, item: inner } = read as Message & { id: string; item: { price: number } };
  assert.deepEqual([id, inner.price], ['a', 7]);
});

test('@kafkajs/confluent-schema-registry encodes and decodes JSON and Protobuf', async (t) => {
  const { url } = await startRegistry(t);
  const registry = new SchemaRegistry({ host: url });
  const proto = 'syntax = "proto3"; package shop; message Order { string id = 1; int32 count = 2; }';
  for (const [type, schema] of [
    [SchemaType.JSON, JSON.stringify({ type: 'object', properties: { id: { type: 'string' } } })],
    [SchemaType.PROTOBUF, proto],
  ] as const) {
    const { id } = await registry.register({ type, schema }, { subject: `${type}-value` });
    const bytes = await registry.encode(id, { id: 'a' });
    assert.deepEqual([...bytes.subarray(0, 5)], [0, 0, 0, 0, id]);
    assert.equal((await new SchemaRegistry({ host: url }).decode(bytes)).id, 'a');
  }
});
