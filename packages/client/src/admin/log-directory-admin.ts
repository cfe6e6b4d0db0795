/** Brokers' log directories as an admin sees them, apart from how that is done (KIP-113). */
import type { AdminCallOptions, ItemResult } from '../admin.ts';
import type { TopicPartition } from '../topic.ts';

export interface BrokerId {
  readonly broker: number;
}

export interface LogDirectoryPath {
  readonly path: string;
}

export interface StoredReplica extends TopicPartition {
  readonly sizeBytes: number;
  /** How far it is behind the high watermark, or (of a future replica) behind the current one. */
  readonly offsetLag: number;
  /** Whether it is being made here to replace one in another directory. */
  readonly future: boolean;
}

export interface LogDirectory {
  /** Undefined when the broker is too old to say (before Kafka 3.3). */
  readonly totalBytes: number | undefined;
  readonly usableBytes: number | undefined;
  readonly replicas: readonly StoredReplica[];
}

export interface ReplicaPlace extends TopicPartition, BrokerId {}

export interface LogDirectoryAdmin {
  /** Of these brokers; with the replicas of the given partitions, or of all. */
  describeLogDirectories(
    brokers: readonly number[],
    options?: AdminCallOptions & { readonly partitions?: readonly TopicPartition[] | undefined },
  ): Promise<ItemResult<BrokerId, { readonly directories: readonly ItemResult<LogDirectoryPath, LogDirectory>[] }>[]>;
  /** Where replicas are stored: `future` is set while one moves to another directory. */
  describeReplicaLogDirectories(
    replicas: readonly ReplicaPlace[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<ReplicaPlace, { readonly current: string | undefined; readonly future: string | undefined }>[]>;
  /** Moves replicas to another directory of their broker. */
  alterReplicaLogDirectories(
    moves: readonly (ReplicaPlace & LogDirectoryPath)[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<ReplicaPlace>[]>;
}
