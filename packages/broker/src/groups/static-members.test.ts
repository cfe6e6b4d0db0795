/** Static members (KIP-345): coming back, being fenced, being late. On a manual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorName, GroupFixture, Parked } from '../testing/group-fixture.ts';
import { settle } from '../testing/manual-platform.ts';

test('a static member takes its place again without a rebalance, and the leader need not assign', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await fixture.stableGroup({ instanceId: 'one' }, { instanceId: 'two' });
  const reborn = fixture.member({ instanceId: 'one' });
  const answer = await reborn.join();
  assert.deepEqual([errorName(answer), answer.generationId, answer.skipAssignment], ['NONE', 1, true]);
  assert.equal(answer.leader, reborn.id);
  assert.equal(answer.members.length, 2);
  assert.notEqual(reborn.id, leader.id);
  assert.equal(follower.heartbeat(), 'NONE');
  const synced = await reborn.sync();
  assert.equal(
    Buffer.from(synced.assignment).toString(),
    `${leader.id} in 1 by ${leader.id}`,
    'the assignment of its earlier life',
  );
});

test('before version 9 a static leader that came back is not told that it leads', async () => {
  const fixture = await GroupFixture.start();
  const [leader] = await fixture.stableGroup({ instanceId: 'one' });
  const answer = await fixture.member({ instanceId: 'one', version: 8 }).join();
  assert.deepEqual([answer.leader, answer.members.length, answer.skipAssignment ?? false], [leader.id, 0, false]);
});

test('the earlier life of a static member is fenced', async () => {
  const fixture = await GroupFixture.start();
  const [old] = await fixture.stableGroup({ instanceId: 'one' });
  await fixture.member({ instanceId: 'one' }).join();
  assert.equal(old.heartbeat(), 'FENCED_INSTANCE_ID');
  assert.equal(errorName(await old.join()), 'FENCED_INSTANCE_ID');
  assert.equal(errorName(await old.sync()), 'FENCED_INSTANCE_ID');
  assert.deepEqual(await old.commit({ orders: { 0: 1 } }), ['FENCED_INSTANCE_ID']);
  assert.equal(await old.leave(), 'FENCED_INSTANCE_ID');
});

test('a parked join of a static member is fenced when another takes its place', async () => {
  const fixture = await GroupFixture.start();
  const [one, two] = await fixture.stableGroup({ instanceId: 'one' }, { instanceId: 'two' });
  const parked = new Parked(one.join());
  await settle();
  const reborn = fixture.member({ instanceId: 'one' });
  const join = new Parked(reborn.join());
  await settle();
  assert.equal(errorName(parked.value), 'FENCED_INSTANCE_ID');
  await two.join();
  await settle();
  assert.equal(join.value?.generationId, 2);
});

test('a static member that comes back while the assignment is awaited starts a rebalance', async () => {
  const fixture = await GroupFixture.start();
  const members = [fixture.member({ instanceId: 'one' }), fixture.member({ instanceId: 'two' })];
  const joins = members.map((member) => member.join());
  await fixture.platform.pass(1);
  await Promise.all(joins);
  void fixture.member({ instanceId: 'two' }).join();
  await settle();
  assert.equal(members[0]?.heartbeat(), 'REBALANCE_IN_PROGRESS');
});

test('a static member with another protocol starts a rebalance if that changes the choice', async () => {
  const fixture = await GroupFixture.start();
  const both = { range: '', sticky: '' };
  const [, other] = await fixture.stableGroup({ instanceId: 'one', protocols: both }, { protocols: both });
  void fixture.member({ instanceId: 'one', protocols: { sticky: '' } }).join();
  await settle();
  assert.equal(other.heartbeat(), 'REBALANCE_IN_PROGRESS');
});

test('a static member that comes back just before a rebalance is answered by the rebalance', async () => {
  const fixture = await GroupFixture.start();
  const [other] = await fixture.stableGroup({}, { instanceId: 'two' });
  const release = fixture.platform.disk.holdWrites();
  const reborn = new Parked(fixture.member({ instanceId: 'two' }).join());
  const newcomer = new Parked(fixture.member().join());
  await settle();
  release();
  await settle();
  assert.ok(reborn.isOpen);
  await other.join();
  await settle();
  assert.deepEqual([reborn.value?.generationId, newcomer.value?.generationId], [2, 2]);
});

test('static members that miss a rebalance keep their place until their sessions end', async () => {
  const fixture = await GroupFixture.start();
  const timeouts = { rebalanceTimeoutMs: 5_000, sessionTimeoutMs: 30_000 };
  const [dynamic, absent] = await fixture.stableGroup(timeouts, { ...timeouts, instanceId: 'two' });
  const joined = new Parked(dynamic.join());
  await fixture.platform.pass(5_000);
  assert.equal(joined.value?.members.length, 2);
  assert.equal(absent.heartbeat({ generationId: 2 }), 'NONE');
});

test('a static member without a rebalance timeout is waited for at leisure', async () => {
  const fixture = await GroupFixture.start();
  const [dynamic, hasty] = await fixture.stableGroup({}, { instanceId: 'two', sessionTimeoutMs: 10_000 });
  hasty.options = { ...hasty.options, rebalanceTimeoutMs: -1, protocols: { range: 'changed' } };
  const joins = [hasty.join(), dynamic.join()];
  await Promise.all(joins);
  await fixture.syncAll([dynamic, hasty]);
  await dynamic.leave();
  await fixture.platform.pass(5_000);
  assert.equal(fixture.state('g'), 'PreparingRebalance');
  await fixture.platform.pass(5_000);
  assert.equal(fixture.state('g'), 'Empty');
});
