/**
 * What the offset that a group has committed on one side is on the other: that of the first copied record at or behind
 * it, so that the group goes on with exactly the next record. Pure; exact or not told at all.
 */
import type { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';

/** How far a partition's copy has come: all records before `source` are copied or passed over. */
export interface CopyProgress {
  readonly source: number;
  /** Where the next record that is copied will lie, or before: nothing that was copied lies there or behind. */
  readonly target: number;
}

/**
 * The target offset for a group that is to read the source's record at `source` next. Where nothing at or behind that
 * was copied yet, but all before it is done with, it is where the next record will come. Undefined when `source` lies
 * beyond what is done with: what it will be is not known yet. What was pruned from the map is gone on the target, so
 * the first record that is left is the next.
 */
export function targetOffsetOf(map: PartitionOffsetMap, progress: CopyProgress, source: number): number | undefined {
  if (source > progress.source) return undefined;
  return map.nextTarget(source) ?? progress.target;
}

/**
 * The source offset for a group that is to read the target's record at `target` next: the same backwards. Undefined
 * when `target` lies beyond what this mirror has written.
 */
export function sourceOffsetOf(map: PartitionOffsetMap, progress: CopyProgress, target: number): number | undefined {
  if (target > progress.target) return undefined;
  return map.nextSource(target) ?? progress.source;
}
