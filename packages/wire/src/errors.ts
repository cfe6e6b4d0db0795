/**
 * Kafka's error codes: what brokers answer with. Handlers return them, clients turn those that are not `NONE` into a
 * `KafkaError`. Codes, names and retriability are Kafka's (`org.apache.kafka.common.protocol.Errors`, 4.3).
 */
import { MillraceError } from '@millrace/base';

/** Code, name, whether the same request may succeed later, and what it means. */
const rows = [
  [-1, 'UNKNOWN_SERVER_ERROR', false, 'the broker failed in a way it has no code for; its log says more'],
  [0, 'NONE', false, 'no error'],
  [1, 'OFFSET_OUT_OF_RANGE', false, 'the offset lies before the start or beyond the end of the partition'],
  [2, 'CORRUPT_MESSAGE', true, 'a record batch failed its checksum or is malformed'],
  [3, 'UNKNOWN_TOPIC_OR_PARTITION', true, 'the broker does not host this topic or partition, or may not show it'],
  [4, 'INVALID_FETCH_SIZE', false, 'the fetch size is not valid'],
  [5, 'LEADER_NOT_AVAILABLE', true, 'the partition has no leader just now: an election is under way'],
  [6, 'NOT_LEADER_OR_FOLLOWER', true, 'this broker does not lead the partition; fresh metadata tells who does'],
  [7, 'REQUEST_TIMED_OUT', true, 'the request was not done within its time'],
  [8, 'BROKER_NOT_AVAILABLE', false, 'the broker is not available'],
  [9, 'REPLICA_NOT_AVAILABLE', true, 'the replica is not available on this broker'],
  [10, 'MESSAGE_TOO_LARGE', false, "the record batch is larger than the topic's max.message.bytes"],
  [11, 'STALE_CONTROLLER_EPOCH', false, 'the controller that asked has been replaced'],
  [12, 'OFFSET_METADATA_TOO_LARGE', false, 'the metadata string of a committed offset is too long'],
  [13, 'NETWORK_EXCEPTION', true, 'the connection broke before an answer came'],
  [14, 'COORDINATOR_LOAD_IN_PROGRESS', true, 'the coordinator is still loading its state'],
  [15, 'COORDINATOR_NOT_AVAILABLE', true, 'there is no coordinator for this key just now'],
  [
    16,
    'NOT_COORDINATOR',
    true,
    'this broker does not coordinate the group or transaction; ask for the coordinator again',
  ],
  [
    17,
    'INVALID_TOPIC_EXCEPTION',
    false,
    'the topic name is not valid, or the operation is not allowed on an internal topic',
  ],
  [18, 'RECORD_LIST_TOO_LARGE', false, 'the batch is larger than a segment can be'],
  [
    19,
    'NOT_ENOUGH_REPLICAS',
    true,
    'fewer replicas are in sync than min.insync.replicas asks for; nothing was written',
  ],
  [
    20,
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    true,
    'the records were written, but to fewer in-sync replicas than min.insync.replicas asks for',
  ],
  [21, 'INVALID_REQUIRED_ACKS', false, 'acks must be -1, 0 or 1'],
  [22, 'ILLEGAL_GENERATION', false, "the generation is not the group's current one"],
  [23, 'INCONSISTENT_GROUP_PROTOCOL', false, "the member's protocol type or protocols match no other member's"],
  [24, 'INVALID_GROUP_ID', false, 'the group id is not valid'],
  [25, 'UNKNOWN_MEMBER_ID', false, 'the coordinator does not know this member'],
  [26, 'INVALID_SESSION_TIMEOUT', false, 'the session timeout lies outside what the broker allows'],
  [27, 'REBALANCE_IN_PROGRESS', false, 'the group is rebalancing; join it again'],
  [28, 'INVALID_COMMIT_OFFSET_SIZE', false, 'the offset data is too large to commit'],
  [29, 'TOPIC_AUTHORIZATION_FAILED', false, 'the principal may not do this to the topic'],
  [30, 'GROUP_AUTHORIZATION_FAILED', false, 'the principal may not do this to the group'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED', false, 'the principal may not do this to the cluster'],
  [32, 'INVALID_TIMESTAMP', false, "a record's timestamp lies too far from the broker's clock"],
  [33, 'UNSUPPORTED_SASL_MECHANISM', false, 'the broker does not offer this SASL mechanism'],
  [34, 'ILLEGAL_SASL_STATE', false, 'the request does not fit the state of the SASL handshake'],
  [35, 'UNSUPPORTED_VERSION', false, 'the broker does not speak this version of the API'],
  [36, 'TOPIC_ALREADY_EXISTS', false, 'a topic of this name exists already'],
  [37, 'INVALID_PARTITIONS', false, 'the number of partitions is not valid'],
  [
    38,
    'INVALID_REPLICATION_FACTOR',
    false,
    'the replication factor is not valid, or larger than the number of brokers',
  ],
  [39, 'INVALID_REPLICA_ASSIGNMENT', false, 'the replica assignment is not valid'],
  [40, 'INVALID_CONFIG', false, 'a configuration name or value is not valid'],
  [41, 'NOT_CONTROLLER', true, 'this broker is not the controller'],
  [42, 'INVALID_REQUEST', false, 'the request contradicts itself or the protocol'],
  [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT', false, "the partition's message format is too old for this request"],
  [44, 'POLICY_VIOLATION', false, 'a policy of the cluster forbids this'],
  [
    45,
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    false,
    "the batch's sequence number does not follow the last one of its producer",
  ],
  [46, 'DUPLICATE_SEQUENCE_NUMBER', false, 'the batch was appended before'],
  [47, 'INVALID_PRODUCER_EPOCH', false, 'another producer with the same id and a newer epoch has taken over'],
  [48, 'INVALID_TXN_STATE', false, 'the transaction is not in a state that allows this'],
  [49, 'INVALID_PRODUCER_ID_MAPPING', false, 'the producer id does not belong to this transactional id'],
  [50, 'INVALID_TRANSACTION_TIMEOUT', false, 'the transaction timeout is larger than transaction.max.timeout.ms'],
  [51, 'CONCURRENT_TRANSACTIONS', true, 'another operation on the same transaction is still running'],
  [52, 'TRANSACTION_COORDINATOR_FENCED', false, 'the transaction coordinator that asked has been replaced'],
  [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', false, 'the principal may not use this transactional id'],
  [54, 'SECURITY_DISABLED', false, 'security is not enabled on this cluster'],
  [55, 'OPERATION_NOT_ATTEMPTED', false, 'the broker did not try this, because another part of the request failed'],
  [56, 'KAFKA_STORAGE_ERROR', true, 'the broker could not read or write its disk'],
  [57, 'LOG_DIR_NOT_FOUND', false, "the log directory is not one of this broker's"],
  [58, 'SASL_AUTHENTICATION_FAILED', false, 'the credentials were refused'],
  [59, 'UNKNOWN_PRODUCER_ID', false, 'the broker has no state for this producer id any more'],
  [60, 'REASSIGNMENT_IN_PROGRESS', false, 'the partition is being reassigned'],
  [61, 'DELEGATION_TOKEN_AUTH_DISABLED', false, 'delegation tokens are not enabled on this cluster'],
  [62, 'DELEGATION_TOKEN_NOT_FOUND', false, 'the delegation token does not exist'],
  [63, 'DELEGATION_TOKEN_OWNER_MISMATCH', false, 'the delegation token belongs to someone else'],
  [
    64,
    'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED',
    false,
    "delegation tokens can't be managed over this kind of connection",
  ],
  [65, 'DELEGATION_TOKEN_AUTHORIZATION_FAILED', false, 'the principal may not do this to delegation tokens'],
  [66, 'DELEGATION_TOKEN_EXPIRED', false, 'the delegation token has expired'],
  [67, 'INVALID_PRINCIPAL_TYPE', false, "the principal's type is not supported here"],
  [68, 'NON_EMPTY_GROUP', false, 'the group still has members'],
  [69, 'GROUP_ID_NOT_FOUND', false, 'the group does not exist'],
  [70, 'FETCH_SESSION_ID_NOT_FOUND', true, 'the broker does not know this fetch session; start a new one'],
  [71, 'INVALID_FETCH_SESSION_EPOCH', true, "the fetch session's epoch is not the expected one; start a new session"],
  [72, 'LISTENER_NOT_FOUND', true, 'the leader has no listener of the kind the client came through'],
  [73, 'TOPIC_DELETION_DISABLED', false, 'the cluster does not allow topics to be deleted'],
  [74, 'FENCED_LEADER_EPOCH', true, "the leader epoch is older than the broker's; fetch fresh metadata"],
  [75, 'UNKNOWN_LEADER_EPOCH', true, "the leader epoch is newer than the broker's; try again shortly"],
  [76, 'UNSUPPORTED_COMPRESSION_TYPE', false, "the broker or the API's version does not support this compression"],
  [77, 'STALE_BROKER_EPOCH', false, "the broker's registration is an old one"],
  [
    78,
    'OFFSET_NOT_AVAILABLE',
    true,
    "the leader can't tell the offset yet, because its high watermark lags after an election",
  ],
  [79, 'MEMBER_ID_REQUIRED', false, 'the member must join again with the id it was given'],
  [80, 'PREFERRED_LEADER_NOT_AVAILABLE', true, 'the preferred leader is not available'],
  [81, 'GROUP_MAX_SIZE_REACHED', false, 'the group has as many members as it may have'],
  [82, 'FENCED_INSTANCE_ID', false, 'another member with the same group.instance.id has taken over'],
  [83, 'ELIGIBLE_LEADERS_NOT_AVAILABLE', true, 'no replica is eligible to become leader'],
  [84, 'ELECTION_NOT_NEEDED', true, 'the partition has the wanted leader already'],
  [85, 'NO_REASSIGNMENT_IN_PROGRESS', false, 'no reassignment of this partition is under way'],
  [86, 'GROUP_SUBSCRIBED_TO_TOPIC', false, 'the group is subscribed to the topic'],
  [87, 'INVALID_RECORD', false, "a record broke the broker's rules, for example a missing key on a compacted topic"],
  [88, 'UNSTABLE_OFFSET_COMMIT', true, 'offsets of open transactions are still undecided'],
  [89, 'THROTTLING_QUOTA_EXCEEDED', true, 'the client exceeded its quota; it may try again after the throttle time'],
  [90, 'PRODUCER_FENCED', false, 'a producer with the same transactional id and a newer epoch has taken over'],
  [91, 'RESOURCE_NOT_FOUND', false, 'the resource does not exist'],
  [92, 'DUPLICATE_RESOURCE', false, 'the request names the same resource twice'],
  [93, 'UNACCEPTABLE_CREDENTIAL', false, "the credential does not meet the broker's rules"],
  [94, 'INCONSISTENT_VOTER_SET', false, 'the voter sets differ'],
  [95, 'INVALID_UPDATE_VERSION', false, "the feature's version is not valid"],
  [96, 'FEATURE_UPDATE_FAILED', false, 'the feature could not be updated'],
  [97, 'PRINCIPAL_DESERIALIZATION_FAILURE', false, 'a forwarded principal could not be read'],
  [98, 'SNAPSHOT_NOT_FOUND', false, 'the snapshot does not exist'],
  [99, 'POSITION_OUT_OF_RANGE', false, 'the position lies outside the snapshot'],
  [100, 'UNKNOWN_TOPIC_ID', true, 'the broker does not know this topic id'],
  [101, 'DUPLICATE_BROKER_REGISTRATION', false, 'a broker with this id is registered already'],
  [102, 'BROKER_ID_NOT_REGISTERED', false, 'the broker with this id is not registered'],
  [103, 'INCONSISTENT_TOPIC_ID', true, 'the topic id of the log and of the request differ'],
  [104, 'INCONSISTENT_CLUSTER_ID', false, "the cluster id of the request is not this cluster's"],
  [105, 'TRANSACTIONAL_ID_NOT_FOUND', false, 'the transactional id does not exist'],
  [
    106,
    'FETCH_SESSION_TOPIC_ID_ERROR',
    true,
    'the topic ids in the fetch session are not consistent; start a new session',
  ],
  [107, 'INELIGIBLE_REPLICA', false, 'the replica may not join the in-sync set'],
  [108, 'NEW_LEADER_ELECTED', false, 'a new leader was elected while the request was handled'],
  [109, 'OFFSET_MOVED_TO_TIERED_STORAGE', false, 'the offset lies in tiered storage'],
  [
    110,
    'FENCED_MEMBER_EPOCH',
    false,
    "the member's epoch is not the group's; it must give up its partitions and join again",
  ],
  [111, 'UNRELEASED_INSTANCE_ID', false, 'another member still holds this group.instance.id'],
  [112, 'UNSUPPORTED_ASSIGNOR', false, 'the coordinator does not offer this assignor'],
  [113, 'STALE_MEMBER_EPOCH', false, "the member's epoch is an old one; fetch it and try again"],
  [114, 'MISMATCHED_ENDPOINT_TYPE', false, 'the listener is not of the kind that the request expects'],
  [115, 'UNSUPPORTED_ENDPOINT_TYPE', false, 'this kind of endpoint is not supported'],
  [116, 'UNKNOWN_CONTROLLER_ID', false, 'no controller has this id'],
  [117, 'UNKNOWN_SUBSCRIPTION_ID', false, 'the client metrics subscription is no longer valid; fetch it again'],
  [118, 'TELEMETRY_TOO_LARGE', false, 'the pushed metrics are larger than the broker allows'],
  [119, 'INVALID_REGISTRATION', false, "the broker's registration is not valid"],
  [120, 'TRANSACTION_ABORTABLE', false, 'the transaction met an error after which it can only be aborted'],
  [121, 'INVALID_RECORD_STATE', false, 'the record is not in a state that allows this acknowledgement'],
  [122, 'SHARE_SESSION_NOT_FOUND', true, 'the broker does not know this share session; start a new one'],
  [123, 'INVALID_SHARE_SESSION_EPOCH', true, "the share session's epoch is not the expected one; start a new session"],
  [124, 'FENCED_STATE_EPOCH', false, 'the share coordinator refused an old state epoch'],
  [125, 'INVALID_VOTER_KEY', false, "the voter's key is not valid"],
  [126, 'DUPLICATE_VOTER', false, 'the voter is in the set already'],
  [127, 'VOTER_NOT_FOUND', false, 'the voter is not in the set'],
  [128, 'INVALID_REGULAR_EXPRESSION', false, 'the regular expression is not valid'],
  [129, 'REBOOTSTRAP_REQUIRED', false, 'the client must begin again from its bootstrap servers'],
  [130, 'STREAMS_INVALID_TOPOLOGY', false, 'the streams topology is not valid'],
  [131, 'STREAMS_INVALID_TOPOLOGY_EPOCH', false, "the streams topology's epoch is not valid"],
  [132, 'STREAMS_TOPOLOGY_FENCED', false, 'the streams topology was replaced by a newer one'],
  [133, 'SHARE_SESSION_LIMIT_REACHED', true, 'the broker holds as many share sessions as it may'],
] as const;

type Row = (typeof rows)[number];

/** The name of an error code, for example `NOT_LEADER_OR_FOLLOWER`. */
export type ErrorName = Row[1];

/** Error codes by name. */
export const errorCodes = Object.fromEntries(rows.map(([code, name]) => [name, code])) as {
  readonly [R in Row as R[1]]: R[0];
};

export interface ErrorRow {
  readonly code: number;
  readonly name: ErrorName;
  /** Whether the same request may succeed when sent again, perhaps after fresh metadata. */
  readonly retriable: boolean;
  readonly description: string;
}

const byCode = new Map<number, ErrorRow>(
  rows.map(([code, name, retriable, description]) => [code, { code, name, retriable, description }]),
);

/** The table's row for a code; an unknown code is described as UNKNOWN_SERVER_ERROR. */
export function errorRow(code: number): ErrorRow {
  return byCode.get(code) ?? (byCode.get(-1) as ErrorRow);
}

/** A broker's answer that is an error. */
export class KafkaError extends MillraceError {
  /** Of its own for what a principal may not do. */
  readonly code: 'kafka_error' | 'authorization_failed' = 'kafka_error';
  override readonly retriable: boolean;
  /** Kafka's number for it, as answered; may be one that the table lacks. */
  readonly errorCode: number;
  /** Kafka's name for it. */
  readonly errorName: ErrorName;

  /**
   * `action` says what was tried, to what: "create topic orders"; `detail` is the broker's own message, if it sent one.
   */
  constructor(errorCode: number, action: string, detail?: string | null) {
    const row = errorRow(errorCode);
    const reason = detail ? `${row.description} (${detail})` : row.description;
    super(`${action}: ${row.name}: ${reason}`);
    this.errorCode = errorCode;
    this.errorName = row.name;
    this.retriable = row.retriable;
  }
}
