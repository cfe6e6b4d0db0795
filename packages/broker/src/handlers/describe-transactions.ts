/** DescribeTransactions, version 0. Partitions of deleted topics, and of topics that one may not see, are left out. */
import { describeTransactions as api, errorCodes } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows } from '../security/authorization.ts';
import type { Transaction } from '../transactions/transaction.ts';

export const describeTransactions: Handler<typeof api> = {
  api,

  handle({ transactionalIds }, context) {
    return { transactionStates: transactionalIds.map((id) => describe(id, context)) };
  },
};

function describe(transactionalId: string, context: RequestContext) {
  const refused = (errorCode: number) => ({
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  });
  const { broker } = context;
  if (!allows(context, 'Describe', 'TransactionalId', transactionalId)) {
    return refused(errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  }
  if (transactionalId === '') return refused(errorCodes.INVALID_REQUEST);
  if (!coordinates(broker, transactionalId)) return refused(errorCodes.NOT_COORDINATOR);
  const transaction = broker.cluster.transactions.get(transactionalId);
  if (transaction === undefined) return refused(errorCodes.TRANSACTIONAL_ID_NOT_FOUND);
  const { facts } = transaction;
  return {
    errorCode: errorCodes.NONE,
    transactionalId,
    transactionState: facts.state,
    transactionTimeoutMs: facts.timeoutMs,
    transactionStartTimeMs: facts.startedAt,
    producerId: facts.producerId,
    producerEpoch: facts.epoch,
    topics: topicsOf(transaction, context),
  };
}

function topicsOf({ partitions }: Transaction, context: RequestContext) {
  return [...partitions].flatMap(([topicId, indexes]) => {
    const topic = context.broker.cluster.topics.byId(topicId);
    if (topic === undefined || !allows(context, 'Describe', 'Topic', topic.name)) return [];
    return [{ topic: topic.name, partitions: [...indexes].sort((left, right) => left - right) }];
  });
}
