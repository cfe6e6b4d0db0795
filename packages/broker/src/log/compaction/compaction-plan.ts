/** Which part of a log can be compacted now, and whether it is time, by the rules of Kafka's log cleaner. */
import type { LogSettings } from '../../configuration/topic-configuration.ts';
import type { Segment } from '../segment.ts';

/** What a plan is made of. */
export interface Compactable {
  /** Oldest first; the last one is written to. */
  readonly segments: readonly Segment[];
  readonly startOffset: number;
  readonly lastStableOffset: number;
  /** Up to where the log was compacted before. */
  readonly compactedTo: number;
}

export interface CompactionPlan {
  /** All that can be compacted, oldest first: what was compacted before, and what is dirty. */
  readonly segments: readonly Segment[];
  /** Where the dirty part begins. */
  readonly dirtyFrom: number;
  /** Bytes of segments with a dirty part, by all bytes. */
  readonly dirtyRatio: number;
  /** Some record is older than `max.compaction.lag.ms` allows. */
  readonly overdue: boolean;
}

/**
 * The plan for a log that is due, or undefined. The active segment is not touched, nor one with open transactions, nor
 * one with records younger than `min.compaction.lag.ms`, and nothing behind those. `now` in milliseconds.
 */
export function planCompaction(log: Compactable, settings: LogSettings, now: number): CompactionPlan | undefined {
  const segments = compactableOf(log, settings, now);
  const dirtyFrom = Math.max(log.compactedTo, log.startOffset);
  let dirtyBytes = 0;
  let bytes = 0;
  let overdue = false;
  for (const segment of segments) {
    bytes += segment.sizeBytes;
    if (segment.nextOffset <= dirtyFrom) continue;
    dirtyBytes += segment.sizeBytes;
    overdue ||= isOverdue(segment, settings, now);
  }
  if (dirtyBytes === 0) return undefined;
  const dirtyRatio = dirtyBytes / bytes;
  if (dirtyRatio <= settings.dirtyRatioMin && !overdue) return undefined;
  return { segments, dirtyFrom, dirtyRatio, overdue };
}

/** Whether a segment has waited for compaction for longer than `max.compaction.lag.ms`. */
export function isOverdue(segment: Segment, settings: LogSettings, now: number): boolean {
  return segment.firstTimestamp >= 0 && now - segment.firstTimestamp > settings.compactionLagMaxMs;
}

function compactableOf(log: Compactable, settings: LogSettings, now: number): Segment[] {
  const compactable: Segment[] = [];
  for (const segment of log.segments.slice(0, -1)) {
    if (segment.nextOffset > log.lastStableOffset) break;
    const isYoung = settings.compactionLagMinMs > 0 && segment.maxTimestamp > now - settings.compactionLagMinMs;
    if (isYoung) break;
    compactable.push(segment);
  }
  return compactable;
}

/** Consecutive segments that are written as one: together no longer than one may be, and not over a damaged one. */
export function groupSegments(
  segments: readonly Segment[],
  isDamaged: (segment: Segment) => boolean,
  bytesMax: number,
  offsetsMax: number,
): Segment[][] {
  const groups: Segment[][] = [];
  let group: Segment[] = [];
  let bytes = 0;
  for (const segment of segments) {
    const first = group[0];
    const joins =
      first !== undefined &&
      bytes + segment.sizeBytes <= bytesMax &&
      segment.nextOffset - first.baseOffset < offsetsMax;
    if (isDamaged(segment)) group = [];
    else if (joins) {
      group.push(segment);
      bytes += segment.sizeBytes;
    } else {
      group = [segment];
      bytes = segment.sizeBytes;
      groups.push(group);
    }
  }
  return groups;
}
