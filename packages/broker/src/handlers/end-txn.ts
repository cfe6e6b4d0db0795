/**
 * EndTxn, versions 0 to 5. From version 5 on every transaction ends with a new epoch, which the answer tells (KIP-890).
 */
import { endTxn as api, errorCodes } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { allows } from '../security/authorization.ts';
import { fencedError, fencedVersions } from '../transactions/client-error.ts';

/** From this version on the epoch is bumped. */
const bumpVersion = 5;

export const endTxn: Handler<typeof api> = {
  api,

  async handle({ transactionalId, producerId, producerEpoch: epoch, committed }, context) {
    const { broker, apiVersion } = context;
    if (!allows(context, 'Write', 'TransactionalId', transactionalId)) {
      return { errorCode: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
    }
    if (!coordinates(broker, transactionalId)) return { errorCode: errorCodes.NOT_COORDINATOR };
    const producer = { producerId, epoch };
    const bumpsEpoch = apiVersion >= bumpVersion;
    const answer = await broker.cluster.transactions.end(transactionalId, producer, committed, bumpsEpoch);
    if (!('producerId' in answer))
      return { errorCode: fencedError(answer.errorCode, apiVersion >= fencedVersions.others) };
    return { errorCode: errorCodes.NONE, producerId: answer.producerId, producerEpoch: answer.epoch };
  },
};
