/**
 * InitProducerId, versions 0 to 5, for idempotent producers. Version 3 and later may name the id and epoch that the producer
 * has: its epoch is then raised by one. Transactional ids are refused.
 */
import { errorCodes, initProducerId as initProducerIdApi } from '@millrace/wire';
import type { Handler } from '../handler.ts';
import { refusalOfStorage } from '../storage-failure.ts';

const epochMax = 2 ** 15 - 2;

export const initProducerId: Handler<typeof initProducerIdApi> = {
  api: initProducerIdApi,

  async handle(request, context) {
    const refused = { producerId: -1, producerEpoch: -1 };
    if (request.transactionalId !== null) return { errorCode: errorCodes.INVALID_REQUEST, ...refused };
    const { producerId, producerEpoch } = request;
    if (producerId >= 0 && producerEpoch >= 0 && producerEpoch < epochMax) {
      return { errorCode: errorCodes.NONE, producerId, producerEpoch: producerEpoch + 1 };
    }
    let allocated = -1;
    const failure = await refusalOfStorage(async () => {
      allocated = await context.broker.cluster.producerIds.allocate();
    });
    if (failure !== undefined) return { errorCode: failure.errorCode, ...refused };
    return { errorCode: errorCodes.NONE, producerId: allocated, producerEpoch: 0 };
  },
};
