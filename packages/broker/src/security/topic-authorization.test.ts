/** Who may do what with topics and their configuration. */
import {
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeConfigs,
  fetch,
  incrementalAlterConfigs,
  listOffsets,
  metadata,
  offsetForLeaderEpoch,
  produce,
} from '@millrace/wire';
import { batchOf } from '../testing/cluster-fixture.ts';
import { denied, onCluster, onTopic, refuses, securedForTests, topic } from '../testing/refusals.ts';

const shared = securedForTests();

for (const version of [12, 13]) {
  const named = (): { name?: string; topicId?: string } =>
    version < 13 ? { name: topic } : { topicId: shared.topicId };
  refuses(shared, {
    api: produce,
    what: `version ${version}`,
    version,
    draft: () => {
      const partitionData = [{ index: 0, records: batchOf({ values: ['x'] }) }];
      return { acks: -1, timeoutMs: 1000, topicData: [{ ...named(), partitionData }] };
    },
    codes: ({ responses }) => responses.flatMap((each) => each.partitionResponses.map(({ errorCode }) => errorCode)),
    refusal: denied.topic,
    grants: [onTopic('Write')],
  });
  refuses(shared, {
    api: fetch,
    what: `version ${version}`,
    version,
    draft: () => {
      const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
      const topics = [version < 13 ? { topic, partitions } : { topicId: shared.topicId, partitions }];
      return { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, topics };
    },
    codes: ({ responses }) => responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
    refusal: denied.topic,
    grants: [onTopic('Read')],
  });
}

refuses(shared, {
  api: listOffsets,
  draft: () => ({ replicaId: -1, topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }),
  codes: ({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
  refusal: denied.topic,
  grants: [onTopic('Describe'), onTopic('Read')],
});
refuses(shared, {
  api: offsetForLeaderEpoch,
  draft: () => ({ topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }] }),
  codes: ({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
  refusal: denied.topic,
  grants: [onTopic('Describe')],
});
refuses(shared, {
  api: metadata,
  draft: () => ({ topics: [{ name: topic }] }),
  codes: ({ topics }) => topics.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('Describe'), onTopic('Write'), onTopic('Read')],
});
refuses(shared, {
  api: deleteRecords,
  draft: () => ({ topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: 0 }] }], timeoutMs: 1000 }),
  codes: ({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
  refusal: denied.topic,
  grants: [onTopic('Delete')],
});
refuses(shared, {
  api: createTopics,
  draft: () => ({
    topics: [{ name: 'fresh', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1000,
    validateOnly: true,
  }),
  codes: ({ topics }) => topics.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('Create', 'fresh'), onCluster('Create')],
});
refuses(shared, {
  api: createPartitions,
  draft: () => ({ topics: [{ name: topic, count: 2, assignments: null }], timeoutMs: 1000, validateOnly: true }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('Alter')],
});
refuses(shared, {
  api: deleteTopics,
  draft: () => ({ topics: [{ name: 'absent' }], timeoutMs: 1000 }),
  codes: ({ responses }) => responses.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('Delete', 'absent')],
});
refuses(shared, {
  api: describeConfigs,
  what: 'of a topic',
  draft: () => ({ resources: [{ resourceType: 2, resourceName: topic, configurationKeys: null }] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('DescribeConfigs'), onTopic('AlterConfigs')],
});
refuses(shared, {
  api: describeConfigs,
  what: 'of a broker',
  draft: () => ({ resources: [{ resourceType: 4, resourceName: '1', configurationKeys: null }] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('DescribeConfigs')],
});
refuses(shared, {
  api: incrementalAlterConfigs,
  what: 'of a topic',
  draft: () => {
    const configs = [{ name: 'retention.ms', configOperation: 0, value: '100000' }];
    return { resources: [{ resourceType: 2, resourceName: topic, configs }], validateOnly: true };
  },
  codes: ({ responses }) => responses.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('AlterConfigs')],
});
refuses(shared, {
  api: incrementalAlterConfigs,
  what: 'of brokers',
  draft: () => ({ resources: [{ resourceType: 4, resourceName: '', configs: [] }], validateOnly: true }),
  codes: ({ responses }) => responses.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('AlterConfigs')],
});
