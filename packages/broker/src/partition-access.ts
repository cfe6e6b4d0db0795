/** Finds the partition that a request means, or the error that says why this endpoint can't serve it. */
import { errorCodes } from '@millrace/wire';
import type { BrokerEndpoint } from './broker-endpoint.ts';
import type { Partition } from './topics/partition.ts';

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';

export type PartitionAccess =
  | { readonly partition: Partition; readonly errorCode: 0 }
  | { readonly partition: undefined; readonly errorCode: number };

/**
 * The partition as its leader. `name` is empty where the topic is named by id; `leaderEpoch` is what the client
 * believes, -1 when it does not say.
 */
export function leaderPartition(
  broker: BrokerEndpoint,
  name: string,
  topicId: string,
  index: number,
  leaderEpoch = -1,
): PartitionAccess {
  return access(broker, name, topicId, index, leaderEpoch, 'leader');
}

/** The partition as its leader or as a follower that is in sync, likewise. */
export function replicaPartition(
  broker: BrokerEndpoint,
  name: string,
  topicId: string,
  index: number,
  leaderEpoch: number,
): PartitionAccess {
  return access(broker, name, topicId, index, leaderEpoch, 'replica');
}

/** The partition as anyone who has a replica of it, whether that is in sync or not. */
export function copyOfPartition(broker: BrokerEndpoint, name: string, index: number): PartitionAccess {
  return access(broker, name, '', index, -1, 'copy');
}

function access(
  broker: BrokerEndpoint,
  name: string,
  topicId: string,
  index: number,
  leaderEpoch: number,
  serving: 'leader' | 'replica' | 'copy',
): PartitionAccess {
  const byId = name === '' && topicId !== zeroId;
  const topic = broker.cluster.topics.find(byId ? null : name, topicId);
  if (topic === undefined) {
    return refused(byId ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  }
  const partition = topic.partitions[index];
  if (partition === undefined) return refused(errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  if (!partition.replicas.includes(broker.nodeId)) return refused(errorCodes.NOT_LEADER_OR_FOLLOWER);
  if (leaderEpoch >= 0 && leaderEpoch < partition.leaderEpoch) return refused(errorCodes.FENCED_LEADER_EPOCH);
  if (leaderEpoch > partition.leaderEpoch) return refused(errorCodes.UNKNOWN_LEADER_EPOCH);
  return serves(partition, broker.nodeId, serving)
    ? { partition, errorCode: 0 }
    : refused(errorCodes.NOT_LEADER_OR_FOLLOWER);
}

function serves(partition: Partition, nodeId: number, serving: 'leader' | 'replica' | 'copy'): boolean {
  if (serving === 'copy') return true;
  return serving === 'leader' ? partition.leader === nodeId : partition.inSync.includes(nodeId);
}

function refused(errorCode: number): PartitionAccess {
  return { partition: undefined, errorCode };
}
