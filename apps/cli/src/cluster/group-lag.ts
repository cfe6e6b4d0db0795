/** Consumer groups with what they have left to read. */
import { MillraceError, nearest } from '@millrace/base';
import { type AdminCallOptions, type GroupDescription, unwrap } from '@millrace/client';
import type { OpenCluster } from './open-cluster.ts';
import { partitionRanges } from './partition-offsets.ts';

/** A group was named that the cluster does not have. */
export class NoSuchGroupError extends MillraceError {
  readonly code = 'unknown_group';
  readonly group: string;

  constructor(group: string, cluster: string, meant: string | undefined) {
    const question = meant === undefined ? '' : `; did you mean '${meant}'?`;
    super(`there is no consumer group '${group}' on ${cluster}${question}`, { hint: 'See `millrace group list`.' });
    this.group = group;
  }
}

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** Null when the group has committed nothing there. */
  readonly committed: number | null;
  /** Null when the partition is gone. */
  readonly end: number | null;
  readonly lag: number | null;
  /** The member that has the partition now. */
  readonly memberId: string | null;
  readonly clientId: string | null;
}

export interface GroupLag extends GroupDescription {
  readonly cluster: string;
  readonly group: string;
  /** Over all partitions. */
  readonly lag: number;
  /** Committed or assigned partitions, by topic and partition. */
  readonly offsets: readonly PartitionLag[];
}

/** The group of that name, or undefined when the cluster has none. */
export async function describeGroup(
  cluster: OpenCluster,
  group: string,
  options: AdminCallOptions,
): Promise<GroupLag | undefined> {
  const { admin } = cluster;
  const [result] = await admin.describeGroups([group], options);
  if (result === undefined || result.error?.errorName === 'GROUP_ID_NOT_FOUND') return undefined;
  const description = unwrap([result])[0] as GroupDescription;
  if (description.state === 'Dead') return undefined;
  const committed = unwrap(await admin.fetchOffsets(group, undefined, options));
  const rows = new Map<string, Omit<PartitionLag, 'end' | 'lag'>>();
  for (const { topic, partition, offset } of committed) {
    rows.set(`${topic}/${partition}`, { topic, partition, committed: offset, memberId: null, clientId: null });
  }
  for (const { memberId, clientId, assignment } of description.members) {
    for (const { topic, partition } of assignment) {
      const key = `${topic}/${partition}`;
      rows.set(key, { topic, partition, committed: rows.get(key)?.committed ?? null, memberId, clientId });
    }
  }
  const offsets = await withEnds(cluster, [...rows.values()], options);
  const lag = offsets.reduce((sum, row) => sum + (row.lag ?? 0), 0);
  return { cluster: cluster.name, group, ...description, lag, offsets };
}

/** The error for a group that is not there, with the name that may have been meant. */
export async function noSuchGroup(group: string, cluster: OpenCluster): Promise<NoSuchGroupError> {
  const groups = await cluster.admin.listGroups();
  const meant = nearest(
    group,
    groups.map((listing) => listing.group),
  );
  return new NoSuchGroupError(group, cluster.name, meant);
}

async function withEnds(
  cluster: OpenCluster,
  rows: readonly Omit<PartitionLag, 'end' | 'lag'>[],
  options: AdminCallOptions,
): Promise<PartitionLag[]> {
  const sorted = [...rows].sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  );
  const topics = await cluster.admin.listTopics({ ...options, internal: true });
  const partitionCounts = new Map(topics.map(({ topic, partitionCount }) => [topic, partitionCount]));
  // Offsets may outlive their topic.
  const present = sorted.filter(({ topic, partition }) => partition < (partitionCounts.get(topic) ?? 0));
  const ranges = await partitionRanges(cluster.admin, present, options);
  return sorted.map((row) => {
    const range = ranges.find(({ topic, partition }) => topic === row.topic && partition === row.partition);
    const { memberId, clientId, ...place } = row;
    const end = range?.end ?? null;
    // Without a commit everything there is lies before the group.
    const from = row.committed ?? range?.start ?? null;
    return { ...place, end, lag: end === null || from === null ? null : Math.max(0, end - from), memberId, clientId };
  });
}
