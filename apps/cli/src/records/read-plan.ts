/** Which part of which partitions `consume` reads when it reads for itself, without a group. */
import type { AdminCallOptions, Assignment, TopicPartition } from '@millrace/client';
import type { OpenCluster } from '../cluster/open-cluster.ts';
import { type PartitionRange, partitionRanges, resolvePosition } from '../cluster/partition-offsets.ts';
import type { Position } from './position.ts';

export interface ReadPlan {
  readonly starts: readonly (Assignment<string> & { readonly offset: number })[];
  /** Offset before which to stop, by `partitionKey`; undefined to go on for ever. */
  readonly ends: ReadonlyMap<string, number> | undefined;
  /** All ends lie within what is there now, so that the end is sure to come. */
  readonly isBounded: boolean;
  /**
   * Milliseconds since 1970, in the future: records from there on are not wanted, and at that time the reading ends.
   */
  readonly deadline: number | undefined;
}

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

export async function planReading(
  cluster: OpenCluster,
  partitions: readonly TopicPartition[],
  wish: { readonly from: Position; readonly until: Position | undefined; readonly exitAtEnd: boolean },
  options: AdminCallOptions,
): Promise<ReadPlan> {
  const { admin } = cluster;
  const { until } = wish;
  const ranges = await partitionRanges(admin, partitions, options);
  const starts = await resolvePosition(admin, ranges, wish.from, options);
  const deadline = until?.kind === 'time' && until.timestamp > Date.now() ? until.timestamp : undefined;
  const ends = new Map<string, number>();
  if (wish.exitAtEnd) for (const range of ranges) ends.set(partitionKey(range), range.end);
  if (until !== undefined && deadline === undefined) {
    for (const [key, end] of await endsOf(cluster, ranges, until, options)) {
      ends.set(key, Math.min(end, ends.get(key) ?? Number.POSITIVE_INFINITY));
    }
  }
  const reachesBeyond = ranges.some((range) => (ends.get(partitionKey(range)) ?? 0) > range.end);
  return { starts, ends: ends.size === 0 ? undefined : ends, isBounded: ends.size > 0 && !reachesBeyond, deadline };
}

async function endsOf(
  cluster: OpenCluster,
  ranges: readonly PartitionRange[],
  until: Position,
  options: AdminCallOptions,
): Promise<[string, number][]> {
  // An offset may lie beyond the end: then the reading goes on until it comes.
  if (until.kind === 'offset') return ranges.map((range) => [partitionKey(range), until.offset]);
  const resolved = await resolvePosition(cluster.admin, ranges, until, options);
  return resolved.map((position) => [partitionKey(position), position.offset]);
}
