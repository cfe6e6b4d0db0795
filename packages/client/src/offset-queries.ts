/**
 * Where offsets lie: by time or meaning (ListOffsets), by leader epoch (OffsetForLeaderEpoch), and by group
 * (OffsetFetch).
 */
import { errorCodes, listOffsets, offsetFetch, offsetForLeaderEpoch } from '@millrace/wire';
import type { ResolvedOffset } from './admin.ts';
import { answerError } from './authorization.ts';
import type { CallBounds, Cluster } from './cluster.ts';
import type { Connection } from './connection/connection.ts';
import type { OffsetQuery } from './consumer.ts';
import type { GroupCoordinator } from './group-coordinator.ts';
import { askLeaders, type Led, type PartitionAnswer, type PartitionResult } from './partition-leaders.ts';
import type { TopicPartition } from './topic.ts';

/** Later versions name topics by id. */
const offsetFetchVersionMax = 9;

export type AnyOffsetQuery = OffsetQuery | 'max-timestamp';

export interface OffsetQuestion extends TopicPartition {
  readonly at: AnyOffsetQuery;
}

/**
 * What counts as a log's end: the high watermark (0), the last stable offset (1), or the end of the leader's own log,
 * which is farther while replicas have not caught up.
 */
export type EndKind = 0 | 1 | 'log';

/** Who a question comes from: a client, or somebody who looks into the log as it is. */
const askers = { client: -1, debugger: -2 } as const;

/** Offsets by time or meaning, in the order of the questions. */
export function resolveOffsets(
  cluster: Cluster,
  questions: readonly OffsetQuestion[],
  bounds: CallBounds,
  end: EndKind = 0,
): Promise<PartitionResult<ResolvedOffset>[]> {
  return askLeaders(cluster, 'look up an offset', questions, bounds, (connection, led, timeoutMs) =>
    askOffsets(connection, led, timeoutMs, end),
  );
}

async function askOffsets(
  connection: Connection,
  questions: readonly (OffsetQuestion & Led)[],
  timeoutMs: number,
  end: EndKind,
): Promise<PartitionAnswer<ResolvedOffset>[]> {
  const topics = byTopic(questions, ({ partition, at, leaderEpoch }) => ({
    partitionIndex: partition,
    currentLeaderEpoch: leaderEpoch,
    timestamp: wireTimestamp(at),
  }));
  const draft = {
    replicaId: end === 'log' ? askers.debugger : askers.client,
    isolationLevel: end === 1 ? 1 : 0,
    topics: topics.map(([name, partitions]) => ({ name, partitions })),
    timeoutMs,
  };
  const response = await connection.request(listOffsets, draft, { timeoutMs });
  return response.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, errorCode, offset, timestamp, leaderEpoch }) => ({
      topic: name,
      partition: partitionIndex,
      errorCode,
      value: { offset, timestamp, leaderEpoch },
    })),
  );
}

function wireTimestamp(at: AnyOffsetQuery): number {
  if (at === 'latest') return -1;
  if (at === 'earliest') return -2;
  if (at === 'max-timestamp') return -3;
  return at.timestamp;
}

export interface EpochQuestion extends TopicPartition {
  /** The epoch whose end is asked for. */
  readonly epoch: number;
}

export interface EpochEnd {
  /** The largest epoch up to the one asked for that the leader knows; -1 for none. */
  readonly epoch: number;
  readonly endOffset: number;
}

/** Where leader epochs end in the leaders' logs (KIP-320), in the order of the questions. */
export function resolveEpochEnds(
  cluster: Cluster,
  questions: readonly EpochQuestion[],
  bounds: CallBounds,
): Promise<PartitionResult<EpochEnd>[]> {
  return askLeaders(cluster, 'validate the position', questions, bounds, async (connection, led, timeoutMs) => {
    const topics = byTopic(led, ({ partition, epoch, leaderEpoch }) => ({
      partition,
      currentLeaderEpoch: leaderEpoch,
      leaderEpoch: epoch,
    }));
    const draft = { replicaId: -1, topics: topics.map(([topic, partitions]) => ({ topic, partitions })) };
    const response = await connection.request(offsetForLeaderEpoch, draft, { timeoutMs });
    return response.topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, errorCode, leaderEpoch, endOffset }) => ({
        topic,
        partition,
        errorCode,
        value: { epoch: leaderEpoch, endOffset },
      })),
    );
  });
}

/** What a group stored for a partition. */
export interface StoredOffset extends TopicPartition {
  readonly errorCode: number;
  /** -1 when it stored none. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/**
 * A group's offsets, of the given partitions or (null) all. Rejects with `KafkaError` for what concerns the whole
 * group. With `requireStable`, a partition has UNSTABLE_OFFSET_COMMIT while a transaction with an offset of it has not
 * ended (KIP-447); brokers before Kafka 2.5 don't tell.
 */
export function fetchStoredOffsets(
  coordinator: GroupCoordinator,
  partitions: readonly TopicPartition[] | null,
  bounds: CallBounds,
  requireStable = false,
): Promise<StoredOffset[]> {
  const topics =
    partitions === null
      ? null
      : byTopic(partitions, ({ partition }) => partition).map(([name, partitionIndexes]) => ({
          name,
          partitionIndexes,
        }));
  return coordinator.call(bounds, async (connection, timeoutMs) => {
    const groupId = coordinator.group;
    const version = connection.version(offsetFetch, offsetFetchVersionMax);
    const whose = version >= 8 ? { groups: [{ groupId, topics }] } : { groupId, topics };
    const draft = version >= 7 ? { ...whose, requireStable } : whose;
    const options = { timeoutMs, versionMax: offsetFetchVersionMax };
    const response = await connection.request(offsetFetch, draft, options);
    const answer = version >= 8 ? response.groups[0] : response;
    const errorCode = answer?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
    if (answer === undefined || errorCode !== 0)
      throw answerError(errorCode, `fetch the offsets of group ${groupId}`, null, {
        operation: 'describe',
        resourceType: 'group',
        resourceName: groupId,
      });
    return answer.topics.flatMap((topic) =>
      topic.partitions.map((partition) => ({
        topic: topic.name,
        partition: partition.partitionIndex,
        errorCode: partition.errorCode,
        offset: partition.committedOffset,
        leaderEpoch: partition.committedLeaderEpoch,
        metadata: partition.metadata ?? '',
      })),
    );
  });
}

/** Items gathered by topic, both in order of appearance. */
export function byTopic<Item extends TopicPartition, Part>(
  items: readonly Item[],
  partOf: (item: Item) => Part,
): [topic: string, parts: Part[]][] {
  const topics = new Map<string, Part[]>();
  for (const item of items) {
    const parts = topics.get(item.topic);
    if (parts === undefined) topics.set(item.topic, [partOf(item)]);
    else parts.push(partOf(item));
  }
  return [...topics];
}
