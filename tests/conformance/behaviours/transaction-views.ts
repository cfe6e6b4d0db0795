/** Transactions as administrators and readers see them. */
import {
  describeProducers,
  describeTransactions,
  listOffsets,
  listTransactions,
  type RequestDraft,
} from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName } from '../matrix/raw-connection.ts';
import { batchesIn, fetchFrom } from '../matrix/raw-records.ts';
import { RawTransaction } from '../matrix/raw-transaction.ts';
import { settled } from '../matrix/settled.ts';

export const transactionViews: readonly Behaviour[] = [
  {
    name: 'a transaction is described while it is empty, open and ended, with its partitions',
    apis: ['DescribeTransactions'],
    shows: {
      empty: { error: 'NONE', state: 'Empty', timeoutMs: 60000, started: false, id: true, epoch: 0, topics: [] },
      open: {
        error: 'NONE',
        state: 'Ongoing',
        timeoutMs: 60000,
        started: true,
        id: true,
        epoch: 0,
        topics: [[true, [0, 1]]],
      },
      committed: {
        error: 'NONE',
        state: 'CompleteCommit',
        timeoutMs: 60000,
        started: true,
        id: true,
        epoch: 0,
        topics: [],
      },
      aborted: {
        error: 'NONE',
        state: 'CompleteAbort',
        timeoutMs: 60000,
        started: true,
        id: true,
        epoch: 0,
        topics: [],
      },
      absent: 'TRANSACTIONAL_ID_NOT_FOUND',
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic({ partitions: 2 });
        const one = await RawTransaction.ready(place, scope);
        const seen: Record<string, unknown> = {};
        const look = async (transactionalId = one.id) => {
          const answer = await one.coordinator.request(describeTransactions, 0, {
            transactionalIds: [transactionalId],
          });
          return answer.transactionStates[0];
        };
        const note = async (step: string, state: string) => {
          const found = await settled(look, (each) => each?.transactionState === state);
          seen[step] = {
            error: errorName(found?.errorCode),
            state: found?.transactionState,
            timeoutMs: found?.transactionTimeoutMs,
            started: (found?.transactionStartTimeMs ?? -1) > 0,
            id: found?.producerId === one.producerId,
            epoch: (found?.producerEpoch ?? -1) - one.producerEpoch,
            topics: found?.topics.map(({ topic: name, partitions }) => [name === topic, [...partitions].sort()]),
          };
        };
        await note('empty', 'Empty');
        await one.write(topic, 'x');
        await one.write(topic, 'x', 1);
        await note('open', 'Ongoing');
        await one.end('commit');
        await note('committed', 'CompleteCommit');
        await one.write(topic, 'x');
        await one.end('abort');
        await note('aborted', 'CompleteAbort');
        // Another coordinator might have it.
        const absent = await RawTransaction.of(place, scope, 'v2', scope.name('absent'));
        const nothing = await absent.coordinator.request(describeTransactions, 0, { transactionalIds: [absent.id] });
        seen['absent'] = errorName(nothing.transactionStates[0]?.errorCode);
        return seen;
      },
    },
  },
  {
    name: 'transactions are listed by state, producer, time they are open, and a pattern of their ids',
    apis: ['ListTransactions'],
    shows: {
      all: ['NONE', 'Ongoing'],
      'all, by version 0': ['NONE', 'Ongoing'],
      'those that are open': ['NONE', 'Ongoing'],
      'those that are open, in other letters': ['NONE', 'not listed', 'ongoing'],
      'those that are empty': ['NONE', 'not listed'],
      'a state that there is not': ['NONE', 'Ongoing', 'Strange'],
      'its producer': ['NONE', 'Ongoing'],
      'another producer': ['NONE', 'not listed'],
      'open for some time': ['NONE', 'Ongoing'],
      'open for an hour': ['NONE', 'not listed'],
      'its id as a pattern': ['NONE', 'Ongoing'],
      'a part of its id': ['NONE', 'not listed'],
      'a pattern that it matches': ['NONE', 'Ongoing'],
      'a pattern that is empty': ['NONE', 'Ongoing'],
      'a pattern that is none': ['INVALID_REGULAR_EXPRESSION', 'not listed'],
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const one = await RawTransaction.ready(place, scope);
        await one.write(topic, 'x');
        const seen: Record<string, unknown> = {};
        const note = async (step: string, filters: Partial<RequestDraft<typeof listTransactions>>, version = 2) => {
          const draft = { stateFilters: [], producerIdFilters: [], ...filters };
          const answer = await one.coordinator.request(listTransactions, version, draft);
          const found = answer.transactionStates.find(({ transactionalId }) => transactionalId === one.id);
          seen[step] = [
            errorName(answer.errorCode),
            found?.transactionState ?? 'not listed',
            ...answer.unknownStateFilters,
          ];
        };
        await note('all', {});
        await note('all, by version 0', {}, 0);
        await note('those that are open', { stateFilters: ['Ongoing'] });
        await note('those that are open, in other letters', { stateFilters: ['ongoing'] });
        await note('those that are empty', { stateFilters: ['Empty'] });
        await note('a state that there is not', { stateFilters: ['Strange', 'Ongoing'] });
        await note('its producer', { producerIdFilters: [one.producerId] });
        await note('another producer', { producerIdFilters: [one.producerId + 1_000_000] });
        await note('open for some time', { durationFilter: 0 }, 1);
        await note('open for an hour', { durationFilter: 3_600_000 }, 1);
        await note('its id as a pattern', { transactionalIdPattern: one.id });
        await note('a part of its id', { transactionalIdPattern: one.id.slice(3) });
        await note('a pattern that it matches', { transactionalIdPattern: `.*${one.id.slice(3)}` });
        await note('a pattern that is empty', { transactionalIdPattern: '' });
        await note('a pattern that is none', { transactionalIdPattern: '(' });
        await one.end('abort');
        return seen;
      },
    },
  },
  {
    name: 'partitions tell who writes to them, and where an open transaction begins',
    apis: ['DescribeProducers'],
    shows: {
      nobody: ['NONE'],
      open: ['NONE', { id: true, epoch: 0, sequence: 1, recent: true, coordinatorEpoch: -1, from: 0 }],
      committed: ['NONE', { id: true, epoch: 1, sequence: -1, recent: true, coordinatorEpoch: 0, from: -1 }],
      'a partition that is not there': ['UNKNOWN_TOPIC_OR_PARTITION'],
      'a topic that is not there': ['UNKNOWN_TOPIC_OR_PARTITION'],
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const one = await RawTransaction.ready(place, scope);
        const leader = await one.cluster.leader(topic);
        const look = async (name = topic, partition = 0) => {
          const topics = [{ name, partitionIndexes: [partition] }];
          return (await leader.request(describeProducers, 0, { topics })).topics[0]?.partitions[0];
        };
        const told = (answer: Awaited<ReturnType<typeof look>>) => [
          errorName(answer?.errorCode),
          ...(answer?.activeProducers ?? []).map((each) => ({
            id: each.producerId === one.producerId,
            epoch: each.producerEpoch,
            sequence: each.lastSequence,
            recent: each.lastTimestamp > 1.6e12,
            coordinatorEpoch: each.coordinatorEpoch,
            from: each.currentTxnStartOffset,
          })),
        ];
        const seen: Record<string, unknown> = { nobody: told(await look()) };
        await one.write(topic, 'x');
        await one.write(topic, 'y');
        seen['open'] = told(await look());
        await one.end('commit');
        seen['committed'] = told(await settled(look, (each) => each?.activeProducers[0]?.currentTxnStartOffset === -1));
        seen['a partition that is not there'] = told(await look(topic, 7));
        seen['a topic that is not there'] = told(await look(`${topic}-absent`));
        return seen;
      },
    },
  },
  {
    name: 'who reads committed records is told which were aborted, and nothing behind an open transaction',
    apis: ['Fetch', 'ListOffsets'],
    shows: {
      'one aborted, two open, committed': { batches: ['0 one'], aborted: ['one 0'], stable: 1, end: 4 },
      'one aborted, two open, uncommitted': {
        batches: ['0 one', '1 two', '2 one', '3 marker one'],
        aborted: null,
        stable: 1,
        end: 4,
      },
      latest: [1, 4],
      'two committed': {
        batches: ['0 one', '1 two', '2 one', '3 marker one', '4 marker two'],
        aborted: ['one 0'],
        stable: 5,
        end: 5,
      },
      'from the marker on': { batches: ['3 marker one', '4 marker two'], aborted: ['one 0'], stable: 5, end: 5 },
      'latest after that': [5, 5],
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const [one, two] = [
          await RawTransaction.ready(place, scope, 'v1', scope.name('first')),
          await RawTransaction.ready(place, scope, 'v1', scope.name('second')),
        ];
        const leader = await one.cluster.leader(topic);
        const letters = new Map([
          [one.producerId, 'one'],
          [two.producerId, 'two'],
        ]);
        const look = async (isolation: 'read_committed' | 'read_uncommitted', offset = 0) => {
          const answer = await fetchFrom(leader, topic, { isolation, offset });
          const batches = batchesIn(answer).map(
            (batch) => `${batch.baseOffset}${batch.isControl ? ' marker' : ''} ${letters.get(batch.producerId)}`,
          );
          const aborted = answer.abortedTransactions?.map(
            (each) => `${letters.get(each.producerId)} ${each.firstOffset}`,
          );
          return { batches, aborted: aborted ?? null, stable: answer.lastStableOffset, end: answer.highWatermark };
        };
        const latest = async (isolationLevel: number) => {
          const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
          const answer = await leader.request(listOffsets, 6, { replicaId: -1, isolationLevel, topics });
          return answer.topics[0]?.partitions[0]?.offset;
        };
        for (const each of [one, two]) await each.add({ [topic]: [0] });
        await one.write(topic, 'a');
        await two.write(topic, 'b');
        await one.write(topic, 'c');
        await one.end('abort');
        await settled(
          () => look('read_uncommitted'),
          ({ end }) => end === 4,
        );
        const seen: Record<string, unknown> = {};
        seen['one aborted, two open, committed'] = await look('read_committed');
        seen['one aborted, two open, uncommitted'] = await look('read_uncommitted');
        seen['latest'] = [await latest(1), await latest(0)];
        await two.end('commit');
        await settled(
          () => look('read_committed'),
          ({ stable }) => stable === 5,
        );
        seen['two committed'] = await look('read_committed');
        seen['from the marker on'] = await look('read_committed', 3);
        seen['latest after that'] = [await latest(1), await latest(0)];
        return seen;
      },
    },
  },
];
