/**
 * The rules by which topics come to be, whoever asks: a name, a number of partitions and replicas, and a configuration.
 */
import { isMillraceError } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import type { ClusterState } from '../cluster-state.ts';
import { checkTopicConfiguration } from '../configuration/topic-configuration.ts';
import { assignmentProblem } from '../replication/reassign-partitions.ts';
import { placeReplicas } from '../replication/replica-placement.ts';
import { type Refusal, refusalOfStorage } from '../storage-failure.ts';
import type { Topic } from './topic.ts';
import { TopicExistsError } from './topic-catalog.ts';
import { topicNameProblem } from './topic-name.ts';

/** What a topic is to be like. -1 partitions or replicas mean the broker's default. */
export interface TopicPlan {
  readonly name: string;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  /** Replicas by partition number, where the caller assigns them; the counts are -1 then. */
  readonly assignment?: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[];
  readonly configuration: ReadonlyMap<string, string>;
}

/** Kafka has no bound; this one keeps a slip of the finger from filling the memory. */
const partitionsMax = 1_000_000;

/** Creates a topic, unless `validateOnly`; answers it (with its partitions' replicas), or why it can't be. */
export async function createTopic(
  cluster: ClusterState,
  plan: TopicPlan,
  validateOnly: boolean,
): Promise<Topic | { readonly assignment: readonly (readonly number[])[] } | Refusal> {
  const refusal = nameRefusal(cluster, plan.name) ?? configurationRefusal(plan.configuration);
  if (refusal !== undefined) return refusal;
  const assignment = plan.assignment?.length ? givenAssignment(cluster, plan) : madeAssignment(cluster, plan);
  if ('errorCode' in assignment) return assignment;
  if (validateOnly) return { assignment };
  try {
    const failure = await refusalOfStorage(() => cluster.topics.create(plan.name, assignment, plan.configuration));
    return failure ?? (cluster.topics.byName(plan.name) as Topic);
  } catch (error) {
    if (!(error instanceof TopicExistsError)) throw error;
    if (error.existing !== plan.name) return collision(plan.name, error.existing);
    return { errorCode: errorCodes.TOPIC_ALREADY_EXISTS, message: error.message };
  }
}

/** Creates a topic with the broker's defaults because a client named it; answers it, or why it can't be. */
export async function createTopicWithDefaults(cluster: ClusterState, name: string): Promise<Topic | Refusal> {
  const plan = { name, partitionCount: -1, replicationFactor: -1, configuration: new Map<string, string>() };
  const made = await createTopic(cluster, plan, false);
  // Someone else having done so meanwhile is fine.
  return cluster.topics.byName(name) ?? (made as Refusal);
}

/** Checks how many partitions a topic is to have. */
export function countRefusal(count: number): Refusal | undefined {
  if (count > 0 && count <= partitionsMax) return undefined;
  const message = `the number of partitions must be from 1 to ${partitionsMax}, not ${count}`;
  return { errorCode: errorCodes.INVALID_PARTITIONS, message };
}

/** The replicas of partitions that are added to a topic: as many for each as its first has. */
export function growthAssignment(cluster: ClusterState, topic: Topic, count: number): (readonly number[])[] | Refusal {
  const [first] = topic.partitions;
  const { table } = cluster.replication;
  const offset = Math.max(
    0,
    table.brokers.findIndex(({ nodeId }) => nodeId === first?.replicas[0]),
  );
  return placed(cluster, count, first?.replicas.length ?? 0, offset + topic.partitions.length);
}

/** Checks one partition's replicas as a client assigns them, for a partition that is new. */
export function replicasRefusal(
  cluster: ClusterState,
  index: number,
  replicas: readonly number[],
): Refusal | undefined {
  const invalid = (message: string): Refusal => ({ errorCode: errorCodes.INVALID_REPLICA_ASSIGNMENT, message });
  const { replication } = cluster;
  const problem = assignmentProblem(replication, replicas);
  if (problem !== undefined) return invalid(problem);
  if (replicas.some(replication.table.isRunning)) return undefined;
  const which = `in the manual partition assignment for partition ${index}`;
  return invalid(`All brokers specified ${which} are fenced or in controlled shutdown.`);
}

function placed(
  cluster: ClusterState,
  count: number,
  replicationFactor: number,
  start: number,
): (readonly number[])[] | Refusal {
  const { table } = cluster.replication;
  const refused = (message: string): Refusal => ({ errorCode: errorCodes.INVALID_REPLICATION_FACTOR, message });
  if (replicationFactor <= 0) return refused('Replication factor must be larger than 0.');
  if (replicationFactor > table.brokers.length) {
    const why = `cannot be reached because only ${table.brokers.length} broker(s) are registered.`;
    return refused(`The target replication factor of ${replicationFactor} ${why}`);
  }
  if (!table.brokers.some(({ nodeId }) => table.isRunning(nodeId))) return refused('All brokers are currently fenced.');
  return placeReplicas(table, { count, replicationFactor, start, randomness: cluster.platform.randomness });
}

function nameRefusal(cluster: ClusterState, name: string): Refusal | undefined {
  const problem = topicNameProblem(name);
  if (problem !== undefined) return { errorCode: errorCodes.INVALID_TOPIC_EXCEPTION, message: problem };
  if (cluster.topics.byName(name) !== undefined) {
    return { errorCode: errorCodes.TOPIC_ALREADY_EXISTS, message: `Topic '${name}' already exists.` };
  }
  const other = cluster.topics.likeInMetrics(name);
  return other && collision(name, other.name);
}

function collision(name: string, other: string): Refusal {
  const message = `Topic '${name}' collides with existing topic: ${other}`;
  return { errorCode: errorCodes.INVALID_TOPIC_EXCEPTION, message };
}

function configurationRefusal(configuration: ReadonlyMap<string, string>): Refusal | undefined {
  try {
    checkTopicConfiguration(configuration);
    return undefined;
  } catch (error) {
    if (!isMillraceError(error, 'invalid_configuration')) throw error;
    return { errorCode: errorCodes.INVALID_CONFIG, message: error.message };
  }
}

function madeAssignment(cluster: ClusterState, plan: TopicPlan): (readonly number[])[] | Refusal {
  const { configuration } = cluster;
  const count = plan.partitionCount === -1 ? configuration.number('num.partitions') : plan.partitionCount;
  const factor =
    plan.replicationFactor === -1 ? configuration.number('default.replication.factor') : plan.replicationFactor;
  return countRefusal(count) ?? placed(cluster, count, factor, cluster.topics.sizeToCome);
}

function givenAssignment(cluster: ClusterState, plan: TopicPlan): (readonly number[])[] | Refusal {
  if (plan.partitionCount !== -1 || plan.replicationFactor !== -1) {
    const message = 'partitions and replication factor must be -1 where replicas are assigned';
    return { errorCode: errorCodes.INVALID_REQUEST, message };
  }
  const ordered = [...(plan.assignment ?? [])].sort((left, right) => left.partitionIndex - right.partitionIndex);
  const assignment: (readonly number[])[] = [];
  for (const [index, { partitionIndex, brokerIds }] of ordered.entries()) {
    if (partitionIndex !== index) {
      const message = `partitions must be numbered from 0 without gaps; ${index} is missing`;
      return { errorCode: errorCodes.INVALID_REPLICA_ASSIGNMENT, message };
    }
    const refusal = replicasRefusal(cluster, index, brokerIds);
    if (refusal !== undefined) return refusal;
    const factor = assignment[0]?.length ?? brokerIds.length;
    if (brokerIds.length !== factor) return uneven(brokerIds.length, factor);
    assignment.push(brokerIds);
  }
  return assignment;
}

/** Refuses an assignment whose partitions differ in their number of replicas. */
export function uneven(count: number, factor: number): Refusal {
  const which = `The manual partition assignment includes a partition with ${count} replica(s)`;
  const message = `${which}, but this is not consistent with previous partitions, which have ${factor} replica(s).`;
  return { errorCode: errorCodes.INVALID_REPLICA_ASSIGNMENT, message };
}
