/** ListGroups, versions 0 to 5. Each broker lists the groups that it coordinates; clients ask all brokers. */
import { errorCodes, listGroups as listGroupsApi } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';

export const listGroups: Handler<typeof listGroupsApi> = {
  api: listGroupsApi,

  handle(request, { broker }) {
    const groups = broker.cluster.groups.list(request, (groupId) => coordinates(broker, groupId));
    return { errorCode: errorCodes.NONE, groups };
  },
};
