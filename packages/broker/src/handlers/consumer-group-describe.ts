/** ConsumerGroupDescribe, versions 0 and 1 (KIP-848). Version 1 tells which protocol each member speaks. */
import { consumerGroupDescribe as consumerGroupDescribeApi, errorCodes } from '@millrace/wire';
import { type DescribedConsumerGroup, undescribedConsumerGroup } from '../groups/consumer/describe.ts';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows, authorizedOperations } from '../security/authorization.ts';

export const consumerGroupDescribe: Handler<typeof consumerGroupDescribeApi> = {
  api: consumerGroupDescribeApi,

  handle(request, context) {
    const groups = request.groupIds.map((groupId) => {
      const group = describe(groupId, context);
      if (!request.includeAuthorizedOperations || group.errorCode !== errorCodes.NONE) return group;
      return { ...group, authorizedOperations: authorizedOperations(context, 'Group', groupId) };
    });
    return { groups };
  },
};

function describe(groupId: string, context: RequestContext): DescribedConsumerGroup {
  const { cluster } = context.broker;
  const refuse = (errorCode: number) => undescribedConsumerGroup(groupId, errorCode, null);
  if (cluster.features.level('group.version') < 1) return refuse(errorCodes.UNSUPPORTED_VERSION);
  if (!allows(context, 'Describe', 'Group', groupId)) return refuse(errorCodes.GROUP_AUTHORIZATION_FAILED);
  if (!coordinates(context.broker, groupId)) return refuse(errorCodes.NOT_COORDINATOR);
  const group = cluster.groups.describeConsumerGroup(groupId);
  for (const topicName of topicNames(group)) {
    if (allows(context, 'Describe', 'Topic', topicName)) continue;
    const message = 'The group has described topic(s) that the client is not authorized to describe.';
    return undescribedConsumerGroup(groupId, errorCodes.TOPIC_AUTHORIZATION_FAILED, message);
  }
  return group;
}

/** All topics that an answer would tell of. */
function topicNames({ members = [] }: DescribedConsumerGroup): Set<string> {
  const names = new Set<string>();
  for (const { assignment, targetAssignment, subscribedTopicNames } of members) {
    for (const name of subscribedTopicNames) names.add(name);
    for (const { topicName } of assignment.topicPartitions) names.add(topicName);
    for (const { topicName } of targetAssignment.topicPartitions) names.add(topicName);
  }
  return names;
}
