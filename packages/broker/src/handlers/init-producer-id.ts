/**
 * InitProducerId, versions 0 to 5, for idempotent producers: each gets an id of its own, also one that names the id and
 * epoch which it has, as with Apache Kafka. Raising that epoch for whoever asks could make two producers one.
 * Transactional ids are refused.
 */
import { errorCodes, initProducerId as initProducerIdApi } from '@millrace/wire';
import type { Handler } from '../handler.ts';
import { refusalOfStorage } from '../storage-failure.ts';

export const initProducerId: Handler<typeof initProducerIdApi> = {
  api: initProducerIdApi,

  async handle(request, context) {
    const refused = { producerId: -1, producerEpoch: -1 };
    if (request.transactionalId !== null) return { errorCode: errorCodes.INVALID_REQUEST, ...refused };

    let allocated = -1;
    const failure = await refusalOfStorage(async () => {
      allocated = await context.broker.cluster.producerIds.allocate();
    });
    if (failure !== undefined) return { errorCode: failure.errorCode, ...refused };
    return { errorCode: errorCodes.NONE, producerId: allocated, producerEpoch: 0 };
  },
};
