/**
 * The handlers of groups at every version of their APIs: requests and answers pass through the codecs, so that an
 * answer which a version can't carry fails here.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deleteGroups,
  describeGroups,
  errorRow,
  findCoordinator,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  offsetCommit,
  offsetFetch,
  syncGroup,
} from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import { GroupBrokers, versionsOf } from '../testing/group-brokers.ts';
import { errorName } from '../testing/group-fixture.ts';

const protocols = [{ name: 'range', metadata: Buffer.from('about me') }];

test('JoinGroup, SyncGroup, Heartbeat and LeaveGroup work at every version', async () => {
  for (const version of versionsOf(joinGroup)) {
    const brokers = await GroupBrokers.start();
    const broker = brokers.coordinator('g');
    const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000 };
    const request = { groupId: 'g', ...timeouts, protocolType: 'consumer', protocols, memberId: '' };
    let joined = await brokers.ask(broker, joinGroup, version, request);
    if (version >= 4) {
      assert.equal(errorName(joined), 'MEMBER_ID_REQUIRED', `version ${version}`);
      joined = await brokers.ask(broker, joinGroup, version, { ...request, memberId: joined.memberId });
    }
    const { memberId, generationId } = joined;
    assert.deepEqual([errorName(joined), joined.leader, joined.protocolName], ['NONE', memberId, 'range']);

    const assignments = [{ memberId, assignment: Buffer.from('yours') }];
    const synced = await brokers.ask(broker, syncGroup, Math.min(version, 5), {
      ...{ groupId: 'g', memberId, generationId, assignments },
      ...(version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {}),
    });
    assert.deepEqual([errorName(synced), Buffer.from(synced.assignment).toString()], ['NONE', 'yours']);

    const beat = await brokers.ask(broker, heartbeat, Math.min(version, 4), { groupId: 'g', memberId, generationId });
    assert.equal(errorName(beat), 'NONE');

    const leaving = version < 3 ? { groupId: 'g', memberId } : { groupId: 'g', members: [{ memberId }] };
    const left = await brokers.ask(broker, leaveGroup, Math.min(version, 5), leaving);
    assert.deepEqual([errorName(left), left.members.map(errorName)], ['NONE', version < 3 ? [] : ['NONE']]);
    const again = await brokers.ask(broker, leaveGroup, Math.min(version, 5), leaving);
    const errors = version < 3 ? [errorName(again)] : again.members.map(errorName);
    assert.deepEqual(errors, ['UNKNOWN_MEMBER_ID']);
  }
});

test('in version 0 of JoinGroup the session timeout bounds the rebalance too', async () => {
  const brokers = await GroupBrokers.start();
  const broker = brokers.coordinator('g');
  const request = { groupId: 'g', sessionTimeoutMs: 10_000, protocolType: 'consumer', protocols, memberId: '' };
  const first = await brokers.ask(broker, joinGroup, 0, request);
  await brokers.ask(broker, syncGroup, 0, { groupId: 'g', memberId: first.memberId, generationId: 1, assignments: [] });
  const second = brokers.ask(broker, joinGroup, 0, request);
  await brokers.fixture.platform.pass(10_000);
  assert.equal(errorName(await second), 'NONE');
});

test('refused joins are answered at every version', async () => {
  const brokers = await GroupBrokers.start();
  for (const version of versionsOf(joinGroup)) {
    const request = { groupId: 'g', sessionTimeoutMs: 1, protocolType: 'consumer', protocols, memberId: '' };
    const answer = await brokers.ask(brokers.coordinator('g'), joinGroup, version, request);
    assert.deepEqual([errorName(answer), answer.protocolName], ['INVALID_SESSION_TIMEOUT', version < 7 ? '' : null]);
  }
});

test('SyncGroup must name the protocol from version 5 on', async () => {
  const brokers = await GroupBrokers.start();
  const request = { groupId: 'g', memberId: 'm', generationId: 1, assignments: [] };
  const answer = await brokers.ask(brokers.coordinator('g'), syncGroup, 5, request);
  assert.equal(errorName(answer), 'INCONSISTENT_GROUP_PROTOCOL');
});

test('OffsetCommit and OffsetFetch work at every version', async () => {
  const brokers = await GroupBrokers.start();
  const broker = brokers.coordinator('g');
  const topicId = brokers.fixture.topics.byName('orders')?.id ?? '';
  for (const version of versionsOf(offsetCommit)) {
    const partitions = [
      { partitionIndex: 0, committedOffset: version, committedLeaderEpoch: 3, committedMetadata: null },
    ];
    const topics = [version < 10 ? { name: 'orders', partitions } : { topicId, partitions }];
    const answer = await brokers.ask(broker, offsetCommit, version, { groupId: 'g', memberId: '', topics });
    assert.deepEqual(answer.topics[0]?.partitions.map(errorName), ['NONE'], `version ${version}`);
    if (version >= 10) assert.equal(answer.topics[0]?.topicId, topicId);
  }
  for (const version of versionsOf(offsetFetch)) {
    const name = version < 10 ? { name: 'orders' } : { topicId };
    const topics = [{ ...name, partitionIndexes: [0, 1] }];
    const answer = await brokers.ask(
      broker,
      offsetFetch,
      version,
      version < 8 ? { groupId: 'g', topics: topics as never } : { groups: [{ groupId: 'g', topics }] },
    );
    const found = version < 8 ? answer.topics : answer.groups[0]?.topics;
    assert.deepEqual(
      found?.[0]?.partitions.map(({ committedOffset, committedLeaderEpoch }) => [
        committedOffset,
        committedLeaderEpoch,
      ]),
      [
        [10, version < 5 ? -1 : 3],
        [-1, -1],
      ],
      `version ${version}`,
    );
  }
});

test('OffsetFetch without topics answers all of them, of several groups from version 8 on', async () => {
  const brokers = await GroupBrokers.start();
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  const broker = brokers.coordinator('a');
  const here = ids.filter((id) => coordinates(broker, id));
  for (const id of ids) await brokers.fixture.commit(id, { orders: { 0: 5 }, events: { 1: 6 } });
  const one = await brokers.ask(broker, offsetFetch, 7, { groupId: 'a', topics: null, requireStable: true });
  assert.deepEqual(
    one.topics.map(({ name }) => name),
    ['orders', 'events'],
  );
  const groups = ids.map((groupId) => ({ groupId, topics: null }));
  const many = await brokers.ask(broker, offsetFetch, 8, { groups, requireStable: true });
  assert.ok(here.length < ids.length);
  for (const group of many.groups) {
    const expected = here.includes(group.groupId) ? ['NONE', 2] : ['NOT_COORDINATOR', 0];
    assert.deepEqual([errorName(group), group.topics.length], expected, group.groupId);
  }
});

test('ListGroups, DescribeGroups and DeleteGroups work at every version, each broker for its own groups', async () => {
  const brokers = await GroupBrokers.start();
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  for (const id of ids) await brokers.fixture.commit(id, { orders: { 0: 5 } });
  for (const version of versionsOf(listGroups)) {
    const answers = await Promise.all(brokers.endpoints.map((broker) => brokers.ask(broker, listGroups, version, {})));
    assert.ok(answers.every(({ groups }) => groups.length < ids.length));
    assert.deepEqual(answers.flatMap(({ groups }) => groups.map(({ groupId }) => groupId)).sort(), ids);
  }
  for (const version of versionsOf(describeGroups)) {
    const request = { groups: ['a', 'absent'], includeAuthorizedOperations: version >= 3 };
    const { groups } = await brokers.ask(brokers.coordinator('a'), describeGroups, version, request);
    assert.deepEqual([groups[0]?.groupState, errorName(groups[0])], ['Empty', 'NONE']);
    if (version >= 3) assert.equal(groups[0]?.authorizedOperations, 0xd48);
    const stranger = await brokers.ask(brokers.stranger('a'), describeGroups, version, { groups: ['a'] });
    assert.equal(errorName(stranger.groups[0]), 'NOT_COORDINATOR');
  }
  for (const [index, version] of versionsOf(deleteGroups).entries()) {
    const id = ids[index] ?? '';
    const refused = await brokers.ask(brokers.stranger(id), deleteGroups, version, { groupsNames: [id] });
    assert.deepEqual(refused.results.map(errorName), ['NOT_COORDINATOR']);
    const { results } = await brokers.ask(brokers.coordinator(id), deleteGroups, version, { groupsNames: [id, id] });
    assert.deepEqual([results[0]?.groupId, errorName(results[0])], [id, 'NONE']);
  }
});

test('FindCoordinator leads to the broker that accepts the group, at every version, through every broker', async () => {
  const brokers = await GroupBrokers.start();
  for (const version of versionsOf(findCoordinator)) {
    for (const group of ['a', 'b', 'c', 'd', '']) {
      for (const broker of brokers.endpoints) {
        const request = version < 4 ? { key: group, keyType: 0 } : { keyType: 0, coordinatorKeys: [group] };
        const answer = await brokers.ask(broker, findCoordinator, version, version === 0 ? { key: group } : request);
        const found = version < 4 ? answer : answer.coordinators[0];
        const { nodeId, host, port } = brokers.coordinator(group);
        assert.deepEqual([found?.nodeId, found?.host, found?.port, errorName(found)], [nodeId, host, port, 'NONE']);
      }
    }
  }
});

test('FindCoordinator knows transactional ids, and no coordinator of shares', async () => {
  const brokers = await GroupBrokers.start();
  const [broker] = brokers.endpoints as [BrokerEndpoint];
  const transaction = await brokers.ask(broker, findCoordinator, 6, { keyType: 1, coordinatorKeys: ['t'] });
  assert.equal(transaction.coordinators[0]?.nodeId, brokers.coordinator('t').nodeId);
  const share = await brokers.ask(broker, findCoordinator, 6, { keyType: 2, coordinatorKeys: ['g:t:0'] });
  assert.equal(errorName(share.coordinators[0]), 'INVALID_REQUEST');
});

test('groups spread over the brokers', async () => {
  const brokers = await GroupBrokers.start();
  const counts = brokers.endpoints.map((broker) => {
    return Array.from({ length: 300 }, (_, i) => `group-${i}`).filter((id) => coordinates(broker, id)).length;
  });
  assert.ok(Math.min(...counts) > 60, counts.join());
});

test('requests to a broker that does not coordinate the group are refused as such', async () => {
  const brokers = await GroupBrokers.start();
  const broker = brokers.stranger('g');
  const member = { groupId: 'g', memberId: 'm', generationId: 1 };
  const join = { groupId: 'g', sessionTimeoutMs: 10_000, protocolType: 'consumer', protocols, memberId: '' };
  const commit = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }];
  const topics = [{ name: 'orders', partitions: commit }];
  const fetched = [{ name: 'orders', partitionIndexes: [0] }];
  const committed = await brokers.ask(broker, offsetCommit, 9, { ...member, topics });
  const errors = [
    errorName(await brokers.ask(broker, joinGroup, 9, join)),
    errorName(await brokers.ask(broker, syncGroup, 5, { ...member, assignments: [] })),
    errorName(await brokers.ask(broker, heartbeat, 4, member)),
    errorName(await brokers.ask(broker, leaveGroup, 5, { groupId: 'g', members: [] })),
    errorName(committed.topics[0]?.partitions[0]),
    errorName(await brokers.ask(broker, offsetFetch, 7, { groupId: 'g', topics: fetched })),
  ];
  assert.deepEqual(new Set(errors), new Set(['NOT_COORDINATOR']));
  const old = await brokers.ask(broker, offsetFetch, 1, { groupId: 'g', topics: fetched });
  const partition = old.topics[0]?.partitions[0];
  assert.deepEqual([partition?.committedOffset, errorRow(partition?.errorCode ?? 0).name], [-1, 'NOT_COORDINATOR']);
});
