/** What those learn who may do some things, and others not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createTopics,
  deleteTopics,
  describeCluster,
  errorCodes,
  fetch,
  listGroups,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
} from '@millrace/wire';
import { commitOf, group, onCluster, onGroup, onTopic, securedForTests, topic } from '../testing/refusals.ts';

const shared = securedForTests();

test('a topic that may not be described looks the same whether it exists or not, and is not created', async () => {
  for (const name of [topic, 'nowhere']) {
    const { topics } = await shared.secured.alice.request(metadata, {
      topics: [{ name }],
      allowAutoTopicCreation: true,
    });
    const { errorCode, topicId: id, partitions } = topics[0] ?? {};
    assert.deepEqual(
      [errorCode, id, partitions],
      [errorCodes.TOPIC_AUTHORIZATION_FAILED, 'AAAAAAAAAAAAAAAAAAAAAA', []],
    );
  }
  assert.equal(shared.secured.fixture.cluster.topics.byName('nowhere'), undefined);
  const byId = await shared.secured.alice.request(metadata, { topics: [{ name: null, topicId: shared.topicId }] });
  assert.equal(byId.topics[0]?.errorCode, errorCodes.TOPIC_AUTHORIZATION_FAILED);
  assert.equal(byId.topics[0]?.name, null);
  const all = await shared.secured.alice.request(metadata, { topics: null });
  assert.deepEqual(all.topics, []);
});

test('naming an absent topic creates it only for those who may create it', async () => {
  await shared.secured.grant({ operation: 'Describe', type: 'Topic', name: 'made-', prefixed: true });
  const ask = async () => {
    const { topics } = await shared.secured.alice.request(metadata, {
      topics: [{ name: 'made-1' }],
      allowAutoTopicCreation: true,
    });
    return topics[0]?.errorCode;
  };
  assert.equal(await ask(), errorCodes.TOPIC_AUTHORIZATION_FAILED);
  await shared.secured.grant({ operation: 'Create', type: 'Topic', name: 'made-', prefixed: true });
  assert.equal(await ask(), errorCodes.NONE);
});

test('what may be done is told as bits', async () => {
  await shared.secured.grant(onTopic('Read'));
  const ask = () =>
    shared.secured.alice.request(
      metadata,
      { topics: [{ name: topic }], includeClusterAuthorizedOperations: true, includeTopicAuthorizedOperations: true },
      10,
    );
  const some = await ask();
  assert.equal(some.topics[0]?.topicAuthorizedOperations, (1 << 3) | (1 << 8));
  assert.equal(some.clusterAuthorizedOperations, 0);
  await shared.secured.grant(onCluster('Describe'));
  assert.equal((await ask()).clusterAuthorizedOperations, 1 << 8);
  const described = await shared.secured.alice.request(describeCluster, { includeClusterAuthorizedOperations: true });
  assert.equal(described.clusterAuthorizedOperations, 1 << 8);
  const plain = await shared.secured.alice.request(describeCluster, { includeClusterAuthorizedOperations: false });
  assert.equal(plain.clusterAuthorizedOperations, -(2 ** 31));
});

test('offsets of topics that may not be read are neither committed nor told, those of others are', async () => {
  await shared.secured.fixture.createTopic('open');
  await shared.secured.grant(onGroup('Read'));
  await shared.secured.grant(onTopic('Read', 'open'));
  const committed = await shared.secured.alice.request(offsetCommit, commitOf([topic, 'open', topic]), 9);
  assert.deepEqual(
    committed.topics.map(({ name, partitions }) => [name, partitions[0]?.errorCode]),
    [
      [topic, errorCodes.TOPIC_AUTHORIZATION_FAILED],
      ['open', errorCodes.NONE],
      [topic, errorCodes.TOPIC_AUTHORIZATION_FAILED],
    ],
  );
  await shared.secured.admin.request(offsetCommit, commitOf([topic]), 9);
  const asked = { groupId: group, memberId: null, memberEpoch: -1 };
  const all = await shared.secured.alice.request(
    offsetFetch,
    { groups: [{ ...asked, topics: null }], requireStable: false },
    9,
  );
  assert.deepEqual(
    all.groups[0]?.topics.map(({ name }) => name),
    ['open'],
  );
  const topics = [topic, 'open'].map((name) => ({ name, partitionIndexes: [0] }));
  const named = await shared.secured.alice.request(
    offsetFetch,
    { groups: [{ ...asked, topics }], requireStable: false },
    9,
  );
  assert.deepEqual(
    named.groups[0]?.topics.map(({ partitions }) => partitions[0]?.errorCode),
    [errorCodes.TOPIC_AUTHORIZATION_FAILED, errorCodes.NONE],
  );
});

test('groups are listed to those who may describe them, or the cluster', async () => {
  await shared.secured.fixture.createTopic('listed');
  await shared.secured.admin.request(offsetCommit, { ...commitOf(['listed']), groupId: 'one' }, 9);
  await shared.secured.admin.request(offsetCommit, { ...commitOf(['listed']), groupId: 'two' }, 9);
  const list = async (): Promise<string[]> => {
    const { groups } = await shared.secured.alice.request(listGroups, { statesFilter: [], typesFilter: [] });
    return groups.map(({ groupId }) => groupId).filter((id) => id === 'one' || id === 'two');
  };
  assert.deepEqual(await list(), []);
  await shared.secured.grant({ operation: 'Describe', type: 'Group', name: 'one' });
  assert.deepEqual(await list(), ['one']);
  await shared.secured.grant(onCluster('Describe'));
  assert.deepEqual((await list()).sort(), ['one', 'two']);
});

test('who may create a topic but not describe its configuration is not told it', async () => {
  await shared.secured.grant(onTopic('Create', 'quiet'));
  const asked = { name: 'quiet', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const { topics } = await shared.secured.alice.request(createTopics, { topics: [asked], timeoutMs: 1000 });
  const { errorCode, topicConfigErrorCode, configs, numPartitions } = topics[0] ?? {};
  assert.deepEqual(
    [errorCode, topicConfigErrorCode, configs, numPartitions],
    [errorCodes.NONE, errorCodes.TOPIC_AUTHORIZATION_FAILED, [], -1],
  );
});

test('a topic that may be described and not deleted is named in the refusal', async () => {
  await shared.secured.grant(onTopic('Describe'));
  const byName = await shared.secured.alice.request(deleteTopics, { topics: [{ name: topic }], timeoutMs: 1000 });
  assert.equal(byName.responses[0]?.errorCode, errorCodes.TOPIC_AUTHORIZATION_FAILED);
  const byId = await shared.secured.alice.request(deleteTopics, {
    topics: [{ name: null, topicId: shared.topicId }],
    timeoutMs: 1000,
  });
  assert.deepEqual(
    [byId.responses[0]?.errorCode, byId.responses[0]?.name],
    [errorCodes.TOPIC_AUTHORIZATION_FAILED, topic],
  );
  assert.ok(shared.secured.fixture.cluster.topics.byName(topic));
});

test('an entry for another address does not count', async () => {
  await shared.secured.grant({ ...onTopic('Read'), host: '10.1.2.3' });
  const asked = { replicaId: -1, topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }] };
  const refused = await shared.secured.alice.request(listOffsets, asked);
  assert.equal(refused.topics[0]?.partitions[0]?.errorCode, errorCodes.TOPIC_AUTHORIZATION_FAILED);
  await shared.secured.grant({ ...onTopic('Read'), host: '127.0.0.1' });
  assert.equal(
    (await shared.secured.alice.request(listOffsets, asked)).topics[0]?.partitions[0]?.errorCode,
    errorCodes.NONE,
  );
});

test('entries that change are in force for the next request of a connection, also in a fetch session', async () => {
  await shared.secured.grant(onTopic('Read'));
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
  const ask = (
    sessionId: number,
    sessionEpoch: number,
    topics: readonly { topic: string; partitions: typeof partitions }[],
  ) =>
    shared.secured.alice.request(
      fetch,
      { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, sessionId, sessionEpoch, topics },
      12,
    );
  const { sessionId, responses } = await ask(0, 0, [{ topic, partitions }]);
  assert.equal(responses[0]?.partitions[0]?.errorCode, errorCodes.NONE);
  await shared.secured.revokeAll();
  const next = await ask(sessionId, 1, []);
  assert.equal(next.responses[0]?.partitions[0]?.errorCode, errorCodes.TOPIC_AUTHORIZATION_FAILED);
});
