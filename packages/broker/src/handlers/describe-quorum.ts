/**
 * DescribeQuorum, versions 0 to 2. The quorum is modelled: the brokers with the lowest ids vote, the others observe,
 * and whoever runs knows every change that was made. The offsets count the changes of the modelled replication.
 */
import { describeQuorum as api, errorCodes } from '@millrace/wire';
import type { ClusterState } from '../cluster-state.ts';
import type { Handler } from '../handler.ts';
import { allows, clusterResource } from '../security/authorization.ts';

const metadataTopic = '__cluster_metadata';
/** Kafka's id of a directory that nobody named. */
const noDirectory = 'AAAAAAAAAAAAAAAAAAAAAA';

export const describeQuorum: Handler<typeof api> = {
  api,

  handle(request, context) {
    if (!allows(context, 'Describe', 'Cluster', clusterResource)) {
      const errorMessage = 'Cluster authorization failed.';
      return { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED, errorMessage, topics: [], nodes: [] };
    }
    const { cluster } = context.broker;
    const isKnown =
      request.topics.length === 1 &&
      request.topics[0]?.topicName === metadataTopic &&
      request.topics[0].partitions.length === 1 &&
      request.topics[0].partitions[0]?.partitionIndex === 0;
    const topics = isKnown
      ? [{ topicName: metadataTopic, partitions: [quorum(cluster)] }]
      : request.topics.map(({ topicName, partitions }) => ({
          topicName,
          partitions: partitions.map(({ partitionIndex }) => unknown(partitionIndex)),
        }));
    const nodes = isKnown ? votersOf(cluster) : [];
    return { errorCode: errorCodes.NONE, errorMessage: null, topics, nodes };
  },
};

function quorum({ replication, platform }: ClusterState) {
  const { table, controller, voters, changes } = replication;
  const now = platform.clock.now();
  const states = table.brokers.map(({ nodeId }) => {
    const isRunning = table.isRunning(nodeId);
    return {
      replicaId: nodeId,
      replicaDirectoryId: noDirectory,
      logEndOffset: isRunning ? changes : -1,
      lastFetchTimestamp: isRunning ? now : -1,
      lastCaughtUpTimestamp: isRunning ? now : -1,
    };
  });
  return {
    partitionIndex: 0,
    errorCode: errorCodes.NONE,
    errorMessage: null,
    leaderId: controller.nodeId,
    leaderEpoch: controller.epoch,
    highWatermark: changes,
    currentVoters: states.filter(({ replicaId }) => voters.includes(replicaId)),
    observers: states.filter(({ replicaId, logEndOffset }) => !voters.includes(replicaId) && logEndOffset >= 0),
  };
}

function votersOf({ endpoints, replication }: ClusterState) {
  return endpoints
    .filter(({ nodeId }) => replication.voters.includes(nodeId))
    .map(({ nodeId, host, port }) => ({ nodeId, listeners: [{ name: 'CONTROLLER', host, port }] }));
}

function unknown(partitionIndex: number) {
  return {
    partitionIndex,
    errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    errorMessage: 'only the log of the cluster metadata has a quorum',
    leaderId: -1,
    leaderEpoch: -1,
    highWatermark: -1,
    currentVoters: [],
    observers: [],
  };
}
