/** The admin client: each call bounded and passed on to the file that knows how. */
import { describeCluster, KafkaError } from '@millrace/wire';
import type { Admin, AdminCallOptions, ClusterDescription } from '../admin.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { ClosedError } from '../errors.ts';
import { resolveOffsets } from '../offset-queries.ts';
import { alterResources, describeResources } from './configuration-operations.ts';
import {
  commitGroupOffsets,
  deleteSomeGroups,
  describeSomeGroups,
  fetchGroupOffsets,
  listAllGroups,
} from './group-operations.ts';
import {
  addPartitions,
  createNewTopics,
  deleteRecordsBefore,
  deleteSomeTopics,
  describeSomeTopics,
  listAllTopics,
} from './topic-operations.ts';

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
    const results = await resolveOffsets(this.#cluster, queries, this.#bounds(options));
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

  async listGroups(options?: Arguments<'listGroups'>[0]): Answer<'listGroups'> {
    return listAllGroups(this.#cluster, options?.states ?? [], this.#bounds(options));
  }

  async describeGroups(...[groups, options]: Arguments<'describeGroups'>): Answer<'describeGroups'> {
    return describeSomeGroups(this.#cluster, groups, this.#bounds(options));
  }

  async deleteGroups(...[groups, options]: Arguments<'deleteGroups'>): Answer<'deleteGroups'> {
    return deleteSomeGroups(this.#cluster, groups, this.#bounds(options));
  }

  async fetchOffsets(...[group, partitions, options]: Arguments<'fetchOffsets'>): Answer<'fetchOffsets'> {
    return fetchGroupOffsets(this.#cluster, group, partitions ?? null, this.#bounds(options));
  }

  async commitOffsets(...[group, offsets, options]: Arguments<'commitOffsets'>): Answer<'commitOffsets'> {
    return commitGroupOffsets(this.#cluster, group, offsets, this.#bounds(options));
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
