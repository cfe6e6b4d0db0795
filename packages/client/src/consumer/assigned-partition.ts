/** Partitions as a coordinator assigns them (KIP-848): by their topic's id, which tells it from others of its name. */
import type { TopicPartition } from '../topic.ts';
import type { HeartbeatAnswer } from './consumer-group-requests.ts';

/** A partition of a topic that may be made anew under its name: then it is another. */
export interface AssignedPartition extends TopicPartition {
  readonly topicId: string;
}

/** The assigned partitions of the topics whose names are known. */
export function namedPartitions(
  assignment: NonNullable<HeartbeatAnswer['assignment']>,
  names: ReadonlyMap<string, string>,
): AssignedPartition[] {
  return assignment.flatMap(({ topicId, partitions }) => {
    const topic = names.get(topicId);
    return topic === undefined ? [] : partitions.map((partition) => ({ topicId, topic, partition }));
  });
}

export function keyOf({ topicId, partition }: AssignedPartition): string {
  return `${topicId} ${partition}`;
}
