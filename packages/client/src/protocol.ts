/**
 * What this client is made of, for those who speak Kafka's protocol themselves: connections that log in and are
 * throttled, metadata, and the ways to the right broker. Unlike the package's main entry it may change from one version
 * to the next.
 */
export { answerError } from './authorization.ts';
export { backoffMs } from './backoff.ts';
export type { CallBounds, Cluster } from './cluster.ts';
export type { Connection } from './connection/connection.ts';
export { openConnection } from './connection/open-connection.ts';
export { RelayedRequest } from './connection/relayed-request.ts';
export { AbortedRanges, type AbortedTransaction } from './consumer/aborted-ranges.ts';
export { ClassicMember, type ClassicMemberHost } from './consumer/classic-member.ts';
export type { GroupProtocol, GroupTerms, JoinedGroup } from './consumer/classic-requests.ts';
export { GroupCoordinator } from './group-coordinator.ts';
export { openCluster } from './kafka-client.ts';
export { type EndKind, resolveOffsets } from './offset-queries.ts';
export { type Lane, Lanes } from './producer/lanes.ts';
export { LeaderWatch } from './producer/leader-watch.ts';
export { noIdentity, type ProducerIdentity, type SendWaiter } from './producer/partition-batch.ts';
export { anyPartition } from './producer/partitioner.ts';
export { asRecords, type PendingRecord, PendingRecords } from './producer/pending-records.ts';
export { isGap, isStaleLeader, leavesDoubt } from './producer/produce-errors.ts';
export { type RecordSink, TopicWriter } from './producer/topic-writer.ts';
export * as transactionRequests from './producer/transaction-requests.ts';
export { TurnClock } from './producer/turn-clock.ts';
export { abortable } from './retry.ts';
export { type BrokerAddress, type ClientSettings, clientSettings } from './settings.ts';
export { encodeMetrics, type MetricPoint } from './telemetry/otlp-encoder.ts';
