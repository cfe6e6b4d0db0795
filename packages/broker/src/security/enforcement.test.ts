/**
 * Each API is asked by somebody without any entry, who is refused with Kafka's error, and again with the entries that
 * Kafka's documentation names for it, after which it does not refuse any more.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  type Api,
  alterUserScramCredentials,
  createAcls,
  createPartitions,
  createTopics,
  deleteAcls,
  deleteGroups,
  deleteRecords,
  deleteTopics,
  describeAcls,
  describeCluster,
  describeConfigs,
  describeGroups,
  describeUserScramCredentials,
  errorCodes,
  errorRow,
  fetch,
  findCoordinator,
  heartbeat,
  incrementalAlterConfigs,
  initProducerId,
  joinGroup,
  leaveGroup,
  listGroups,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  offsetForLeaderEpoch,
  produce,
  type RequestDraft,
  type ResponseOf,
  syncGroup,
} from '@millrace/wire';
import { batchOf } from '../testing/cluster-fixture.ts';
import { creationOf, type Grant, SecuredCluster } from '../testing/secured-cluster.ts';

const topic = 'orders';
const group = 'readers';
const cluster = 'kafka-cluster';
let secured: SecuredCluster;
let topicId = '';

before(async () => {
  secured = await SecuredCluster.start();
  await secured.fixture.createTopic(topic);
  topicId = secured.fixture.cluster.topics.byName(topic)?.id ?? '';
});
beforeEach(() => secured.revokeAll());
after(() => secured[Symbol.asyncDispose]());

interface Case<A extends Api> {
  readonly api: A;
  readonly what?: string;
  readonly version?: number;
  readonly draft: () => RequestDraft<A>;
  readonly codes: (answer: ResponseOf<A>) => (number | undefined)[];
  readonly refusal: keyof typeof errorCodes;
  /** Any one of these is enough. */
  readonly grants: readonly Grant[];
}

const denied = {
  topic: 'TOPIC_AUTHORIZATION_FAILED',
  group: 'GROUP_AUTHORIZATION_FAILED',
  cluster: 'CLUSTER_AUTHORIZATION_FAILED',
  transaction: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
} as const;

const onTopic = (operation: Grant['operation'], name = topic): Grant => ({ operation, type: 'Topic', name });
const onGroup = (operation: Grant['operation']): Grant => ({ operation, type: 'Group', name: group });
const onCluster = (operation: Grant['operation']): Grant => ({ operation, type: 'Cluster', name: cluster });

function refuses<A extends Api>(given: Case<A>): void {
  const { api, what = '', version, draft, codes, refusal, grants } = given;
  const ask = async (): Promise<(number | undefined)[]> => codes(await secured.alice.request(api, draft(), version));
  test(`${api.name} ${what} is ${refusal} without an entry`, async () => {
    const found = await ask();
    assert.ok(found.length > 0);
    for (const code of found) assert.equal(errorRow(code ?? -1).name, refusal);
  });
  for (const grant of grants) {
    test(`${api.name} ${what} is allowed by ${grant.operation} on ${grant.type} ${grant.name}`, async () => {
      await secured.grant(grant);
      for (const code of await ask()) assert.notEqual(errorRow(code ?? -1).name, refusal);
    });
    test(`${api.name} ${what} is denied by an entry that denies all, though another allows ${grant.operation}`, async () => {
      await secured.grant(grant);
      await secured.grant({ ...grant, operation: 'All', deny: true });
      for (const code of await ask()) assert.equal(errorRow(code ?? -1).name, refusal);
    });
  }
}

for (const version of [12, 13]) {
  const named = (): { name?: string; topicId?: string } => (version < 13 ? { name: topic } : { topicId });
  refuses({
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
  refuses({
    api: fetch,
    what: `version ${version}`,
    version,
    draft: () => {
      const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
      const topics = [version < 13 ? { topic, partitions } : { topicId, partitions }];
      return { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, topics };
    },
    codes: ({ responses }) => responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
    refusal: denied.topic,
    grants: [onTopic('Read')],
  });
}

refuses({
  api: listOffsets,
  draft: () => ({ replicaId: -1, topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }),
  codes: ({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
  refusal: denied.topic,
  grants: [onTopic('Describe'), onTopic('Read')],
});
refuses({
  api: offsetForLeaderEpoch,
  draft: () => ({ topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }] }),
  codes: ({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
  refusal: denied.topic,
  grants: [onTopic('Describe')],
});
refuses({
  api: metadata,
  draft: () => ({ topics: [{ name: topic }] }),
  codes: ({ topics }) => topics.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('Describe'), onTopic('Write'), onTopic('Read')],
});
refuses({
  api: deleteRecords,
  draft: () => ({ topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: 0 }] }], timeoutMs: 1000 }),
  codes: ({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
  refusal: denied.topic,
  grants: [onTopic('Delete')],
});
refuses({
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
refuses({
  api: createPartitions,
  draft: () => ({ topics: [{ name: topic, count: 2, assignments: null }], timeoutMs: 1000, validateOnly: true }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('Alter')],
});
refuses({
  api: deleteTopics,
  draft: () => ({ topics: [{ name: 'absent' }], timeoutMs: 1000 }),
  codes: ({ responses }) => responses.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('Delete', 'absent')],
});
refuses({
  api: describeConfigs,
  what: 'of a topic',
  draft: () => ({ resources: [{ resourceType: 2, resourceName: topic, configurationKeys: null }] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.topic,
  grants: [onTopic('DescribeConfigs'), onTopic('AlterConfigs')],
});
refuses({
  api: describeConfigs,
  what: 'of a broker',
  draft: () => ({ resources: [{ resourceType: 4, resourceName: '1', configurationKeys: null }] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('DescribeConfigs')],
});
refuses({
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
refuses({
  api: incrementalAlterConfigs,
  what: 'of brokers',
  draft: () => ({ resources: [{ resourceType: 4, resourceName: '', configs: [] }], validateOnly: true }),
  codes: ({ responses }) => responses.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('AlterConfigs')],
});
refuses({
  api: findCoordinator,
  what: 'of a group',
  draft: () => ({ keyType: 0, coordinatorKeys: [group] }),
  codes: ({ coordinators }) => coordinators.map(({ errorCode }) => errorCode),
  refusal: denied.group,
  grants: [onGroup('Describe'), onGroup('Read')],
});
refuses({
  api: findCoordinator,
  what: 'of a transactional id',
  draft: () => ({ keyType: 1, coordinatorKeys: ['payments'] }),
  codes: ({ coordinators }) => coordinators.map(({ errorCode }) => errorCode),
  refusal: denied.transaction,
  grants: [{ operation: 'Write', type: 'TransactionalId', name: 'payments' }],
});
refuses({
  api: joinGroup,
  draft: () => ({
    groupId: group,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
    reason: null,
  }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses({
  api: syncGroup,
  draft: () => ({
    groupId: group,
    generationId: 1,
    memberId: 'm',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [],
  }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses({
  api: heartbeat,
  draft: () => ({ groupId: group, generationId: 1, memberId: 'm', groupInstanceId: null }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses({
  api: leaveGroup,
  draft: () => ({ groupId: group, members: [{ memberId: 'm', groupInstanceId: null, reason: null }] }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses({
  api: describeGroups,
  draft: () => ({ groups: [group], includeAuthorizedOperations: false }),
  codes: ({ groups }) => groups.map(({ errorCode }) => errorCode),
  refusal: denied.group,
  grants: [onGroup('Describe')],
});
refuses({
  api: deleteGroups,
  draft: () => ({ groupsNames: [group] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.group,
  grants: [onGroup('Delete')],
});
refuses({
  api: offsetFetch,
  version: 9,
  draft: () => {
    const topics = [{ name: topic, partitionIndexes: [0] }];
    return { groups: [{ groupId: group, memberId: null, memberEpoch: -1, topics }], requireStable: false };
  },
  codes: ({ groups }) => groups.map(({ errorCode }) => errorCode),
  refusal: denied.group,
  grants: [onGroup('Describe'), onGroup('Read')],
});
refuses({
  api: offsetCommit,
  version: 9,
  draft: () => commitOf([topic]),
  codes: ({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
  refusal: denied.group,
  grants: [onGroup('Read')],
});
refuses({
  api: initProducerId,
  draft: () => ({ transactionalId: null, transactionTimeoutMs: 1000 }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.cluster,
  grants: [onTopic('Write'), onTopic('Write', 'any-topic')],
});
refuses({
  api: initProducerId,
  what: 'with a transactional id',
  draft: () => ({ transactionalId: 'payments', transactionTimeoutMs: 1000 }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.transaction,
  grants: [{ operation: 'Write', type: 'TransactionalId', name: 'payments' }],
});
refuses({
  api: describeAcls,
  draft: () => ({ ...everything, permissionType: 1 }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.cluster,
  grants: [onCluster('Describe'), onCluster('Alter')],
});
refuses({
  api: createAcls,
  draft: () => ({ creations: [creationOf(onTopic('Read'))] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('Alter')],
});
refuses({
  api: deleteAcls,
  draft: () => ({ filters: [{ ...everything, resourceNameFilter: 'nothing', permissionType: 1 }] }),
  codes: ({ filterResults }) => filterResults.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('Alter')],
});
refuses({
  api: describeUserScramCredentials,
  draft: () => ({ users: null }),
  codes: ({ errorCode }) => [errorCode],
  refusal: denied.cluster,
  grants: [onCluster('Describe')],
});
refuses({
  api: alterUserScramCredentials,
  draft: () => ({ deletions: [{ name: 'absent', mechanism: 1 }], upsertions: [] }),
  codes: ({ results }) => results.map(({ errorCode }) => errorCode),
  refusal: denied.cluster,
  grants: [onCluster('Alter')],
});

const everything = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
};

function commitOf(names: readonly string[]): RequestDraft<typeof offsetCommit> {
  const partitions = [{ partitionIndex: 0, committedOffset: 0, committedMetadata: null }];
  const topics = names.map((name) => ({ name, partitions }));
  return { groupId: group, generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null, topics };
}

test('a topic that may not be described looks the same whether it exists or not, and is not created', async () => {
  for (const name of [topic, 'nowhere']) {
    const { topics } = await secured.alice.request(metadata, { topics: [{ name }], allowAutoTopicCreation: true });
    const { errorCode, topicId: id, partitions } = topics[0] ?? {};
    assert.deepEqual(
      [errorCode, id, partitions],
      [errorCodes.TOPIC_AUTHORIZATION_FAILED, 'AAAAAAAAAAAAAAAAAAAAAA', []],
    );
  }
  assert.equal(secured.fixture.cluster.topics.byName('nowhere'), undefined);
  const byId = await secured.alice.request(metadata, { topics: [{ name: null, topicId }] });
  assert.equal(byId.topics[0]?.errorCode, errorCodes.TOPIC_AUTHORIZATION_FAILED);
  assert.equal(byId.topics[0]?.name, null);
  const all = await secured.alice.request(metadata, { topics: null });
  assert.deepEqual(all.topics, []);
});

test('naming an absent topic creates it only for those who may create it', async () => {
  await secured.grant({ operation: 'Describe', type: 'Topic', name: 'made-', prefixed: true });
  const ask = async () => {
    const { topics } = await secured.alice.request(metadata, {
      topics: [{ name: 'made-1' }],
      allowAutoTopicCreation: true,
    });
    return topics[0]?.errorCode;
  };
  assert.equal(await ask(), errorCodes.TOPIC_AUTHORIZATION_FAILED);
  await secured.grant({ operation: 'Create', type: 'Topic', name: 'made-', prefixed: true });
  assert.equal(await ask(), errorCodes.NONE);
});

test('what may be done is told as bits', async () => {
  await secured.grant(onTopic('Read'));
  const ask = () =>
    secured.alice.request(
      metadata,
      { topics: [{ name: topic }], includeClusterAuthorizedOperations: true, includeTopicAuthorizedOperations: true },
      10,
    );
  const some = await ask();
  assert.equal(some.topics[0]?.topicAuthorizedOperations, (1 << 3) | (1 << 8));
  assert.equal(some.clusterAuthorizedOperations, 0);
  await secured.grant(onCluster('Describe'));
  assert.equal((await ask()).clusterAuthorizedOperations, 1 << 8);
  const described = await secured.alice.request(describeCluster, { includeClusterAuthorizedOperations: true });
  assert.equal(described.clusterAuthorizedOperations, 1 << 8);
  const plain = await secured.alice.request(describeCluster, { includeClusterAuthorizedOperations: false });
  assert.equal(plain.clusterAuthorizedOperations, -(2 ** 31));
});

test('offsets of topics that may not be read are neither committed nor told, those of others are', async () => {
  await secured.fixture.createTopic('open');
  await secured.grant(onGroup('Read'));
  await secured.grant(onTopic('Read', 'open'));
  const committed = await secured.alice.request(offsetCommit, commitOf([topic, 'open', topic]), 9);
  assert.deepEqual(
    committed.topics.map(({ name, partitions }) => [name, partitions[0]?.errorCode]),
    [
      [topic, errorCodes.TOPIC_AUTHORIZATION_FAILED],
      ['open', errorCodes.NONE],
      [topic, errorCodes.TOPIC_AUTHORIZATION_FAILED],
    ],
  );
  await secured.admin.request(offsetCommit, commitOf([topic]), 9);
  const asked = { groupId: group, memberId: null, memberEpoch: -1 };
  const all = await secured.alice.request(
    offsetFetch,
    { groups: [{ ...asked, topics: null }], requireStable: false },
    9,
  );
  assert.deepEqual(
    all.groups[0]?.topics.map(({ name }) => name),
    ['open'],
  );
  const topics = [topic, 'open'].map((name) => ({ name, partitionIndexes: [0] }));
  const named = await secured.alice.request(offsetFetch, { groups: [{ ...asked, topics }], requireStable: false }, 9);
  assert.deepEqual(
    named.groups[0]?.topics.map(({ partitions }) => partitions[0]?.errorCode),
    [errorCodes.TOPIC_AUTHORIZATION_FAILED, errorCodes.NONE],
  );
});

test('groups are listed to those who may describe them, or the cluster', async () => {
  await secured.fixture.createTopic('listed');
  await secured.admin.request(offsetCommit, { ...commitOf(['listed']), groupId: 'one' }, 9);
  await secured.admin.request(offsetCommit, { ...commitOf(['listed']), groupId: 'two' }, 9);
  const list = async (): Promise<string[]> => {
    const { groups } = await secured.alice.request(listGroups, { statesFilter: [], typesFilter: [] });
    return groups.map(({ groupId }) => groupId).filter((id) => id === 'one' || id === 'two');
  };
  assert.deepEqual(await list(), []);
  await secured.grant({ operation: 'Describe', type: 'Group', name: 'one' });
  assert.deepEqual(await list(), ['one']);
  await secured.grant(onCluster('Describe'));
  assert.deepEqual((await list()).sort(), ['one', 'two']);
});

test('who may create a topic but not describe its configuration is not told it', async () => {
  await secured.grant(onTopic('Create', 'quiet'));
  const asked = { name: 'quiet', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const { topics } = await secured.alice.request(createTopics, { topics: [asked], timeoutMs: 1000 });
  const { errorCode, topicConfigErrorCode, configs, numPartitions } = topics[0] ?? {};
  assert.deepEqual(
    [errorCode, topicConfigErrorCode, configs, numPartitions],
    [errorCodes.NONE, errorCodes.TOPIC_AUTHORIZATION_FAILED, [], -1],
  );
});

test('a topic that may be described and not deleted is named in the refusal', async () => {
  await secured.grant(onTopic('Describe'));
  const byName = await secured.alice.request(deleteTopics, { topics: [{ name: topic }], timeoutMs: 1000 });
  assert.equal(byName.responses[0]?.errorCode, errorCodes.TOPIC_AUTHORIZATION_FAILED);
  const byId = await secured.alice.request(deleteTopics, { topics: [{ name: null, topicId }], timeoutMs: 1000 });
  assert.deepEqual(
    [byId.responses[0]?.errorCode, byId.responses[0]?.name],
    [errorCodes.TOPIC_AUTHORIZATION_FAILED, topic],
  );
  assert.ok(secured.fixture.cluster.topics.byName(topic));
});

test('an entry for another address does not count', async () => {
  await secured.grant({ ...onTopic('Read'), host: '10.1.2.3' });
  const asked = { replicaId: -1, topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }] };
  const refused = await secured.alice.request(listOffsets, asked);
  assert.equal(refused.topics[0]?.partitions[0]?.errorCode, errorCodes.TOPIC_AUTHORIZATION_FAILED);
  await secured.grant({ ...onTopic('Read'), host: '127.0.0.1' });
  assert.equal((await secured.alice.request(listOffsets, asked)).topics[0]?.partitions[0]?.errorCode, errorCodes.NONE);
});

test('entries that change are in force for the next request of a connection, also in a fetch session', async () => {
  await secured.grant(onTopic('Read'));
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
  const ask = (
    sessionId: number,
    sessionEpoch: number,
    topics: readonly { topic: string; partitions: typeof partitions }[],
  ) => secured.alice.request(fetch, { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, sessionId, sessionEpoch, topics }, 12);
  const { sessionId, responses } = await ask(0, 0, [{ topic, partitions }]);
  assert.equal(responses[0]?.partitions[0]?.errorCode, errorCodes.NONE);
  await secured.revokeAll();
  const next = await ask(sessionId, 1, []);
  assert.equal(next.responses[0]?.partitions[0]?.errorCode, errorCodes.TOPIC_AUTHORIZATION_FAILED);
});
