export { apiByKey, apis } from './apis.ts';
export { crc32c } from './checksum/crc32c.ts';
export { ByteReader, elementsMaxDefault } from './codec/byte-reader.ts';
export { ByteWriter, type EncodedFrame } from './codec/byte-writer.ts';
export * from './compression/index.ts';
export { type ErrorName, type ErrorRow, errorCodes, errorRow, KafkaError } from './errors.ts';
export {
  correlationIdOf,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  lengthPrefix,
  type RequestHeader,
} from './frame.ts';
export { type FrameMemory, FrameSizeError, FrameSplitter } from './frame-splitter.ts';
export {
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
  addOffsetsToTxn,
} from './messages/add-offsets-to-txn.ts';
export {
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  addPartitionsToTxn,
} from './messages/add-partitions-to-txn.ts';
export {
  type AlterClientQuotasRequest,
  type AlterClientQuotasResponse,
  alterClientQuotas,
} from './messages/alter-client-quotas.ts';
export { type AlterConfigsRequest, type AlterConfigsResponse, alterConfigs } from './messages/alter-configs.ts';
export {
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
  alterPartitionReassignments,
} from './messages/alter-partition-reassignments.ts';
export {
  type AlterReplicaLogDirsRequest,
  type AlterReplicaLogDirsResponse,
  alterReplicaLogDirs,
} from './messages/alter-replica-log-dirs.ts';
export {
  type AlterUserScramCredentialsRequest,
  type AlterUserScramCredentialsResponse,
  alterUserScramCredentials,
} from './messages/alter-user-scram-credentials.ts';
export { type ApiVersionsRequest, type ApiVersionsResponse, apiVersions } from './messages/api-versions.ts';
export {
  type ConsumerGroupDescribeRequest,
  type ConsumerGroupDescribeResponse,
  consumerGroupDescribe,
} from './messages/consumer-group-describe.ts';
export {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
  consumerGroupHeartbeat,
} from './messages/consumer-group-heartbeat.ts';
export {
  type ConsumerAssignment,
  type ConsumerSubscription,
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
} from './messages/consumer-protocol.ts';
export { type CreateAclsRequest, type CreateAclsResponse, createAcls } from './messages/create-acls.ts';
export {
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
  createPartitions,
} from './messages/create-partitions.ts';
export { type CreateTopicsRequest, type CreateTopicsResponse, createTopics } from './messages/create-topics.ts';
export { type DeleteAclsRequest, type DeleteAclsResponse, deleteAcls } from './messages/delete-acls.ts';
export { type DeleteGroupsRequest, type DeleteGroupsResponse, deleteGroups } from './messages/delete-groups.ts';
export { type DeleteRecordsRequest, type DeleteRecordsResponse, deleteRecords } from './messages/delete-records.ts';
export { type DeleteTopicsRequest, type DeleteTopicsResponse, deleteTopics } from './messages/delete-topics.ts';
export { type DescribeAclsRequest, type DescribeAclsResponse, describeAcls } from './messages/describe-acls.ts';
export {
  type DescribeClientQuotasRequest,
  type DescribeClientQuotasResponse,
  describeClientQuotas,
} from './messages/describe-client-quotas.ts';
export {
  type DescribeClusterRequest,
  type DescribeClusterResponse,
  describeCluster,
} from './messages/describe-cluster.ts';
export {
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
  describeConfigs,
} from './messages/describe-configs.ts';
export { type DescribeGroupsRequest, type DescribeGroupsResponse, describeGroups } from './messages/describe-groups.ts';
export {
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponse,
  describeLogDirs,
} from './messages/describe-log-dirs.ts';
export {
  type DescribeProducersRequest,
  type DescribeProducersResponse,
  describeProducers,
} from './messages/describe-producers.ts';
export { type DescribeQuorumRequest, type DescribeQuorumResponse, describeQuorum } from './messages/describe-quorum.ts';
export {
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
  describeTopicPartitions,
} from './messages/describe-topic-partitions.ts';
export {
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
  describeTransactions,
} from './messages/describe-transactions.ts';
export {
  type DescribeUserScramCredentialsRequest,
  type DescribeUserScramCredentialsResponse,
  describeUserScramCredentials,
} from './messages/describe-user-scram-credentials.ts';
export { type ElectLeadersRequest, type ElectLeadersResponse, electLeaders } from './messages/elect-leaders.ts';
export { type EndTxnRequest, type EndTxnResponse, endTxn } from './messages/end-txn.ts';
export { type FetchRequest, type FetchResponse, fetch } from './messages/fetch.ts';
export {
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  findCoordinator,
} from './messages/find-coordinator.ts';
export {
  type GetTelemetrySubscriptionsRequest,
  type GetTelemetrySubscriptionsResponse,
  getTelemetrySubscriptions,
} from './messages/get-telemetry-subscriptions.ts';
export { type HeartbeatRequest, type HeartbeatResponse, heartbeat } from './messages/heartbeat.ts';
export {
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
  incrementalAlterConfigs,
} from './messages/incremental-alter-configs.ts';
export {
  type InitProducerIdRequest,
  type InitProducerIdResponse,
  initProducerId,
} from './messages/init-producer-id.ts';
export { type JoinGroupRequest, type JoinGroupResponse, joinGroup } from './messages/join-group.ts';
export { type LeaveGroupRequest, type LeaveGroupResponse, leaveGroup } from './messages/leave-group.ts';
export {
  type ListConfigResourcesRequest,
  type ListConfigResourcesResponse,
  listConfigResources,
} from './messages/list-config-resources.ts';
export { type ListGroupsRequest, type ListGroupsResponse, listGroups } from './messages/list-groups.ts';
export { type ListOffsetsRequest, type ListOffsetsResponse, listOffsets } from './messages/list-offsets.ts';
export {
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponse,
  listPartitionReassignments,
} from './messages/list-partition-reassignments.ts';
export {
  type ListTransactionsRequest,
  type ListTransactionsResponse,
  listTransactions,
} from './messages/list-transactions.ts';
export { type MetadataRequest, type MetadataResponse, metadata } from './messages/metadata.ts';
export { type OffsetCommitRequest, type OffsetCommitResponse, offsetCommit } from './messages/offset-commit.ts';
export { type OffsetDeleteRequest, type OffsetDeleteResponse, offsetDelete } from './messages/offset-delete.ts';
export { type OffsetFetchRequest, type OffsetFetchResponse, offsetFetch } from './messages/offset-fetch.ts';
export {
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
  offsetForLeaderEpoch,
} from './messages/offset-for-leader-epoch.ts';
export { type ProduceRequest, type ProduceResponse, produce } from './messages/produce.ts';
export { type PushTelemetryRequest, type PushTelemetryResponse, pushTelemetry } from './messages/push-telemetry.ts';
export {
  type SaslAuthenticateRequest,
  type SaslAuthenticateResponse,
  saslAuthenticate,
} from './messages/sasl-authenticate.ts';
export { type SaslHandshakeRequest, type SaslHandshakeResponse, saslHandshake } from './messages/sasl-handshake.ts';
export { type SyncGroupRequest, type SyncGroupResponse, syncGroup } from './messages/sync-group.ts';
export {
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
  txnOffsetCommit,
} from './messages/txn-offset-commit.ts';
export { type UpdateFeaturesRequest, type UpdateFeaturesResponse, updateFeatures } from './messages/update-features.ts';
export {
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
  writeTxnMarkers,
} from './messages/write-txn-markers.ts';
export * from './records/index.ts';
export * from './sasl/index.ts';
export type {
  Api,
  Draft,
  Message,
  RecordBytes,
  RequestDraft,
  RequestOf,
  ResponseDraft,
  ResponseOf,
  Versions,
} from './schema.ts';
export { hasVersion, highestCommonVersion, type VersionRange, versionRange } from './versions.ts';
export { WireError } from './wire-error.ts';
