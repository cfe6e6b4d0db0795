/** What tests of failover write and read, and the mirrors that they fail over. */
import { type Client, unwrap } from '@millrace/client';
import { type FailoverSides, startMirror } from '@millrace/mirror';
import { quick, uniqueName, until } from '../client/client-fixture.ts';

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

/** A mirror of a name of its own. */
export function sidesBetween(
  source: { readonly bootstrap: string },
  target: { readonly bootstrap: string },
  name = uniqueName('mirror'),
): FailoverSides {
  const sideOf = ({ bootstrap }: { readonly bootstrap: string }) => ({ bootstrap, ...quick });
  return { name, source: sideOf(source), target: sideOf(target) };
}

/** Runs a worker until all is copied, and the work is done. */
export async function copyAll(options: Parameters<typeof startMirror>[0], work?: () => Promise<void>): Promise<void> {
  await using mirror = await startMirror({ shards: 2, ...options });
  await until(() => mirror.status().length > 0 && mirror.status().every(({ lag }) => lag === 0));
  await mirror.syncGroups();
  await work?.();
}

export async function commit(client: Client, group: string, topic: string, offset: number): Promise<void> {
  unwrap(await client.admin().commitOffsets(group, [{ topic, partition: 0, offset, metadata: '' }]));
}

export async function offsetOf(client: Client, group: string, topic: string): Promise<number | undefined> {
  return unwrap(await client.admin().fetchOffsets(group, [{ topic, partition: 0 }]))[0]?.offset;
}
