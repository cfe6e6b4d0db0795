/** A partition of the source and where it is copied to. */
import type { TopicPartition } from '@millrace/client';

export interface CopiedPartition extends TopicPartition {
  readonly topicId: string;
  readonly targetTopic: string;
  /** Where to begin when nothing was copied yet. */
  readonly begin: 'earliest' | 'latest';
}

export function targetOf({ targetTopic, partition }: Omit<CopiedPartition, 'begin'>): TopicPartition {
  return { topic: targetTopic, partition };
}

/** Of its place in a journal, whichever topic had the name. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`;
}

/** Equal where the same is copied to the same place. */
export function identityOf({ topic, partition, topicId, targetTopic }: Omit<CopiedPartition, 'begin'>): string {
  return `${partition} ${topicId} ${topic} ${targetTopic}`;
}
