/** Fetches: how much is answered, and how long it is waited for. */
import { fetch } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { raw } from '../matrix/raw-connection.ts';
import {
  batchesIn,
  batchOf,
  fetchDraft,
  fetchFrom,
  outcomeOfProduce,
  topicWith,
  valuesIn,
} from '../matrix/raw-records.ts';

export const fetchLimits: readonly Behaviour[] = [
  {
    name: 'however few bytes are asked for, the first batch is answered whole',
    apis: ['Fetch'],
    shows: {
      'of one byte': ['0 0'],
      'of two batches': ['0 0', '1 1'],
      'of two batches in all': ['0 0', '1 1'],
      'of nearly two batches': ['0 0'],
      none: ['0 0'],
    },
    by: raw(async (cluster, scope) => {
      const { topic, leader } = await topicWith(cluster, scope, ['0', '1', '2']);
      const size = batchesIn(await fetchFrom(leader, topic))[0]?.sizeInBytes ?? 0;
      const ask = async (maxBytes: number, partitionMaxBytes: number) =>
        valuesIn(await fetchFrom(leader, topic, { maxBytes, partitionMaxBytes }));
      return {
        'of one byte': await ask(1, 1),
        'of two batches': await ask(2 ** 20, 2 * size),
        'of two batches in all': await ask(2 * size, 2 ** 20),
        'of nearly two batches': await ask(2 ** 20, 2 * size - 1),
        none: await ask(0, 0),
      };
    }),
  },
  {
    name: 'of several partitions the first is answered whole, and the rest within the bytes left',
    apis: ['Fetch'],
    shows: {
      'of one byte': [
        [2, 1],
        [0, 0],
        [1, 0],
      ],
      'of two batches': [
        [2, 1],
        [0, 0],
        [1, 0],
      ],
      all: [
        [2, 1],
        [0, 1],
        [1, 1],
      ],
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ assignment: [[1], [1], [1]] });
      for (const partition of [0, 1, 2]) {
        await outcomeOfProduce(await cluster.leader(topic, partition), topic, batchOf(['x'.repeat(100)]), {
          partition,
        });
      }
      const leader = await cluster.leader(topic);
      const ask = async (maxBytes: number) => {
        const { topics, ...draft } = fetchDraft(topic, { maxBytes });
        const [asked] = topics[0]?.partitions ?? [];
        if (asked === undefined) throw new Error('a draft asks for a partition');
        const partitions = [2, 0, 1].map((partition) => ({ ...asked, partition }));
        const answer = await leader.request(fetch, 12, { ...draft, topics: [{ topic, partitions }] });
        return (answer.responses[0]?.partitions ?? []).map((each) => [each.partitionIndex, valuesIn(each).length]);
      };
      return { 'of one byte': await ask(1), 'of two batches': await ask(300), all: await ask(2 ** 20) };
    }),
  },
  {
    name: 'a fetch waits for as many bytes as it wants, until its time is up',
    apis: ['Fetch'],
    shows: {
      woken: ['1 1'],
      'more than there is': [['0 0', '1 1'], 'late'],
      'as much as there is': ['0 0', '1 1'],
      nothing: ['0 0', '1 1'],
    },
    by: raw(async (cluster, scope) => {
      const { topic, leader } = await topicWith(cluster, scope, ['0']);
      const waiting = await cluster.freshLeader(topic);
      const timed = async (maxWaitMs: number, minBytes: number) => {
        const start = performance.now();
        const values = valuesIn(await fetchFrom(waiting, topic, { maxWaitMs, minBytes }));
        return [values, performance.now() - start >= 200 ? 'late' : 'soon'];
      };
      const woken = fetchFrom(waiting, topic, { offset: 1, maxWaitMs: 30_000 });
      await outcomeOfProduce(leader, topic, batchOf(['1']));
      return {
        woken: valuesIn(await woken),
        'more than there is': await timed(250, 100_000),
        'as much as there is': (await timed(30_000, 1))[0],
        nothing: (await timed(30_000, 0))[0],
      };
    }),
  },
];
