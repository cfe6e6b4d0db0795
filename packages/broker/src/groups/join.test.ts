/** Joining: handshake, protocols, rebalance and its timeouts. On a manual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorName, GroupFixture, Parked } from '../testing/group-fixture.ts';
import { settle } from '../testing/manual-platform.ts';

test('a new member is given an id and joins with it', async () => {
  const fixture = await GroupFixture.start();
  const member = fixture.member();
  const first = await member.joinOnce();
  assert.equal(errorName(first), 'MEMBER_ID_REQUIRED');
  assert.match(first.memberId, /^client-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(fixture.state('g'), 'Empty');
  member.id = first.memberId;
  const parked = new Parked(member.join());
  await settle();
  assert.equal(fixture.state('g'), 'PreparingRebalance');
  await fixture.platform.pass(1);
  assert.equal(errorName(parked.value), 'NONE');
  assert.deepEqual(
    [parked.value?.generationId, parked.value?.leader, parked.value?.protocolName],
    [1, member.id, 'range'],
  );
  assert.equal(fixture.state('g'), 'CompletingRebalance');
});

test('before version 4 a new member joins without being asked twice', async () => {
  const fixture = await GroupFixture.start();
  const parked = new Parked(fixture.member({ version: 3 }).joinOnce());
  await fixture.platform.pass(1);
  assert.equal(errorName(parked.value), 'NONE');
});

test('only the leader is told of the members', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await fixture.stableGroup({ protocols: { range: 'l' } }, { protocols: { range: 'f' } });
  const told = leader.joined?.members.map(({ metadata }) => Buffer.from(metadata).toString());
  assert.deepEqual(told, ['l', 'f']);
  assert.deepEqual(follower.joined?.members, []);
  assert.equal(follower.joined?.leader, leader.id);
});

test('refuses an empty group id, a session timeout out of bounds, and an unknown member', async () => {
  const fixture = await GroupFixture.start();
  assert.equal(errorName(await fixture.member({ group: '' }).join()), 'INVALID_GROUP_ID');
  assert.equal(errorName(await fixture.member({ sessionTimeoutMs: 5_999 }).join()), 'INVALID_SESSION_TIMEOUT');
  assert.equal(errorName(await fixture.member({ sessionTimeoutMs: 1_800_001 }).join()), 'INVALID_SESSION_TIMEOUT');
  const stranger = fixture.member();
  stranger.id = 'stranger';
  assert.equal(errorName(await stranger.join()), 'UNKNOWN_MEMBER_ID', 'no group');
  await fixture.stableGroup({});
  assert.equal(errorName(await stranger.join()), 'UNKNOWN_MEMBER_ID', 'no member of it');
});

test('refuses a member that shares no protocol, or has another protocol type', async () => {
  const fixture = await GroupFixture.start();
  assert.equal(errorName(await fixture.member({ protocols: {} }).join()), 'INCONSISTENT_GROUP_PROTOCOL');
  assert.equal(errorName(await fixture.member({ protocolType: '' }).join()), 'INCONSISTENT_GROUP_PROTOCOL');
  await fixture.stableGroup({ protocols: { range: '', sticky: '' } }, { protocols: { sticky: '' } });
  assert.equal(errorName(await fixture.member({ protocols: { range: '' } }).join()), 'INCONSISTENT_GROUP_PROTOCOL');
  assert.equal(errorName(await fixture.member({ protocolType: 'connect' }).join()), 'INCONSISTENT_GROUP_PROTOCOL');
});

test('the protocol with the most votes among those that all members offer wins', async () => {
  const fixture = await GroupFixture.start();
  const members = await fixture.stableGroup(
    { protocols: { alone: '', range: '', sticky: '' } },
    { protocols: { sticky: '', range: '' } },
    { protocols: { sticky: '', range: '' } },
  );
  assert.deepEqual(new Set(members.map((member) => member.joined?.protocolName)), new Set(['sticky']));
});

test('a new member makes a stable group rebalance, and members learn of it by heartbeat', async () => {
  const fixture = await GroupFixture.start();
  const [first] = await fixture.stableGroup({});
  assert.equal(first.heartbeat(), 'NONE');
  const second = fixture.member();
  const parked = new Parked(second.join());
  await settle();
  assert.equal(first.heartbeat(), 'REBALANCE_IN_PROGRESS');
  assert.ok(parked.isOpen);
  const again = await first.join();
  await settle();
  assert.deepEqual([again?.generationId, parked.value?.generationId], [2, 2]);
});

test('members that do not join again within the rebalance timeout are left out', async () => {
  const fixture = await GroupFixture.start();
  const [leader, other] = await fixture.stableGroup({ rebalanceTimeoutMs: 9_000 }, { rebalanceTimeoutMs: 5_000 });
  const parked = new Parked(leader.join());
  await fixture.platform.pass(8_999);
  assert.ok(parked.isOpen);
  assert.equal(other.heartbeat(), 'REBALANCE_IN_PROGRESS');
  await fixture.platform.pass(1);
  assert.equal(parked.value?.generationId, 2);
  assert.equal(parked.value?.members.length, 1);
  assert.equal(other.heartbeat(), 'UNKNOWN_MEMBER_ID');
});

test('a member that joined becomes leader when the leader did not come back', async () => {
  const fixture = await GroupFixture.start();
  const [leader, other] = await fixture.stableGroup({}, {});
  await leader.leave();
  const answer = await other.join();
  assert.equal(answer?.leader, other.id);
});

test('the initial rebalance waits for more members, and longer when some come', async () => {
  const configuration = { 'group.initial.rebalance.delay.ms': '3000' };
  const fixture = await GroupFixture.start({ configuration });
  const first = new Parked(fixture.member({ rebalanceTimeoutMs: 7_000 }).join());
  await fixture.platform.pass(2_000);
  const second = new Parked(fixture.member({ rebalanceTimeoutMs: 7_000 }).join());
  await fixture.platform.pass(1_000);
  assert.ok(first.isOpen, 'extended at 3 s');
  const third = new Parked(fixture.member({ rebalanceTimeoutMs: 7_000 }).join());
  await fixture.platform.pass(3_999);
  assert.ok(first.isOpen, 'extended at 6 s, by what is left of the rebalance timeout');
  await fixture.platform.pass(1);
  assert.deepEqual(
    [first, second, third].map((join) => join.value?.generationId),
    [1, 1, 1],
  );
});

test('the initial rebalance ends after its delay when nobody else comes', async () => {
  const fixture = await GroupFixture.start({ configuration: { 'group.initial.rebalance.delay.ms': '3000' } });
  const first = new Parked(fixture.member().join());
  await fixture.platform.pass(2_999);
  assert.ok(first.isOpen);
  await fixture.platform.pass(1);
  assert.equal(errorName(first.value), 'NONE');
});

test('a rebalance waits for clients that were given an id, no longer than their session', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await fixture.stableGroup({ rebalanceTimeoutMs: 60_000 });
  const newcomer = fixture.member({ sessionTimeoutMs: 7_000 });
  await newcomer.joinOnce();
  const parked = new Parked(member.join());
  await fixture.platform.pass(6_999);
  assert.ok(parked.isOpen);
  await fixture.platform.pass(1);
  assert.equal(parked.value?.generationId, 2);
});

test('a follower that joins again unchanged is told of the present generation', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await fixture.stableGroup({}, {});
  assert.equal((await follower.join())?.generationId, 1);
  assert.equal(leader.heartbeat(), 'NONE');
});

test('a leader that joins again, or a follower with other metadata, starts a rebalance', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await fixture.stableGroup({}, {});
  const byLeader = leader.join();
  await settle();
  assert.equal(follower.heartbeat(), 'REBALANCE_IN_PROGRESS');
  assert.equal((await follower.join())?.generationId, 2);
  await byLeader;
  await fixture.syncAll([leader, follower]);
  follower.options = { ...follower.options, protocols: { range: 'other' } };
  void follower.join();
  await settle();
  assert.equal(leader.heartbeat(), 'REBALANCE_IN_PROGRESS');
});

test('a member that missed its answer gets it again while the group waits for the assignment', async () => {
  const fixture = await GroupFixture.start();
  const leader = fixture.member();
  const join = leader.join();
  await fixture.platform.pass(1);
  await join;
  const again = await leader.join();
  assert.deepEqual([errorName(again), again.generationId, again.members.length], ['NONE', 1, 1]);
});

test('a join that its client repeats on another connection is answered on both', async () => {
  const fixture = await GroupFixture.start();
  const [leader] = await fixture.stableGroup({}, {});
  const first = new Parked(leader.joinOnce());
  const second = new Parked(leader.joinOnce());
  await settle();
  assert.equal(errorName(first.value), 'REBALANCE_IN_PROGRESS');
  await fixture.platform.pass(60_000);
  assert.equal(errorName(second.value), 'NONE');
});

test('a group takes no more members than group.max.size', async () => {
  const fixture = await GroupFixture.start({ configuration: { 'group.max.size': '2' } });
  const [first, second] = await fixture.stableGroup({}, {});
  assert.equal(errorName(await fixture.member().join()), 'GROUP_MAX_SIZE_REACHED');
  assert.deepEqual([first.heartbeat(), second.heartbeat()], ['NONE', 'NONE']);
});

test('a new member whose client never comes back is removed from the rebalance after five minutes', async () => {
  const fixture = await GroupFixture.start();
  const [old] = await fixture.stableGroup({ rebalanceTimeoutMs: 1_000_000, sessionTimeoutMs: 1_000_000 });
  const parked = new Parked(fixture.member({ rebalanceTimeoutMs: 1_000_000 }).join());
  await fixture.platform.pass(299_999);
  assert.ok(parked.isOpen);
  await fixture.platform.pass(1);
  assert.equal(errorName(parked.value), 'UNKNOWN_MEMBER_ID');
  assert.equal((await old.join())?.members.length, 1);
});
