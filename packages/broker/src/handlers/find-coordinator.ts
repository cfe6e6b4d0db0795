/**
 * FindCoordinator, versions 0 to 6. From 4 on it asks for several keys. The coordinator of a group or a transactional
 * id is one of the cluster's brokers, by the key's hash; there is none for shares.
 */
import { errorCodes, findCoordinator as findCoordinatorApi } from '@millrace/wire';
import { addressFor } from '../broker-endpoint.ts';
import { coordinatorOf } from '../groups/coordinator-endpoint.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows } from '../security/authorization.ts';

/** Kinds of keys: a group's id and a transactional id. */
const groupKey = 0;
const keyTypes = [groupKey, 1];

interface Found {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export const findCoordinator: Handler<typeof findCoordinatorApi> = {
  api: findCoordinatorApi,

  handle({ key, keyType, coordinatorKeys }, context) {
    if (context.apiVersion < 4) return find(context, keyType, key);
    return { coordinators: coordinatorKeys.map((one) => ({ key: one, ...find(context, keyType, one) })) };
  },
};

function find(context: RequestContext, keyType: number, key: string): Found {
  if (!keyTypes.includes(keyType)) {
    const errorMessage = `there is no coordinator for keys of type ${keyType} here`;
    return { nodeId: -1, host: '', port: -1, errorCode: errorCodes.INVALID_REQUEST, errorMessage };
  }
  if (!allows(context, 'Describe', keyType === groupKey ? 'Group' : 'TransactionalId', key)) {
    const { GROUP_AUTHORIZATION_FAILED, TRANSACTIONAL_ID_AUTHORIZATION_FAILED } = errorCodes;
    const errorCode = keyType === groupKey ? GROUP_AUTHORIZATION_FAILED : TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    return { nodeId: -1, host: '', port: -1, errorCode, errorMessage: null };
  }
  if (context.broker.cluster.endpoints.length === 0) {
    const errorMessage = 'no broker runs';
    return { nodeId: -1, host: '', port: -1, errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE, errorMessage };
  }
  const endpoint = coordinatorOf(context.broker.cluster.endpoints, key);
  const { host, port } = addressFor(endpoint, context.connection.listener);
  return { nodeId: endpoint.nodeId, host, port, errorCode: errorCodes.NONE, errorMessage: null };
}
