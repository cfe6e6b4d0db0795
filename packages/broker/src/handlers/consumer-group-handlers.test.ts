import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  errorRow,
  offsetCommit,
  offsetDelete,
  updateFeatures,
} from '@millrace/wire';
import { SecuredCluster } from '../testing/secured-cluster.ts';

let secured: SecuredCluster;
let group = '';
let made = 0;

before(async () => {
  secured = await SecuredCluster.start();
  for (const name of ['orders', 'secret']) await secured.fixture.createTopic(name, { partitions: 2 });
});
beforeEach(async () => {
  await secured.revokeAll();
  made += 1;
  group = `group-${made}`;
});
after(() => secured[Symbol.asyncDispose]());

const nameOf = (code: number | undefined): string => errorRow(code ?? -1).name;

async function join(subscription: { readonly names?: string[]; readonly pattern?: string; readonly epoch?: number }) {
  const answer = await secured.alice.request(consumerGroupHeartbeat, {
    groupId: group,
    memberId: `member-${made}`,
    memberEpoch: subscription.epoch ?? 0,
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: subscription.names ?? null,
    subscribedTopicRegex: subscription.pattern ?? null,
    topicPartitions: [],
  });
  const topics = (answer.assignment?.topicPartitions ?? []).map(({ topicId }) => topicId);
  return { error: nameOf(answer.errorCode), topics, epoch: answer.memberEpoch };
}

const describe = async () => {
  const draft = { groupIds: [group], includeAuthorizedOperations: true };
  const { groups } = await secured.alice.request(consumerGroupDescribe, draft);
  return groups[0];
};

test('a member needs to read the group, and to describe the topics that it names', async () => {
  assert.equal((await join({ names: ['orders'] })).error, 'GROUP_AUTHORIZATION_FAILED');
  await secured.grant({ operation: 'Read', type: 'Group', name: group });
  assert.equal((await join({ names: ['orders'] })).error, 'TOPIC_AUTHORIZATION_FAILED');
  await secured.grant({ operation: 'Describe', type: 'Topic', name: 'orders' });
  assert.equal((await join({ names: ['orders', 'secret'] })).error, 'TOPIC_AUTHORIZATION_FAILED');
  const joined = await join({ names: ['orders'] });
  assert.equal(joined.error, 'NONE');
  assert.equal(joined.topics.length, 1);
});

test('a pattern gives a member only topics that it may describe', async () => {
  await secured.grant({ operation: 'Read', type: 'Group', name: group });
  await secured.grant({ operation: 'Describe', type: 'Topic', name: 'orders' });
  let joined = await join({ pattern: '.*' });
  // On a slow machine the pattern is matched after the answer.
  while (joined.topics.length === 0) {
    await setTimeout(10);
    joined = await join({ pattern: '.*', epoch: joined.epoch });
  }
  assert.deepEqual(joined.topics, [secured.fixture.cluster.topics.byName('orders')?.id]);
});

test('a group is described to who may describe it and all of its topics', async () => {
  await secured.grant({ operation: 'Read', type: 'Group', name: group });
  await secured.grant({ operation: 'Describe', type: 'Topic', name: '*' });
  assert.equal((await join({ names: ['orders'] })).error, 'NONE');
  const described = await describe();
  assert.equal(nameOf(described?.errorCode), 'NONE');
  // Reading includes describing.
  assert.equal(described?.authorizedOperations, (1 << 3) | (1 << 8));
  await secured.grant({ operation: 'Describe', type: 'Topic', name: 'orders', deny: true });
  const hidden = await describe();
  assert.equal(nameOf(hidden?.errorCode), 'TOPIC_AUTHORIZATION_FAILED');
  assert.deepEqual(hidden?.members, []);
  await secured.grant({ operation: 'All', type: 'Group', name: group, deny: true });
  assert.equal(nameOf((await describe())?.errorCode), 'GROUP_AUTHORIZATION_FAILED');
});

test('offsets are deleted by who may delete the group and read the topic', async () => {
  const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }];
  const commit = {
    groupId: group,
    memberId: '',
    generationIdOrMemberEpoch: -1,
    topics: ['orders', 'secret'].map((name) => ({ name, partitions })),
  };
  await secured.admin.request(offsetCommit, commit, 9);
  const topics = ['orders', 'secret', 'absent'].map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }));
  const remove = () => secured.alice.request(offsetDelete, { groupId: group, topics });
  assert.equal(nameOf((await remove()).errorCode), 'GROUP_AUTHORIZATION_FAILED');
  await secured.grant({ operation: 'Delete', type: 'Group', name: group });
  await secured.grant({ operation: 'Read', type: 'Topic', name: 'orders' });
  await secured.grant({ operation: 'Read', type: 'Topic', name: 'absent' });
  const answer = await remove();
  assert.deepEqual(
    answer.topics.map((topic) => nameOf(topic.partitions[0]?.errorCode)),
    ['NONE', 'TOPIC_AUTHORIZATION_FAILED', 'UNKNOWN_TOPIC_OR_PARTITION'],
  );
});

test('without the feature group.version there are no consumer groups', async () => {
  await secured.grant({ operation: 'All', type: 'Group', name: group });
  const change = (maxVersionLevel: number) => ({
    timeoutMs: 1_000,
    featureUpdates: [{ feature: 'group.version', maxVersionLevel, upgradeType: maxVersionLevel === 0 ? 2 : 1 }],
    validateOnly: false,
  });
  await secured.admin.request(updateFeatures, change(0));
  assert.equal((await join({ names: [] })).error, 'UNSUPPORTED_VERSION');
  assert.equal(nameOf((await describe())?.errorCode), 'UNSUPPORTED_VERSION');
  await secured.admin.request(updateFeatures, change(1));
  assert.equal((await join({ names: [] })).error, 'NONE');
});
