/** What requests about the whole cluster are answered to who may do nothing, and with single rights on the cluster. */
import {
  alterClientQuotas,
  alterPartitionReassignments,
  alterReplicaLogDirs,
  alterUserScramCredentials,
  createAcls,
  createTopics,
  deleteAcls,
  describeAcls,
  describeClientQuotas,
  describeCluster,
  describeConfigs,
  describeLogDirs,
  describeQuorum,
  describeUserScramCredentials,
  electLeaders,
  incrementalAlterConfigs,
  initProducerId,
  listConfigResources,
  listGroups,
  listPartitionReassignments,
  metadata,
  updateFeatures,
  writeTxnMarkers,
} from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { type Asks, anyEntry, askAll, RawUser } from '../matrix/raw-user.ts';

const apis = [
  'DescribeCluster',
  'Metadata',
  'DescribeAcls',
  'CreateAcls',
  'DeleteAcls',
  'DescribeLogDirs',
  'AlterReplicaLogDirs',
  'ElectLeaders',
  'AlterPartitionReassignments',
  'ListPartitionReassignments',
  'DescribeClientQuotas',
  'AlterClientQuotas',
  'DescribeUserScramCredentials',
  'AlterUserScramCredentials',
  'DescribeQuorum',
  'UpdateFeatures',
  'ListConfigResources',
  'DescribeConfigs',
  'IncrementalAlterConfigs',
  'InitProducerId',
  'WriteTxnMarkers',
  'CreateTopics',
  'ListGroups',
] as const;

/** Requests about entries, replicas and the cluster itself, so asked that nothing changes. */
function replicaAsks(user: RawUser, topic: string): Asks {
  const named = [{ topic, partitions: [0] }];
  const none = { ...anyEntry, principalFilter: 'User:nobody' };
  return {
    DescribeCluster: () => user.errorsOf('any', describeCluster, 1, { includeClusterAuthorizedOperations: false }),
    Metadata: () => user.errorsOf('any', metadata, 12, { topics: [] }),
    DescribeAcls: () => user.errorsOf('any', describeAcls, 3, none),
    CreateAcls: () => user.errorsOf('any', createAcls, 3, { creations: [entryOf(user.principal)] }),
    DeleteAcls: () => user.errorsOf('any', deleteAcls, 3, { filters: [none] }),
    DescribeLogDirs: () => user.errorsOf('any', describeLogDirs, 4, { topics: named }),
    AlterReplicaLogDirs: () =>
      user.errorsOf('any', alterReplicaLogDirs, 2, {
        dirs: [{ path: '/nowhere', topics: [{ name: topic, partitions: [0] }] }],
      }),
    ElectLeaders: () =>
      user.errorsOf('any', electLeaders, 2, { electionType: 0, topicPartitions: named, timeoutMs: 5_000 }),
    AlterPartitionReassignments: () =>
      user.errorsOf('any', alterPartitionReassignments, 0, {
        timeoutMs: 5_000,
        topics: [{ name: topic, partitions: [{ partitionIndex: 0, replicas: null }] }],
      }),
    ListPartitionReassignments: () =>
      user.errorsOf('any', listPartitionReassignments, 0, {
        timeoutMs: 5_000,
        topics: [{ name: topic, partitionIndexes: [0] }],
      }),
  };
}

/** Requests about users, settings, features and producers, so asked that nothing changes. */
function settingAsks(user: RawUser, topic: string, group: string): Asks {
  const broker = { resourceType: 4, resourceName: '1' };
  const partitions = [{ partitionIndex: 0 }];
  const setting = [{ name: 'log.cleaner.threads', configOperation: 0, value: '1' }];
  const entity = [{ entityType: 'user', entityName: user.principal }];
  const marker = { producerId: 1_000_000, producerEpoch: 0, transactionResult: false, coordinatorEpoch: 0 };
  const draft = { name: `${topic}-new`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  return {
    DescribeClientQuotas: () =>
      user.errorsOf('any', describeClientQuotas, 1, {
        components: [{ entityType: 'user', matchType: 0, match: 'nobody' }],
        strict: true,
      }),
    AlterClientQuotas: () =>
      user.errorsOf('any', alterClientQuotas, 1, {
        entries: [{ entity, ops: [{ key: 'producer_byte_rate', value: 1e9, remove: false }] }],
        validateOnly: true,
      }),
    DescribeUserScramCredentials: () =>
      user.errorsOf('any', describeUserScramCredentials, 0, { users: [{ name: 'nobody' }] }),
    AlterUserScramCredentials: () =>
      user.errorsOf('any', alterUserScramCredentials, 0, {
        deletions: [{ name: 'nobody', mechanism: 1 }],
        upsertions: [],
      }),
    DescribeQuorum: () =>
      user.errorsOf('any', describeQuorum, 0, { topics: [{ topicName: '__cluster_metadata', partitions }] }),
    UpdateFeatures: () =>
      user.errorsOf('any', updateFeatures, 1, {
        timeoutMs: 5_000,
        featureUpdates: [{ feature: 'nonsense', maxVersionLevel: 1, upgradeType: 1 }],
        validateOnly: true,
      }),
    ListConfigResources: () => user.errorsOf('any', listConfigResources, 0, {}),
    DescribeConfigs: () =>
      user.errorsOf('any', describeConfigs, 4, { resources: [{ ...broker, configurationKeys: [] }] }),
    IncrementalAlterConfigs: () =>
      user.errorsOf('any', incrementalAlterConfigs, 1, {
        resources: [{ ...broker, configs: setting }],
        validateOnly: true,
      }),
    InitProducerId: () =>
      user.errorsOf('any', initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 }),
    WriteTxnMarkers: () =>
      user.errorsOf({ leader: topic }, writeTxnMarkers, 1, {
        markers: [{ ...marker, topics: [{ name: topic, partitionIndexes: [0] }] }],
      }),
    CreateTopics: () =>
      user.errorsOf('any', createTopics, 5, { topics: [draft], timeoutMs: 5_000, validateOnly: true }),
    ListGroups: async () => {
      const { groups } = await (await user.to({ group })).request(listGroups, 5, { statesFilter: [], typesFilter: [] });
      return groups.some(({ groupId }) => groupId === group) ? 'listed' : 'hidden';
    },
  };
}

/** Every request that needs rights on the cluster. */
function allAsks(user: RawUser, topic: string, group: string): Asks {
  return { ...replicaAsks(user, topic), ...settingAsks(user, topic, group) };
}

/** An entry that lets nobody do anything. */
function entryOf(principal: string) {
  const resource = { resourceType: 2, resourceName: `of ${principal}`, resourcePatternType: 3 };
  return { ...resource, principal: 'User:nobody', host: '*', operation: 8, permissionType: 3 };
}

const operations = [
  'describe',
  'alter',
  'create',
  'describe-configs',
  'alter-configs',
  'cluster-action',
  'idempotent-write',
] as const;

export const permissionCluster: readonly Behaviour[] = [
  {
    name: 'who may do nothing to the cluster is refused what concerns it as a whole',
    apis,
    profile: 'secured',
    shows: {
      DescribeCluster: 'NONE',
      Metadata: 'NONE',
      DescribeAcls: 'CLUSTER_AUTHORIZATION_FAILED',
      CreateAcls: 'CLUSTER_AUTHORIZATION_FAILED',
      DeleteAcls: 'CLUSTER_AUTHORIZATION_FAILED',
      DescribeLogDirs: 'CLUSTER_AUTHORIZATION_FAILED',
      AlterReplicaLogDirs: 'CLUSTER_AUTHORIZATION_FAILED',
      ElectLeaders: 'CLUSTER_AUTHORIZATION_FAILED',
      AlterPartitionReassignments: 'CLUSTER_AUTHORIZATION_FAILED',
      ListPartitionReassignments: 'CLUSTER_AUTHORIZATION_FAILED',
      DescribeClientQuotas: 'CLUSTER_AUTHORIZATION_FAILED',
      AlterClientQuotas: 'CLUSTER_AUTHORIZATION_FAILED',
      DescribeUserScramCredentials: 'CLUSTER_AUTHORIZATION_FAILED',
      AlterUserScramCredentials: 'CLUSTER_AUTHORIZATION_FAILED',
      DescribeQuorum: 'CLUSTER_AUTHORIZATION_FAILED',
      UpdateFeatures: 'CLUSTER_AUTHORIZATION_FAILED',
      ListConfigResources: 'CLUSTER_AUTHORIZATION_FAILED',
      DescribeConfigs: 'CLUSTER_AUTHORIZATION_FAILED',
      IncrementalAlterConfigs: 'CLUSTER_AUTHORIZATION_FAILED',
      InitProducerId: 'CLUSTER_AUTHORIZATION_FAILED',
      WriteTxnMarkers: 'CLUSTER_AUTHORIZATION_FAILED',
      CreateTopics: 'NONE TOPIC_AUTHORIZATION_FAILED',
      ListGroups: 'hidden',
    },
    by: {
      millrace: async (place, scope) => {
        const user = new RawUser(place, scope);
        const topic = await scope.createTopic();
        return await askAll(allAsks(user, topic, scope.name('group')));
      },
    },
  },
  {
    name: 'each operation on the cluster is granted by itself',
    apis,
    profile: 'secured',
    shows: {
      describe: [
        'DescribeAcls',
        'DescribeCluster',
        'DescribeLogDirs',
        'DescribeQuorum',
        'DescribeUserScramCredentials',
        'ListGroups',
        'ListPartitionReassignments',
        'Metadata',
      ],
      alter: [
        'AlterPartitionReassignments',
        'AlterReplicaLogDirs',
        'AlterUserScramCredentials',
        'CreateAcls',
        'DeleteAcls',
        'DescribeAcls',
        'DescribeCluster',
        'DescribeLogDirs',
        'DescribeQuorum',
        'DescribeUserScramCredentials',
        'ElectLeaders',
        'ListGroups',
        'ListPartitionReassignments',
        'Metadata',
        'UpdateFeatures',
        'WriteTxnMarkers',
      ],
      create: ['DescribeCluster', 'Metadata'],
      'describe-configs': [
        'DescribeClientQuotas',
        'DescribeCluster',
        'DescribeConfigs',
        'ListConfigResources',
        'Metadata',
      ],
      'alter-configs': [
        'AlterClientQuotas',
        'DescribeClientQuotas',
        'DescribeCluster',
        'DescribeConfigs',
        'IncrementalAlterConfigs',
        'ListConfigResources',
        'Metadata',
      ],
      'cluster-action': ['DescribeCluster', 'Metadata', 'WriteTxnMarkers'],
      'idempotent-write': ['DescribeCluster', 'InitProducerId', 'Metadata'],
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const group = scope.name('group');
        await scope.admin.commitOffsets(group, [{ topic, partition: 0, offset: 0 }]);
        const seen: Record<string, unknown> = {};
        const denied = 'CLUSTER_AUTHORIZATION_FAILED TOPIC_AUTHORIZATION_FAILED hidden'.split(' ');
        for (const operation of operations) {
          const user = new RawUser(place, scope, scope.name(operation));
          await user.entry({ resourceType: 'cluster', resourceName: 'kafka-cluster', operation });
          const answers = Object.entries(await askAll(allAsks(user, topic, group)));
          const isGranted = (errors: string): boolean => !denied.some((each) => errors.includes(each));
          seen[operation] = answers.flatMap(([what, errors]) => (isGranted(errors) ? [what] : [])).sort();
        }
        await scope.admin.deleteAcls([{ principal: 'User:nobody' }]);
        return seen;
      },
    },
  },
];
