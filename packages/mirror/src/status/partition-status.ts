/** What a worker tells of a partition that it copies. */
import type { PartitionCopy } from '../copy/partition-copy.ts';
import type { PartitionStatus } from '../mirror.ts';

/** `now`: ms since 1970. */
export function statusOf(copy: PartitionCopy, now: number): PartitionStatus {
  const { topic, partition, target, lag, uncopiedSince, recordsCopied, bytesCopied, recordsReturning } = copy;
  const lagMs = lag === undefined ? undefined : Math.max(0, now - (uncopiedSince ?? now));
  return { topic, partition, targetTopic: target.topic, lag, lagMs, recordsCopied, bytesCopied, recordsReturning };
}
