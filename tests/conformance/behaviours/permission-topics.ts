/** What requests about topics are answered to who may do nothing, and to who may only describe them. */
import {
  alterConfigs,
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeConfigs,
  describeProducers,
  describeTopicPartitions,
  fetch,
  incrementalAlterConfigs,
  listOffsets,
  metadata,
  offsetForLeaderEpoch,
  produce,
} from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { RawCluster } from '../matrix/raw-connection.ts';
import { batchOf, fetchDraft } from '../matrix/raw-records.ts';
import { RawUser } from '../matrix/raw-user.ts';

/** Every request about a topic; answers the errors of each by what it asks for. */
async function askAll(
  user: RawUser,
  topic: string,
  topicId: string,
  { deletes = true } = {},
): Promise<Record<string, string>> {
  const leader = { leader: topic };
  const resource = { resourceType: 2, resourceName: topic };
  const partitions = [{ partitionIndex: 0, timestamp: -1 }];
  const records = batchOf(['x']);
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
  const configs = [{ name: 'retention.ms', value: '1000' }];
  const setting = [{ name: 'retention.ms', configOperation: 0, value: '1000' }];
  const more = { topics: [{ name: topic, count: 5, assignments: null }], timeoutMs: 5_000, validateOnly: true };
  const absent = { name: `${topic}-absent`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const asks = {
    Metadata: () => user.errorsOf('any', metadata, 12, { topics: [{ name: topic }], allowAutoTopicCreation: false }),
    'Metadata by id': () =>
      user.errorsOf('any', metadata, 12, { topics: [{ topicId, name: null }], allowAutoTopicCreation: false }),
    'Metadata of an absent topic': () =>
      user.errorsOf('any', metadata, 12, { topics: [{ name: absent.name }], allowAutoTopicCreation: true }),
    DescribeTopicPartitions: () => user.errorsOf('any', describeTopicPartitions, 0, { topics: [{ name: topic }] }),
    ListOffsets: () => user.errorsOf(leader, listOffsets, 6, { replicaId: -1, topics: [{ name: topic, partitions }] }),
    OffsetForLeaderEpoch: () =>
      user.errorsOf(leader, offsetForLeaderEpoch, 4, {
        replicaId: -1,
        topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
      }),
    Fetch: () => user.errorsOf(leader, fetch, 12, fetchDraft(topic)),
    'Fetch by id': () => {
      const { topics, ...draft } = fetchDraft(topic);
      const byId = topics.map(({ partitions: asked }) => ({ topicId, partitions: asked }));
      return user.errorsOf(leader, fetch, 13, { ...draft, topics: byId });
    },
    Produce: () => user.errorsOf(leader, produce, 12, { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData }),
    DescribeProducers: () =>
      user.errorsOf(leader, describeProducers, 0, { topics: [{ name: topic, partitionIndexes: [0] }] }),
    DeleteRecords: () => {
      const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset: 0 }] }];
      return user.errorsOf(leader, deleteRecords, 2, { topics, timeoutMs: 5_000 });
    },
    DescribeConfigs: () =>
      user.errorsOf('any', describeConfigs, 4, { resources: [{ ...resource, configurationKeys: null }] }),
    IncrementalAlterConfigs: () =>
      user.errorsOf('any', incrementalAlterConfigs, 1, {
        resources: [{ ...resource, configs: setting }],
        validateOnly: true,
      }),
    AlterConfigs: () =>
      user.errorsOf('any', alterConfigs, 2, { resources: [{ ...resource, configs }], validateOnly: true }),
    CreatePartitions: () => user.errorsOf('any', createPartitions, 3, more),
    CreateTopics: () =>
      user.errorsOf('any', createTopics, 5, { topics: [absent], timeoutMs: 5_000, validateOnly: true }),
    DeleteTopics: () => user.errorsOf('any', deleteTopics, 6, { topics: [{ name: topic }], timeoutMs: 5_000 }),
    'DeleteTopics by id': () =>
      user.errorsOf('any', deleteTopics, 6, { topics: [{ name: null, topicId }], timeoutMs: 5_000 }),
    'DeleteTopics of an absent topic': () =>
      user.errorsOf('any', deleteTopics, 6, { topics: [{ name: absent.name }], timeoutMs: 5_000 }),
  };
  const seen: Record<string, string> = {};
  for (const [what, ask] of Object.entries(asks)) {
    if (deletes || !what.startsWith('DeleteTopics')) seen[what] = await ask();
  }
  return seen;
}

const apis = [
  'Metadata',
  'DescribeTopicPartitions',
  'ListOffsets',
  'OffsetForLeaderEpoch',
  'Fetch',
  'Produce',
  'DescribeProducers',
  'DeleteRecords',
  'DescribeConfigs',
  'IncrementalAlterConfigs',
  'AlterConfigs',
  'CreatePartitions',
  'CreateTopics',
  'DeleteTopics',
] as const;

export const permissionTopics: readonly Behaviour[] = [
  {
    name: 'who may do nothing to a topic is refused by every request about it, and learns nothing of its existence',
    apis,
    profile: 'secured',
    shows: {
      Metadata: 'NONE TOPIC_AUTHORIZATION_FAILED',
      'Metadata by id': 'NONE TOPIC_AUTHORIZATION_FAILED',
      'Metadata of an absent topic': 'NONE TOPIC_AUTHORIZATION_FAILED',
      DescribeTopicPartitions: 'TOPIC_AUTHORIZATION_FAILED',
      ListOffsets: 'TOPIC_AUTHORIZATION_FAILED',
      OffsetForLeaderEpoch: 'TOPIC_AUTHORIZATION_FAILED',
      Fetch: 'NONE TOPIC_AUTHORIZATION_FAILED',
      'Fetch by id': 'NONE TOPIC_AUTHORIZATION_FAILED',
      Produce: 'TOPIC_AUTHORIZATION_FAILED',
      DescribeProducers: 'TOPIC_AUTHORIZATION_FAILED',
      DeleteRecords: 'TOPIC_AUTHORIZATION_FAILED',
      DescribeConfigs: 'TOPIC_AUTHORIZATION_FAILED',
      IncrementalAlterConfigs: 'TOPIC_AUTHORIZATION_FAILED',
      AlterConfigs: 'TOPIC_AUTHORIZATION_FAILED',
      CreatePartitions: 'TOPIC_AUTHORIZATION_FAILED',
      CreateTopics: 'NONE TOPIC_AUTHORIZATION_FAILED',
      DeleteTopics: 'TOPIC_AUTHORIZATION_FAILED',
      'DeleteTopics by id': 'TOPIC_AUTHORIZATION_FAILED',
      'DeleteTopics of an absent topic': 'TOPIC_AUTHORIZATION_FAILED',
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        return await askAll(new RawUser(place, scope), topic, await new RawCluster(place, scope).topicId(topic));
      },
    },
  },
  {
    name: 'who may describe a topic is told that it is there, and refused all else',
    apis,
    profile: 'secured',
    shows: {
      Metadata: 'NONE',
      'Metadata by id': 'NONE',
      'Metadata of an absent topic': 'NONE TOPIC_AUTHORIZATION_FAILED',
      DescribeTopicPartitions: 'NONE',
      ListOffsets: 'NONE',
      OffsetForLeaderEpoch: 'NONE',
      Fetch: 'NONE TOPIC_AUTHORIZATION_FAILED',
      'Fetch by id': 'NONE TOPIC_AUTHORIZATION_FAILED',
      Produce: 'TOPIC_AUTHORIZATION_FAILED',
      DescribeProducers: 'TOPIC_AUTHORIZATION_FAILED',
      DeleteRecords: 'TOPIC_AUTHORIZATION_FAILED',
      DescribeConfigs: 'TOPIC_AUTHORIZATION_FAILED',
      IncrementalAlterConfigs: 'TOPIC_AUTHORIZATION_FAILED',
      AlterConfigs: 'TOPIC_AUTHORIZATION_FAILED',
      CreatePartitions: 'TOPIC_AUTHORIZATION_FAILED',
      CreateTopics: 'NONE TOPIC_AUTHORIZATION_FAILED',
      DeleteTopics: 'TOPIC_AUTHORIZATION_FAILED',
      'DeleteTopics by id': 'TOPIC_AUTHORIZATION_FAILED',
      'DeleteTopics of an absent topic': 'TOPIC_AUTHORIZATION_FAILED',
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const user = new RawUser(place, scope);
        await user.entry({ resourceType: 'topic', resourceName: topic, operation: 'describe' });
        return await askAll(user, topic, await new RawCluster(place, scope).topicId(topic));
      },
    },
  },
  {
    name: 'each operation on a topic is granted by itself, and some bring describing along',
    apis: ['Metadata', 'Produce', 'Fetch', 'DescribeConfigs', 'CreatePartitions', 'DeleteRecords'],
    profile: 'secured',
    shows: {
      read: [
        'Metadata',
        'Metadata by id',
        'DescribeTopicPartitions',
        'ListOffsets',
        'OffsetForLeaderEpoch',
        'Fetch',
        'Fetch by id',
        'DescribeProducers',
      ],
      write: [
        'Metadata',
        'Metadata by id',
        'DescribeTopicPartitions',
        'ListOffsets',
        'OffsetForLeaderEpoch',
        'Produce',
      ],
      alter: [
        'Metadata',
        'Metadata by id',
        'DescribeTopicPartitions',
        'ListOffsets',
        'OffsetForLeaderEpoch',
        'CreatePartitions',
      ],
      delete: [
        'Metadata',
        'Metadata by id',
        'DescribeTopicPartitions',
        'ListOffsets',
        'OffsetForLeaderEpoch',
        'DeleteRecords',
      ],
      'describe-configs': ['DescribeConfigs'],
      'alter-configs': ['DescribeConfigs', 'IncrementalAlterConfigs', 'AlterConfigs'],
      create: [],
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const topicId = await new RawCluster(place, scope).topicId(topic);
        const operations = ['read', 'write', 'alter', 'delete', 'describe-configs', 'alter-configs', 'create'] as const;
        const seen: Record<string, unknown> = {};
        for (const operation of operations) {
          const user = new RawUser(place, scope, scope.name(operation));
          await user.entry({ resourceType: 'topic', resourceName: topic, operation });
          const answers = Object.entries(await askAll(user, topic, topicId, { deletes: false }));
          seen[operation] = answers.flatMap(([what, errors]) => (errors === 'NONE' ? [what] : []));
        }
        return seen;
      },
    },
  },
];
