/** Our own serdes with the registry: through a topic, over a change of the schema, and against those of others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { text, topic } from '@millrace/client';
import { avro, jsonSchema, protobuf } from '@millrace/registry';
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

test('JSON values are checked by their schema and what it refers to, both ways; others read them too', async (t) => {
  const { kafka, registry, url } = await startRegistry(t);
  const name = await kafka.createTopic();
  const price = JSON.stringify({ $id: 'item.json', type: 'object', properties: { price: { type: 'number' } } });
  const schema = (...more: [string, object][]): string =>
    JSON.stringify({
      $id: 'order.json',
      type: 'object',
      properties: { id: { type: 'string' }, item: { $ref: 'item.json' }, ...Object.fromEntries(more) },
      required: ['id'],
      additionalProperties: false,
    });
  await registry.register('item', { schemaType: 'JSON', schema: price, references: [], normalize: false });
  const references = [{ name: 'item.json', subject: 'item', version: 1 }];
  const subject = `${name}-value`;
  const serde = await jsonSchema<Order>(registry, { subject, schema: schema(), references });
  const orders = topic(name, { key: text, value: serde });
  await using producer = kafka.client.producer();
  await producer.send({ topic: orders, key: 'a', value: { id: 'a', item: { price: 7 } } });
  const wrong = { id: 'b', item: { price: 'much' } } as unknown as Order;
  await assert.rejects(
    producer.send({ topic: orders, key: 'b', value: wrong }),
    /not valid by schema 2: \/item\/price must be number/,
  );
  assert.throws(() => serde.serialize({ item: { price: 1 } } as Order), /not valid/);
  const newer = await jsonSchema<Order>(registry, {
    subject,
    schema: schema(['count', { type: 'integer' }]),
    references,
  });
  const read: Order[] = [];
  const bytes: Uint8Array[] = [];
  await using consumer = kafka.client.consumer({
    topics: [topic(name, { key: text, value: newer })],
    from: 'earliest',
    until: 'end',
  });
  for await (const record of consumer.records()) {
    read.push(record.value);
    bytes.push(Buffer.from(record.valueBytes as Uint8Array));
  }
  assert.deepEqual(read, [{ id: 'a', item: { price: 7 } }]);
  assert.deepEqual(await new SchemaRegistry({ host: url }).decode(Buffer.from(bytes[0] as Uint8Array)), read[0]);
  const foreign = Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from('{"id":7}')]);
  assert.throws(() => newer.deserialize(foreign), /not valid by schema 3: \/id must be string/);
});

test('Protobuf values of a nested type go through a topic, and others read them too', async (t) => {
  const { kafka, registry, url } = await startRegistry(t);
  const name = await kafka.createTopic();
  const money = 'syntax = "proto3"; package shop; message Money { int64 cents = 1; }';
  const schema = (more = ''): string => `syntax = "proto3"; package shop;
    import "money.proto"; import "google/protobuf/timestamp.proto";
    message Ping { string from = 1; }
    message Order {
      message Line { string id = 1; Money price = 2; google.protobuf.Timestamp at = 3; ${more} }
      repeated Line lines = 1;
    }`;
  await registry.register('money', { schemaType: 'PROTOBUF', schema: money, references: [], normalize: false });
  const references = [{ name: 'money.proto', subject: 'money', version: 1 }];
  const options = { subject: `${name}-value`, references, message: 'shop.Order.Line' };
  interface Line {
    readonly id: string;
    readonly price: { readonly cents: bigint };
    readonly count?: number;
  }
  const line = await protobuf<Line>(registry, { ...options, schema: schema() });
  const lines = topic(name, { key: text, value: line });
  await using producer = kafka.client.producer();
  const value = { id: 'a', price: { cents: 700n } };
  await producer.send({ topic: lines, key: 'a', value });
  const newer = await protobuf<Line>(registry, { ...options, schema: schema('int32 count = 4;') });
  const read: Line[] = [];
  let bytes: Uint8Array = new Uint8Array();
  await using consumer = kafka.client.consumer({
    topics: [topic(name, { key: text, value: newer })],
    from: 'earliest',
    until: 'end',
  });
  for await (const record of consumer.records()) {
    read.push(record.value);
    bytes = Buffer.from(record.valueBytes as Uint8Array);
  }
  assert.deepEqual([read[0]?.id, read[0]?.price.cents, read[0]?.count], ['a', 700n, 0]);
  assert.deepEqual([...bytes.subarray(0, 8)], [0, 0, 0, 0, 2, 4, 2, 0], 'the second message, and the first in it');
  const first = await protobuf<{ from: string }>(registry, { ...options, schema: schema(), message: undefined });
  assert.throws(() => first.deserialize(bytes), /it is a shop\.Order\.Line, not a shop\.Ping/);
  const ping = first.serialize({ from: 'x' }) as Uint8Array;
  assert.deepEqual([...ping.subarray(0, 6)], [0, 0, 0, 0, 2, 0]);
  const decoded = (await new SchemaRegistry({ host: url }).decode(Buffer.from(ping))) as { from: string };
  assert.equal(decoded.from, 'x');
  await assert.rejects(
    protobuf(registry, { ...options, schema: schema(), message: 'shop.None' }),
    /has no message shop\.None/,
  );
});
