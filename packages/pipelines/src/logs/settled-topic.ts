/**
 * Reading a topic of one partition that several programs write to in transactions, up to all that is committed now.
 * A reader of committed records sees nothing behind a transaction that is open, be it of a program that was killed; so
 * what somebody has committed may not be readable yet. This waits until it is.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type AnyTopic, type Client, type ConsumerRecord, type OffsetQuery, unwrap } from '@millrace/client';

const pollMs = 50;

/** Hands over all records, or those since a time. */
export async function readSettled<const T extends AnyTopic>(
  client: Client,
  topic: T,
  from: { readonly sinceMs: number } | 'earliest',
  take: (record: ConsumerRecord<T>) => void,
  signal?: AbortSignal,
): Promise<void> {
  await using admin = client.admin();
  const offsetAt = async (at: OffsetQuery, isolation?: 'read_committed'): Promise<number> => {
    const query = [{ topic: topic.name, partition: 0, at }];
    return unwrap(await admin.listOffsets(query, { signal, isolation }))[0]?.offset ?? -1;
  };
  const end = await offsetAt('latest');
  while ((await offsetAt('latest', 'read_committed')) < end) await pause(pollMs, undefined, { signal });
  const offset = await offsetAt(from === 'earliest' ? from : { timestamp: from.sinceMs });
  // Nothing is as new as that.
  if (offset < 0 || offset >= end) return;
  const assign = [{ topic, partition: 0, offset }] as const;
  await using consumer = client.consumer({ assign, from: 'earliest', until: 'end', isolation: 'read_committed' });
  for await (const batch of consumer.batches({ signal })) for (const record of batch) take(record as ConsumerRecord<T>);
}
