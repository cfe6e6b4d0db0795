/** DescribeGroups, versions 0 to 6. */
import { describeGroups as describeGroupsApi, errorCodes } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import { undescribedGroup } from '../groups/describe.ts';
import type { Handler } from '../handler.ts';

/** Read, delete, describe, describe configurations, alter configurations: all that exists, as nothing is forbidden. */
const allOperations = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11);

export const describeGroups: Handler<typeof describeGroupsApi> = {
  api: describeGroupsApi,

  handle(request, { broker, apiVersion }) {
    const groups = request.groups.map((groupId) => {
      if (!coordinates(broker, groupId)) return undescribedGroup(groupId, errorCodes.NOT_COORDINATOR, null);
      const group = broker.cluster.groups.describe(groupId, apiVersion);
      return request.includeAuthorizedOperations ? { ...group, authorizedOperations: allOperations } : group;
    });
    return { groups };
  },
};
