/** Transactions: list, describe, abort; who writes to partitions; fencing. */
import {
  describeProducers,
  describeTransactions,
  errorCodes,
  initProducerId,
  KafkaError,
  listTransactions,
  writeTxnMarkers,
} from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import type { NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { Coordinator } from '../coordinator.ts';
import { UnsupportedApiError } from '../errors.ts';
import { byTopic } from '../offset-queries.ts';
import { askLeaders } from '../partition-leaders.ts';
import type { TopicPartition } from '../topic.ts';
import { itemResults } from './item-results.ts';
import { onEachBroker, throwIfFailed, throwIfRetriable } from './routes.ts';
import type {
  HangingTransaction,
  ProducerState,
  TransactionalIdName,
  TransactionDescription,
  TransactionFilter,
  TransactionListing,
  TransactionState,
} from './transaction-admin.ts';

export async function listAllTransactions(
  cluster: Cluster,
  filter: TransactionFilter,
  bounds: CallBounds,
): Promise<TransactionListing[]> {
  const { states = [], producerIds = [], openLongerThanMs, transactionalIdPattern } = filter;
  const versionMin = transactionalIdPattern !== undefined ? 2 : openLongerThanMs !== undefined ? 1 : 0;
  const draft = {
    stateFilters: states,
    producerIdFilters: producerIds,
    ...(openLongerThanMs === undefined ? {} : { durationFilter: openLongerThanMs }),
    ...(transactionalIdPattern === undefined ? {} : { transactionalIdPattern }),
  };
  const answers = await onEachBroker(cluster, bounds, async (connection, timeoutMs, coordinator) => {
    if (connection.version(listTransactions) < versionMin) {
      const detail = ` in version ${versionMin}, which this filter needs`;
      throw new UnsupportedApiError(listTransactions.name, connection.broker, detail);
    }
    const response = await connection.request(listTransactions, draft, { timeoutMs });
    throwIfFailed(response, `list the transactions of broker ${coordinator}`);
    if (response.unknownStateFilters.length > 0) {
      const unknown = `the broker does not know the states ${response.unknownStateFilters.join(', ')}`;
      throw new KafkaError(errorCodes.INVALID_REQUEST, `list the transactions of broker ${coordinator}`, unknown);
    }
    return response.transactionStates.map(({ transactionalId, producerId, transactionState }) => ({
      transactionalId,
      producerId,
      state: transactionState as TransactionState,
      coordinator,
    }));
  });
  return answers.flat().sort((left, right) => (left.transactionalId < right.transactionalId ? -1 : 1));
}

export async function describeSomeTransactions(
  cluster: Cluster,
  ids: readonly string[],
  bounds: CallBounds,
): Promise<ItemResult<TransactionalIdName, TransactionDescription>[]> {
  const answers = await Promise.all(
    ids.map((transactionalId) => {
      const coordinator = new Coordinator(cluster, 'transactional id', transactionalId);
      return coordinator.call(bounds, async (connection, timeoutMs) => {
        const draft = { transactionalIds: [transactionalId] };
        const [answer] = (await connection.request(describeTransactions, draft, { timeoutMs })).transactionStates;
        if (answer !== undefined) throwIfRetriable(answer, actionOn('describe', transactionalId));
        return answer && { ...answer, coordinator: coordinator.nodeId ?? -1 };
      });
    }),
  );
  return itemResults(
    ids.map((transactionalId) => ({ transactionalId })),
    (_, place) => answers[place],
    ({ transactionalId }) => actionOn('describe', transactionalId),
    (answer) => ({
      state: answer.transactionState as TransactionState,
      producerId: answer.producerId,
      producerEpoch: answer.producerEpoch,
      timeoutMs: answer.transactionTimeoutMs,
      startedAtMs: answer.transactionStartTimeMs < 0 ? undefined : answer.transactionStartTimeMs,
      partitions: answer.topics.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
      coordinator: answer.coordinator,
    }),
    accessTo('describe'),
  );
}

export async function describeSomeProducers(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  bounds: CallBounds,
): Promise<ItemResult<TopicPartition, { readonly producers: readonly ProducerState[] }>[]> {
  const results = await askLeaders(
    cluster,
    'describe the producers',
    partitions,
    bounds,
    async (connection, led, timeoutMs) => {
      const topics = byTopic(led, ({ partition }) => partition);
      const draft = { topics: topics.map(([name, partitionIndexes]) => ({ name, partitionIndexes })) };
      const response = await connection.request(describeProducers, draft, { timeoutMs });
      return response.topics.flatMap(({ name, partitions: answers }) =>
        answers.map((answer) => ({
          topic: name,
          partition: answer.partitionIndex,
          errorCode: answer.errorCode,
          value: answer.activeProducers.map(({ currentTxnStartOffset, ...producer }) => ({
            ...producer,
            transactionStartOffset: currentTxnStartOffset < 0 ? undefined : currentTxnStartOffset,
          })),
        })),
      );
    },
  );
  return partitions.map(({ topic, partition }, place) => {
    const result = results[place];
    return result?.error === undefined
      ? { topic, partition, producers: result?.value ?? [] }
      : { topic, partition, error: result.error };
  });
}

export async function abortHangingTransaction(
  cluster: Cluster,
  hanging: HangingTransaction,
  bounds: CallBounds,
): Promise<void> {
  const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = hanging;
  const topics = [{ name: topic, partitionIndexes: [partition] }];
  // A log in which no marker was ever written names none; brokers take any then.
  const marker = { producerId, producerEpoch, coordinatorEpoch: Math.max(0, coordinatorEpoch), topics };
  const [result] = await askLeaders(
    cluster,
    'abort the transaction',
    [{ topic, partition }],
    bounds,
    async (connection, _led, timeoutMs) => {
      const draft = { markers: [{ ...marker, transactionResult: false }] };
      const response = await connection.request(writeTxnMarkers, draft, { timeoutMs });
      return response.markers.flatMap((answer) =>
        answer.topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, errorCode }) => ({
            topic: name,
            partition: partitionIndex,
            errorCode,
            value: undefined,
          })),
        ),
      );
    },
  );
  if (result?.error !== undefined) throw result.error;
}

export async function fenceSomeProducers(
  cluster: Cluster,
  ids: readonly string[],
  bounds: CallBounds,
): Promise<ItemResult<TransactionalIdName, { readonly producerId: number; readonly producerEpoch: number }>[]> {
  const answers = await Promise.all(
    ids.map((transactionalId) =>
      new Coordinator(cluster, 'transactional id', transactionalId).call(bounds, async (connection, timeoutMs) => {
        const draft = { transactionalId, transactionTimeoutMs: cluster.settings.requestTimeoutMs };
        const answer = await connection.request(initProducerId, draft, { timeoutMs });
        throwIfRetriable(answer, actionOn('fence the producers of', transactionalId));
        return answer;
      }),
    ),
  );
  return itemResults(
    ids.map((transactionalId) => ({ transactionalId })),
    (_, place) => answers[place],
    ({ transactionalId }) => actionOn('fence the producers of', transactionalId),
    ({ producerId, producerEpoch }) => ({ producerId, producerEpoch }),
    accessTo('write'),
  );
}

function actionOn(verb: string, transactionalId: string): string {
  return `${verb} transactional id ${transactionalId}`;
}

function accessTo(operation: 'describe' | 'write'): (name: TransactionalIdName) => NeededAccess {
  return ({ transactionalId }) => ({ operation, resourceType: 'transactional-id', resourceName: transactionalId });
}
