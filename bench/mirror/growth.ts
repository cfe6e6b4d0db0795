/** How far a copy is, seen from the cluster to which it goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, createClient, unwrap } from '@millrace/client';
import { usageOf } from '../harness/process-usage.ts';

/** Nothing is waited for longer. */
export const waitMsMax = 300_000;

/** How far a copy was at a time. */
export interface Moment {
  readonly end: number;
  readonly at: number;
  readonly cpuSeconds: number;
}

/** Waits until so many records are there. */
export async function untilGrown(
  admin: Admin,
  topic: string,
  partitions: number,
  least: number,
  pid: number,
): Promise<Moment> {
  const began = performance.now();
  for (;;) {
    const end = await endOf(admin, topic, partitions);
    const at = performance.now();
    if (end >= least) return { end, at, cpuSeconds: usageOf(pid).cpuSeconds };
    if (at - began > waitMsMax) throw new Error(`nothing came to ${topic} within ${waitMsMax} ms`);
    await sleep(5);
  }
}

/** How many offsets there are in all partitions; 0 while the topic is not there. */
export async function endOf(admin: Admin, topic: string, partitions: number): Promise<number> {
  const [described] = await admin.describeTopics([topic]);
  if (described?.error !== undefined || described === undefined) return 0;
  const queries = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, at: 'latest' as const }));
  return unwrap(await admin.listOffsets(queries)).reduce((sum, { offset }) => sum + offset, 0);
}

export async function deleteTopic(bootstrap: string, topic: string): Promise<void> {
  await using client = createClient({ bootstrap });
  unwrap(await client.admin().deleteTopics([topic]));
}
