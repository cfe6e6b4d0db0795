/**
 * What a fetch of one partition meets before anything is read: a broker that can't serve it, an epoch that ended before
 * the fetch offset, or a replica nearer to the consumer (KIP-392).
 */
import { errorCodes } from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import { leaderPartition, replicaPartition } from '../partition-access.ts';
import type { Partition } from '../topics/partition.ts';
import type { SessionPartition } from './fetch-sessions.ts';
import type { PartitionFetch } from './partition-fetch.ts';

/** Version from which on consumers name their rack and may read from followers. */
const rackVersion = 11;

/** Opens a partition of a session for one fetch. */
export function openPartition(
  session: SessionPartition,
  broker: BrokerEndpoint,
  apiVersion: number,
  rackId: string,
): PartitionFetch {
  const { topic, topicId, partition: index, leaderEpoch, fetchOffset, lastFetchedEpoch } = session.target;
  const find = apiVersion >= rackVersion ? replicaPartition : leaderPartition;
  const { partition, errorCode } = find(broker, topic, topicId, index, leaderEpoch);
  if (partition === undefined) return { session, partition, errorCode, chunks: [] };
  const fetch: PartitionFetch = { session, partition, errorCode, chunks: [], leaderEpoch: partition.leaderEpoch };
  if (lastFetchedEpoch >= 0) {
    const end = partition.epochEnd(lastFetchedEpoch);
    if (end === undefined) return { ...fetch, errorCode: errorCodes.OFFSET_OUT_OF_RANGE };
    if (end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset) return { ...fetch, diverging: end };
  }
  const preferred = preferredReplica(partition, broker, apiVersion, rackId);
  return preferred === undefined ? fetch : { ...fetch, preferredReplica: preferred };
}

/** The replica that the consumer is to read from instead; undefined when that is this one. */
function preferredReplica(
  partition: Partition,
  broker: BrokerEndpoint,
  apiVersion: number,
  rackId: string,
): number | undefined {
  if (apiVersion < rackVersion || rackId === '' || partition.leader !== broker.nodeId) return undefined;
  if (broker.rack === rackId || broker.cluster.configuration.text('replica.selector.class') === '') return undefined;
  const { replicaTable } = partition.owner;
  return partition.inSync.find((nodeId) => replicaTable.rackOf(nodeId) === rackId);
}
