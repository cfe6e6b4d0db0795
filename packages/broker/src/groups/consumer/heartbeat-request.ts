/** What is wrong with a ConsumerGroupHeartbeat whatever its group is, in Kafka's words. */
import { type ConsumerGroupHeartbeatRequest, errorCodes } from '@millrace/wire';
import type { Refusal } from '../../storage-failure.ts';
import { leftAsStaticEpoch } from './consumer-member.ts';

/** From this version on the client chooses its member id. */
const ownMemberIdVersion = 1;

/** The refusal of a request that is wrong whatever the group is. */
export function refusalOfRequest(
  request: ConsumerGroupHeartbeatRequest,
  apiVersion: number,
  assignorNames: readonly string[],
): Refusal | undefined {
  const { memberId, memberEpoch, serverAssignor } = request;
  const message = wrongField(request, apiVersion);
  if (message !== undefined) return { errorCode: errorCodes.INVALID_REQUEST, message };
  if (memberEpoch !== 0 && memberId.trim() === '') {
    return { errorCode: errorCodes.INVALID_REQUEST, message: "MemberId can't be empty." };
  }
  if (serverAssignor === null || assignorNames.includes(serverAssignor)) return undefined;
  const supported = assignorNames.join(', ');
  return {
    errorCode: errorCodes.UNSUPPORTED_ASSIGNOR,
    message: `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${supported}.`,
  };
}

function wrongField(request: ConsumerGroupHeartbeatRequest, apiVersion: number): string | undefined {
  const isBlank = (text: string | null): boolean => text !== null && text.trim() === '';
  if (isBlank(request.groupId)) return "GroupId can't be empty.";
  if (apiVersion >= ownMemberIdVersion && isBlank(request.memberId)) return "MemberId can't be empty.";
  if (isBlank(request.instanceId)) return "InstanceId can't be empty.";
  if (isBlank(request.rackId)) return "RackId can't be empty.";
  if (request.memberEpoch === 0) return wrongFieldOfJoin(request);
  if (request.memberEpoch === leftAsStaticEpoch && request.instanceId === null) return "InstanceId can't be null.";
  return request.memberEpoch < leftAsStaticEpoch ? 'MemberEpoch is invalid.' : undefined;
}

function wrongFieldOfJoin(request: ConsumerGroupHeartbeatRequest): string | undefined {
  if (request.rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.';
  if (request.topicPartitions === null || request.topicPartitions.length > 0) {
    return 'TopicPartitions must be empty when (re-)joining.';
  }
  const isSilent = request.subscribedTopicNames === null && request.subscribedTopicRegex === null;
  return isSilent
    ? 'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.'
    : undefined;
}
