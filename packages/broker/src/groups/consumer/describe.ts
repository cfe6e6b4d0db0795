/** How ConsumerGroupDescribe shows a group. */
import { type consumerGroupDescribe, errorCodes, type ResponseDraft } from '@millrace/wire';
import type { TopicLookup } from '../topic-lookup.ts';
import { type Assignment, rowsOf } from './assignment.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import type { ConsumerMember } from './consumer-member.ts';

export type DescribedConsumerGroup = NonNullable<ResponseDraft<typeof consumerGroupDescribe>['groups']>[number];
type DescribedMember = NonNullable<DescribedConsumerGroup['members']>[number];

/** Numbers of member types, from version 1 on. */
const memberTypes = { classic: 0, consumer: 1 } as const;

export function describeConsumerGroup(group: ConsumerGroup): DescribedConsumerGroup {
  const { state, environment } = group;
  return {
    errorCode: errorCodes.NONE,
    groupId: group.id,
    groupState: state.phase,
    groupEpoch: state.epoch,
    assignmentEpoch: state.targetEpoch,
    assignorName: group.draft().preferredAssignor(environment.settings.assignorNames),
    members: [...state.members.values()].map((member) => {
      return describedMember(member, state.target(member.id), environment.topics);
    }),
  };
}

/** A group of which nothing can be said. */
export function undescribedConsumerGroup(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): DescribedConsumerGroup {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  };
}

function describedMember(member: ConsumerMember, target: Assignment, topics: TopicLookup): DescribedMember {
  return {
    memberId: member.id,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...member.topicNames],
    subscribedTopicRegex: member.topicPattern,
    assignment: describedAssignment(member.assigned, topics),
    targetAssignment: describedAssignment(target, topics),
    memberType: member.classic === null ? memberTypes.consumer : memberTypes.classic,
  };
}

/** Topics that are gone are not shown. */
function describedAssignment(assignment: Assignment, topics: TopicLookup): DescribedMember['assignment'] {
  const topicPartitions = rowsOf(assignment).flatMap(([topicId, partitions]) => {
    const topic = topics.byId(topicId);
    return topic === undefined ? [] : [{ topicId, topicName: topic.name, partitions }];
  });
  return { topicPartitions };
}
