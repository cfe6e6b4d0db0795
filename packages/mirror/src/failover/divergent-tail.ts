/** The records of a source that were never copied, of a topic that was failed over by force. */
import { resolveOffsets } from '@millrace/client/protocol';
import type { Tail } from './failover-record.ts';
import type { End } from './mirror-ends.ts';

/** Bytes are the receiver's own. */
export interface TailRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [key: string, value: Uint8Array | null])[];
}

/** What of the tail is still there and committed, in order. Rejects as the client does. */
export async function* tailRecords(
  { client, cluster }: End,
  topic: string,
  { partition, from, to }: Tail,
): AsyncGenerator<TailRecord, undefined> {
  const [start] = await resolveOffsets(cluster, [{ topic, partition, at: 'earliest' }], {});
  if (start?.error !== undefined) throw start.error;
  const offset = Math.max(from, start?.value.offset ?? 0);
  if (offset >= to) return;
  const assign = [{ topic, partition, offset }];
  await using consumer = client.consumer({ assign, until: 'end', isolation: 'read_committed' });
  for await (const { offset: at, timestamp, keyBytes, valueBytes, headers } of consumer.records()) {
    if (at >= to) return;
    yield {
      topic,
      partition,
      offset: at,
      timestamp,
      key: keyBytes && new Uint8Array(keyBytes),
      value: valueBytes && new Uint8Array(valueBytes),
      headers: headers.map(({ key, value }) => [key, value && new Uint8Array(value)] as const),
    };
  }
}
