/** Transactional producers: their ids and epochs, and how a producer ends those before it. */
import { initProducerId } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName } from '../matrix/raw-connection.ts';
import { RawTransaction } from '../matrix/raw-transaction.ts';
import { settled } from '../matrix/settled.ts';

/** By whether the client adds partitions and groups itself. */
const afterSuccessor = {
  v1: {
    written: 'NONE',
    epochs: [0, 2],
    'the zombie writes': 'INVALID_PRODUCER_EPOCH',
    'adds a partition': ['PRODUCER_FENCED'],
    'adds a group': 'PRODUCER_FENCED',
    'commits offsets': 'INVALID_PRODUCER_EPOCH',
    commits: 'PRODUCER_FENCED',
    aborts: 'PRODUCER_FENCED',
    'begins anew': 'PRODUCER_FENCED',
  },
  v2: {
    written: 'NONE',
    epochs: [0, 2],
    'the zombie writes': 'INVALID_PRODUCER_EPOCH',
    'adds a partition': ['PRODUCER_FENCED'],
    'adds a group': 'PRODUCER_FENCED',
    'commits offsets': 'INVALID_PRODUCER_EPOCH',
    commits: 'PRODUCER_FENCED',
    aborts: 'PRODUCER_FENCED',
    'begins anew': 'PRODUCER_FENCED',
  },
};

export const transactionProducers: readonly Behaviour[] = [
  {
    name: 'a transactional id keeps its producer id, and each producer gets a new epoch',
    apis: ['InitProducerId'],
    shows: {
      epochs: [0, 1],
      same: true,
      'with its own epoch': ['NONE', 2],
      'with the epoch before its own': ['NONE', 2],
      'with an epoch from before': 'PRODUCER_FENCED',
      'with a later epoch': 'PRODUCER_FENCED',
      'with another producer id': 'PRODUCER_FENCED',
      'with an epoch and no producer id': 'INVALID_REQUEST',
      'with a producer id and no epoch': 'INVALID_REQUEST',
      'an unknown transactional id with a producer id': ['NONE', 3],
    },
    by: {
      millrace: async (place, scope) => {
        const one = await RawTransaction.ready(place, scope);
        const first = one.identity;
        const two = await RawTransaction.ready(place, scope);
        const seen: Record<string, unknown> = {
          epochs: [first.producerEpoch, two.producerEpoch],
          same: first.producerId === two.producerId,
        };
        const say = async (step: string, changes: Parameters<typeof two.init>[0]) => {
          const error = await two.init(changes);
          seen[step] = error === 'NONE' ? [error, two.producerEpoch] : error;
        };
        await say('with its own epoch', two.identity);
        await say('with the epoch before its own', { ...two.identity, producerEpoch: two.producerEpoch - 1 });
        await say('with an epoch from before', first);
        await say('with a later epoch', { ...two.identity, producerEpoch: 9 });
        await say('with another producer id', { ...two.identity, producerId: two.producerId + 1_000_000 });
        await say('with an epoch and no producer id', { producerId: -1, producerEpoch: 3 });
        await say('with a producer id and no epoch', { producerId: two.producerId, producerEpoch: -1 });
        await say('an unknown transactional id with a producer id', {
          transactionalId: two.id,
          ...two.identity,
        });
        return seen;
      },
    },
  },
  {
    name: 'a transactional producer must have a name, and a timeout within bounds',
    apis: ['InitProducerId'],
    shows: {
      'an empty name': 'INVALID_REQUEST',
      'a timeout of -1': 'INVALID_TRANSACTION_TIMEOUT',
      'a timeout of 0': 'INVALID_TRANSACTION_TIMEOUT',
      'a timeout of 900001': 'INVALID_TRANSACTION_TIMEOUT',
      'a timeout of 900000': 'NONE',
      'a timeout of -1 without name': 'NONE',
    },
    by: {
      millrace: async (place, scope) => {
        const one = await RawTransaction.of(place, scope);
        const ofNoName = await one.cluster.coordinator('transaction', '');
        const draft = { transactionalId: '', transactionTimeoutMs: 1_000 };
        const named = await ofNoName.request(initProducerId, 5, draft);
        const seen: Record<string, unknown> = { 'an empty name': errorName(named.errorCode) };
        for (const transactionTimeoutMs of [-1, 0, 900_001, 900_000]) {
          seen[`a timeout of ${transactionTimeoutMs}`] = await one.init({ transactionTimeoutMs });
        }
        seen['a timeout of -1 without name'] = await one.init({ transactionalId: null, transactionTimeoutMs: -1 });
        return seen;
      },
    },
  },
  ...(['v1', 'v2'] as const).map(
    (protocol) =>
      ({
        name: `a new producer aborts what the one before it has open, which can go on with nothing (${protocol})`,
        apis: [
          'InitProducerId',
          'AddPartitionsToTxn',
          'AddOffsetsToTxn',
          'EndTxn',
          'Produce',
          'TxnOffsetCommit',
        ] as const,
        shows: afterSuccessor[protocol],
        by: {
          millrace: async (place, scope) => {
            const topic = await scope.createTopic();
            const group = scope.name('group');
            const zombie = await RawTransaction.ready(place, scope, protocol);
            if (protocol === 'v1') await zombie.add({ [topic]: [0] });
            const written = await zombie.write(topic, 'abandoned');
            const successor = await RawTransaction.ready(place, scope, protocol);
            return {
              written,
              epochs: [zombie.producerEpoch, successor.producerEpoch],
              'the zombie writes': await zombie.write(topic, 'late'),
              'adds a partition': await zombie.add({ [topic]: [0] }),
              'adds a group': await zombie.addGroup(group),
              'commits offsets': await zombie.commitOffset(group, topic),
              commits: await zombie.end('commit'),
              aborts: await zombie.end('abort'),
              'begins anew': await zombie.init(zombie.identity),
            };
          },
        },
      }) satisfies Behaviour,
  ),
  {
    name: 'a transaction that stays open for longer than its timeout is aborted, and its producer told so',
    apis: ['InitProducerId', 'EndTxn', 'AddPartitionsToTxn'],
    shows: {
      state: 'CompleteAbort',
      epochs: [0, 1],
      writes: 'INVALID_PRODUCER_EPOCH',
      adds: ['PRODUCER_FENCED'],
      commits: 'PRODUCER_FENCED',
      begins: ['NONE', 1],
      again: ['NONE', 2],
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const one = await RawTransaction.of(place, scope, 'v1');
        await one.init({ transactionTimeoutMs: 500 });
        await one.add({ [topic]: [0] });
        await one.write(topic, 'slow');
        const describe = async () => (await scope.admin.describeTransactions([one.id]))[0];
        const over = await settled(describe, (each) => each?.error === undefined && each?.state === 'CompleteAbort');
        const facts = over?.error === undefined ? over : undefined;
        return {
          state: facts?.state,
          epochs: [one.producerEpoch, facts?.producerEpoch],
          writes: await one.write(topic, 'late'),
          adds: await one.add({ [topic]: [0] }),
          commits: await one.end('commit'),
          begins: [await one.init(one.identity), one.producerEpoch],
          again: [await one.init(), one.producerEpoch],
        };
      },
    },
  },
];
