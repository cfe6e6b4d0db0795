/** What is known of a topic, out of a Metadata response, and how newer knowledge replaces older. */
import { errorCodes, type MetadataResponse } from '@millrace/wire';

type TopicAnswer = MetadataResponse['topics'][number];

export interface PartitionMetadata {
  readonly partition: number;
  /** Node id; -1 while there is none. */
  readonly leader: number;
  /** -1 when the broker is too old to say. */
  readonly leaderEpoch: number;
}

export interface TopicMetadata {
  readonly name: string;
  /** Null from brokers before Kafka 2.8. */
  readonly id: string | null;
  /** By partition: the index is the partition. */
  readonly partitions: readonly PartitionMetadata[];
  /** Monotonic time at which it was learnt, in ms. */
  readonly learntAt: number;
}

const noId = 'AAAAAAAAAAAAAAAAAAAAAA';

/**
 * The topic as a response tells it. Where the response is older than what is known of the same topic (a lower leader
 * epoch, from a broker that lags), the partition stays as it was (KIP-320).
 */
export function mergeTopic(known: TopicMetadata | undefined, answer: TopicAnswer, learntAt: number): TopicMetadata {
  const id = answer.topicId === noId ? null : answer.topicId;
  const sameTopic = known !== undefined && known.id === id;
  // Partitions are numbered from 0 on, so an index beyond their count is none: it would claim any amount of memory.
  const count = answer.partitions.length;
  const partitions = Array.from({ length: count }, (_, partition): PartitionMetadata => {
    return { partition, leader: -1, leaderEpoch: -1 };
  });
  for (const { partitionIndex, leaderId, leaderEpoch, errorCode } of answer.partitions) {
    if (partitionIndex < 0 || partitionIndex >= count) continue;
    const before = sameTopic ? known.partitions[partitionIndex] : undefined;
    const noLeader = errorCode === errorCodes.LEADER_NOT_AVAILABLE;
    const fresh = { partition: partitionIndex, leader: noLeader ? -1 : leaderId, leaderEpoch };
    partitions[partitionIndex] = before !== undefined && before.leaderEpoch > leaderEpoch ? before : fresh;
  }
  return { name: answer.name ?? '', id, partitions, learntAt };
}
