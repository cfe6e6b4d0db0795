/** DeleteGroups, versions 0 to 2. A group that is named twice is answered once. */
import { deleteGroups as deleteGroupsApi, errorCodes } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { allows } from '../security/authorization.ts';

export const deleteGroups: Handler<typeof deleteGroupsApi> = {
  api: deleteGroupsApi,

  async handle(request, context) {
    const { broker } = context;
    const results = [...new Set(request.groupsNames)].map(async (groupId) => {
      if (!allows(context, 'Delete', 'Group', groupId)) {
        return { groupId, errorCode: errorCodes.GROUP_AUTHORIZATION_FAILED };
      }
      if (!coordinates(broker, groupId)) return { groupId, errorCode: errorCodes.NOT_COORDINATOR };
      return { groupId, errorCode: await broker.cluster.groups.delete(groupId) };
    });
    return { results: await Promise.all(results) };
  },
};
