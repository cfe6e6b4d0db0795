/** Assignments, sessions and leaving. On a manual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorName, GroupFixture, Parked, type TestMember } from '../testing/group-fixture.ts';
import { settle } from '../testing/manual-platform.ts';

/** Members that have joined and not synced yet. */
async function joined(fixture: GroupFixture, count: number): Promise<[TestMember, TestMember]> {
  const members = Array.from({ length: count }, () => fixture.member({ rebalanceTimeoutMs: 8_000 }));
  const joins = members.map((member) => member.join());
  await fixture.platform.pass(1);
  await Promise.all(joins);
  return members as [TestMember, TestMember];
}

test('members get their assignments once the leader has handed them in', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await joined(fixture, 2);
  const parked = new Parked(follower.sync());
  await settle();
  assert.ok(parked.isOpen);
  assert.equal(fixture.state('g'), 'CompletingRebalance');
  const own = await leader.sync([leader, follower]);
  await settle();
  assert.equal(Buffer.from(own.assignment).toString(), `${leader.id} in 1 by ${leader.id}`);
  assert.equal(Buffer.from(parked.value?.assignment ?? []).toString(), `${follower.id} in 1 by ${leader.id}`);
  assert.deepEqual([parked.value?.protocolType, parked.value?.protocolName], ['consumer', 'range']);
  assert.equal(fixture.state('g'), 'Stable');
});

test('a follower that syncs late, or again, gets the same assignment', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await joined(fixture, 2);
  await leader.sync([leader, follower]);
  for (let round = 0; round < 2; round++) {
    assert.equal(Buffer.from((await follower.sync()).assignment).toString(), `${follower.id} in 1 by ${leader.id}`);
  }
});

test('a member that the leader forgot gets an empty assignment', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await joined(fixture, 2);
  await leader.sync([leader]);
  const answer = await follower.sync();
  assert.deepEqual([errorName(answer), answer.assignment.length], ['NONE', 0]);
});

test('refuses a sync of an unknown group or member, another generation, or another protocol', async () => {
  const fixture = await GroupFixture.start();
  const stranger = fixture.member();
  stranger.id = 'stranger';
  assert.equal(errorName(await stranger.sync()), 'UNKNOWN_MEMBER_ID', 'no group');
  const [leader] = await joined(fixture, 1);
  assert.equal(errorName(await stranger.sync()), 'UNKNOWN_MEMBER_ID');
  assert.equal(errorName(await leader.sync([], { groupId: '' })), 'INVALID_GROUP_ID');
  assert.equal(errorName(await leader.sync([], { generationId: 0 })), 'ILLEGAL_GENERATION');
  assert.equal(errorName(await leader.sync([], { generationId: 2 })), 'ILLEGAL_GENERATION');
  assert.equal(errorName(await leader.sync([], { protocolType: 'connect' })), 'INCONSISTENT_GROUP_PROTOCOL');
  assert.equal(errorName(await leader.sync([], { protocolName: 'sticky' })), 'INCONSISTENT_GROUP_PROTOCOL');
  assert.equal(errorName(await leader.sync([], { protocolType: 'consumer', protocolName: 'range' })), 'NONE');
});

test('a rebalance tells members that wait for their assignment to join again', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await joined(fixture, 2);
  const parked = new Parked(follower.sync());
  void fixture.member().join();
  await settle();
  assert.equal(errorName(parked.value), 'REBALANCE_IN_PROGRESS');
  assert.equal(errorName(await leader.sync([leader, follower])), 'REBALANCE_IN_PROGRESS');
});

test('members that never sync are removed after the rebalance timeout, and the others rebalance', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await joined(fixture, 2);
  await leader.sync([leader, follower]);
  await fixture.platform.pass(7_998);
  assert.deepEqual([leader.heartbeat(), follower.heartbeat()], ['NONE', 'NONE']);
  await fixture.platform.pass(2);
  assert.deepEqual([leader.heartbeat(), follower.heartbeat()], ['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID']);
  assert.equal((await leader.join()).members.length, 1);
});

test('a leader that never hands in an assignment is removed, and the followers rebalance without it', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await joined(fixture, 2);
  const parked = new Parked(follower.sync());
  await fixture.platform.pass(8_000);
  assert.equal(errorName(parked.value), 'REBALANCE_IN_PROGRESS');
  assert.equal(leader.heartbeat(), 'UNKNOWN_MEMBER_ID');
  assert.equal((await follower.join()).leader, follower.id);
});

test('an assignment that could not be stored is handed to nobody', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await joined(fixture, 2);
  const parked = new Parked(follower.sync());
  fixture.platform.disk.failing.push('write');
  assert.equal(errorName(await leader.sync([leader, follower])), 'COORDINATOR_NOT_AVAILABLE');
  await settle();
  assert.equal(errorName(parked.value), 'COORDINATOR_NOT_AVAILABLE');
  assert.equal(fixture.state('g'), 'PreparingRebalance');
  assert.match(fixture.reports.join(), /could not store generation 1 of group g: the disk is full/);
  const again = leader.join();
  await follower.join();
  assert.equal((await again).generationId, 2);
});

test('an assignment that is stored too late, in the next generation, is handed to nobody', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await joined(fixture, 2);
  const release = fixture.platform.disk.holdWrites();
  const late = new Parked(leader.sync([leader, follower]));
  const newcomer = new Parked(fixture.member().join());
  await settle();
  assert.equal(errorName(late.value), 'REBALANCE_IN_PROGRESS');
  await Promise.all([leader.join(), follower.join()]);
  await settle();
  assert.equal(newcomer.value?.generationId, 2);
  const next = new Parked(follower.sync());
  release();
  await settle();
  assert.ok(next.isOpen);
  await leader.sync([leader, follower]);
  await settle();
  assert.equal(Buffer.from(next.value?.assignment ?? []).toString(), `${follower.id} in 2 by ${leader.id}`);
});

test('heartbeats keep a member in the group, silence for the session timeout removes it', async () => {
  const fixture = await GroupFixture.start();
  const [first, second] = await fixture.stableGroup({ sessionTimeoutMs: 10_000 }, { sessionTimeoutMs: 10_000 });
  for (const expected of ['NONE', 'REBALANCE_IN_PROGRESS', 'REBALANCE_IN_PROGRESS']) {
    await fixture.platform.pass(9_000);
    assert.equal(first.heartbeat(), expected);
  }
  assert.equal(second.heartbeat(), 'UNKNOWN_MEMBER_ID');
});

test('refuses a heartbeat of an unknown group or member, and of another generation', async () => {
  const fixture = await GroupFixture.start();
  assert.equal(fixture.member().heartbeat(), 'UNKNOWN_MEMBER_ID');
  assert.equal(fixture.member({ group: '' }).heartbeat(), 'INVALID_GROUP_ID');
  const [member] = await fixture.stableGroup({});
  assert.equal(member.heartbeat({ memberId: 'stranger' }), 'UNKNOWN_MEMBER_ID');
  assert.equal(member.heartbeat({ groupInstanceId: 'stranger' }), 'UNKNOWN_MEMBER_ID');
  assert.equal(member.heartbeat({ generationId: 0 }), 'ILLEGAL_GENERATION');
  assert.equal(member.heartbeat({ generationId: 2 }), 'ILLEGAL_GENERATION');
});

test('a member whose session ends while its join is parked stays, since it is heard of', async () => {
  const fixture = await GroupFixture.start();
  const short = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 30_000 };
  const [first, second] = await fixture.stableGroup(short, { ...short, sessionTimeoutMs: 40_000 });
  const parked = new Parked(first.join());
  await fixture.platform.pass(20_000);
  assert.ok(parked.isOpen);
  await second.join();
  await settle();
  assert.deepEqual([parked.value?.generationId, parked.value?.members.length], [2, 2]);
});

test('a member that leaves makes the others rebalance', async () => {
  const fixture = await GroupFixture.start();
  const [first, second] = await fixture.stableGroup({}, {});
  assert.equal(await second.leave(), 'NONE');
  assert.equal(first.heartbeat(), 'REBALANCE_IN_PROGRESS');
  assert.equal(second.heartbeat(), 'UNKNOWN_MEMBER_ID');
});

test('a group that everybody left is empty, one generation further, and holds no timer', async () => {
  const fixture = await GroupFixture.start();
  const idle = fixture.platform.pendingTimers;
  const [first, second] = await fixture.stableGroup({}, {});
  assert.ok(fixture.platform.pendingTimers > idle);
  await first.leave();
  await second.leave();
  assert.equal(fixture.state('g'), 'Empty');
  assert.equal(fixture.platform.pendingTimers, idle);
  const next = await fixture.stableGroup({});
  assert.equal(next[0].generation, 3);
});

test('several members leave at once, each with its own answer, and the rest rebalance once', async () => {
  const fixture = await GroupFixture.start();
  const [a, b, c] = await fixture.stableGroup({ instanceId: 'a' }, { instanceId: 'b' }, {});
  const newcomer = await fixture.member().joinOnce();
  const none = { groupInstanceId: null, reason: null };
  const answer = await fixture.groups.leave({
    groupId: 'g',
    members: [
      { memberId: '', groupInstanceId: 'a', reason: null },
      { memberId: a.id, groupInstanceId: 'b', reason: null },
      { ...none, memberId: 'stranger' },
      { ...none, memberId: '' },
      { ...none, memberId: newcomer.memberId },
    ],
  });
  const errors = (answer.members ?? []).map(errorName);
  assert.deepEqual(errors, ['NONE', 'FENCED_INSTANCE_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'NONE']);
  assert.deepEqual([b.heartbeat(), c.heartbeat()], ['REBALANCE_IN_PROGRESS', 'REBALANCE_IN_PROGRESS']);
});

test('leaving a group that does not exist, or has no id, is refused', async () => {
  const fixture = await GroupFixture.start();
  assert.equal(await fixture.member().leave(), 'UNKNOWN_MEMBER_ID');
  assert.equal(await fixture.member({ group: '' }).leave(), 'INVALID_GROUP_ID');
});

test('closing answers everything that is parked and refuses what comes later', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await joined(fixture, 2);
  const sync = new Parked(follower.sync());
  const other = fixture.member({ group: 'other' });
  const join = new Parked(other.join());
  await settle();
  fixture.groups.close();
  await settle();
  assert.deepEqual([errorName(sync.value), errorName(join.value)], ['NOT_COORDINATOR', 'NOT_COORDINATOR']);
  assert.equal(leader.heartbeat(), 'COORDINATOR_NOT_AVAILABLE');
  assert.equal(errorName(await leader.sync()), 'COORDINATOR_NOT_AVAILABLE');
  assert.equal(errorName(await leader.join()), 'COORDINATOR_NOT_AVAILABLE');
  assert.equal(await leader.leave(), 'COORDINATOR_NOT_AVAILABLE');
  assert.equal(fixture.platform.pendingTimers, 0);
});
