/** A task as the group shares it: its id, the partitions that it reads, and whether it has state to be copied. */
import type { TopicPartition } from '@millrace/client';

export interface SharedTask {
  /** Sub-topology and partition, as `0_2`. */
  readonly id: string;
  readonly partitions: readonly TopicPartition[];
  readonly isStateful: boolean;
}
