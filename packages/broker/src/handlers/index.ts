/** All handlers, by API key. */
import type { Api } from '@millrace/wire';
import type { AnyHandler, Handler } from '../handler.ts';
import { addOffsetsToTxn } from './add-offsets-to-txn.ts';
import { addPartitionsToTxn } from './add-partitions-to-txn.ts';
import { alterClientQuotas } from './alter-client-quotas.ts';
import { alterConfigs } from './alter-configs.ts';
import { alterPartitionReassignments } from './alter-partition-reassignments.ts';
import { alterReplicaLogDirs } from './alter-replica-log-dirs.ts';
import { alterUserScramCredentials } from './alter-user-scram-credentials.ts';
import { apiVersionsHandler } from './api-versions.ts';
import { consumerGroupDescribe } from './consumer-group-describe.ts';
import { consumerGroupHeartbeat } from './consumer-group-heartbeat.ts';
import { createAcls } from './create-acls.ts';
import { createPartitions } from './create-partitions.ts';
import { createTopics } from './create-topics.ts';
import { deleteAcls } from './delete-acls.ts';
import { deleteGroups } from './delete-groups.ts';
import { deleteRecords } from './delete-records.ts';
import { deleteTopics } from './delete-topics.ts';
import { describeAcls } from './describe-acls.ts';
import { describeClientQuotas } from './describe-client-quotas.ts';
import { describeCluster } from './describe-cluster.ts';
import { describeConfigs } from './describe-configs.ts';
import { describeGroups } from './describe-groups.ts';
import { describeLogDirs } from './describe-log-dirs.ts';
import { describeProducers } from './describe-producers.ts';
import { describeQuorum } from './describe-quorum.ts';
import { describeTopicPartitions } from './describe-topic-partitions.ts';
import { describeTransactions } from './describe-transactions.ts';
import { describeUserScramCredentials } from './describe-user-scram-credentials.ts';
import { electLeaders } from './elect-leaders.ts';
import { endTxn } from './end-txn.ts';
import { fetch } from './fetch.ts';
import { findCoordinator } from './find-coordinator.ts';
import { getTelemetrySubscriptions } from './get-telemetry-subscriptions.ts';
import { heartbeat } from './heartbeat.ts';
import { incrementalAlterConfigs } from './incremental-alter-configs.ts';
import { initProducerId } from './init-producer-id.ts';
import { joinGroup } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import { listConfigResources } from './list-config-resources.ts';
import { listGroups } from './list-groups.ts';
import { listOffsets } from './list-offsets.ts';
import { listPartitionReassignments } from './list-partition-reassignments.ts';
import { listTransactions } from './list-transactions.ts';
import { metadata } from './metadata.ts';
import { offsetCommit } from './offset-commit.ts';
import { offsetDelete } from './offset-delete.ts';
import { offsetFetch } from './offset-fetch.ts';
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts';
import { produce } from './produce.ts';
import { pushTelemetry } from './push-telemetry.ts';
import { saslAuthenticate } from './sasl-authenticate.ts';
import { saslHandshake } from './sasl-handshake.ts';
import { syncGroup } from './sync-group.ts';
import { txnOffsetCommit } from './txn-offset-commit.ts';
import { updateFeatures } from './update-features.ts';
import { writeTxnMarkers } from './write-txn-markers.ts';

const list: AnyHandler[] = [
  any(produce),
  any(fetch),
  any(listOffsets),
  any(metadata),
  any(offsetCommit),
  any(offsetFetch),
  any(findCoordinator),
  any(joinGroup),
  any(heartbeat),
  any(leaveGroup),
  any(syncGroup),
  any(describeGroups),
  any(listGroups),
  any(createTopics),
  any(deleteTopics),
  any(deleteRecords),
  any(initProducerId),
  any(offsetForLeaderEpoch),
  any(describeConfigs),
  any(createPartitions),
  any(deleteGroups),
  any(incrementalAlterConfigs),
  any(updateFeatures),
  any(addPartitionsToTxn),
  any(addOffsetsToTxn),
  any(endTxn),
  any(writeTxnMarkers),
  any(txnOffsetCommit),
  any(describeProducers),
  any(describeTransactions),
  any(listTransactions),
  any(describeCluster),
  any(saslHandshake),
  any(saslAuthenticate),
  any(describeUserScramCredentials),
  any(alterUserScramCredentials),
  any(describeAcls),
  any(deleteAcls),
  any(createAcls),
  any(electLeaders),
  any(alterPartitionReassignments),
  any(listPartitionReassignments),
  any(describeLogDirs),
  any(alterReplicaLogDirs),
  any(describeQuorum),
  any(describeTopicPartitions),
  any(offsetDelete),
  any(consumerGroupHeartbeat),
  any(consumerGroupDescribe),
  any(describeClientQuotas),
  any(alterClientQuotas),
  any(getTelemetrySubscriptions),
  any(pushTelemetry),
  any(alterConfigs),
  any(listConfigResources),
  any(apiVersionsHandler(() => list)),
];

export const handlers: ReadonlyMap<number, AnyHandler> = new Map(list.map((handler) => [handler.api.key, handler]));

/** Forgets which API a handler is of: the dispatcher pairs it with requests of that API only. */
function any<A extends Api>(handler: Handler<A>): AnyHandler {
  return handler as unknown as AnyHandler;
}
