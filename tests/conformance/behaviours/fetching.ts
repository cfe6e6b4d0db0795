/** Fetches: what is answered, and what is refused. */
import { endTxn, fetch, initProducerId } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, raw } from '../matrix/raw-connection.ts';
import {
  batchesIn,
  batchOf,
  type Fetched,
  fetchDraft,
  fetchFrom,
  outcomeOfProduce,
  produceTo,
  topicWith,
  valuesIn,
} from '../matrix/raw-records.ts';
import { settled } from '../matrix/settled.ts';

const unknownId = 'dW5rbm93bi10b3BpYy1pZA';

function offsetsOf({ errorCode, highWatermark, lastStableOffset, logStartOffset, ...rest }: Fetched): unknown {
  const values = valuesIn(rest);
  return { error: errorName(errorCode), highWatermark, lastStableOffset, logStartOffset, values };
}

export const fetching: readonly Behaviour[] = [
  {
    name: 'a fetch answers whole batches from the one that holds the offset, and where the log begins and ends',
    apis: ['Fetch'],
    shows: {
      start: {
        error: 'NONE',
        highWatermark: 4,
        lastStableOffset: 4,
        logStartOffset: 0,
        values: ['0 0', '1 1', '2 2', '3 3'],
      },
      'within a batch': {
        error: 'NONE',
        highWatermark: 4,
        lastStableOffset: 4,
        logStartOffset: 0,
        values: ['1 1', '2 2', '3 3'],
      },
      end: { error: 'NONE', highWatermark: 4, lastStableOffset: 4, logStartOffset: 0, values: [] },
    },
    by: raw(async (cluster, scope) => {
      const { topic, leader } = await topicWith(cluster, scope, ['0']);
      await produceTo(leader, topic, batchOf(['1', '2', '3']));
      return {
        start: offsetsOf(await fetchFrom(leader, topic)),
        'within a batch': offsetsOf(await fetchFrom(leader, topic, { offset: 2 })),
        end: offsetsOf(await fetchFrom(leader, topic, { offset: 4 })),
      };
    }),
  },
  {
    name: 'a fetch outside of the log is out of range',
    apis: ['Fetch'],
    shows: {
      behind: { error: 'OFFSET_OUT_OF_RANGE', highWatermark: -1, lastStableOffset: -1, logStartOffset: -1, values: [] },
      'below zero': {
        error: 'OFFSET_OUT_OF_RANGE',
        highWatermark: -1,
        lastStableOffset: -1,
        logStartOffset: -1,
        values: [],
      },
    },
    by: raw(async (cluster, scope) => {
      const { topic, leader } = await topicWith(cluster, scope, ['0']);
      return {
        behind: offsetsOf(await fetchFrom(leader, topic, { offset: 2 })),
        'below zero': offsetsOf(await fetchFrom(leader, topic, { offset: -1 })),
      };
    }),
  },
  {
    name: 'a fetch of what is not there is refused',
    apis: ['Fetch'],
    shows: {
      topic: {
        error: 'UNKNOWN_TOPIC_OR_PARTITION',
        highWatermark: -1,
        lastStableOffset: -1,
        logStartOffset: -1,
        values: [],
      },
      partition: {
        error: 'UNKNOWN_TOPIC_OR_PARTITION',
        highWatermark: -1,
        lastStableOffset: -1,
        logStartOffset: -1,
        values: [],
      },
      'unknown id': ['NONE', 'UNKNOWN_TOPIC_ID'],
      id: ['NONE', 'NONE'],
    },
    by: raw(async (cluster, scope) => {
      const { topic, leader } = await topicWith(cluster, scope, []);
      const byId = async (topicId: string) => {
        const { topics, ...draft } = fetchDraft(topic);
        const asked = topics.map(({ partitions }) => ({ topicId, partitions }));
        const answer = await leader.request(fetch, 13, { ...draft, topics: asked });
        return [errorName(answer.errorCode), errorName(answer.responses[0]?.partitions[0]?.errorCode)];
      };
      return {
        topic: offsetsOf(await fetchFrom(leader, scope.name('absent'))),
        partition: offsetsOf(await fetchFrom(leader, topic, { partition: 7 })),
        'unknown id': await byId(unknownId),
        id: await byId(await cluster.topicId(topic)),
      };
    }),
  },
  {
    name: 'a fetch from a broker that does not have the partition is refused, and the leader is told',
    apis: ['Fetch'],
    shows: { error: 'NOT_LEADER_OR_FOLLOWER', leader: 'told', address: [true] },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ replicationFactor: 2 });
      const { leaderId, replicaNodes, topicId } = await cluster.partition(topic);
      await cluster.leader(topic);
      const stranger = await cluster.broker([1, 2, 3].find((nodeId) => !replicaNodes.includes(nodeId)) ?? 0);
      const { topics, ...draft } = fetchDraft(topic);
      const byId = topics.map(({ partitions }) => ({ topicId, partitions }));
      const answer = await stranger.request(fetch, 16, { ...draft, topics: byId });
      const told = answer.responses[0]?.partitions[0];
      return {
        error: errorName(told?.errorCode),
        leader: told?.currentLeader.leaderId === leaderId ? 'told' : told?.currentLeader,
        address: answer.nodeEndpoints.map(({ nodeId }) => nodeId === leaderId),
      };
    }),
  },
  {
    name: 'a fetch of an older leader epoch is fenced, one of a newer is not known',
    apis: ['Fetch'],
    shows: { current: 'NONE', newer: 'UNKNOWN_LEADER_EPOCH', none: 'NONE' },
    by: raw(async (cluster, scope) => {
      const { topic, leader } = await topicWith(cluster, scope, ['0']);
      const { leaderEpoch } = await cluster.partition(topic);
      const ask = async (currentLeaderEpoch: number) =>
        errorName((await fetchFrom(leader, topic, { currentLeaderEpoch })).errorCode);
      return { current: await ask(leaderEpoch), newer: await ask(leaderEpoch + 1), none: await ask(-1) };
    }),
  },
  {
    name: 'a fetch that last read an epoch which the log does not have there is told where they part',
    apis: ['Fetch'],
    shows: {
      'same epoch': ['NONE', { epoch: -1, endOffset: -1 }, ['1 1']],
      'newer epoch': ['OFFSET_OUT_OF_RANGE', { epoch: -1, endOffset: -1 }, []],
      'behind the end': ['NONE', { epoch: 0, endOffset: 2 }, []],
    },
    by: raw(async (cluster, scope) => {
      const { topic, leader } = await topicWith(cluster, scope, ['0', '1']);
      const ask = async (lastFetchedEpoch: number, offset: number) => {
        const { errorCode, divergingEpoch, ...rest } = await fetchFrom(leader, topic, { lastFetchedEpoch, offset });
        return [errorName(errorCode), divergingEpoch, valuesIn(rest)];
      };
      return { 'same epoch': await ask(0, 1), 'newer epoch': await ask(3, 1), 'behind the end': await ask(0, 5) };
    }),
  },
  {
    name: 'a consumer of committed records is told of aborted transactions, and waits for open ones',
    apis: ['Fetch', 'InitProducerId', 'Produce', 'EndTxn'],
    shows: {
      open: { highWatermark: 2, lastStableOffset: 1, aborted: [], batches: ['0'] },
      aborted: { highWatermark: 3, lastStableOffset: 3, aborted: [[true, 1]], batches: ['0', '1', 'marker'] },
      committed: {
        highWatermark: 5,
        lastStableOffset: 5,
        aborted: [[true, 1]],
        batches: ['0', '1', 'marker', '3', 'marker'],
      },
      all: { highWatermark: 5, lastStableOffset: 5, aborted: null, batches: ['0', '1', 'marker', '3', 'marker'] },
    },
    by: raw(async (cluster, scope) => {
      const { topic, leader } = await topicWith(cluster, scope, ['plain']);
      const transactionalId = scope.name('transactions');
      const coordinator = await cluster.coordinator('transaction', transactionalId);
      const draft = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
      const isReady = ({ errorCode }: { readonly errorCode: number }): boolean => errorCode === 0;
      const producer = await coordinator.requestUntil(initProducerId, 5, () => draft, isReady);
      let { producerEpoch } = producer;
      const { producerId } = producer;
      const write = async (value: string): Promise<string> => {
        const options = { producerId, producerEpoch, baseSequence: 0, transactional: true };
        const send = () => outcomeOfProduce(leader, topic, batchOf([value], options), { transactionalId });
        return await settled(send, (outcome) => outcome === 'NONE');
      };
      const end = async (committed: boolean): Promise<void> => {
        const answer = await coordinator.requestUntil(
          endTxn,
          5,
          () => ({ transactionalId, producerId, producerEpoch, committed }),
          isReady,
        );
        producerEpoch = answer.producerEpoch;
      };
      const look = async (isolation: 'read_committed' | 'read_uncommitted') => {
        const fetched = await fetchFrom(leader, topic, { isolation });
        const { highWatermark, lastStableOffset, abortedTransactions } = fetched;
        const aborted = abortedTransactions?.map((each) => [each.producerId === producerId, each.firstOffset]) ?? null;
        const batches = batchesIn(fetched).map((batch) => (batch.isControl ? 'marker' : `${batch.baseOffset}`));
        return { highWatermark, lastStableOffset, aborted, batches };
      };
      const stable = (offset: number) =>
        settled(
          () => look('read_committed'),
          ({ lastStableOffset }) => lastStableOffset === offset,
        );
      await write('to be aborted');
      const open = await look('read_committed');
      await end(false);
      const aborted = await stable(3);
      await write('to be committed');
      await end(true);
      return { open, aborted, committed: await stable(5), all: await look('read_uncommitted') };
    }),
  },
];
