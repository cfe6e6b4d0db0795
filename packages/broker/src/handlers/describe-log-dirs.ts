/**
 * DescribeLogDirs, versions 1 to 5. A broker has one log directory, the cluster's. The sizes are those of the modelled
 * replicas: what each would hold, not what the one copy takes.
 */
import { describeLogDirs as api, errorCodes, type RequestOf, type ResponseDraft } from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import type { Handler } from '../handler.ts';
import { positionOf } from '../replication/catch-up.ts';
import { bytesFrom } from '../replication/log-distance.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import type { Partition } from '../topics/partition.ts';

type TopicDraft = ResponseDraft<typeof api>['results'][number]['topics'][number];

export const describeLogDirs: Handler<typeof api> = {
  api,

  async handle(request, context) {
    if (!allows(context, 'Describe', 'Cluster', clusterResource)) {
      return { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED, results: [] };
    }
    const { cluster } = context.broker;
    const space = await cluster.platform.disk.space?.(cluster.topics.directory);
    const result = {
      errorCode: errorCodes.NONE,
      logDir: cluster.topics.directory,
      topics: [...replicas(request, context.broker)],
      totalBytes: space?.totalBytes ?? -1,
      usableBytes: space?.usableBytes ?? -1,
      isCordoned: false,
    };
    return { errorCode: errorCodes.NONE, results: [result] };
  },
};

function* replicas({ topics }: RequestOf<typeof api>, broker: BrokerEndpoint): Iterable<TopicDraft> {
  const catalog = broker.cluster.topics;
  // Of a topic that is named more than once the first time counts.
  const wanted = topics && new Map([...topics].reverse().map(({ topic, partitions }) => [topic, new Set(partitions)]));
  const names = topics?.map(({ topic }) => topic) ?? [...catalog.all()].map(({ name }) => name);
  for (const name of names) {
    const indexes = wanted?.get(name);
    const held = (catalog.byName(name)?.partitions ?? []).filter(
      ({ index, replicas }) => replicas.includes(broker.nodeId) && (indexes?.has(index) ?? true),
    );
    if (held.length > 0) yield { name, partitions: held.map((partition) => replica(partition, broker.nodeId)) };
  }
}

function replica(partition: Partition, nodeId: number) {
  const position = Math.floor(positionOf(partition, nodeId));
  const missing = bytesFrom(partition.log, position);
  return {
    partitionIndex: partition.index,
    partitionSize: Math.max(0, Math.round((partition.log?.sizeBytes ?? 0) - missing)),
    offsetLag: partition.highWatermark - position,
    isFutureKey: false,
  };
}
