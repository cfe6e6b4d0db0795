/**
 * Brokers, topics and partitions, in one Metadata call. Whatever is as it was stays the object it was: telling what
 * changed is then a comparison of references, and 200,000 partitions that nobody touched cost no new memory.
 */
import type { MillraceError } from '@millrace/base';
import type { ClusterNode, PartitionDescription } from '@millrace/client';
import type { Cluster } from '@millrace/client/protocol';
import type { MetadataResponse } from '@millrace/wire';
import type { ClusterShape, TopicShape } from './observation.ts';

type TopicAnswer = MetadataResponse['topics'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];

const attemptsMax = 2;
const none: readonly number[] = [];

/** Asks any broker, within the time. Rejects with the client's errors. */
export async function readShape(
  cluster: Cluster,
  known: ClusterShape | undefined,
  bounds: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ClusterShape> {
  let attempts = 0;
  // One more try for what was just lost; a cluster that is down is told to be down, not waited for.
  const mayRepeat = (error: MillraceError): boolean => error.retriable && ++attempts < attemptsMax;
  const response = await cluster.retrying(bounds, () => cluster.askMetadata(null, false), { mayRepeat });
  return shapeOf(response, known);
}

/** What a response tells, with the parts of `known` that are still so. */
export function shapeOf(response: MetadataResponse, known?: ClusterShape): ClusterShape {
  const answers = response.topics.filter(({ errorCode, name }) => {
    // A topic whose leaders are not chosen yet is there; of one that was known before more is known than nothing.
    return name !== null && (errorCode === 0 || known?.topics.has(name) === true);
  });
  answers.sort((left, right) => ((left.name ?? '') < (right.name ?? '') ? -1 : 1));
  const topics = new Map<string, TopicShape>();
  let isSame = known?.topics.size === answers.length;
  for (const answer of answers) {
    const name = answer.name ?? '';
    const before = known?.topics.get(name);
    const shape = answer.errorCode !== 0 && before !== undefined ? before : topicShape(answer, before);
    if (shape !== before) isSame = false;
    topics.set(name, shape);
  }
  const brokers = brokersOf(response, known?.brokers);
  const { clusterId, controllerId } = response;
  return { clusterId, controllerId, brokers, topics: isSame && known !== undefined ? known.topics : topics };
}

function brokersOf({ brokers }: MetadataResponse, known: readonly ClusterNode[] = []): readonly ClusterNode[] {
  const nodes = brokers.map(({ nodeId, host, port, rack }) => ({ nodeId, host, port, rack }));
  nodes.sort((left, right) => left.nodeId - right.nodeId);
  const isSame = (node: ClusterNode, index: number): boolean => {
    const before = known[index];
    const isThere = before?.nodeId === node.nodeId && before.host === node.host && before.port === node.port;
    return isThere && before.rack === node.rack;
  };
  return nodes.length === known.length && nodes.every(isSame) ? known : nodes;
}

function topicShape(answer: TopicAnswer, before: TopicShape | undefined): TopicShape {
  const { topicId, isInternal: internal, partitions: answers } = answer;
  answers.sort((left, right) => left.partitionIndex - right.partitionIndex);
  const isSame = before?.topicId === topicId && before.internal === internal;
  if (isSame && before.partitions.length === answers.length) {
    if (answers.every((partition, index) => isAsBefore(partition, before.partitions[index]))) return before;
  }
  const partitions = answers.map((partition, index) => {
    const known = before?.partitions[index];
    return known !== undefined && isAsBefore(partition, known) ? known : partitionShape(partition);
  });
  return { name: answer.name ?? '', topicId, internal, partitions };
}

function isAsBefore(answer: PartitionAnswer, before: PartitionDescription | undefined): boolean {
  return (
    before !== undefined &&
    before.partition === answer.partitionIndex &&
    before.leader === answer.leaderId &&
    before.leaderEpoch === answer.leaderEpoch &&
    isSameList(before.replicas, answer.replicaNodes) &&
    isSameList(before.inSyncReplicas, answer.isrNodes) &&
    isSameList(before.offlineReplicas, answer.offlineReplicas)
  );
}

function partitionShape(answer: PartitionAnswer): PartitionDescription {
  const replicas = answer.replicaNodes;
  return {
    partition: answer.partitionIndex,
    leader: answer.leaderId,
    leaderEpoch: answer.leaderEpoch,
    replicas,
    inSyncReplicas: isSameList(replicas, answer.isrNodes) ? replicas : answer.isrNodes,
    offlineReplicas: answer.offlineReplicas.length === 0 ? none : answer.offlineReplicas,
  };
}

export function isSameList(one: readonly number[], other: readonly number[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
