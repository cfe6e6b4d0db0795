/** Stores a group's offsets, as the member that this consumer is just now. */
import { isMillraceError, type MillraceError, messageOf } from '@millrace/base';
import { errorCodes, KafkaError, offsetCommit } from '@millrace/wire';
import { answerError } from '../authorization.ts';
import type { CallBounds } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import { CommitError } from '../errors.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import { byTopic } from '../offset-queries.ts';
import type { TopicPartitionOffset } from '../topic.ts';

/** Who commits: a member in a generation, or nobody in particular (-1, ''). */
export interface CommittingMember {
  readonly generationId: number;
  readonly memberId: string;
  readonly instanceId: string | null;
}

const nobody: CommittingMember = { generationId: -1, memberId: '', instanceId: null };

export interface OffsetToCommit extends TopicPartitionOffset {
  /** -1 when unknown. */
  readonly leaderEpoch: number;
}

/** Later versions name topics by id. */
const versionMax = 9;

/**
 * Who may commit: a member (undefined: there is no membership, and nobody in particular does). A group without members
 * takes offsets from nobody, so that a member that was expelled would overwrite what others have done since. Throws
 * `CommitError`.
 */
export function committing(
  group: string,
  offsets: readonly TopicPartitionOffset[],
  member: CommittingMember | undefined,
): CommittingMember {
  if (member?.memberId !== '') return member ?? nobody;
  throw new CommitError(group, offsets, 'this consumer is no member of the group just now; ask for the next batch');
}

/**
 * Commits all or rejects with `CommitError`, which names what was not committed. Tries again what may be tried again.
 * `member`: as for `committing`.
 */
export async function commitOffsets(
  coordinator: GroupCoordinator,
  member: () => CommittingMember | undefined,
  offsets: readonly OffsetToCommit[],
  bounds: CallBounds,
): Promise<void> {
  const { group } = coordinator;
  const topics = byTopic(offsets, ({ partition, offset, leaderEpoch }) => ({
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    committedMetadata: '',
  }));
  const attempt = async (connection: Connection, timeoutMs: number): Promise<void> => {
    const { generationId, memberId, instanceId } = committing(group, offsets, member());
    const draft = {
      groupId: group,
      generationIdOrMemberEpoch: generationId,
      memberId,
      groupInstanceId: instanceId,
      topics: topics.map(([name, partitions]) => ({ name, partitions })),
    };
    const response = await connection.request(offsetCommit, draft, { timeoutMs, versionMax });
    throwFirstError(group, offsets, response.topics);
  };
  try {
    // A stale epoch (KIP-848) is cured by the next heartbeat, as long as there is one.
    await coordinator.call(bounds, attempt, (error) => error.retriable || isStale(error));
  } catch (error) {
    if (error instanceof CommitError || !isMillraceError(error)) throw error;
    throw new CommitError(group, offsets, messageOf(error), error);
  }
}

function throwFirstError(
  group: string,
  offsets: readonly OffsetToCommit[],
  topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[],
): void {
  const failed: OffsetToCommit[] = [];
  let first: KafkaError | undefined;
  for (const { name, partitions } of topics) {
    for (const { partitionIndex, errorCode } of partitions) {
      if (errorCode === 0) continue;
      first ??= answerError(errorCode, `commit the offset of group ${group} for ${name} [${partitionIndex}]`, null, {
        operation: 'read',
        resourceType: 'topic',
        resourceName: name,
      });
      failed.push(...offsets.filter(({ topic, partition }) => topic === name && partition === partitionIndex));
    }
  }
  if (first === undefined) return;
  const isTopicGone = first.errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  if ((first.retriable && !isTopicGone) || isStale(first)) throw first;
  throw new CommitError(group, failed, `${messageOf(first)}${adviceFor(first.errorCode)}`, first);
}

function isStale(error: MillraceError): boolean {
  return error instanceof KafkaError && error.errorCode === errorCodes.STALE_MEMBER_EPOCH;
}

function adviceFor(errorCode: number): string {
  switch (errorCode) {
    case errorCodes.REBALANCE_IN_PROGRESS:
      return '; ask for the next batch, so that this member joins again, or commit in onRevoked';
    case errorCodes.ILLEGAL_GENERATION:
    case errorCodes.UNKNOWN_MEMBER_ID:
      return '; the group went on without this member, whose partitions others may have read since';
    default:
      return '';
  }
}
