/** How a mirror runs, as its process tells. */
import type { MirroredPartition, MirrorState, MirrorTrouble, MirrorView } from '@millrace/api/fleet';
import type { PartitionStandstill, Mirror as RunningMirror, StandstillReason } from '@millrace/mirror';

export type RunFigures = Pick<
  MirrorView,
  | 'partitions'
  | 'assigned'
  | 'stopped'
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
const reasons: Readonly<Record<StandstillReason, string>> = {
  deleted: 'records deleted on the source',
  'too-large': 'record too large',
  'invalid-time': 'times that the target refuses',
  'source-truncated': 'the source lost records',
  'target-truncated': 'the target lost records',
  recreated: 'topic made anew',
  unreadable: 'the source can not be read',
  refused: 'the target takes nothing',
};
/** So many partitions a sentence names. */
const standstillsNamed = 5;

/** What a worker has copied, and what it has still to copy. */
export function copiedSoFar(mirror: RunningMirror): Pick<RunStatus, 'figures' | 'partitions'> & {
  /** Why some of it stands still; null where nothing does. */
  readonly standstill: string | null;
} {
  const partitions = mirror.status().map(
    ({ topic, partition, targetTopic, lag, lagMs, recordsCopied, bytesCopied }): MirroredPartition => ({
      ...{ topic, partition, targetTopic, recordsCopied, bytesCopied },
      lagRecords: lag ?? null,
      lagSeconds: lagMs === undefined ? null : lagMs / 1_000,
    }),
  );
  const standstills = mirror.standstills();
  const { recordsCopied, bytesCopied, recordsPerSecond, bytesPerSecond } = mirror.figures();
  const isKnown =
    partitions.length >= mirror.assignedPartitions && partitions.every((each) => each.lagRecords !== null);
  const figures = {
    ...{ recordsCopied, bytesCopied, recordsPerSecond, bytesPerSecond },
    partitions: mirror.partitions,
    assigned: mirror.assignedPartitions,
    stopped: standstills.length,
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
  return { figures, partitions: sorted.slice(0, partitionsMax), standstill: standstillText(standstills) };
}

/** `2 partitions stand still: orders [0] (record too large), orders [3] (topic made anew)`. */
function standstillText(standstills: readonly PartitionStandstill[]): string | null {
  if (standstills.length === 0) return null;
  const named = standstills.slice(0, standstillsNamed).map(({ topic, partition, reason }) => {
    return `${topic} [${partition}] (${reasons[reason]})`;
  });
  const left = standstills.length - named.length;
  const count = standstills.length === 1 ? '1 partition stands' : `${standstills.length} partitions stand`;
  return `${count} still: ${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
