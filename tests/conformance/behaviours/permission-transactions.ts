/** What requests about transactional ids are answered to who may do nothing, and with single rights. */
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  describeTransactions,
  endTxn,
  findCoordinator,
  initProducerId,
  listTransactions,
  txnOffsetCommit,
} from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { RawTransaction } from '../matrix/raw-transaction.ts';
import { type Answers, type Asks, answersAt, askAll, type Names, RawUser } from '../matrix/raw-user.ts';

/**
 * The rights to a transactional id that are tried, and what each request is answered with one after the other; with
 * `all`, its topic and its group may be used too.
 */
const transactionRights = ['no', 'describe', 'write', 'all'] as const;
const transactionAnswers: Answers = {
  FindCoordinator: ['NONE TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'NONE', 'NONE', 'NONE'],
  InitProducerId: [
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'PRODUCER_FENCED',
    'PRODUCER_FENCED',
  ],
  'InitProducerId without name': [
    'CLUSTER_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'NONE',
  ],
  AddPartitionsToTxn: [
    'NONE TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'NONE TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'NONE TOPIC_AUTHORIZATION_FAILED',
    'INVALID_PRODUCER_ID_MAPPING NONE',
  ],
  'AddPartitionsToTxn as a broker': [
    'CLUSTER_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
  ],
  AddOffsetsToTxn: [
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'INVALID_PRODUCER_ID_MAPPING',
  ],
  TxnOffsetCommit: [
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'INVALID_PRODUCER_ID_MAPPING',
  ],
  EndTxn: [
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'INVALID_PRODUCER_ID_MAPPING',
    'INVALID_PRODUCER_ID_MAPPING',
  ],
  DescribeTransactions: ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'NONE', 'NONE', 'NONE'],
  ListTransactions: ['hidden', 'listed', 'listed', 'listed'],
};

function transactionAsks(user: RawUser, { topic, group, transaction }: Names): Asks {
  const to = { transaction };
  const producer = { producerId: 1_000_000, producerEpoch: 0 };
  const offset = { partitionIndex: 0, committedOffset: 1, committedMetadata: '' };
  const offsets = { groupId: group, topics: [{ name: topic, partitions: [offset] }] };
  return {
    FindCoordinator: () => user.errorsOf('any', findCoordinator, 4, { keyType: 1, coordinatorKeys: [transaction] }),
    InitProducerId: () =>
      user.errorsOf(to, initProducerId, 4, { transactionalId: transaction, transactionTimeoutMs: 60_000, ...producer }),
    'InitProducerId without name': () =>
      user.errorsOf(to, initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 }),
    AddPartitionsToTxn: () =>
      user.errorsOf(to, addPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: transaction,
        v3AndBelowProducerId: producer.producerId,
        v3AndBelowProducerEpoch: 0,
        v3AndBelowTopics: [{ name: topic, partitions: [0] }],
      }),
    'AddPartitionsToTxn as a broker': () =>
      user.errorsOf(to, addPartitionsToTxn, 4, {
        transactions: [
          { transactionalId: transaction, ...producer, verifyOnly: true, topics: [{ name: topic, partitions: [0] }] },
        ],
      }),
    AddOffsetsToTxn: () =>
      user.errorsOf(to, addOffsetsToTxn, 3, { transactionalId: transaction, ...producer, groupId: group }),
    TxnOffsetCommit: () =>
      user.errorsOf({ group }, txnOffsetCommit, 3, { transactionalId: transaction, ...producer, ...offsets }),
    EndTxn: () => user.errorsOf(to, endTxn, 3, { transactionalId: transaction, ...producer, committed: true }),
    DescribeTransactions: () => user.errorsOf(to, describeTransactions, 0, { transactionalIds: [transaction] }),
    ListTransactions: async () => {
      const none = { stateFilters: [], producerIdFilters: [] };
      const { transactionStates } = await (await user.to(to)).request(listTransactions, 0, none);
      return transactionStates.some(({ transactionalId }) => transactionalId === transaction) ? 'listed' : 'hidden';
    },
  };
}

const transactionApis = [
  'FindCoordinator',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
  'DescribeTransactions',
  'ListTransactions',
] as const;

export const permissionTransactions: readonly Behaviour[] = [
  ...transactionRights.map(
    (right, at): Behaviour => ({
      name: `requests about a transactional id are answered as the right of their sender has it: ${right}`,
      apis: transactionApis,
      profile: 'secured',
      shows: answersAt(transactionAnswers, at),
      by: {
        millrace: async (place, scope) => {
          const one = await RawTransaction.ready(place, scope);
          const names = { topic: await scope.createTopic(), group: scope.name('group'), transaction: one.id };
          const user = new RawUser(place, scope);
          const operation = right === 'describe' ? right : 'write';
          if (right !== 'no') {
            await user.entry({ resourceType: 'transactional-id', resourceName: one.id, operation });
          }
          if (right === 'all') {
            await user.entry({ resourceType: 'topic', resourceName: names.topic, operation: 'all' });
            await user.entry({ resourceType: 'group', resourceName: names.group, operation: 'all' });
          }
          return await askAll(transactionAsks(user, names));
        },
      },
    }),
  ),
];
