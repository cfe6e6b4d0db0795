/** ListGroups, versions 0 to 5. Each broker lists the groups that it coordinates; clients ask all brokers. */
import { errorCodes, listGroups as listGroupsApi } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { allows, clusterResource } from '../security/authorization.ts';

export const listGroups: Handler<typeof listGroupsApi> = {
  api: listGroupsApi,

  handle(request, context) {
    const { broker } = context;
    // Whoever may describe the cluster sees all groups, others those that they may describe.
    const seesAll = allows(context, 'Describe', 'Cluster', clusterResource);
    const groups = broker.cluster.groups.list(
      request,
      (groupId) => coordinates(broker, groupId) && (seesAll || allows(context, 'Describe', 'Group', groupId)),
    );
    return { errorCode: errorCodes.NONE, groups };
  },
};
