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

export interface MirrorCase extends MirrorWorkload {
  /** Whether it is measured where no cases are asked for. */
  readonly isCore: boolean;
}

/** How many records of a size, in batches of a number of them, take the mirrors some seconds at least. */
const recordCounts: { readonly [recordBytes: number]: { readonly [recordsPerBatch: number]: number } } = {
  100: { 1: 500_000, 10: 1_500_000, 1000: 3_000_000 },
  1024: { 1: 200_000, 10: 400_000, 1000: 500_000 },
};

/** A topic is filled with one batch in each partition at a time, which takes minutes beyond. */
const flushesMax = 150_000;

/** Compression, partitions and records in a batch of those that are measured unless all are asked for, by size. */
const core: { readonly [recordBytes: number]: readonly string[] } = {
  100: [
    ...['none 12 1000', 'lz4 12 1000', 'none 1 1000', 'none 100 1000', 'lz4 100 1000'],
    ...['none 12 10', 'lz4 12 10', 'none 12 1', 'lz4 12 1'],
  ],
  1024: ['none 12 1000', 'lz4 12 1000', 'none 12 1'],
};

/** Each size with each compression, number of partitions, and records in a batch: the core ones first. */
export function mirrorWorkloads(scale: number): MirrorCase[] {
  const all: MirrorCase[] = [];
  for (const recordBytes of [100, 1024]) {
    for (const compression of ['none', 'lz4'] as const) {
      for (const partitions of [12, 1, 100]) {
        for (const recordsPerBatch of [1000, 10, 1]) {
          const wanted = recordCounts[recordBytes]?.[recordsPerBatch] ?? 0;
          const records = Math.min(wanted, flushesMax * partitions * recordsPerBatch);
          all.push({
            name: nameOf(recordBytes, compression, partitions, recordsPerBatch),
            topic: `case-${all.length}`,
            isCore: core[recordBytes]?.includes(`${compression} ${partitions} ${recordsPerBatch}`) === true,
            ...{ recordBytes, compression, partitions, recordsPerBatch },
            recordCount: Math.max(1000, Math.round(records * scale)),
          });
        }
      }
    }
  }
  return all.sort((left, right) => Number(right.isCore) - Number(left.isCore));
}

function nameOf(recordBytes: number, compression: string, partitions: number, recordsPerBatch: number): string {
  const size = recordBytes === 100 ? '100 B' : '1 KiB';
  const batches = `batches of ${recordsPerBatch.toLocaleString('en-US')}`;
  return `${size}, ${compression}, ${partitions} partition${partitions === 1 ? '' : 's'}, ${batches}`;
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
