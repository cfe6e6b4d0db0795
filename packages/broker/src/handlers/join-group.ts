/**
 * JoinGroup, versions 0 to 9. Version 0 has one timeout for session and rebalance; from 4 on a new member is asked to
 * join again with the id it is given; before 7 the protocol's name is never null.
 */
import { errorCodes, type JoinGroupRequest, joinGroup as joinGroupApi } from '@millrace/wire';
import { joinError } from '../groups/answers.ts';
import { coordinatesGroup } from '../groups/coordinator-endpoint.ts';
import type { JoinAnswer } from '../groups/group-member.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows } from '../security/authorization.ts';

export const joinGroup: Handler<typeof joinGroupApi> = {
  api: joinGroupApi,

  async handle(request, context) {
    const answer = await join(request, context);
    return context.apiVersion >= 7 ? answer : { ...answer, protocolName: answer.protocolName ?? '' };
  },
};

async function join(request: JoinGroupRequest, context: RequestContext): Promise<JoinAnswer> {
  const { broker, apiVersion, clientId, clientHost } = context;
  if (!allows(context, 'Read', 'Group', request.groupId)) {
    return joinError(errorCodes.GROUP_AUTHORIZATION_FAILED, request.memberId);
  }
  if (!coordinatesGroup(broker, request.groupId)) return joinError(errorCodes.NOT_COORDINATOR, request.memberId);
  const rebalanceTimeoutMs = apiVersion === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs;
  // Kafka shows the host of a member with a slash before it, and tools print it so.
  const client = { clientId, clientHost: `/${clientHost}`, apiVersion };
  return broker.cluster.groups.join({ ...request, rebalanceTimeoutMs }, client);
}
