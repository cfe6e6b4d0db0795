/** The list of behaviours. */
import type { Behaviour } from '../matrix/behaviour.ts';
import { absentTopics } from './absent-topics.ts';
import { adminClient } from './admin-client.ts';
import { apiRanges } from './api-ranges.ts';
import { compressionOfTopics } from './compression-of-topics.ts';
import { configurationChanges } from './configuration-changes.ts';
import { configurations } from './configurations.ts';
import { credentials } from './credentials.ts';
import { denials } from './denials.ts';
import { features } from './features.ts';
import { fencedTools } from './fenced-tools.ts';
import { fetchLimits } from './fetch-limits.ts';
import { fetchSessions } from './fetch-sessions.ts';
import { fetching } from './fetching.ts';
import { foreignAdmins } from './foreign-admins.ts';
import { foreignClusters } from './foreign-clusters.ts';
import { foreignConfigs } from './foreign-configs.ts';
import { foreignGroups } from './foreign-groups.ts';
import { foreignRecords } from './foreign-records.ts';
import { groupConfiguration } from './group-configuration.ts';
import { groupConsumerChanges } from './group-consumer-changes.ts';
import { groupConsumerClassic } from './group-consumer-classic.ts';
import { groupConsumerOffsets } from './group-consumer-offsets.ts';
import { groupConsumers } from './group-consumers.ts';
import { groupJoining } from './group-joining.ts';
import { groupListing } from './group-listing.ts';
import { groupMembers } from './group-members.ts';
import { groupOffsets } from './group-offsets.ts';
import { groups } from './groups.ts';
import { idempotence } from './idempotence.ts';
import { leaderChanges } from './leader-changes.ts';
import { leaving } from './leaving.ts';
import { logins } from './logins.ts';
import { moves } from './moves.ts';
import { offsetLookup } from './offset-lookup.ts';
import { offsets } from './offsets.ts';
import { permissionCluster } from './permission-cluster.ts';
import { permissionEntries } from './permission-entries.ts';
import { permissionGroups } from './permission-groups.ts';
import { permissionLogins } from './permission-logins.ts';
import { permissionTopics } from './permission-topics.ts';
import { permissionTransactions } from './permission-transactions.ts';
import { produceRefusals } from './produce-refusals.ts';
import { produceRules } from './produce-rules.ts';
import { quotaSettings } from './quota-settings.ts';
import { quotas } from './quotas.ts';
import { records } from './records.ts';
import { replicas } from './replicas.ts';
import { retention } from './retention.ts';
import { telemetry } from './telemetry.ts';
import { toolsAcls } from './tools-acls.ts';
import { toolsCluster } from './tools-cluster.ts';
import { toolsConfigs } from './tools-configs.ts';
import { toolsGroupOffsets } from './tools-group-offsets.ts';
import { toolsGroups } from './tools-groups.ts';
import { toolsLackingReplicas } from './tools-lacking-replicas.ts';
import { toolsRecords } from './tools-records.ts';
import { toolsReplicas } from './tools-replicas.ts';
import { toolsStreams } from './tools-streams.ts';
import { toolsTopics } from './tools-topics.ts';
import { toolsTransactions } from './tools-transactions.ts';
import { toolsUsers } from './tools-users.ts';
import { topicChanges } from './topic-changes.ts';
import { topicCreation } from './topic-creation.ts';
import { transactionEnds } from './transaction-ends.ts';
import { transactionMarkers } from './transaction-markers.ts';
import { transactionOffsets } from './transaction-offsets.ts';
import { transactionProducers } from './transaction-producers.ts';
import { transactionViews } from './transaction-views.ts';
import { transactions } from './transactions.ts';
import { versionsAndMetadata } from './versions-and-metadata.ts';

export const behaviours: readonly Behaviour[] = [
  ...records,
  ...groups,
  ...groupJoining,
  ...groupMembers,
  ...groupListing,
  ...groupOffsets,
  ...groupConsumers,
  ...groupConsumerOffsets,
  ...groupConsumerChanges,
  ...groupConsumerClassic,
  ...groupConfiguration,
  ...logins,
  ...denials,
  ...transactions,
  ...transactionProducers,
  ...transactionEnds,
  ...transactionOffsets,
  ...transactionViews,
  ...transactionMarkers,
  ...permissionTopics,
  ...permissionGroups,
  ...permissionTransactions,
  ...permissionCluster,
  ...permissionEntries,
  ...permissionLogins,
  ...offsets,
  ...quotas,
  ...foreignAdmins,
  ...foreignConfigs,
  ...foreignGroups,
  ...foreignRecords,
  ...foreignClusters,
  ...absentTopics,
  ...leaving,
  ...leaderChanges,
  ...fencedTools,
  ...topicCreation,
  ...topicChanges,
  ...versionsAndMetadata,
  ...produceRefusals,
  ...produceRules,
  ...idempotence,
  ...fetching,
  ...fetchLimits,
  ...fetchSessions,
  ...offsetLookup,
  ...configurations,
  ...configurationChanges,
  ...replicas,
  ...features,
  ...quotaSettings,
  ...credentials,
  ...telemetry,
  ...toolsTopics,
  ...toolsConfigs,
  ...toolsUsers,
  ...toolsTransactions,
  ...toolsStreams,
  ...toolsReplicas,
  ...toolsLackingReplicas,
  ...toolsRecords,
  ...toolsGroups,
  ...toolsGroupOffsets,
  ...toolsCluster,
  ...toolsAcls,
  ...compressionOfTopics,
  ...apiRanges,
  ...retention,
  ...adminClient,
  ...moves,
];
