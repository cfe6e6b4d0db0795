/** SyncGroup, versions 0 to 5. From 5 on the request must name protocol type and name. */
import { errorCodes, syncGroup as syncGroupApi } from '@millrace/wire';
import { syncError } from '../groups/answers.ts';
import { coordinatesGroup } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { allows } from '../security/authorization.ts';

export const syncGroup: Handler<typeof syncGroupApi> = {
  api: syncGroupApi,

  handle(request, context) {
    const { broker, apiVersion } = context;
    if (!allows(context, 'Read', 'Group', request.groupId)) return syncError(errorCodes.GROUP_AUTHORIZATION_FAILED);
    if (!coordinatesGroup(broker, request.groupId)) return syncError(errorCodes.NOT_COORDINATOR);
    if (apiVersion >= 5 && (request.protocolType === null || request.protocolName === null)) {
      return syncError(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
    }
    return broker.cluster.groups.sync(request);
  },
};
