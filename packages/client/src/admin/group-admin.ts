/** Consumer groups as an admin sees them, apart from how that is done. */
import type { AdminCallOptions, ItemResult } from '../admin.ts';
import type { AclOperation } from '../authorization.ts';
import type { TopicPartition, TopicPartitionOffset } from '../topic.ts';

export interface GroupName {
  readonly group: string;
}

export interface GroupListing extends GroupName {
  readonly protocolType: string;
  /** Empty from brokers before Kafka 2.6. */
  readonly state: string;
  /** `classic`, `consumer`, ...; empty from brokers before Kafka 3.8. */
  readonly type: string;
}

export interface GroupFilter {
  /** For example `Stable`, `Empty`. */
  readonly states?: readonly string[] | undefined;
  readonly types?: readonly ('classic' | 'consumer' | 'share' | 'streams')[] | undefined;
}

export interface GroupMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly assignment: readonly TopicPartition[];
  /** What a member of the protocol of KIP-848 tells besides; undefined for those of the classic one. */
  readonly consumer?: ConsumerMember | undefined;
}

export interface ConsumerMember {
  readonly epoch: number;
  readonly rack: string | null;
  readonly subscribedTopics: readonly string[];
  readonly subscribedPattern: string | null;
  /** What it shall have in the end. */
  readonly targetAssignment: readonly TopicPartition[];
  /** Whether it speaks the classic protocol; undefined when the broker does not say (before Kafka 4.0). */
  readonly classic: boolean | undefined;
}

export interface GroupDescription {
  readonly type: 'classic' | 'consumer';
  readonly state: string;
  readonly protocolType: string;
  /** The assignor in use; empty without members. */
  readonly protocol: string;
  readonly coordinator: number;
  readonly members: readonly GroupMember[];
  /** Of groups of the protocol of KIP-848. */
  readonly epoch?: number | undefined;
  readonly assignmentEpoch?: number | undefined;
  /** What the principal may do to the group, when that was asked for. */
  readonly authorizedOperations?: readonly AclOperation[] | undefined;
}

export interface CommittedOffset extends TopicPartitionOffset {
  /** -1 when the group stored none. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export type GroupMemberName =
  | { readonly memberId: string; readonly instanceId?: undefined }
  | { readonly instanceId: string; readonly memberId?: undefined };

export interface GroupAdmin {
  /** All groups, or those that fit, names ascending. */
  listGroups(options?: AdminCallOptions & GroupFilter): Promise<GroupListing[]>;
  /** Groups of both protocols. */
  describeGroups(
    groups: readonly string[],
    options?: AdminCallOptions & { readonly authorizedOperations?: boolean | undefined },
  ): Promise<ItemResult<GroupName, GroupDescription>[]>;
  deleteGroups(groups: readonly string[], options?: AdminCallOptions): Promise<ItemResult<GroupName>[]>;
  /** Makes members of a classic group leave; static ones by their instance. All there are when none is named. */
  removeMembers(
    group: string,
    members?: readonly GroupMemberName[],
    options?: AdminCallOptions & { readonly reason?: string | undefined },
  ): Promise<ItemResult<GroupMemberName>[]>;
  /**
   * The group's offsets, of the given partitions or all; partitions without one are left out. With `requireStable`, one
   * that is part of a transaction that has not ended is an error (KIP-447); brokers before Kafka 2.5 don't tell.
   */
  fetchOffsets(
    group: string,
    partitions?: readonly TopicPartition[],
    options?: AdminCallOptions & { readonly requireStable?: boolean | undefined },
  ): Promise<ItemResult<TopicPartition, Omit<CommittedOffset, keyof TopicPartition>>[]>;
  /** Sets a group's offsets; only while it has no members. */
  commitOffsets(
    group: string,
    offsets: readonly (TopicPartitionOffset & { readonly metadata?: string | undefined })[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<TopicPartition>[]>;
  /** Forgets a group's offsets of topics that it is not subscribed to. */
  deleteOffsets(
    group: string,
    partitions: readonly TopicPartition[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<TopicPartition>[]>;
}
