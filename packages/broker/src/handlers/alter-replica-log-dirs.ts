/**
 * AlterReplicaLogDirs, versions 1 and 2. A broker has one log directory, so a replica can only be told to stay where it
 * is.
 */
import { alterReplicaLogDirs as api, errorCodes, type ResponseDraft } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import { allows, clusterResource } from '../security/authorization.ts';

type TopicDraft = ResponseDraft<typeof api>['results'][number];
type PartitionDraft = TopicDraft['partitions'][number];

export const alterReplicaLogDirs: Handler<typeof api> = {
  api,

  handle(request, context) {
    const allowed = allows(context, 'Alter', 'Cluster', clusterResource);
    const results = new Map<string, PartitionDraft[]>();
    for (const { path, topics } of request.dirs) {
      for (const { name, partitions } of topics) {
        const drafts = partitions.map((partitionIndex) => ({
          partitionIndex,
          errorCode: allowed
            ? errorCodeOf(context, path, name, partitionIndex)
            : errorCodes.CLUSTER_AUTHORIZATION_FAILED,
        }));
        const known = results.get(name);
        if (known === undefined) results.set(name, drafts);
        else for (const draft of drafts) known.push(draft);
      }
    }
    return { results: [...results].map(([topicName, partitions]): TopicDraft => ({ topicName, partitions })) };
  },
};

function errorCodeOf({ broker }: RequestContext, path: string, topic: string, index: number): number {
  const { topics } = broker.cluster;
  if (path !== topics.directory) return errorCodes.LOG_DIR_NOT_FOUND;
  const partition = topics.byName(topic)?.partitions[index];
  if (partition === undefined) return errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  return partition.replicas.includes(broker.nodeId) ? errorCodes.NONE : errorCodes.REPLICA_NOT_AVAILABLE;
}
