/**
 * What an admin client is, apart from how it is done. Calls on several things answer for each: a result with `error`
 * set failed and has nothing else but its name; `unwrap` throws instead. Calls reject only when nothing could be asked.
 */
import type { KafkaError } from '@millrace/wire';
import type { AclAdmin } from './admin/acl-admin.ts';
import type { CredentialAdmin } from './admin/credential-admin.ts';
import type { FeatureAdmin } from './admin/feature-admin.ts';
import type { GroupAdmin } from './admin/group-admin.ts';
import type { LogDirectoryAdmin } from './admin/log-directory-admin.ts';
import type { QuorumAdmin } from './admin/quorum-admin.ts';
import type { QuotaAdmin } from './admin/quota-admin.ts';
import type { ReassignmentAdmin } from './admin/reassignment-admin.ts';
import type { TransactionAdmin } from './admin/transaction-admin.ts';
import type { AclOperation } from './authorization.ts';
import type { OffsetQuery } from './consumer.ts';
import type { TopicPartition, TopicPartitionOffset } from './topic.ts';

export interface AdminCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bound on the whole call, retries included. Default: the client's `callTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

/** What became of one of several things: its names and what was asked for, or its names and the error. */
export type ItemResult<Names, Value = unknown> =
  | (Names & Value & { readonly error?: undefined })
  | (Names & { readonly error: KafkaError });

/** The results without their errors; throws the first error there is. */
export function unwrap<R extends { readonly error?: KafkaError | undefined }>(
  results: readonly R[],
): Extract<R, { readonly error?: undefined }>[] {
  for (const { error } of results) if (error !== undefined) throw error;
  return results as Extract<R, { readonly error?: undefined }>[];
}

export interface ClusterNode {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface ClusterDescription {
  readonly clusterId: string | null;
  /** Node id; -1 while there is none. */
  readonly controllerId: number;
  /** By node id ascending. */
  readonly brokers: readonly ClusterNode[];
}

export interface TopicName {
  readonly topic: string;
}

export interface TopicListing extends TopicName {
  /** 22 characters of base64url. */
  readonly topicId: string;
  readonly internal: boolean;
  readonly partitionCount: number;
  readonly replicationFactor: number;
}

export interface PartitionDescription {
  readonly partition: number;
  /** Node id; -1 while there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly offlineReplicas: readonly number[];
  /** Out of sync, yet without a committed record missing (KIP-966); undefined when the broker does not tell. */
  readonly eligibleLeaderReplicas?: readonly number[] | undefined;
  readonly lastKnownEligibleLeaderReplicas?: readonly number[] | undefined;
}

export interface TopicDescription {
  readonly topicId: string;
  readonly internal: boolean;
  /** By partition ascending. */
  readonly partitions: readonly PartitionDescription[];
  /** What the principal may do to the topic; undefined when the broker does not tell. */
  readonly authorizedOperations?: readonly AclOperation[] | undefined;
}

export interface NewTopic extends TopicName {
  /** The cluster's default when absent. */
  readonly partitions?: number | undefined;
  /** The cluster's default when absent. */
  readonly replicationFactor?: number | undefined;
  /** Replicas (node ids, preferred leader first) of each partition, instead of the two counts. */
  readonly assignment?: readonly (readonly number[])[] | undefined;
  readonly configuration?: { readonly [name: string]: string } | undefined;
}

export interface CreatedTopic {
  readonly topicId: string;
  /** -1 when the broker is too old to say (before Kafka 2.4). */
  readonly partitionCount: number;
  readonly replicationFactor: number;
}

export interface NewPartitions extends TopicName {
  /** How many there shall be in all. */
  readonly totalCount: number;
  /** Replicas of each added partition. */
  readonly assignment?: readonly (readonly number[])[] | undefined;
}

export interface ResolvedOffset {
  /** -1 when no record is that young. */
  readonly offset: number;
  /** Milliseconds since 1970 of the record there; -1 when the question was not a timestamp. */
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

export interface ConfigurationResource {
  readonly type: 'topic' | 'broker' | 'broker-logger' | 'client-metrics' | 'group';
  /** Topic name, node id as text (empty for all brokers), ... */
  readonly name: string;
}

export interface ConfigurationEntry {
  readonly name: string;
  /** Null for sensitive values. */
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  readonly source:
    | 'topic'
    | 'dynamic-broker'
    | 'dynamic-default-broker'
    | 'static-broker'
    | 'default'
    | 'dynamic-broker-logger'
    | 'client-metrics'
    | 'group'
    | 'unknown';
  readonly type: 'unknown' | 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list' | 'class' | 'password';
  readonly documentation: string | null;
  /** Other places that set it, strongest first. */
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: string }[];
}

export type ConfigurationChange =
  | { readonly name: string; readonly operation: 'set' | 'append' | 'subtract'; readonly value: string }
  | { readonly name: string; readonly operation: 'delete' };

/** Looks at and changes a cluster. Every call is bounded in time and may be repeated. */
export interface Admin
  extends AsyncDisposable,
    GroupAdmin,
    TransactionAdmin,
    ReassignmentAdmin,
    LogDirectoryAdmin,
    QuorumAdmin,
    FeatureAdmin,
    AclAdmin,
    CredentialAdmin,
    QuotaAdmin {
  describeCluster(options?: AdminCallOptions): Promise<ClusterDescription>;
  /** All topics, names ascending; internal ones only when asked for. */
  listTopics(options?: AdminCallOptions & { readonly internal?: boolean | undefined }): Promise<TopicListing[]>;
  describeTopics(
    topics: readonly string[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<TopicName, TopicDescription>[]>;
  createTopics(
    topics: readonly NewTopic[],
    options?: AdminCallOptions & { readonly validateOnly?: boolean | undefined },
  ): Promise<ItemResult<TopicName, CreatedTopic>[]>;
  deleteTopics(topics: readonly string[], options?: AdminCallOptions): Promise<ItemResult<TopicName>[]>;
  createPartitions(
    topics: readonly NewPartitions[],
    options?: AdminCallOptions & { readonly validateOnly?: boolean | undefined },
  ): Promise<ItemResult<TopicName>[]>;
  /** Deletes what lies before the offsets; -1 means before the high watermark. */
  deleteRecords(
    before: readonly TopicPartitionOffset[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<TopicPartition, { readonly lowWatermark: number }>[]>;
  /** `isolation`: with `read_committed`, `latest` is before the first transaction that is open. */
  listOffsets(
    queries: readonly (TopicPartition & { readonly at: OffsetQuery | 'max-timestamp' })[],
    options?: AdminCallOptions & { readonly isolation?: 'read_uncommitted' | 'read_committed' | undefined },
  ): Promise<ItemResult<TopicPartition, ResolvedOffset>[]>;
  describeConfigs(
    resources: readonly (ConfigurationResource & { readonly keys?: readonly string[] | undefined })[],
    options?: AdminCallOptions & { readonly documentation?: boolean | undefined },
  ): Promise<ItemResult<ConfigurationResource, { readonly entries: readonly ConfigurationEntry[] }>[]>;
  incrementalAlterConfigs(
    resources: readonly (ConfigurationResource & { readonly changes: readonly ConfigurationChange[] })[],
    options?: AdminCallOptions & { readonly validateOnly?: boolean | undefined },
  ): Promise<ItemResult<ConfigurationResource>[]>;
  /** Resources of these types (or of all) that have a configuration of their own. */
  listConfigResources(
    types?: readonly ConfigurationResource['type'][],
    options?: AdminCallOptions,
  ): Promise<ConfigurationResource[]>;
  close(): Promise<void>;
}
