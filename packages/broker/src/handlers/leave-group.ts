/** LeaveGroup, versions 0 to 5. Before version 3 one member leaves, and its error is the answer's. */
import { errorCodes, leaveGroup as leaveGroupApi } from '@millrace/wire';
import { coordinatesGroup } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { allows } from '../security/authorization.ts';

export const leaveGroup: Handler<typeof leaveGroupApi> = {
  api: leaveGroupApi,

  async handle(request, context) {
    const { broker, apiVersion } = context;
    const { groupId, memberId } = request;
    if (!allows(context, 'Read', 'Group', groupId)) return { errorCode: errorCodes.GROUP_AUTHORIZATION_FAILED };
    if (!coordinatesGroup(broker, groupId)) return { errorCode: errorCodes.NOT_COORDINATOR };
    const isOne = apiVersion < 3;
    const members = isOne ? [{ memberId, groupInstanceId: null, reason: null }] : request.members;
    const answer = await broker.cluster.groups.leave({ groupId, members });
    return isOne ? { errorCode: answer.errorCode || (answer.members?.[0]?.errorCode ?? errorCodes.NONE) } : answer;
  },
};
