/** DescribeGroups, versions 0 to 6. */
import { describeGroups as describeGroupsApi, errorCodes } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import { undescribedGroup } from '../groups/describe.ts';
import type { Handler } from '../handler.ts';
import { allows, authorizedOperations } from '../security/authorization.ts';

export const describeGroups: Handler<typeof describeGroupsApi> = {
  api: describeGroupsApi,

  handle(request, context) {
    const { broker, apiVersion } = context;
    const groups = request.groups.map((groupId) => {
      if (!allows(context, 'Describe', 'Group', groupId)) {
        return undescribedGroup(groupId, errorCodes.GROUP_AUTHORIZATION_FAILED, null);
      }
      if (!coordinates(broker, groupId)) return undescribedGroup(groupId, errorCodes.NOT_COORDINATOR, null);
      const group = broker.cluster.groups.describe(groupId, apiVersion);
      if (!request.includeAuthorizedOperations || group.errorCode !== errorCodes.NONE) return group;
      return { ...group, authorizedOperations: authorizedOperations(context, 'Group', groupId) };
    });
    return { groups };
  },
};
