/** What metadata says of a partition, whichever API it is asked through. */
import { errorCodes } from '@millrace/wire';
import type { Partition } from './partition.ts';

const none: readonly number[] = [];

export function describePartition(partition: Partition) {
  const { index, leader, leaderEpoch, replicas, inSync, owner } = partition;
  const { down, isDown } = owner.replicaTable;
  return {
    errorCode: leader < 0 ? errorCodes.LEADER_NOT_AVAILABLE : errorCodes.NONE,
    partitionIndex: index,
    leaderId: leader,
    leaderEpoch,
    replicaNodes: replicas,
    isrNodes: inSync,
    offlineReplicas: down.size === 0 ? none : replicas.filter(isDown),
  };
}
