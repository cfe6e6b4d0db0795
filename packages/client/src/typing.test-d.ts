/**
 * What the types of topics, producers and consumers must infer, and the mistakes that must not compile. Checked by tsc
 * alone.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Client } from './client.ts';
import type { Consumer } from './consumer.ts';
import { bytes, json, nullable, text } from './serde.ts';
import {
  type AnyTopic,
  type KeyOf,
  type Topic,
  type TopicLike,
  topic,
  type ValueInputOf,
  type ValueOf,
} from './topic.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function expectType<_Check extends true>(): void;

interface Order {
  readonly id: string;
  readonly total: number;
}

declare const client: Client;
declare const eventSchema: StandardSchemaV1<{ at: string }, { at: Date }>;

const orders = topic('orders', { key: text, value: json<Order>() });
const payments = topic('payments', { value: nullable(json<{ readonly cents: number }>()) });
const events = topic('events', { key: nullable(text), value: eventSchema });
const raw = topic('raw');

expectType<Same<typeof orders, Topic<'orders', string, Order, string, Order>>>();
expectType<Same<KeyOf<typeof payments>, Uint8Array | null>>();
expectType<Same<ValueOf<typeof events>, { at: Date }>>();
expectType<Same<ValueInputOf<typeof events>, { at: string }>>();
expectType<Same<ValueInputOf<typeof raw>, Uint8Array | string | null>>();
expectType<Same<ValueOf<'plain'>, Uint8Array | null>>();
export const anyTopics: AnyTopic[] = [orders, payments, events, raw];

export async function producing(): Promise<void> {
  await using producer = client.producer({ compression: 'zstd', lingerMs: 5 });
  producer.write({ topic: orders, key: 'a', value: { id: 'a', total: 1 } });
  producer.write({ topic: orders, key: 'a', value: { id: 'a', total: 1 }, headers: { trace: 'x' }, partition: 3 });
  producer.write({ topic: payments, value: null });
  producer.write({ topic: payments, key: 'text', value: { cents: 1 } });
  producer.write({ topic: events, value: { at: '2026-01-01' } });
  producer.write({ topic: raw, value: 'text' });
  producer.write({ topic: 'plain', key: new Uint8Array(1), value: null });
  const where = await producer.send({ topic: orders, key: 'a', value: { id: 'a', total: 1 } });
  expectType<Same<typeof where.offset, number>>();

  // @ts-expect-error the topic's key is text and may not be left out
  producer.write({ topic: orders, value: { id: 'a', total: 1 } });
  // @ts-expect-error the topic's key is text, not a number
  producer.write({ topic: orders, key: 7, value: { id: 'a', total: 1 } });
  // @ts-expect-error a field of the value is missing
  producer.write({ topic: orders, key: 'a', value: { id: 'a' } });
  // @ts-expect-error the topic takes no tombstones
  producer.write({ topic: orders, key: 'a', value: null });
  // @ts-expect-error what is written is the schema's input, not its output
  producer.write({ topic: events, value: { at: new Date() } });
  // @ts-expect-error a value is always named, be it null
  producer.write({ topic: 'plain', key: 'a' });
  // @ts-expect-error bytes are no objects
  producer.write({ topic: raw, value: { a: 1 } });
  // @ts-expect-error a misspelled field
  producer.write({ topic: raw, value: 'a', partitions: 1 });
  // @ts-expect-error a number is no header value
  producer.write({ topic: raw, value: 'a', headers: { n: 1 } });
  // @ts-expect-error no such codec
  client.producer({ compression: 'brotli' });
  // @ts-expect-error acks=2 means nothing
  client.producer({ acks: 2 });
}

export async function consumingOne(): Promise<void> {
  await using consumer = client.consumer({ group: 'g', topics: [orders] });
  for await (const batch of consumer) {
    expectType<Same<typeof batch.topic, 'orders'>>();
    for (const record of batch) {
      expectType<Same<typeof record.key, string>>();
      expectType<Same<typeof record.value, Order>>();
      expectType<Same<typeof record.topic, 'orders'>>();
      const kept = record.copy();
      expectType<Same<typeof kept.value, Order>>();
    }
  }
}

export async function consumingSeveral(): Promise<void> {
  await using consumer = client.consumer({ group: 'g', topics: [orders, payments, 'plain'] });
  for await (const batch of consumer) {
    expectType<Same<typeof batch.topic, 'orders' | 'payments' | 'plain'>>();
    if (batch.topic === 'orders') for (const record of batch) expectType<Same<typeof record.value, Order>>();
    else if (batch.topic === 'plain')
      for (const record of batch) expectType<Same<typeof record.value, Uint8Array | null>>();
    else for (const record of batch) expectType<Same<typeof record.value, { readonly cents: number } | null>>();
    for (const record of batch) {
      if (record.topic === 'orders') expectType<Same<typeof record.value, Order>>();
      // @ts-expect-error which topic it is must be asked first
      void record.value.total;
    }
    // @ts-expect-error no such topic in this consumer
    if (batch.topic === 'events') return;
  }
  for await (const record of consumer.records()) {
    if (record.topic === 'payments') expectType<Same<typeof record.value, { readonly cents: number } | null>>();
  }
}

export async function consumingPartitions(): Promise<void> {
  await using consumer = client.consumer({
    assign: [
      { topic: orders, partition: 0, offset: 'earliest' },
      { topic: events, partition: 1, offset: { timestamp: 0 } },
    ],
    until: 'end',
  });
  expectType<Same<typeof consumer, Consumer<typeof orders | typeof events>>>();
  for await (const record of consumer.records()) {
    if (record.topic === 'events') expectType<Same<typeof record.value, { at: Date }>>();
  }
}

declare function invoiceOf(order: Order): { cents: number };

/** The package's README shows this. */
export async function exactlyOnce(): Promise<void> {
  const invoices = topic('invoices', { key: text, value: json<{ cents: number }>() });
  await using producer = client.producer({ transactionalId: 'invoices-1' });
  await using consumer = client.consumer({
    group: 'invoices',
    topics: [orders],
    commit: 'manual',
    isolation: 'read_committed',
    protocol: 'consumer',
    from: 'earliest',
  });
  for await (const batch of consumer) {
    await producer.transaction(async (transaction) => {
      await transaction.sendOffsets(consumer);
      for (const { key, value } of batch) transaction.write({ topic: invoices, key, value: invoiceOf(value) });
    });
  }
}

export async function transactions(): Promise<void> {
  const producer = client.producer({ transactionalId: 'id', transactionTimeoutMs: 10_000 });
  const result = await producer.transaction(async (transaction) => {
    const { offset } = await transaction.send({ topic: orders, key: 'a', value: { id: 'a', total: 1 } });
    return { offset };
  });
  expectType<Same<typeof result, { offset: number }>>();
  await using transaction = await producer.begin();
  transaction.write({ topic: payments, value: null });
  await transaction.sendOffsets({ group: 'g', offsets: [{ topic: 'orders', partition: 0, offset: 1 }] });
  await transaction.commit({ timeoutMs: 1_000 });
  // @ts-expect-error the topic takes no tombstones, in a transaction neither
  transaction.write({ topic: orders, key: 'a', value: null });
  // @ts-expect-error offsets of no group in particular
  await transaction.sendOffsets([{ topic: 'orders', partition: 0, offset: 1 }]);
  // @ts-expect-error a transaction is not nested in another
  await transaction.transaction(async () => undefined);
}

export async function consumingByPattern(): Promise<void> {
  await using consumer = client.consumer({ group: 'g', topicPattern: /orders-.*/, protocol: 'consumer', rack: 'a' });
  expectType<Same<typeof consumer, Consumer<string>>>();
  for await (const batch of consumer) {
    expectType<Same<typeof batch.topic, string>>();
    for (const record of batch) expectType<Same<typeof record.value, Uint8Array | null>>();
  }
  // @ts-expect-error names or a pattern, not both
  client.consumer({ group: 'g', topics: [orders], topicPattern: 'orders-.*' });
  // @ts-expect-error a pattern is for members of a group
  client.consumer({ topicPattern: 'orders-.*' });
  // @ts-expect-error no such protocol
  client.consumer({ group: 'g', topics: [orders], protocol: 'share' });
  // @ts-expect-error no such isolation
  client.consumer({ group: 'g', topics: [orders], isolation: 'serializable' });
}

export function mistakesOfConsumers(): void {
  client.consumer({ topics: [orders], from: 'earliest', until: 'end' });
  // @ts-expect-error a group's members never see an end
  client.consumer({ group: 'g', topics: [orders], until: 'end' });
  // @ts-expect-error without a group nothing is balanced
  client.consumer({ topics: [orders], assignor: 'range' });
  // @ts-expect-error topics or partitions, not both
  client.consumer({ group: 'g', topics: [orders], assign: [] });
  // @ts-expect-error neither topics nor partitions
  client.consumer({ group: 'g' });
  // @ts-expect-error an unknown assignor
  client.consumer({ group: 'g', topics: [orders], assignor: 'sticky' });
  // @ts-expect-error an unknown start
  client.consumer({ group: 'g', topics: [orders], from: 'begin' });
  // @ts-expect-error without a group there is no committed offset to name, nor anything to commit
  client.consumer({ topics: [orders], commit: 'manual' });
}

export function mistakesOfTopics(): void {
  // @ts-expect-error a serde, not a constructor
  topic('a', { key: String });
  // @ts-expect-error a misspelled field would silently mean bytes
  topic('a', { vlaue: text });
  topic('a', { key: bytes, value: text });
}

/** A function over any consumer takes each of them. */
export function generic<T extends TopicLike>(consumer: Consumer<T>): Consumer<T> {
  return consumer;
}
