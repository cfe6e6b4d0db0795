/** Where replicas are and who leads, as an admin changes it, apart from how that is done (KIP-455, KIP-460). */
import type { AdminCallOptions, ItemResult } from '../admin.ts';
import type { TopicPartition } from '../topic.ts';

export interface PartitionReassignment extends TopicPartition {
  /** Node ids, preferred leader first; null cancels a reassignment that is under way. */
  readonly replicas: readonly number[] | null;
}

export interface OngoingReassignment extends TopicPartition {
  /** All there are now, those to come and those to go included. */
  readonly replicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
}

export interface ReassignmentAdmin {
  alterPartitionReassignments(
    reassignments: readonly PartitionReassignment[],
    options?: AdminCallOptions & {
      /** Whether the number of replicas may change. Default true. */
      readonly allowReplicationFactorChange?: boolean | undefined;
    },
  ): Promise<ItemResult<TopicPartition>[]>;
  /** What is under way, of these partitions or of all. */
  listPartitionReassignments(
    partitions?: readonly TopicPartition[],
    options?: AdminCallOptions,
  ): Promise<OngoingReassignment[]>;
  /**
   * Makes the preferred replica lead, or (`unclean`) any that lives, which may lose records. Of all partitions that
   * need it when none is named. A partition that needs none is an error with the name `ELECTION_NOT_NEEDED`.
   */
  electLeaders(
    kind: 'preferred' | 'unclean',
    partitions?: readonly TopicPartition[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<TopicPartition>[]>;
}
