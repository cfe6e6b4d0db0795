/** What the batches of a transactional producer need to get into a partition (KIP-890). */
import { errorCodes } from '@millrace/wire';
import type { RequestContext } from '../handler.ts';
import type { ProducerBatch } from '../log/producer-batch.ts';
import { allows } from '../security/authorization.ts';
import type { Partition } from '../topics/partition.ts';
import { writerError } from './client-error.ts';

/** From these versions of Produce on the client knows TRANSACTION_ABORTABLE, and has partitions added, respectively. */
const abortableVersion = 11;
const implicitAddVersion = 12;

/**
 * Calls `append` once the partition belongs to the producer's transaction, with 0 or with the error code that refuses
 * the batch. Before version 12 the client must have added the partition; from then on it is added here.
 */
export function enterTransaction<T>(
  context: RequestContext,
  id: string | null,
  partition: Partition,
  batch: ProducerBatch,
  append: (errorCode: number) => T,
): T | Promise<T> {
  const { apiVersion, broker } = context;
  if (id === null || !allows(context, 'Write', 'TransactionalId', id)) {
    return append(errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  }
  const { transactions, producerGate } = broker.cluster;
  const producer = { producerId: batch.producerId, epoch: batch.producerEpoch };
  const { id: topicId } = partition.owner;
  const implicitAdd = apiVersion >= implicitAddVersion;
  const check = (): number => transactions.checkPartition(id, producer, topicId, partition.index);
  const add = (): number | Promise<number> =>
    transactions.add(id, producer, { topics: [[topicId, [partition.index]]], groups: [] }, true);
  const confirm = (): number => {
    if (partition.owner.deleted) return errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
    return partition.leader === broker.nodeId ? check() : errorCodes.NOT_LEADER_OR_FOLLOWER;
  };
  const retryAs = errorCodes.NOT_ENOUGH_REPLICAS;
  const knowledge = { abortable: apiVersion >= abortableVersion, implicitAdd, retryAs };
  return producerGate.enter(partition, batch.producerId, { admit: implicitAdd ? add : check, confirm }, (errorCode) => {
    if (errorCode !== errorCodes.NONE) return append(writerError(errorCode, knowledge));
    // Such a producer begins at 0 in each partition and transaction, so a first batch is missing.
    const isUnknown = implicitAdd && partition.log?.producers.get(batch.producerId) === undefined;
    return append(isUnknown && batch.baseSequence !== 0 ? errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER : errorCodes.NONE);
  });
}
