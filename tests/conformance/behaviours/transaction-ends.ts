/** How transactions take in partitions and end. */
import { addPartitionsToTxn, produce } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName } from '../matrix/raw-connection.ts';
import { batchOf, type Fetched, fetchFrom } from '../matrix/raw-records.ts';
import { RawTransaction } from '../matrix/raw-transaction.ts';
import { settled } from '../matrix/settled.ts';

/** By whether the client adds partitions and groups itself. */
const ends = {
  v1: {
    'commits nothing': ['INVALID_TXN_STATE', 0],
    'aborts nothing': ['INVALID_TXN_STATE', 0],
    written: 'NONE',
    'with a later epoch': ['PRODUCER_FENCED', 0],
    'with another producer id': ['INVALID_PRODUCER_ID_MAPPING', 0],
    commits: ['NONE', 0],
    'commits again': ['NONE', 0],
    'aborts after that': ['INVALID_TXN_STATE', 0],
    aborts: ['NONE', 0],
    'aborts again': ['NONE', 0],
    'commits after that': ['INVALID_TXN_STATE', 0],
    'of an id that nobody has': 'INVALID_PRODUCER_ID_MAPPING',
  },
  v2: {
    'commits nothing': ['INVALID_TXN_STATE', 0],
    'aborts nothing': ['NONE', 1],
    written: 'NONE',
    'with a later epoch': ['PRODUCER_FENCED', 0],
    'with another producer id': ['INVALID_PRODUCER_ID_MAPPING', 0],
    commits: ['NONE', 1],
    'commits again': ['NONE', 0],
    'aborts after that': ['INVALID_TXN_STATE', 0],
    aborts: ['NONE', 1],
    'aborts again': ['NONE', 0],
    'commits after that': ['INVALID_TXN_STATE', 0],
    'of an id that nobody has': 'INVALID_PRODUCER_ID_MAPPING',
  },
};

export const transactionEnds: readonly Behaviour[] = [
  {
    name: 'partitions are added to a transaction all or none, by its producer alone',
    apis: ['AddPartitionsToTxn'],
    shows: {
      both: ['NONE', 'NONE'],
      again: ['NONE'],
      'one that is not there': ['OPERATION_NOT_ATTEMPTED', 'UNKNOWN_TOPIC_OR_PARTITION'],
      'a topic that is not there': ['OPERATION_NOT_ATTEMPTED', 'UNKNOWN_TOPIC_OR_PARTITION'],
      'with an older epoch': ['PRODUCER_FENCED'],
      'with a later epoch': ['PRODUCER_FENCED'],
      'with another producer id': ['INVALID_PRODUCER_ID_MAPPING'],
      'of an id that nobody has': ['INVALID_PRODUCER_ID_MAPPING'],
      'of an empty id': [['INVALID_REQUEST'], 'INVALID_REQUEST', 'INVALID_REQUEST'],
      'with a later epoch, by version 0': 'INVALID_PRODUCER_EPOCH',
      'the end': 'NONE',
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic({ partitions: 2 });
        const one = await RawTransaction.ready(place, scope, 'v1');
        const { producerId, producerEpoch } = one.identity;
        const seen: Record<string, unknown> = {};
        seen['both'] = await one.add({ [topic]: [0, 1] });
        seen['again'] = await one.add({ [topic]: [0] });
        seen['one that is not there'] = await one.add({ [topic]: [0, 7] });
        seen['a topic that is not there'] = await one.add({ [topic]: [0], [`${topic}-absent`]: [0] });
        seen['with an older epoch'] = await one.add({ [topic]: [0] }, { producerEpoch: producerEpoch - 1 });
        seen['with a later epoch'] = await one.add({ [topic]: [0] }, { producerEpoch: producerEpoch + 1 });
        seen['with another producer id'] = await one.add({ [topic]: [0] }, { producerId: producerId + 1_000_000 });
        const other = await RawTransaction.of(place, scope, 'v1', scope.name('unknown'));
        seen['of an id that nobody has'] = await other.add({ [topic]: [0] }, one.identity);
        const old = await one.coordinator.request(addPartitionsToTxn, 0, {
          v3AndBelowTransactionalId: one.id,
          v3AndBelowProducerId: producerId,
          v3AndBelowProducerEpoch: producerEpoch + 1,
          v3AndBelowTopics: [{ name: topic, partitions: [0] }],
        });
        const [result] = old.resultsByTopicV3AndBelow[0]?.resultsByPartition ?? [];
        const nobody = await RawTransaction.of(place, scope, 'v1', '');
        seen['of an empty id'] = [
          await nobody.add({ [topic]: [0] }, one.identity),
          await nobody.addGroup(scope.name('group'), one.identity),
          await nobody.end('commit', one.identity),
        ];
        seen['with a later epoch, by version 0'] = errorName(result?.partitionErrorCode);
        seen['the end'] = await one.end('abort');
        return seen;
      },
    },
  },
  {
    name: 'brokers add partitions for several producers, or look whether they were added',
    apis: ['AddPartitionsToTxn'],
    shows: {
      'looks before': ['NONE', 'TRANSACTION_ABORTABLE'],
      'looks before, by version 5': ['NONE', 'TRANSACTION_ABORTABLE'],
      adds: ['NONE', 'NONE'],
      'looks after': ['NONE', 'NONE', 'TRANSACTION_ABORTABLE'],
      'looks after, by version 5': ['NONE', 'NONE', 'TRANSACTION_ABORTABLE'],
      'looks for nobody': ['NONE', 'INVALID_REQUEST'],
      'the end': 'NONE',
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic({ partitions: 2 });
        const one = await RawTransaction.ready(place, scope, 'v1');
        const ask = async (verifyOnly: boolean, partitions: number[], version: number, transactionalId = one.id) => {
          const topics = [{ name: topic, partitions }];
          const transactions = [{ transactionalId, ...one.identity, verifyOnly, topics }];
          const answer = await one.coordinator.request(addPartitionsToTxn, version, { transactions });
          const results = answer.resultsByTransaction.flatMap(({ topicResults }) => topicResults);
          const errors = results
            .flatMap((each) => each.resultsByPartition)
            .sort((a, b) => a.partitionIndex - b.partitionIndex);
          return [answer.errorCode, ...errors.map((each) => each.partitionErrorCode)].map(errorName);
        };
        return {
          'looks before': await ask(true, [0], 4),
          'looks before, by version 5': await ask(true, [0], 5),
          adds: await ask(false, [0], 4),
          'looks after': await ask(true, [0, 1], 4),
          'looks after, by version 5': await ask(true, [0, 1], 5),
          'looks for nobody': await ask(true, [0], 4, ''),
          'the end': await one.end('abort'),
        };
      },
    },
  },
  {
    name: 'records of a transaction are taken for partitions that were added, or add them, by their producer alone',
    apis: ['Produce', 'AddPartitionsToTxn'],
    shows: {
      'v1 without adding': 'TRANSACTION_ABORTABLE',
      'v1 after adding': [['NONE'], 'NONE'],
      'v1 with a later epoch': 'INVALID_PRODUCER_EPOCH',
      'v1 with another id': 'INVALID_PRODUCER_ID_MAPPING',
      'v1 ends': 'NONE',
      'v1 after the end': 'TRANSACTION_ABORTABLE',
      'v1 without naming the transactional id': 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      'v2 without adding': 'NONE',
      'v2 after adding': [['NONE'], 'NONE'],
      'v2 with a later epoch': 'INVALID_PRODUCER_EPOCH',
      'v2 with another id': 'INVALID_PRODUCER_ID_MAPPING',
      'v2 ends': 'NONE',
      'v2 after the end': 'INVALID_PRODUCER_EPOCH',
      'v2 without naming the transactional id': 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic({ partitions: 2 });
        const seen: Record<string, unknown> = {};
        for (const protocol of ['v1', 'v2'] as const) {
          const one = await RawTransaction.ready(place, scope, protocol, scope.name(protocol));
          const { producerId, producerEpoch } = one.identity;
          const later = { producerEpoch: producerEpoch + 1 };
          seen[`${protocol} without adding`] = await one.write(topic, 'x');
          seen[`${protocol} after adding`] = [await one.add({ [topic]: [1] }), await one.write(topic, 'x', 1)];
          seen[`${protocol} with a later epoch`] = await one.write(topic, 'x', 1, later);
          seen[`${protocol} with another id`] = await one.write(topic, 'x', 1, { producerId: producerId + 1_000_000 });
          seen[`${protocol} ends`] = await one.end('commit');
          const other = await one.cluster.leader(topic, 1);
          const isOver = ({ lastStableOffset, highWatermark }: Fetched) => lastStableOffset === highWatermark;
          await settled(() => fetchFrom(other, topic, { partition: 1 }), isOver);
          seen[`${protocol} after the end`] = await one.write(topic, 'x', 1, { producerId, producerEpoch });
          const leader = await one.cluster.leader(topic);
          const records = batchOf(['x'], { ...one.identity, baseSequence: 0, transactional: true });
          const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
          const nameless = await leader.request(produce, 11, {
            transactionalId: null,
            acks: -1,
            timeoutMs: 5_000,
            topicData,
          });
          seen[`${protocol} without naming the transactional id`] = errorName(
            nameless.responses[0]?.partitionResponses[0]?.errorCode,
          );
        }
        return seen;
      },
    },
  },
  ...(['v1', 'v2'] as const).map(
    (protocol) =>
      ({
        name: `a transaction ends once, as its producer says, and a repeated end is the same one (${protocol})`,
        apis: ['EndTxn', 'AddPartitionsToTxn', 'Produce'] as const,
        shows: ends[protocol],
        by: {
          millrace: async (place, scope) => {
            const topic = await scope.createTopic();
            const one = await RawTransaction.ready(place, scope, protocol);
            const seen: Record<string, unknown> = {};
            const begin = async (): Promise<void> => {
              if (protocol === 'v1') await one.add({ [topic]: [0] });
              seen['written'] = await one.write(topic, 'x');
            };
            const say = async (step: string, ...[outcome, changes]: Parameters<typeof one.end>) => {
              const epoch = one.producerEpoch;
              seen[step] = [await one.end(outcome, changes), one.producerEpoch - epoch];
            };
            await say('commits nothing', 'commit');
            await say('aborts nothing', 'abort');
            await begin();
            const before = one.identity;
            await say('with a later epoch', 'commit', { producerEpoch: one.producerEpoch + 1 });
            await say('with another producer id', 'commit', { producerId: one.producerId + 1_000_000 });
            await say('commits', 'commit');
            await say('commits again', 'commit', before);
            await say('aborts after that', 'abort', before);
            await begin();
            const second = one.identity;
            await say('aborts', 'abort');
            await say('aborts again', 'abort', second);
            await say('commits after that', 'commit', second);
            const other = await RawTransaction.of(place, scope, protocol, scope.name('unknown'));
            seen['of an id that nobody has'] = await other.end('commit', one.identity);
            return seen;
          },
        },
      }) satisfies Behaviour,
  ),
];
