/** What tests of failover write and read. */
import type { Client } from '@millrace/client';

/** Records of the numbers from `from` to before `to`. */
export async function write(client: Client, topic: string, from: number, to: number): Promise<void> {
  await using producer = client.producer();
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  await Promise.all(numbers.map((n) => producer.send({ topic, partition: 0, value: `value ${n}` })));
}

/** The values of records of these numbers. */
export function values(...numbers: readonly (readonly [from: number, to: number])[]): string[] {
  return numbers.flatMap(([from, to]) => Array.from({ length: to - from }, (_, index) => `value ${from + index}`));
}

export function valuesOf(records: readonly { readonly value: string | null }[]): (string | null)[] {
  return records.map(({ value }) => value);
}
