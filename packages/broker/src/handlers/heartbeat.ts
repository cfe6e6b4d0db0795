/** Heartbeat, versions 0 to 4. */
import { errorCodes, heartbeat as heartbeatApi } from '@millrace/wire';
import { coordinatesGroup } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { allows } from '../security/authorization.ts';

export const heartbeat: Handler<typeof heartbeatApi> = {
  api: heartbeatApi,

  async handle(request, context) {
    const { broker } = context;
    if (!allows(context, 'Read', 'Group', request.groupId)) {
      return { errorCode: errorCodes.GROUP_AUTHORIZATION_FAILED };
    }
    if (!coordinatesGroup(broker, request.groupId)) return { errorCode: errorCodes.NOT_COORDINATOR };
    return { errorCode: await broker.cluster.groups.heartbeat(request) };
  },
};
