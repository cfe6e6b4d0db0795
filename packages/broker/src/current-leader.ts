/** Who leads a partition, told to a client that asked another broker, so that it need not look further (KIP-951). */
import { errorCodes } from '@millrace/wire';
import { addressFor, type BrokerEndpoint } from './broker-endpoint.ts';
import type { RequestContext } from './handler.ts';

export interface CurrentLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** The leader that an error is to be told with; undefined with other errors, and while nobody leads. */
export function currentLeader(
  { cluster }: BrokerEndpoint,
  { name, topicId, index }: { readonly name: string; readonly topicId: string; readonly index: number },
  errorCode: number,
): CurrentLeader | undefined {
  if (errorCode !== errorCodes.NOT_LEADER_OR_FOLLOWER && errorCode !== errorCodes.FENCED_LEADER_EPOCH) return undefined;
  const partition = cluster.topics.find(name === '' ? null : name, topicId)?.partitions[index];
  if (partition === undefined || partition.leader < 0) return undefined;
  return { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch };
}

/** Where the leaders that were told are found, each once. */
export function endpointsOf(leaders: readonly CurrentLeader[], { broker, connection }: RequestContext): NodeEndpoint[] {
  if (leaders.length === 0) return [];
  const told = new Set(leaders.map(({ leaderId }) => leaderId));
  return broker.cluster.endpoints
    .filter(({ nodeId }) => told.has(nodeId))
    .map((endpoint) => ({
      nodeId: endpoint.nodeId,
      ...addressFor(endpoint, connection.listener),
      rack: endpoint.rack,
    }));
}
