/** What is mirrored: topics on the source, filled once, with batches of a given number of records. */
import { type Compression, createClient, unwrap } from '@millrace/client';
import { eventsOf } from './events.ts';

export interface MirrorWorkload {
  readonly name: string;
  readonly topic: string;
  readonly recordBytes: number;
  readonly recordCount: number;
  readonly partitions: number;
  readonly recordsPerBatch: number;
  readonly compression: Compression;
}

/** A case that is plain in every respect, and those that differ from it in one. */
export function mirrorWorkloads(scale: number): MirrorWorkload[] {
  const plain = {
    recordBytes: 100,
    records: 3_000_000,
    partitions: 12,
    recordsPerBatch: 1000,
    compression: 'none',
  } as const;
  const cases = [
    plain,
    { ...plain, compression: 'lz4' },
    { ...plain, recordBytes: 1024, records: 500_000 },
    { ...plain, recordBytes: 1024, records: 500_000, compression: 'lz4' },
    { ...plain, partitions: 1 },
    { ...plain, partitions: 100 },
    { ...plain, recordsPerBatch: 10, records: 1_500_000 },
    { ...plain, recordsPerBatch: 10, records: 1_500_000, compression: 'lz4' },
    { ...plain, recordsPerBatch: 1, records: 500_000 },
  ] as const;
  return cases.map(({ records, ...each }, index) => {
    const { recordBytes, partitions, recordsPerBatch, compression } = each;
    const size = recordBytes === 100 ? '100 B' : '1 KiB';
    const batches = recordsPerBatch === 1 ? 'batches of 1' : `batches of ${recordsPerBatch.toLocaleString('en-US')}`;
    const name = `${size}, ${compression}, ${partitions} partition${partitions === 1 ? '' : 's'}, ${batches}`;
    return { ...each, name, topic: `case-${index}`, recordCount: Math.max(1000, Math.round(records * scale)) };
  });
}

/** Creates the topic and fills it. */
export async function fill(bootstrap: string, workload: MirrorWorkload): Promise<void> {
  const { topic, partitions, recordCount, recordBytes, recordsPerBatch, compression } = workload;
  await using client = createClient({ bootstrap });
  unwrap(await client.admin().createTopics([{ topic, partitions }]));
  const values = eventsOf(recordBytes);
  await using producer = client.producer({ compression, lingerMs: 0, batchBytesMax: 1_000_000 });
  // A flush ends the batches that are open.
  const perFlush = recordsPerBatch * partitions;
  for (let sent = 0; sent < recordCount; ) {
    const end = Math.min(recordCount, sent + perFlush);
    for (; sent < end; sent++) {
      const record = { topic, partition: sent % partitions, value: values[sent % values.length] as string };
      if (!producer.write(record)) await producer.ready();
    }
    await producer.flush();
  }
}
