/**
 * InitProducerId, versions 0 to 5. Idempotent producers get an id of their own, also one that names the id and epoch
 * which it has, as with Apache Kafka: raising that epoch for whoever asks could make two producers one. Transactional
 * ones are told who they are by the coordinator of their transactional id.
 */
import { errorCodes, type InitProducerIdRequest, initProducerId as initProducerIdApi } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows, allowsAny, clusterResource } from '../security/authorization.ts';
import { refusalOfStorage } from '../storage-failure.ts';
import { fencedError, fencedVersions } from '../transactions/client-error.ts';
import type { ProducerAnswer } from '../transactions/transaction-coordinator.ts';

export const initProducerId: Handler<typeof initProducerIdApi> = {
  api: initProducerIdApi,

  async handle(request, context) {
    const { transactionalId } = request;
    const answer =
      transactionalId === null
        ? await initializeIdempotent(request, context)
        : await initializeTransactional(transactionalId, request, context);
    if ('producerId' in answer) {
      return { errorCode: errorCodes.NONE, producerId: answer.producerId, producerEpoch: answer.epoch };
    }
    const errorCode = fencedError(answer.errorCode, context.apiVersion >= fencedVersions.initProducerId);
    return { errorCode, producerId: -1, producerEpoch: -1 };
  },
};

async function initializeIdempotent(
  { producerId: known, producerEpoch }: InitProducerIdRequest,
  context: RequestContext,
): Promise<ProducerAnswer> {
  const allowed =
    allows(context, 'IdempotentWrite', 'Cluster', clusterResource) || allowsAny(context, 'Write', 'Topic');
  if (!allowed) return { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED };
  if (known < 0 !== producerEpoch < 0) return { errorCode: errorCodes.INVALID_REQUEST };
  let producerId = -1;
  const failure = await refusalOfStorage(async () => {
    producerId = await context.broker.cluster.producerIds.allocate();
  });
  return failure === undefined ? { errorCode: 0, producerId, epoch: 0 } : { errorCode: failure.errorCode };
}

async function initializeTransactional(
  id: string,
  request: InitProducerIdRequest,
  context: RequestContext,
): Promise<ProducerAnswer> {
  const { producerId, producerEpoch: epoch, transactionTimeoutMs } = request;
  if (!allows(context, 'Write', 'TransactionalId', id)) {
    return { errorCode: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
  }
  if (producerId < 0 !== epoch < 0) return { errorCode: errorCodes.INVALID_REQUEST };
  if (!coordinates(context.broker, id)) return { errorCode: errorCodes.NOT_COORDINATOR };
  const expected = producerId < 0 ? undefined : { producerId, epoch };
  return context.broker.cluster.transactions.initialize(id, transactionTimeoutMs, expected);
}
