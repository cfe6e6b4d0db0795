/** The metadata quorum: describe. */
import { type DescribeQuorumResponse, describeQuorum, errorCodes, KafkaError } from '@millrace/wire';
import type { NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { QuorumDescription, QuorumReplica } from './quorum-admin.ts';
import { onAny, throwIfFailed } from './routes.ts';

type ReplicaAnswer = DescribeQuorumResponse['topics'][number]['partitions'][number]['currentVoters'][number];

const metadataTopic = '__cluster_metadata';
const noDirectory = 'AAAAAAAAAAAAAAAAAAAAAA';
const action = 'describe the metadata quorum';
const describing: NeededAccess = { operation: 'describe', resourceType: 'cluster', resourceName: 'kafka-cluster' };

export async function describeMetadataQuorum(cluster: Cluster, bounds: CallBounds): Promise<QuorumDescription> {
  return onAny(cluster, bounds, async (connection, timeoutMs) => {
    const draft = { topics: [{ topicName: metadataTopic, partitions: [{ partitionIndex: 0 }] }] };
    const response = await connection.request(describeQuorum, draft, { timeoutMs });
    throwIfFailed(response, action, describing);
    const partition = response.topics[0]?.partitions[0];
    if (partition === undefined) {
      throw new KafkaError(errorCodes.UNKNOWN_SERVER_ERROR, action, 'the answer leaves it out');
    }
    throwIfFailed(partition, action);
    return {
      leader: partition.leaderId,
      leaderEpoch: partition.leaderEpoch,
      highWatermark: partition.highWatermark,
      voters: partition.currentVoters.map(replicaOf),
      observers: partition.observers.map(replicaOf),
      nodes: response.nodes.map(({ nodeId, listeners }) => ({ nodeId, listeners })),
    };
  });
}

function replicaOf(answer: ReplicaAnswer): QuorumReplica {
  return {
    nodeId: answer.replicaId,
    directoryId: answer.replicaDirectoryId === noDirectory ? undefined : answer.replicaDirectoryId,
    logEndOffset: answer.logEndOffset,
    lastFetchMs: answer.lastFetchTimestamp < 0 ? undefined : answer.lastFetchTimestamp,
    lastCaughtUpMs: answer.lastCaughtUpTimestamp < 0 ? undefined : answer.lastCaughtUpTimestamp,
  };
}
