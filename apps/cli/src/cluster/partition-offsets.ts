/** Offsets of partitions by their meaning: where they start and end, and where a position lies in them. */
import {
  type Admin,
  type AdminCallOptions,
  type TopicPartition,
  type TopicPartitionOffset,
  unwrap,
} from '@millrace/client';
import type { Position } from '../records/position.ts';

export interface PartitionRange extends TopicPartition {
  /** Offset of the first record there is. */
  readonly start: number;
  /** Offset that the next record will get. */
  readonly end: number;
}

/** Start and end of partitions, in their order. */
export async function partitionRanges(
  admin: Admin,
  partitions: readonly TopicPartition[],
  options: AdminCallOptions,
): Promise<PartitionRange[]> {
  const [starts, ends] = await Promise.all(
    (['earliest', 'latest'] as const).map((at) => offsetsAt(admin, partitions, at, options)),
  );
  return partitions.map(({ topic, partition }) => ({
    topic,
    partition,
    start: (starts as OffsetTable).get(topic, partition),
    end: (ends as OffsetTable).get(topic, partition),
  }));
}

/** Where a position lies in partitions, in their order: always between the start and the end of each. */
export async function resolvePosition(
  admin: Admin,
  ranges: readonly PartitionRange[],
  position: Position,
  options: AdminCallOptions,
): Promise<TopicPartitionOffset[]> {
  const times =
    position.kind === 'time' ? await offsetsAt(admin, ranges, { timestamp: position.timestamp }, options) : undefined;
  return ranges.map(({ topic, partition, start, end }) => ({
    topic,
    partition,
    offset: Math.min(end, Math.max(start, offsetOf(position, end, times?.get(topic, partition)))),
  }));
}

function offsetOf(position: Position, end: number, atTime: number | undefined): number {
  switch (position.kind) {
    case 'earliest':
      return 0;
    case 'latest':
      return end;
    case 'offset':
      return position.offset;
    case 'tail':
      return end - position.count;
    case 'time':
      // No record is that young.
      return atTime === undefined || atTime < 0 ? end : atTime;
  }
}

class OffsetTable {
  readonly #offsets = new Map<string, number>();

  constructor(offsets: readonly TopicPartitionOffset[]) {
    for (const { topic, partition, offset } of offsets) this.#offsets.set(`${topic}/${partition}`, offset);
  }

  get(topic: string, partition: number): number {
    return this.#offsets.get(`${topic}/${partition}`) ?? -1;
  }
}

async function offsetsAt(
  admin: Admin,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest' | { readonly timestamp: number },
  options: AdminCallOptions,
): Promise<OffsetTable> {
  const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
  return new OffsetTable(unwrap(await admin.listOffsets(queries, options)));
}
