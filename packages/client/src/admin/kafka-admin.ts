/** The admin client: each call bounded and passed on to the file that knows how. */
import { describeCluster, KafkaError } from '@millrace/wire';
import type { Admin, AdminCallOptions, ClusterDescription } from '../admin.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { ClosedError } from '../errors.ts';
import { resolveOffsets } from '../offset-queries.ts';
import { createSomeAcls, deleteSomeAcls, describeSomeAcls } from './acl-operations.ts';
import { alterResources, describeResources, listResources } from './configuration-operations.ts';
import { alterCredentials, describeCredentials } from './credential-operations.ts';
import { describeClusterFeatures, updateClusterFeatures } from './feature-operations.ts';
import { commitGroupOffsets, deleteGroupOffsets, fetchGroupOffsets } from './group-offset-operations.ts';
import { deleteSomeGroups, describeSomeGroups, listAllGroups, removeSomeMembers } from './group-operations.ts';
import { describeDirectories, describeReplicaDirectories, moveReplicas } from './log-directory-operations.ts';
import { describeMetadataQuorum } from './quorum-operations.ts';
import { alterQuotas, describeQuotas } from './quota-operations.ts';
import { electSomeLeaders, listReassignments, reassignPartitions } from './reassignment-operations.ts';
import { describeSomeTopics } from './topic-descriptions.ts';
import {
  addPartitions,
  createNewTopics,
  deleteRecordsBefore,
  deleteSomeTopics,
  listAllTopics,
} from './topic-operations.ts';
import {
  abortHangingTransaction,
  describeSomeProducers,
  describeSomeTransactions,
  fenceSomeProducers,
  listAllTransactions,
} from './transaction-operations.ts';

type Arguments<Name extends keyof Admin> = Parameters<Extract<Admin[Name], (...parameters: never[]) => unknown>>;
type Answer<Name extends keyof Admin> = ReturnType<Extract<Admin[Name], (...parameters: never[]) => unknown>>;

export class KafkaAdmin implements Admin {
  readonly #cluster: Cluster;
  readonly #onClosed: () => void;
  readonly #abort = new AbortController();

  constructor(cluster: Cluster, onClosed: () => void) {
    this.#cluster = cluster;
    this.#onClosed = onClosed;
  }

  async describeCluster(options?: AdminCallOptions): Promise<ClusterDescription> {
    const cluster = this.#cluster;
    return cluster.retrying(this.#bounds(options), async (remainingMs) => {
      const connection = await cluster.pool.connectToAny();
      if (!connection.supports(describeCluster, 0)) {
        await cluster.askMetadata([], false);
        const { clusterId, controllerId, pool } = cluster;
        return { clusterId, controllerId, brokers: pool.nodes };
      }
      const draft = { includeClusterAuthorizedOperations: false };
      const timeoutMs = Math.min(remainingMs, cluster.settings.requestTimeoutMs);
      const response = await connection.request(describeCluster, draft, { timeoutMs });
      if (response.errorCode !== 0) {
        throw new KafkaError(response.errorCode, 'describe the cluster', response.errorMessage);
      }
      const brokers = response.brokers.map(({ brokerId, host, port, rack }) => ({
        nodeId: brokerId,
        host,
        port,
        rack,
      }));
      brokers.sort((left, right) => left.nodeId - right.nodeId);
      return { clusterId: response.clusterId, controllerId: response.controllerId, brokers };
    });
  }

  async listTopics(options?: Arguments<'listTopics'>[0]): Answer<'listTopics'> {
    return listAllTopics(this.#cluster, options?.internal ?? false, this.#bounds(options));
  }

  async describeTopics(...[topics, options]: Arguments<'describeTopics'>): Answer<'describeTopics'> {
    return describeSomeTopics(this.#cluster, topics, this.#bounds(options));
  }

  async createTopics(...[topics, options]: Arguments<'createTopics'>): Answer<'createTopics'> {
    return createNewTopics(this.#cluster, topics, options?.validateOnly ?? false, this.#bounds(options));
  }

  async deleteTopics(...[topics, options]: Arguments<'deleteTopics'>): Answer<'deleteTopics'> {
    return deleteSomeTopics(this.#cluster, topics, this.#bounds(options));
  }

  async createPartitions(...[topics, options]: Arguments<'createPartitions'>): Answer<'createPartitions'> {
    return addPartitions(this.#cluster, topics, options?.validateOnly ?? false, this.#bounds(options));
  }

  async deleteRecords(...[before, options]: Arguments<'deleteRecords'>): Answer<'deleteRecords'> {
    return deleteRecordsBefore(this.#cluster, before, this.#bounds(options));
  }

  async listOffsets(...[queries, options]: Arguments<'listOffsets'>): Answer<'listOffsets'> {
    const end = options?.isolation === 'read_committed' ? 1 : 0;
    const results = await resolveOffsets(this.#cluster, queries, this.#bounds(options), end);
    return results.map((result, place) => {
      const { topic, partition } = queries[place] as (typeof queries)[number];
      return result.error === undefined ? { topic, partition, ...result.value } : { topic, partition, ...result };
    });
  }

  async describeConfigs(...[resources, options]: Arguments<'describeConfigs'>): Answer<'describeConfigs'> {
    return describeResources(this.#cluster, resources, options?.documentation ?? false, this.#bounds(options));
  }

  async incrementalAlterConfigs(
    ...[resources, options]: Arguments<'incrementalAlterConfigs'>
  ): Answer<'incrementalAlterConfigs'> {
    return alterResources(this.#cluster, resources, options?.validateOnly ?? false, this.#bounds(options));
  }

  async listConfigResources(...[types = [], options]: Arguments<'listConfigResources'>): Answer<'listConfigResources'> {
    return listResources(this.#cluster, types, this.#bounds(options));
  }

  async listGroups(options?: Arguments<'listGroups'>[0]): Answer<'listGroups'> {
    return listAllGroups(this.#cluster, options ?? {}, this.#bounds(options));
  }

  async describeGroups(...[groups, options]: Arguments<'describeGroups'>): Answer<'describeGroups'> {
    return describeSomeGroups(this.#cluster, groups, options?.authorizedOperations ?? false, this.#bounds(options));
  }

  async removeMembers(...[group, members, options]: Arguments<'removeMembers'>): Answer<'removeMembers'> {
    return removeSomeMembers(this.#cluster, group, members, options?.reason, this.#bounds(options));
  }

  async deleteGroups(...[groups, options]: Arguments<'deleteGroups'>): Answer<'deleteGroups'> {
    return deleteSomeGroups(this.#cluster, groups, this.#bounds(options));
  }

  async fetchOffsets(...[group, partitions, options]: Arguments<'fetchOffsets'>): Answer<'fetchOffsets'> {
    return fetchGroupOffsets(this.#cluster, group, partitions ?? null, this.#bounds(options), options?.requireStable);
  }

  async commitOffsets(...[group, offsets, options]: Arguments<'commitOffsets'>): Answer<'commitOffsets'> {
    return commitGroupOffsets(this.#cluster, group, offsets, this.#bounds(options));
  }

  async deleteOffsets(...[group, partitions, options]: Arguments<'deleteOffsets'>): Answer<'deleteOffsets'> {
    return deleteGroupOffsets(this.#cluster, group, partitions, this.#bounds(options));
  }

  async listTransactions(options?: Arguments<'listTransactions'>[0]): Answer<'listTransactions'> {
    return listAllTransactions(this.#cluster, options ?? {}, this.#bounds(options));
  }

  async describeTransactions(...[ids, options]: Arguments<'describeTransactions'>): Answer<'describeTransactions'> {
    return describeSomeTransactions(this.#cluster, ids, this.#bounds(options));
  }

  async describeProducers(...[partitions, options]: Arguments<'describeProducers'>): Answer<'describeProducers'> {
    return describeSomeProducers(this.#cluster, partitions, this.#bounds(options));
  }

  async abortTransaction(...[transaction, options]: Arguments<'abortTransaction'>): Answer<'abortTransaction'> {
    return abortHangingTransaction(this.#cluster, transaction, this.#bounds(options));
  }

  async fenceProducers(...[ids, options]: Arguments<'fenceProducers'>): Answer<'fenceProducers'> {
    return fenceSomeProducers(this.#cluster, ids, this.#bounds(options));
  }

  async alterPartitionReassignments(
    ...[reassignments, options]: Arguments<'alterPartitionReassignments'>
  ): Answer<'alterPartitionReassignments'> {
    const mayChange = options?.allowReplicationFactorChange ?? true;
    return reassignPartitions(this.#cluster, reassignments, mayChange, this.#bounds(options));
  }

  async listPartitionReassignments(
    ...[partitions, options]: Arguments<'listPartitionReassignments'>
  ): Answer<'listPartitionReassignments'> {
    return listReassignments(this.#cluster, partitions, this.#bounds(options));
  }

  async electLeaders(...[kind, partitions, options]: Arguments<'electLeaders'>): Answer<'electLeaders'> {
    return electSomeLeaders(this.#cluster, kind, partitions, this.#bounds(options));
  }

  async describeLogDirectories(
    ...[brokers, options]: Arguments<'describeLogDirectories'>
  ): Answer<'describeLogDirectories'> {
    return describeDirectories(this.#cluster, brokers, options?.partitions, this.#bounds(options));
  }

  async describeReplicaLogDirectories(
    ...[replicas, options]: Arguments<'describeReplicaLogDirectories'>
  ): Answer<'describeReplicaLogDirectories'> {
    return describeReplicaDirectories(this.#cluster, replicas, this.#bounds(options));
  }

  async alterReplicaLogDirectories(
    ...[moves, options]: Arguments<'alterReplicaLogDirectories'>
  ): Answer<'alterReplicaLogDirectories'> {
    return moveReplicas(this.#cluster, moves, this.#bounds(options));
  }

  async describeQuorum(options?: AdminCallOptions): Answer<'describeQuorum'> {
    return describeMetadataQuorum(this.#cluster, this.#bounds(options));
  }

  async describeFeatures(options?: AdminCallOptions): Answer<'describeFeatures'> {
    return describeClusterFeatures(this.#cluster, this.#bounds(options));
  }

  async updateFeatures(...[changes, options]: Arguments<'updateFeatures'>): Answer<'updateFeatures'> {
    return updateClusterFeatures(this.#cluster, changes, options?.validateOnly ?? false, this.#bounds(options));
  }

  async describeAcls(...[filter = {}, options]: Arguments<'describeAcls'>): Answer<'describeAcls'> {
    return describeSomeAcls(this.#cluster, filter, this.#bounds(options));
  }

  async createAcls(...[acls, options]: Arguments<'createAcls'>): Answer<'createAcls'> {
    return createSomeAcls(this.#cluster, acls, this.#bounds(options));
  }

  async deleteAcls(...[filters, options]: Arguments<'deleteAcls'>): Answer<'deleteAcls'> {
    return deleteSomeAcls(this.#cluster, filters, this.#bounds(options));
  }

  async describeScramCredentials(
    ...[users, options]: Arguments<'describeScramCredentials'>
  ): Answer<'describeScramCredentials'> {
    return describeCredentials(this.#cluster, users, this.#bounds(options));
  }

  async alterScramCredentials(
    ...[changes, options]: Arguments<'alterScramCredentials'>
  ): Answer<'alterScramCredentials'> {
    return alterCredentials(this.#cluster, changes, this.#bounds(options));
  }

  async describeClientQuotas(
    ...[filter = {}, options]: Arguments<'describeClientQuotas'>
  ): Answer<'describeClientQuotas'> {
    return describeQuotas(this.#cluster, filter, this.#bounds(options));
  }

  async alterClientQuotas(...[changes, options]: Arguments<'alterClientQuotas'>): Answer<'alterClientQuotas'> {
    return alterQuotas(this.#cluster, changes, options?.validateOnly ?? false, this.#bounds(options));
  }

  async close(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(new ClosedError('admin'));
    this.#onClosed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #bounds(options: AdminCallOptions | undefined): CallBounds {
    this.#abort.signal.throwIfAborted();
    const { signal, timeoutMs } = options ?? {};
    return { timeoutMs, signal: signal ? AbortSignal.any([signal, this.#abort.signal]) : this.#abort.signal };
  }
}
