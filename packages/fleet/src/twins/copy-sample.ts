/**
 * Copies the records of some offsets to the same partitions of another cluster, masked on the way, each exactly once
 * however often it is begun: what was copied, and how far that is, are one transaction on the target.
 */
import { type Client, unwrap } from '@millrace/client';
import type { MaskRecord } from './masking/mask-rules.ts';
import type { SampleRange } from './sample-ranges.ts';

export interface SampleCopying {
  readonly source: Client;
  readonly target: Client;
  readonly topic: string;
  readonly ranges: readonly SampleRange[];
  readonly mask: MaskRecord;
  /** Unique to this copy: who goes on with it has the same. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** Told after each transaction; `leftOut`: could not be masked. */
  readonly onCopied: (copied: number, leftOut: number) => Promise<void>;
}

/** Copies what is not copied yet. */
export async function copySample(copying: SampleCopying): Promise<void> {
  const { target, topic, ranges, name, signal } = copying;
  await using admin = target.admin();
  await using producer = target.producer({ transactionalId: name, compression: 'lz4' });
  // Ends what a try before has left open, which would hide how far that came.
  await (await producer.begin({ signal })).abort({ signal });
  const places = ranges.map(({ partition }) => ({ topic, partition }));
  const committed = unwrap(await admin.fetchOffsets(name, places, { signal }));
  const done = new Map(committed.map(({ partition, offset }) => [partition, offset]));
  for (const range of ranges) {
    const from = Math.max(range.from, done.get(range.partition) ?? 0);
    if (from < range.until) await copyPartition(copying, producer, { ...range, from });
  }
}

async function copyPartition(
  { source, topic, mask, name, signal, onCopied }: SampleCopying,
  producer: ReturnType<Client['producer']>,
  { partition, from, until }: SampleRange,
): Promise<void> {
  await using consumer = source.consumer<[string]>({
    assign: [{ topic, partition, offset: from }],
    isolation: 'read_committed',
    from: 'earliest',
    until: 'end',
  });
  for await (const batch of consumer.batches({ signal })) {
    let [copied, leftOut] = [0, 0];
    const next = Math.min(until, batch.nextOffset);
    await producer.transaction(
      async (transaction) => {
        [copied, leftOut] = [0, 0];
        for (const record of batch) {
          if (record.offset >= until) break;
          const masked = mask({ key: record.keyBytes, value: record.valueBytes, headers: record.headers });
          if (masked === undefined) {
            leftOut += 1;
            continue;
          }
          const { timestamp } = record;
          if (!transaction.write({ topic, partition, ...masked, ...(timestamp >= 0 && { timestamp }) })) {
            await transaction.ready({ signal });
          }
          copied += 1;
        }
        await transaction.sendOffsets({ group: name, offsets: [{ topic, partition, offset: next }] }, { signal });
      },
      { signal },
    );
    await onCopied(copied, leftOut);
    if (next >= until) return;
  }
}
