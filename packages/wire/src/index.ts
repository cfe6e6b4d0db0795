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
  type RequestHeader,
} from './frame.ts';
export { FrameSizeError, FrameSplitter } from './frame-splitter.ts';
export { type ApiVersionsRequest, type ApiVersionsResponse, apiVersions } from './messages/api-versions.ts';
export {
  type ConsumerAssignment,
  type ConsumerSubscription,
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
} from './messages/consumer-protocol.ts';
export {
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
  createPartitions,
} from './messages/create-partitions.ts';
export { type CreateTopicsRequest, type CreateTopicsResponse, createTopics } from './messages/create-topics.ts';
export { type DeleteGroupsRequest, type DeleteGroupsResponse, deleteGroups } from './messages/delete-groups.ts';
export { type DeleteRecordsRequest, type DeleteRecordsResponse, deleteRecords } from './messages/delete-records.ts';
export { type DeleteTopicsRequest, type DeleteTopicsResponse, deleteTopics } from './messages/delete-topics.ts';
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
export { type FetchRequest, type FetchResponse, fetch } from './messages/fetch.ts';
export {
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  findCoordinator,
} from './messages/find-coordinator.ts';
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
export { type ListGroupsRequest, type ListGroupsResponse, listGroups } from './messages/list-groups.ts';
export { type ListOffsetsRequest, type ListOffsetsResponse, listOffsets } from './messages/list-offsets.ts';
export { type MetadataRequest, type MetadataResponse, metadata } from './messages/metadata.ts';
export { type OffsetCommitRequest, type OffsetCommitResponse, offsetCommit } from './messages/offset-commit.ts';
export { type OffsetFetchRequest, type OffsetFetchResponse, offsetFetch } from './messages/offset-fetch.ts';
export {
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
  offsetForLeaderEpoch,
} from './messages/offset-for-leader-epoch.ts';
export { type ProduceRequest, type ProduceResponse, produce } from './messages/produce.ts';
export { type SyncGroupRequest, type SyncGroupResponse, syncGroup } from './messages/sync-group.ts';
export * from './records/index.ts';
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
