/** Markers that end transactions on single partitions, as brokers and administrators write them. */
import { type RequestDraft, writeTxnMarkers } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName } from '../matrix/raw-connection.ts';
import { fetchFrom } from '../matrix/raw-records.ts';
import { RawTransaction } from '../matrix/raw-transaction.ts';
import { settled } from '../matrix/settled.ts';

export const transactionMarkers: readonly Behaviour[] = [
  {
    name: 'markers are written for brokers and administrators, of no older coordinator than the last one',
    apis: ['WriteTxnMarkers'],
    shows: {
      'with an older epoch': ['INVALID_PRODUCER_EPOCH', 1, 0],
      'of a partition that is not there': ['UNKNOWN_TOPIC_OR_PARTITION', 1, 0],
      'of a topic that is not there': ['UNKNOWN_TOPIC_OR_PARTITION', 1, 0],
      'ends it': ['NONE', 2, 2],
      'by an older coordinator': ['TRANSACTION_COORDINATOR_FENCED', 2, 2],
      'by the same coordinator, once more': ['NONE', 3, 3],
      'of a producer that nobody knows': ['NONE', 4, 4],
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const one = await RawTransaction.ready(place, scope, 'v1');
        await one.init();
        await one.add({ [topic]: [0] });
        await one.write(topic, 'x');
        const leader = await one.cluster.leader(topic);
        const seen: Record<string, unknown> = {};
        const mark = async (
          step: string,
          changes: Partial<RequestDraft<typeof writeTxnMarkers>['markers'][number]>,
        ) => {
          const topics = [{ name: topic, partitionIndexes: [0] }];
          const marker = { ...one.identity, transactionResult: false, topics, coordinatorEpoch: 0, ...changes };
          const answer = await leader.request(writeTxnMarkers, 1, { markers: [marker] });
          const { highWatermark, lastStableOffset } = await fetchFrom(leader, topic);
          const errors = answer.markers.flatMap((each) => each.topics.flatMap(({ partitions }) => partitions));
          seen[step] = [...errors.map(({ errorCode }) => errorName(errorCode)), highWatermark, lastStableOffset];
        };
        await mark('with an older epoch', { producerEpoch: 0 });
        await mark('of a partition that is not there', { topics: [{ name: topic, partitionIndexes: [7] }] });
        await mark('of a topic that is not there', { topics: [{ name: `${topic}-absent`, partitionIndexes: [0] }] });
        await mark('ends it', { coordinatorEpoch: 5 });
        await mark('by an older coordinator', { coordinatorEpoch: 3 });
        await mark('by the same coordinator, once more', { coordinatorEpoch: 5 });
        await mark('of a producer that nobody knows', { producerId: one.producerId + 1_000_000 });
        return seen;
      },
    },
  },
  {
    name: 'an administrator finds a transaction that hangs, and aborts it on its partition',
    apis: ['DescribeProducers', 'WriteTxnMarkers', 'ListTransactions'],
    shows: { from: 0, after: 'none', aborted: [0], lastStableOffset: 2, 'its coordinator still knows it': 'NONE' },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const one = await RawTransaction.ready(place, scope, 'v1');
        await one.add({ [topic]: [0] });
        await one.write(topic, 'x');
        const where = { topic, partition: 0 };
        const find = async () => {
          const [found] = await scope.admin.describeProducers([where]);
          return found?.error === undefined ? found?.producers[0] : undefined;
        };
        const hanging = await find();
        const { producerId, producerEpoch } = one.identity;
        await scope.admin.abortTransaction({
          ...where,
          producerId,
          producerEpoch,
          coordinatorEpoch: hanging?.coordinatorEpoch ?? -1,
        });
        const after = await settled(find, (each) => each?.transactionStartOffset === undefined);
        const leader = await one.cluster.leader(topic);
        const { abortedTransactions, lastStableOffset } = await fetchFrom(leader, topic, {
          isolation: 'read_committed',
        });
        return {
          from: hanging?.transactionStartOffset,
          after: after?.transactionStartOffset ?? 'none',
          aborted: abortedTransactions?.map(({ firstOffset }) => firstOffset),
          lastStableOffset,
          'its coordinator still knows it': await one.end('abort'),
        };
      },
    },
  },
];
