/** How a mirror runs, as its process tells. */
import type { MirroredPartition, MirrorState, MirrorTrouble, MirrorView } from '@millrace/api/fleet';
import type { Mirror as RunningMirror } from '@millrace/mirror';

export type RunFigures = Pick<
  MirrorView,
  | 'partitions'
  | 'assigned'
  | 'topicCount'
  | 'lagRecords'
  | 'lagSeconds'
  | 'recordsPerSecond'
  | 'bytesPerSecond'
  | 'recordsCopied'
  | 'bytesCopied'
>;

export interface RunStatus {
  readonly state: MirrorState;
  /** In ms since 1970. */
  readonly since: number;
  readonly problem: string | null;
  /** Null while there is no worker. */
  readonly figures: RunFigures | null;
  /** The farthest behind first. */
  readonly partitions: readonly MirroredPartition[];
  /** Newest first. */
  readonly troubles: readonly MirrorTrouble[];
}

/** So many are shown of a mirror: those that are farthest behind. */
const partitionsMax = 1_000;

/** What a worker has copied, and what it has still to copy. */
export function copiedSoFar(mirror: RunningMirror): Pick<RunStatus, 'figures' | 'partitions'> {
  const partitions = mirror.status().map(
    ({ topic, partition, targetTopic, lag, lagMs, recordsCopied, bytesCopied }): MirroredPartition => ({
      ...{ topic, partition, targetTopic, recordsCopied, bytesCopied },
      lagRecords: lag ?? null,
      lagSeconds: lagMs === undefined ? null : lagMs / 1_000,
    }),
  );
  const { recordsCopied, bytesCopied, recordsPerSecond, bytesPerSecond } = mirror.figures();
  const isKnown =
    partitions.length >= mirror.assignedPartitions && partitions.every((each) => each.lagRecords !== null);
  const figures = {
    ...{ recordsCopied, bytesCopied, recordsPerSecond, bytesPerSecond },
    partitions: mirror.partitions,
    assigned: mirror.assignedPartitions,
    topicCount: mirror.topics.length,
    lagRecords: isKnown ? partitions.reduce((sum, each) => sum + (each.lagRecords ?? 0), 0) : null,
    lagSeconds: isKnown ? partitions.reduce((most, each) => Math.max(most, each.lagSeconds ?? 0), 0) : null,
  };
  const behind = ({ lagRecords }: MirroredPartition): number => lagRecords ?? Number.POSITIVE_INFINITY;
  const sorted = partitions.sort((left, right) => {
    const [here, there] = [behind(left), behind(right)];
    if (here !== there) return there > here ? 1 : -1;
    return left.topic < right.topic ? -1 : left.topic > right.topic ? 1 : left.partition - right.partition;
  });
  return { figures, partitions: sorted.slice(0, partitionsMax) };
}
