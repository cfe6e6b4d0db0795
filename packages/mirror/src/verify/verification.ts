/** What a comparison of a topic's two sides is given, and what it says. */
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import type { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import type { BatchFilter } from './batch-filter.ts';

export interface VerifiedSide {
  readonly cluster: Cluster;
  readonly topic: string;
  /** Batches of a partition that are not compared; on the target those are that the map does not know either. */
  readonly filter?: ((partition: number) => BatchFilter) | undefined;
}

/** Offsets from `from` on, up to but without `to`. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

export interface VerifyOptions extends CallBounds {
  readonly source: VerifiedSide;
  readonly target: VerifiedSide;
  /** Default: all that both sides have. */
  readonly partitions?: readonly number[] | undefined;
  /**
   * The map of a partition, asked for once the end offsets are taken, so that it covers them; its last run is taken to
   * go on one by one. Without a map (or with one that never had a run) both sides are compared from their starts,
   * record by record in order.
   */
  readonly mapOf?:
    | ((partition: number) => Promise<PartitionOffsetMap | undefined> | PartitionOffsetMap | undefined)
    | undefined;
  /** Ranges of target offsets, by partition, that are left out on both sides. */
  readonly skip?: ReadonlyMap<number, readonly OffsetRange[]> | undefined;
  /** Ranges of source offsets, by partition, that were never copied and are left out. */
  readonly skipSource?: ReadonlyMap<number, readonly OffsetRange[]> | undefined;
  /** Ranges of source offsets of a partition that a policy passed over; asked for as the map is, and left out. */
  readonly passedOverOf?: ((partition: number) => Promise<readonly OffsetRange[]>) | undefined;
  /**
   * What is read of the target. With `read_uncommitted` those who read that way must find the same, nothing repeated or
   * missing. Default `read_committed`.
   */
  readonly targetIsolation?: 'read_committed' | 'read_uncommitted' | undefined;
  /** Whether to compare the latest record of each key. Default: whether one of the topics is compacted. */
  readonly latestByKey?: boolean | undefined;
  /** How many partitions are compared at once. Default 4. Each holds some MiB of either side. */
  readonly concurrency?: number | undefined;
  /** Called after each step with what is done of a partition. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

export interface VerifyProgress {
  readonly partition: number;
  /** Records compared so far. */
  readonly records: number;
  /** The source offset reached, and the one at which the comparison ends. */
  readonly sourceOffset: number;
  readonly sourceEnd: number;
}

export interface TopicVerification {
  /** Names of the topics. */
  readonly source: string;
  readonly target: string;
  readonly manner: 'record by record' | 'latest by key';
  /** The source has no such topic any more, so that nothing is compared, which makes no difference. */
  readonly isGone?: boolean | undefined;
  readonly isEqual: boolean;
  /** Ascending. */
  readonly partitions: readonly PartitionVerification[];
  /** Partitions that only one side has. */
  readonly onlyInSource: readonly number[];
  readonly onlyInTarget: readonly number[];
}

export interface PartitionVerification {
  readonly partition: number;
  readonly isEqual: boolean;
  /** What was compared of either side, control and aborted records among the offsets. */
  readonly sourceRange: OffsetRange;
  readonly targetRange: OffsetRange;
  /** Pairs of records compared; keys, where the latest by key is. */
  readonly compared: number;
  /** Of those, the ones that differ. */
  readonly changed: number;
  /** Pairs of equal records that do not lie where the offset map says. */
  readonly misplaced: number;
  /** Records (or keys) that only one side has. */
  readonly onlyInSource: number;
  readonly onlyInTarget: number;
  /** Records of the source that the target does not have yet. No difference. */
  readonly lag: number;
  /** Source offsets in the range that a policy passed over. No difference either. */
  readonly passedOver: number;
  readonly firstDifference: Difference | undefined;
}

/**
 * `changed`: another record stands in its place. `missing`: the target lacks it. `extra`: the source lacks it.
 * `order`: the same records in another order. `offset`: the records are equal, but not where the offset map says.
 */
export type DifferenceKind = 'changed' | 'missing' | 'extra' | 'order' | 'offset';

export type RecordField = 'key' | 'value' | 'headers' | 'timestamp';

export interface Difference {
  readonly kind: DifferenceKind;
  /** Where it begins on either side; undefined where that side has nothing for it. */
  readonly sourceOffset: number | undefined;
  readonly targetOffset: number | undefined;
  /** How many records in a row, from there on. */
  readonly count: number;
  /** What differs in the first one of `changed`. */
  readonly fields: readonly RecordField[];
  /** All of it for a person, in one sentence. */
  readonly sentence: string;
}
