/** What an admin does with answers that a healthy cluster seldom gives. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import {
  alterUserScramCredentials,
  consumerGroupDescribe,
  createTopics,
  describeAcls,
  describeGroups,
  describeTopicPartitions,
  errorCodes,
  findCoordinator,
  listTransactions,
  metadata,
} from '@millrace/wire';
import { unwrap } from '../admin.ts';
import { createClient } from '../kafka-client.ts';
import { ScriptedBroker } from '../testing/scripted-network.ts';

function script(): ScriptedBroker {
  const node = { nodeId: 1, host: 'broker', port: 9092 };
  return new ScriptedBroker()
    .on(metadata, () => ({ brokers: [{ ...node, rack: null }], clusterId: 'c', controllerId: 1, topics: [] }))
    .on(findCoordinator, ({ coordinatorKeys }) => ({
      coordinators: coordinatorKeys.map((key) => ({ key, ...node, errorCode: 0, errorMessage: null })),
    }));
}

function open(t: TestContext, broker: ScriptedBroker) {
  const client = createClient({ bootstrap: 'broker:9092', platform: broker.network.platform, retryBackoffMs: 1 });
  t.after(() => client.close());
  return client.admin();
}

const created = { topicId: 'AAECAwQFBgcICQoLDA0ODw', numPartitions: 1, replicationFactor: 1, configs: null };

test('what a quota held back is asked for again, and what was done is not', async (t) => {
  const asked: string[][] = [];
  const broker = script().on(createTopics, ({ topics }) => {
    asked.push(topics.map(({ name }) => name));
    const held = asked.length < 3;
    const answers = topics.map(({ name }) => {
      const errorCode = name === 'bad' ? 17 : held && name !== 'a' ? errorCodes.THROTTLING_QUOTA_EXCEEDED : 0;
      return { ...created, name, errorCode, errorMessage: null };
    });
    return { throttleTimeMs: 1, topics: answers };
  });
  const results = await open(t, broker).createTopics(['a', 'bad', 'b', 'c'].map((topic) => ({ topic })));
  assert.deepEqual(asked, [
    ['a', 'bad', 'b', 'c'],
    ['b', 'c'],
    ['b', 'c'],
  ]);
  assert.deepEqual(
    results.map(({ topic, error }) => [topic, error?.errorName]),
    [
      ['a', undefined],
      ['bad', 'INVALID_TOPIC_EXCEPTION'],
      ['b', undefined],
      ['c', undefined],
    ],
  );
});

test('what a quota still holds back when the time is over says so, and the rest is told', async (t) => {
  const broker = script().on(createTopics, ({ topics }) => ({
    topics: topics.map(({ name }) => ({
      ...created,
      name,
      errorCode: name === 'a' ? 0 : errorCodes.THROTTLING_QUOTA_EXCEEDED,
      errorMessage: null,
    })),
  }));
  const results = await open(t, broker).createTopics([{ topic: 'a' }, { topic: 'b' }], { timeoutMs: 60 });
  assert.deepEqual(
    results.map(({ error }) => error?.errorName),
    [undefined, 'THROTTLING_QUOTA_EXCEEDED'],
  );
});

function partition(partitionIndex: number) {
  const replicas = { replicaNodes: [1], isrNodes: [1], offlineReplicas: [] };
  return { errorCode: 0, partitionIndex, leaderId: 1, ...replicas, eligibleLeaderReplicas: null, lastKnownElr: null };
}

test('pages of topics are put together', async (t) => {
  const cursors: (string | undefined)[] = [];
  const broker = script().on(describeTopicPartitions, ({ cursor }) => {
    cursors.push(cursor === null ? undefined : `${cursor.topicName} ${cursor.partitionIndex}`);
    const topic = (name: string, indexes: number[]) => {
      return { errorCode: 0, name, topicId: created.topicId, isInternal: false, partitions: indexes.map(partition) };
    };
    if (cursor === null)
      return { topics: [topic('a', [0]), topic('b', [1, 0])], nextCursor: { topicName: 'b', partitionIndex: 2 } };
    return { topics: [topic('b', [2])], nextCursor: null };
  });
  const described = unwrap(await open(t, broker).describeTopics(['b', 'a']));
  assert.deepEqual(cursors, [undefined, 'b 2']);
  assert.deepEqual(
    described.map(({ topic, partitions }) => [topic, partitions.map((each) => each.partition)]),
    [
      ['b', [0, 1, 2]],
      ['a', [0]],
    ],
  );
});

test('a broker that answers with the same page for ever is not asked for ever', async (t) => {
  const broker = script().on(describeTopicPartitions, () => ({
    topics: [],
    nextCursor: { topicName: 'a', partitionIndex: 0 },
  }));
  const [result] = await open(t, broker).describeTopics(['a']);
  assert.match(String(result?.error), /the answer leaves it out/);
});

test('a group that is not of the newer protocol is described by the classic one', async (t) => {
  const broker = script()
    .on(consumerGroupDescribe, ({ groupIds }) => ({
      groups: groupIds.map((groupId) => ({
        errorCode: groupId === 'new' ? 0 : errorCodes.GROUP_ID_NOT_FOUND,
        errorMessage: null,
        groupId,
        groupState: 'Stable',
        groupEpoch: 4,
        assignmentEpoch: 3,
        assignorName: 'uniform',
        members: [],
      })),
    }))
    .on(describeGroups, ({ groups: [groupId = ''] }) => ({
      groups: [
        {
          errorCode: groupId === 'old' ? 0 : errorCodes.GROUP_ID_NOT_FOUND,
          groupId,
          groupState: groupId === 'old' ? 'Empty' : 'Dead',
          protocolType: 'consumer',
          protocolData: '',
          members: [],
        },
      ],
    }));
  const [old, none, young] = await open(t, broker).describeGroups(['old', 'none', 'new']);
  assert.deepEqual([old?.error, old?.error ?? old?.type, old?.error ?? old?.epoch], [undefined, 'classic', undefined]);
  assert.equal(none?.error?.errorName, 'GROUP_ID_NOT_FOUND');
  assert.ok(young !== undefined && young.error === undefined);
  assert.deepEqual([young.type, young.epoch, young.assignmentEpoch, young.protocol], ['consumer', 4, 3, 'uniform']);
});

test('several credentials of a user take several requests, and an error ends them', async (t) => {
  const asked: string[][] = [];
  const broker = script().on(alterUserScramCredentials, ({ upsertions, deletions }) => {
    const users = [...upsertions, ...deletions].map(({ name }) => name);
    asked.push(users);
    const errorOf = (user: string): number => (user === 'b' ? errorCodes.UNACCEPTABLE_CREDENTIAL : 0);
    return { results: users.map((user) => ({ user, errorCode: errorOf(user), errorMessage: null })) };
  });
  const results = await open(t, broker).alterScramCredentials([
    { user: 'a', mechanism: 'SCRAM-SHA-256', password: 'x' },
    { user: 'b', mechanism: 'SCRAM-SHA-256', password: 'x' },
    { user: 'a', mechanism: 'SCRAM-SHA-512', delete: true },
    { user: 'b', mechanism: 'SCRAM-SHA-512', password: 'x' },
  ]);
  assert.deepEqual(asked, [['a', 'b'], ['a']]);
  assert.deepEqual(
    results.map(({ user, error }) => [user, error?.errorName]),
    [
      ['a', undefined],
      ['b', 'UNACCEPTABLE_CREDENTIAL'],
    ],
  );
});

test('a denial names the operation and the resource', async (t) => {
  const broker = script().on(describeAcls, () => ({
    errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED,
    errorMessage: null,
    resources: [],
  }));
  await assert.rejects(open(t, broker).describeAcls(), (error: Error) => {
    assert.ok(isMillraceError(error, 'authorization_failed') && !error.retriable);
    assert.match(
      error.message,
      /^describe ACLs: CLUSTER_AUTHORIZATION_FAILED: .*needs describe on cluster kafka-cluster/,
    );
    return true;
  });
});

test('a state of transactions that a broker does not know is refused, not passed over', async (t) => {
  const broker = script().on(listTransactions, () => ({
    errorCode: 0,
    unknownStateFilters: ['PrepareEpochFence'],
    transactionStates: [],
  }));
  await assert.rejects(open(t, broker).listTransactions({ states: ['PrepareEpochFence'] }), {
    errorName: 'INVALID_REQUEST',
    message: /does not know the states PrepareEpochFence/,
  });
});
