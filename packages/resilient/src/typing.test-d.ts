/** What the types of a client that configures itself must infer, and the mistakes that must not compile. */
import { json, text, topic } from '@millrace/client';
import type { ResilientClient } from './resilient.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function expectType<_Check extends true>(): void;
declare const client: ResilientClient;

const orders = topic('orders', { key: text, value: json<{ readonly id: string }>() });
const payments = topic('payments', { value: json<{ readonly amount: number }>() });

export async function types(): Promise<void> {
  const producer = await client.producer({ topic: orders });
  await producer.send({ topic: orders, key: 'a', value: { id: 'a' } });
  // @ts-expect-error the value is of another topic
  await producer.send({ topic: orders, key: 'a', value: { amount: 1 } });
  // @ts-expect-error one topic or several, not both
  await client.producer({ topic: orders, topics: [payments] });
  // @ts-expect-error a topic at least
  await client.producer({});
  // @ts-expect-error what is read is kept under a group's name
  await client.consumer({ topics: [orders] });
  const consumer = await client.consumer({ topics: [orders, payments], group: 'g' });
  for await (const batch of consumer) {
    for (const record of batch) {
      if (record.topic === 'orders') expectType<Same<typeof record.value, { readonly id: string }>>();
      else expectType<Same<typeof record.value, { readonly amount: number }>>();
    }
  }
}
