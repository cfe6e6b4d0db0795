/** ElectLeaders, versions 0 to 2. Version 0 elects preferred leaders only. */
import { electLeaders as api, errorCodes, type RequestOf, type ResponseDraft } from '@millrace/wire';
import type { ClusterState } from '../cluster-state.ts';
import type { Handler } from '../handler.ts';
import { electLeaders as elect } from '../replication/elect-leaders.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { refusalOfStorage } from '../storage-failure.ts';
import type { Partition } from '../topics/partition.ts';

type TopicDraft = ResponseDraft<typeof api>['replicaElectionResults'][number];
type PartitionDraft = TopicDraft['partitionResult'][number];

const elections = ['preferred', 'unclean'] as const;

export const electLeaders: Handler<typeof api> = {
  api,

  async handle(request, context) {
    const { cluster } = context.broker;
    if (!allows(context, 'Alter', 'Cluster', clusterResource)) {
      return { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED, replicaElectionResults: [] };
    }
    const election = elections[request.electionType];
    if (election === undefined) return { errorCode: errorCodes.INVALID_REQUEST, replicaElectionResults: [] };
    let codes = new Map<Partition, number>();
    const failure = await refusalOfStorage(async () => {
      codes = await elect(cluster.replication, asked(request, cluster), election);
    });
    if (failure !== undefined) return { errorCode: failure.errorCode, replicaElectionResults: [] };
    const replicaElectionResults =
      request.topicPartitions === null
        ? allResults(codes)
        : request.topicPartitions.map(({ topic, partitions }) => ({
            topic,
            partitionResult: partitions.map((index) => {
              const partition = cluster.topics.byName(topic)?.partitions[index];
              const code = partition === undefined ? errorCodes.UNKNOWN_TOPIC_OR_PARTITION : codes.get(partition);
              return result(topic, index, code ?? errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
            }),
          }));
    return { errorCode: errorCodes.NONE, replicaElectionResults };
  },
};

/** Of all partitions those are told for which there was something to do. */
function allResults(codes: ReadonlyMap<Partition, number>): TopicDraft[] {
  const topics = new Map<string, PartitionDraft[]>();
  for (const [{ owner, index }, code] of codes) {
    if (code === errorCodes.ELECTION_NOT_NEEDED) continue;
    const known = topics.get(owner.name);
    const draft = result(owner.name, index, code);
    if (known === undefined) topics.set(owner.name, [draft]);
    else known.push(draft);
  }
  return [...topics].map(([topic, partitionResult]) => ({ topic, partitionResult }));
}

function result(topic: string, partitionId: number, errorCode: number): PartitionDraft {
  return { partitionId, errorCode, errorMessage: messageOf(topic, partitionId, errorCode) };
}

function messageOf(topic: string, partition: number, errorCode: number): string | null {
  const name = `${topic}-${partition}`;
  if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) return `there is no partition ${name}`;
  if (errorCode === errorCodes.ELECTION_NOT_NEEDED) return `${name} needs no election: its leader is the one wanted`;
  if (errorCode === errorCodes.PREFERRED_LEADER_NOT_AVAILABLE) return `the preferred leader of ${name} is not in sync`;
  if (errorCode === errorCodes.ELIGIBLE_LEADERS_NOT_AVAILABLE) return `no replica of ${name} is online`;
  return null;
}

/** The partitions asked for; of all, those whose leader may be another than wanted. */
function* asked({ topicPartitions }: RequestOf<typeof api>, cluster: ClusterState): Iterable<Partition> {
  if (topicPartitions === null) return yield* cluster.replication.table.unusual;
  for (const { topic, partitions } of topicPartitions) {
    for (const index of partitions) {
      const partition = cluster.topics.byName(topic)?.partitions[index];
      if (partition !== undefined) yield partition;
    }
  }
}
