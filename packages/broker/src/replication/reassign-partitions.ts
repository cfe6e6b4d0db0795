/** Reassignments as clients ask for them: checked as Kafka's controller does, then begun or cancelled. */
import { errorCodes } from '@millrace/wire';
import type { Refusal } from '../storage-failure.ts';
import type { Partition } from '../topics/partition.ts';
import type { TopicCatalog } from '../topics/topic-catalog.ts';
import type { ReplicaSet } from './partition-state.ts';
import { reassignment, revertedReassignment } from './replica-change.ts';
import type { Replication } from './replication.ts';

export interface WantedReplicas {
  readonly topic: string;
  readonly partition: number;
  /** The replicas to come to; null cancels the reassignment under way. */
  readonly replicas: readonly number[] | null;
}

/**
 * Begins or cancels reassignments, those that can be; answers for each, in order, why it can't be, or undefined.
 * Rejects with `DiskError` or the journal's errors; nothing is changed then.
 */
export async function reassignPartitions(
  replication: Replication,
  topics: TopicCatalog,
  wanted: readonly WantedReplicas[],
  allowFactorChange: boolean,
): Promise<(Refusal | undefined)[]> {
  let refusals: (Refusal | undefined)[] = [];
  await replication.change(() => {
    const partitions = new Map<Partition, ReplicaSet>();
    refusals = wanted.map(({ topic, partition: index, replicas }) => {
      const partition = topics.byName(topic)?.partitions[index];
      if (partition === undefined) return unknownPartition(topics, topic, index);
      const present = partitions.get(partition) ?? partition.replicaSet;
      const set =
        replicas === null
          ? cancelled(replication, partition, present)
          : reassigned(replication, present, replicas, allowFactorChange);
      if ('errorCode' in set) return set;
      partitions.set(partition, set);
      return undefined;
    });
    return { partitions };
  });
  return refusals;
}

/** What is wrong with replicas that are assigned by hand; undefined if nothing is. */
export function assignmentProblem(replication: Replication, replicas: readonly number[]): string | undefined {
  const assignment = 'The manual partition assignment includes';
  if (replicas.length === 0) return `${assignment} an empty replica list.`;
  const sorted = [...replicas].sort((left, right) => left - right);
  for (const [index, nodeId] of sorted.entries()) {
    if (!replication.table.has(nodeId)) return `${assignment} broker ${nodeId}, but no such broker is registered.`;
    if (sorted[index - 1] === nodeId) return `${assignment} the broker ${nodeId} more than once.`;
  }
  return undefined;
}

function unknownPartition(topics: TopicCatalog, topic: string, index: number): Refusal {
  const known = topics.byName(topic) !== undefined;
  const message = known ? `Unable to find partition ${topic}:${index}.` : `Unable to find a topic named ${topic}.`;
  return { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, message };
}

function reassigned(
  replication: Replication,
  present: ReplicaSet,
  replicas: readonly number[],
  allowFactorChange: boolean,
): ReplicaSet | Refusal {
  const problem = assignmentProblem(replication, replicas);
  if (problem !== undefined) return { errorCode: errorCodes.INVALID_REPLICA_ASSIGNMENT, message: problem };
  const factor = present.replicas.length - present.removing.length;
  if (!allowFactorChange && replicas.length !== factor) {
    const message = `The replication factor is changed from ${factor} to ${replicas.length}`;
    return { errorCode: errorCodes.INVALID_REPLICATION_FACTOR, message };
  }
  return replication.replicasAfter(present, reassignment(present, replicas), 'online');
}

function cancelled(replication: Replication, partition: Partition, present: ReplicaSet): ReplicaSet | Refusal {
  if (present.adding.length === 0 && present.removing.length === 0) {
    const message = 'No partition reassignment is in progress.';
    return { errorCode: errorCodes.NO_REASSIGNMENT_IN_PROGRESS, message };
  }
  const { name, settings } = partition.owner;
  const wanted = revertedReassignment(present, settings.uncleanElection);
  if (wanted === undefined) {
    const why = 'because it would require an unclean leader election.';
    const message = `Unable to revert partition assignment for ${name}:${partition.index} ${why}`;
    return { errorCode: errorCodes.INVALID_REPLICA_ASSIGNMENT, message };
  }
  return replication.replicasAfter(present, wanted, settings.uncleanElection ? 'unclean' : 'online');
}
