export { isMillraceError, MillraceError } from '@millrace/base';
export type { Compression, RecordHeader } from '@millrace/wire';
export { KafkaError } from '@millrace/wire';
export type { AclAdmin, AclBinding, AclFilter } from './admin/acl-admin.ts';
export type {
  CredentialAdmin,
  ScramCredentialChange,
  ScramCredentialListing,
  UserName,
} from './admin/credential-admin.ts';
export type {
  FeatureAdmin,
  FeatureChange,
  FeatureDescription,
  FeatureDescriptions,
  FeatureName,
} from './admin/feature-admin.ts';
export type {
  CommittedOffset,
  ConsumerMember,
  GroupAdmin,
  GroupDescription,
  GroupFilter,
  GroupListing,
  GroupMember,
  GroupMemberName,
  GroupName,
} from './admin/group-admin.ts';
export type {
  BrokerId,
  LogDirectory,
  LogDirectoryAdmin,
  LogDirectoryPath,
  ReplicaPlace,
  StoredReplica,
} from './admin/log-directory-admin.ts';
export type { QuorumAdmin, QuorumDescription, QuorumReplica } from './admin/quorum-admin.ts';
export type {
  QuotaAdmin,
  QuotaChange,
  QuotaEntity,
  QuotaEntityType,
  QuotaEntry,
  QuotaFilter,
  QuotaMatch,
  QuotaValues,
} from './admin/quota-admin.ts';
export type { OngoingReassignment, PartitionReassignment, ReassignmentAdmin } from './admin/reassignment-admin.ts';
export type {
  HangingTransaction,
  ProducerState,
  TransactionAdmin,
  TransactionalIdName,
  TransactionDescription,
  TransactionFilter,
  TransactionListing,
  TransactionState,
} from './admin/transaction-admin.ts';
export {
  type Admin,
  type AdminCallOptions,
  type ClusterDescription,
  type ClusterNode,
  type ConfigurationChange,
  type ConfigurationEntry,
  type ConfigurationResource,
  type CreatedTopic,
  type ItemResult,
  type NewPartitions,
  type NewTopic,
  type PartitionDescription,
  type ResolvedOffset,
  type TopicDescription,
  type TopicListing,
  type TopicName,
  unwrap,
} from './admin.ts';
export { type AclOperation, type AclResourceType, AuthorizationError, type NeededAccess } from './authorization.ts';
export type { Client, ClientEvent, ClientOptions } from './client.ts';
export { WrongClusterError } from './connection/wrong-cluster-error.ts';
export type { Assignor, AssignorMember, GroupAssignment } from './consumer/assignors/assignor.ts';
export type {
  AssignedConsumerOptions,
  Assignment,
  AssignorName,
  BatchView,
  Consumer,
  ConsumerBatch,
  ConsumerOptions,
  ConsumerRecord,
  GroupConsumerOptions,
  GroupOffsets,
  OffsetQuery,
  OffsetsInTransaction,
  PatternConsumerOptions,
  RecordView,
  TransactionOutcome,
  WholeTopicConsumerOptions,
} from './consumer.ts';
export {
  BufferFullError,
  ClosedError,
  CommitError,
  ConnectionLostError,
  ConsumerBusyError,
  CorruptBatchError,
  DeliveryError,
  InvalidOptionError,
  NoBrokerError,
  NoOffsetError,
  NotAssignedError,
  RecordTooLargeError,
  RequestTimeoutError,
  SerdeError,
  UnknownPartitionError,
  UnknownTopicError,
  UnsupportedApiError,
} from './errors.ts';
export { createClient } from './kafka-client.ts';
export { keyPartitioner } from './producer/partitioner.ts';
export {
  ProducerFencedError,
  TransactionAbortableError,
  TransactionStateError,
} from './producer/transaction-errors.ts';
export type {
  Delivery,
  HeadersInput,
  Partitioner,
  Producer,
  ProducerOptions,
  ProducerRecord,
  RecordPosition,
  Transaction,
  TransactionCallOptions,
  TransactionOptions,
} from './producer.ts';
export {
  AuthenticationError,
  type AuthenticationFacts,
  CredentialsUnavailableError,
} from './security/security-errors.ts';
export type {
  BearerToken,
  PasswordOptions,
  SaslOptions,
  SecurityOptions,
  TlsOptions,
  TokenOptions,
} from './security.ts';
export { bytes, float64, int64, json, nullable, type Serde, type SerdeLike, text, validated } from './serde.ts';
export {
  type AnyTopic,
  type KeyInputOf,
  type KeyOf,
  type NameOf,
  type Topic,
  type TopicLike,
  type TopicOf,
  type TopicPartition,
  type TopicPartitionOffset,
  type TopicSerdes,
  topic,
  type ValueInputOf,
  type ValueOf,
} from './topic.ts';
