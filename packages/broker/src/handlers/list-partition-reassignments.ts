/** ListPartitionReassignments, version 0. */
import { listPartitionReassignments as api, errorCodes, type RequestOf, type ResponseDraft } from '@millrace/wire';
import type { ClusterState } from '../cluster-state.ts';
import type { Handler } from '../handler.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import type { Partition } from '../topics/partition.ts';

type TopicDraft = ResponseDraft<typeof api>['topics'][number];
type PartitionDraft = TopicDraft['partitions'][number];

export const listPartitionReassignments: Handler<typeof api> = {
  api,

  handle(request, context) {
    if (!allows(context, 'Describe', 'Cluster', clusterResource)) {
      const errorMessage = 'Cluster authorization failed.';
      return { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED, errorMessage, topics: [] };
    }
    const topics = new Map<string, PartitionDraft[]>();
    for (const partition of asked(request, context.broker.cluster)) {
      const { index, replicas, adding, removing, owner } = partition;
      if (adding.length === 0 && removing.length === 0) continue;
      const draft = { partitionIndex: index, replicas, addingReplicas: adding, removingReplicas: removing };
      const known = topics.get(owner.name);
      if (known === undefined) topics.set(owner.name, [draft]);
      else known.push(draft);
    }
    return {
      errorCode: errorCodes.NONE,
      errorMessage: null,
      topics: [...topics].map(([name, partitions]): TopicDraft => ({ name, partitions })),
    };
  },
};

function* asked({ topics }: RequestOf<typeof api>, cluster: ClusterState): Iterable<Partition> {
  if (topics === null) return yield* cluster.replication.table.unusual;
  for (const { name, partitionIndexes } of topics) {
    const topic = cluster.topics.byName(name);
    for (const index of partitionIndexes) {
      const partition = topic?.partitions[index];
      if (partition !== undefined) yield partition;
    }
  }
}
