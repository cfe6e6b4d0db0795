/** AddOffsetsToTxn, versions 0 to 4: says that a transaction will hold offsets of a group. */
import { addOffsetsToTxn as api, errorCodes } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { allows } from '../security/authorization.ts';
import { fencedError, fencedVersions } from '../transactions/client-error.ts';

export const addOffsetsToTxn: Handler<typeof api> = {
  api,

  async handle({ transactionalId, producerId, producerEpoch: epoch, groupId }, context) {
    const { broker } = context;
    if (!allows(context, 'Write', 'TransactionalId', transactionalId)) {
      return { errorCode: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
    }
    if (!allows(context, 'Read', 'Group', groupId)) return { errorCode: errorCodes.GROUP_AUTHORIZATION_FAILED };
    if (!coordinates(broker, transactionalId)) return { errorCode: errorCodes.NOT_COORDINATOR };
    const participants = { topics: [], groups: [groupId] };
    const producer = { producerId, epoch };
    const errorCode = await broker.cluster.transactions.add(transactionalId, producer, participants, false);
    return { errorCode: fencedError(errorCode, context.apiVersion >= fencedVersions.others) };
  },
};
