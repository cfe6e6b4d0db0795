/** What a worker tells of a partition that it copies. */
import type { PartitionCopy } from '../copy/partition-copy.ts';
import type { PartitionStatus } from '../mirror.ts';

/** `now`: ms since 1970. */
export function statusOf(copy: PartitionCopy, now: number): PartitionStatus {
  const { topic, partition, target, lag, uncopiedSince, recordsCopied, bytesCopied } = copy;
  const { recordsReturning, foreignOffsets } = copy;
  const lagMs = lag === undefined ? undefined : Math.max(0, now - (uncopiedSince ?? now));
  const figures = { recordsCopied, bytesCopied, recordsReturning, foreignOffsets };
  return { topic, partition, targetTopic: target.topic, lag, lagMs, ...figures };
}
