/** DescribeProducers, version 0: the producers that a partition remembers, and where their open transactions begin. */
import { describeProducers as api, errorCodes, errorRow } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import { copyOfPartition } from '../partition-access.ts';
import { allows } from '../security/authorization.ts';

export const describeProducers: Handler<typeof api> = {
  api,

  handle({ topics }, context) {
    return {
      topics: topics.map(({ name, partitionIndexes }) => {
        const allowed = allows(context, 'Read', 'Topic', name);
        return {
          name,
          partitions: partitionIndexes.map((index) =>
            allowed ? describe(name, index, context) : refused(index, errorCodes.TOPIC_AUTHORIZATION_FAILED),
          ),
        };
      }),
    };
  },
};

function describe(name: string, index: number, { broker }: RequestContext) {
  const { partition, errorCode } = copyOfPartition(broker, name, index);
  if (partition === undefined) return refused(index, errorCode);
  const activeProducers = [...(partition.log?.producers.all() ?? [])].map((producer) => ({
    producerId: producer.producerId,
    producerEpoch: producer.epoch,
    lastSequence: producer.lastSequence,
    lastTimestamp: producer.timestamp,
    coordinatorEpoch: producer.coordinatorEpoch,
    currentTxnStartOffset: producer.transactionStart,
  }));
  return { partitionIndex: index, errorCode: errorCodes.NONE, errorMessage: null, activeProducers };
}

function refused(partitionIndex: number, errorCode: number) {
  return { partitionIndex, errorCode, errorMessage: errorRow(errorCode).description, activeProducers: [] };
}
