/** Topics as they grow and are deleted, with their records or without. */
import { createPartitions, deleteRecords, deleteTopics, metadata } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';
import { batchOf, fetchFrom, outcomeOfProduce, valuesIn } from '../matrix/raw-records.ts';
import { settled } from '../matrix/settled.ts';

const unknownId = 'dW5rbm93bi10b3BpYy1pZA';

export const topicChanges: readonly Behaviour[] = [
  {
    name: 'a topic grows to more partitions, and records of its new ones are taken',
    apis: ['CreatePartitions', 'Produce'],
    shows: { validated: 'NONE', before: 1, grown: 'NONE', partitions: 3, produced: 'NONE' },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const topic = await scope.createTopic({ replicationFactor: 3 });
      const draft = { topics: [{ name: topic, count: 3, assignments: null }], timeoutMs: 30_000 };
      const validated = await connection.request(createPartitions, 3, { ...draft, validateOnly: true });
      const before = await partitionCount(connection, topic);
      const grown = await connection.request(createPartitions, 3, { ...draft, validateOnly: false });
      const partitions = await settled(
        () => partitionCount(connection, topic),
        (count) => count === 3,
      );
      const leader = await cluster.leader(topic, 2);
      const produced = await settled(
        () => outcomeOfProduce(leader, topic, batchOf(['in the last one']), { partition: 2 }),
        (outcome) => outcome === 'NONE',
      );
      return {
        validated: errorName(validated.results[0]?.errorCode),
        before,
        grown: errorName(grown.results[0]?.errorCode),
        partitions,
        produced,
      };
    }),
  },
  {
    name: 'growth that can not be is refused',
    apis: ['CreatePartitions'],
    shows: {
      unknown: 'UNKNOWN_TOPIC_OR_PARTITION',
      same: 'INVALID_PARTITIONS',
      fewer: 'INVALID_PARTITIONS',
      none: 'INVALID_PARTITIONS',
      'too few assignments': 'INVALID_REPLICA_ASSIGNMENT',
      'too many assignments': 'INVALID_REPLICA_ASSIGNMENT',
      'unknown broker': 'INVALID_REPLICA_ASSIGNMENT',
      'a broker twice': 'INVALID_REPLICA_ASSIGNMENT',
      'other replication factor': 'INVALID_REPLICA_ASSIGNMENT',
      'named twice': 'INVALID_REQUEST',
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = await scope.createTopic({ partitions: 2, replicationFactor: 2 });
      const grow = async (...topics: { name: string; count: number; replicas?: number[][] }[]): Promise<string> => {
        const drafts = topics.map(({ replicas, ...topic }) => {
          return { ...topic, assignments: replicas?.map((brokerIds) => ({ brokerIds })) ?? null };
        });
        const draft = { topics: drafts, timeoutMs: 30_000, validateOnly: false };
        const { results } = await connection.request(createPartitions, 3, draft);
        return results.map(({ errorCode }) => errorName(errorCode)).join();
      };
      return {
        unknown: await grow({ name: scope.name('absent'), count: 3 }),
        same: await grow({ name, count: 2 }),
        fewer: await grow({ name, count: 1 }),
        none: await grow({ name, count: 0 }),
        'too few assignments': await grow({ name, count: 4, replicas: [[1, 2]] }),
        'too many assignments': await grow({
          name,
          count: 3,
          replicas: [
            [1, 2],
            [2, 3],
          ],
        }),
        'unknown broker': await grow({ name, count: 3, replicas: [[1, 9]] }),
        'a broker twice': await grow({ name, count: 3, replicas: [[1, 1]] }),
        'other replication factor': await grow({ name, count: 3, replicas: [[1]] }),
        'named twice': await grow({ name, count: 3 }, { name, count: 3 }),
      };
    }),
  },
  {
    name: 'topics are deleted by name and by id, and are unknown from then on',
    apis: ['DeleteTopics', 'Metadata'],
    shows: {
      'by name': ['NONE', 'name told', 'id told'],
      'by id': ['NONE', 'name told', 'id told'],
      there: ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'],
      'by name again': 'UNKNOWN_TOPIC_OR_PARTITION',
      'by id again': 'UNKNOWN_TOPIC_ID',
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const names = [await scope.createTopic(), await scope.createTopic({ topic: scope.name('second') })] as const;
      const ids = [await cluster.topicId(names[0]), await cluster.topicId(names[1])] as const;
      const erase = async (topic: { name: string | null; topicId?: string }) =>
        (await connection.request(deleteTopics, 6, { topics: [topic], timeoutMs: 30_000 })).responses[0];
      const told = async (topic: { name: string | null; topicId?: string }, index: 0 | 1) => {
        const answer = await erase(topic);
        const name = answer?.name === names[index] ? 'name told' : answer?.name;
        return [errorName(answer?.errorCode), name, answer?.topicId === ids[index] ? 'id told' : answer?.topicId];
      };
      return {
        'by name': await told({ name: names[0] }, 0),
        'by id': await told({ name: null, topicId: ids[1] }, 1),
        there: await Promise.all(names.map((name) => errorOfMetadata(connection, name))),
        'by name again': errorName((await erase({ name: names[0] }))?.errorCode),
        'by id again': errorName((await erase({ name: null, topicId: ids[1] }))?.errorCode),
      };
    }),
  },
  {
    name: 'of topics to be deleted each is refused for itself',
    apis: ['DeleteTopics'],
    shows: {
      'unknown name': ['UNKNOWN_TOPIC_OR_PARTITION'],
      'unknown id': ['UNKNOWN_TOPIC_ID'],
      'name and id': ['INVALID_REQUEST'],
      'name twice': ['INVALID_REQUEST'],
      'name, and its id': ['INVALID_REQUEST'],
      'neither name nor id': ['INVALID_REQUEST'],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = await scope.createTopic();
      const topicId = await cluster.topicId(name);
      const erase = async (...list: { name: string | null; topicId?: string }[]): Promise<string[]> => {
        const { responses } = await connection.request(deleteTopics, 6, { topics: list, timeoutMs: 30_000 });
        return responses.map(({ errorCode }) => errorName(errorCode));
      };
      return {
        'unknown name': await erase({ name: scope.name('absent') }),
        'unknown id': await erase({ name: null, topicId: unknownId }),
        'name and id': await erase({ name, topicId }),
        'name twice': await erase({ name }, { name }),
        'name, and its id': await erase({ name }, { name: null, topicId }),
        'neither name nor id': await erase({ name: null }),
      };
    }),
  },
  {
    name: 'records are deleted up to an offset or to the end, and reads before it are out of range',
    apis: ['DeleteRecords', 'Fetch'],
    shows: {
      'to an offset': ['NONE', 2],
      'before that': ['NONE', 2],
      read: ['OFFSET_OUT_OF_RANGE', '2 third'],
      'to the end': ['NONE', 3],
      'after that': [],
      'behind the end': ['OFFSET_OUT_OF_RANGE', -1],
      'below zero': ['OFFSET_OUT_OF_RANGE', -1],
      'unknown partition': ['UNKNOWN_TOPIC_OR_PARTITION', -1],
      'unknown topic': ['UNKNOWN_TOPIC_OR_PARTITION', -1],
    },
    by: raw(async (cluster, scope) => {
      const name = await scope.createTopic();
      const leader = await cluster.leader(name);
      for (const value of ['first', 'second', 'third']) await outcomeOfProduce(leader, name, batchOf([value]));
      const eraser = eraserAt(leader);
      return {
        'to an offset': await eraser(name, 0, 2),
        'before that': await eraser(name, 0, 1),
        read: [
          errorName((await fetchFrom(leader, name, { offset: 1 })).errorCode),
          ...valuesIn(await fetchFrom(leader, name, { offset: 2 })),
        ],
        'to the end': await eraser(name, 0, -1),
        'after that': valuesIn(await fetchFrom(leader, name, { offset: 3 })),
        'behind the end': await eraser(name, 0, 4),
        'below zero': await eraser(name, 0, -2),
        'unknown partition': await eraser(name, 7, 0),
        'unknown topic': await eraser(scope.name('absent'), 0, 0),
      };
    }),
  },
  {
    name: 'records of a topic that is only compacted may not be deleted',
    apis: ['DeleteRecords'],
    shows: { compacted: ['POLICY_VIOLATION', -1], 'compacted and deleted': ['NONE', 1] },
    by: raw(async (cluster, scope) => {
      const erase = async (kind: string, policy: string) => {
        const name = await scope.createTopic({
          topic: scope.name(kind),
          configuration: { 'cleanup.policy': policy },
        });
        const leader = await cluster.leader(name);
        await outcomeOfProduce(leader, name, batchOf([{ key: 'key', value: 'value' }]));
        return await eraserAt(leader)(name, 0, 1);
      };
      return {
        compacted: await erase('compacted', 'compact'),
        'compacted and deleted': await erase('both', 'compact,delete'),
      };
    }),
  },
];

async function partitionCount(connection: RawConnection, name: string): Promise<number | undefined> {
  const draft = { topics: [{ name }], allowAutoTopicCreation: false };
  return (await connection.request(metadata, 12, draft)).topics[0]?.partitions.length;
}

/** Waits until a broker knows what the controller did. */
async function errorOfMetadata(connection: RawConnection, name: string): Promise<string> {
  const draft = { topics: [{ name }], allowAutoTopicCreation: false };
  return await settled(
    async () => errorName((await connection.request(metadata, 12, draft)).topics[0]?.errorCode),
    (outcome) => outcome !== 'NONE',
  );
}

function eraserAt(leader: RawConnection) {
  return async (name: string, partitionIndex: number, offset: number): Promise<unknown[]> => {
    const draft = { topics: [{ name, partitions: [{ partitionIndex, offset }] }], timeoutMs: 30_000 };
    const answer = (await leader.request(deleteRecords, 2, draft)).topics[0]?.partitions[0];
    return [errorName(answer?.errorCode), answer?.lowWatermark];
  };
}
