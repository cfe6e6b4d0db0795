/** DeleteGroups, versions 0 to 2. */
import { deleteGroups as deleteGroupsApi, errorCodes } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';

export const deleteGroups: Handler<typeof deleteGroupsApi> = {
  api: deleteGroupsApi,

  async handle(request, { broker }) {
    const results = request.groupsNames.map(async (groupId) => {
      if (!coordinates(broker, groupId)) return { groupId, errorCode: errorCodes.NOT_COORDINATOR };
      return { groupId, errorCode: await broker.cluster.groups.delete(groupId) };
    });
    return { results: await Promise.all(results) };
  },
};
