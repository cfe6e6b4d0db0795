/** Groups seen from outside, and across restarts. On a manual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRow } from '@millrace/wire';
import { errorName, GroupFixture, Parked } from '../testing/group-fixture.ts';
import { settle } from '../testing/manual-platform.ts';

const everything = { statesFilter: [], typesFilter: [] };

/** JSON in which all kinds of byte arrays look the same. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    const bytes: unknown = part?.type === 'Buffer' ? part.data : part;
    return bytes instanceof Uint8Array ? [...bytes] : bytes;
  });
}

test('lists groups by state and type, whatever the case, of one broker', async () => {
  const fixture = await GroupFixture.start();
  await fixture.stableGroup({});
  await fixture.commit('empty', { orders: { 0: 1 } });
  const ids = (request: Partial<typeof everything>, includes = (_id: string) => true): string[] =>
    fixture.groups.list({ ...everything, ...request }, includes).map(({ groupId }) => groupId);
  assert.deepEqual(ids({}), ['g', 'empty']);
  assert.deepEqual(
    ids({}, (id) => id === 'g'),
    ['g'],
  );
  assert.deepEqual(ids({ statesFilter: ['stable'] as never }), ['g']);
  assert.deepEqual(ids({ statesFilter: ['EMPTY', 'Dead'] as never }), ['empty']);
  assert.deepEqual(ids({ typesFilter: ['Classic'] as never }), ['g', 'empty']);
  assert.deepEqual(ids({ typesFilter: ['consumer'] as never }), []);
});

test('describes a stable group with what its members said and were assigned', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await fixture.stableGroup({ instanceId: 'one', protocols: { range: 'about me' } });
  const described = fixture.describe('g');
  assert.deepEqual(
    [described.groupState, described.protocolType, described.protocolData],
    ['Stable', 'consumer', 'range'],
  );
  const [one] = described.members;
  assert.deepEqual(
    [one?.memberId, one?.groupInstanceId, one?.clientId, one?.clientHost],
    [member.id, 'one', 'client', '/127.0.0.1'],
  );
  assert.equal(Buffer.from(one?.memberMetadata ?? []).toString(), 'about me');
  assert.equal(Buffer.from(one?.memberAssignment ?? []).toString(), `${member.id} in 1 by ${member.id}`);
});

test('shows no metadata of members while they rebalance', async () => {
  const fixture = await GroupFixture.start();
  await fixture.stableGroup({ protocols: { range: 'about me' } });
  void fixture.member().join();
  await settle();
  const described = fixture.describe('g');
  assert.deepEqual([described.groupState, described.protocolData], ['PreparingRebalance', '']);
  assert.ok(described.members.every(({ memberMetadata }) => memberMetadata.length === 0));
});

test('describes an absent group as dead, from version 6 on as an error', async () => {
  const fixture = await GroupFixture.start();
  const before = fixture.groups.describe('absent', 5);
  assert.deepEqual([before.groupState, errorName(before)], ['Dead', 'NONE']);
  const now = fixture.groups.describe('absent', 6);
  assert.deepEqual(
    [now.groupState, errorName(now), now.errorMessage],
    ['Dead', 'GROUP_ID_NOT_FOUND', 'Group absent not found.'],
  );
});

test('deletes an empty group with its offsets, and no other', async () => {
  const fixture = await GroupFixture.start();
  const remove = async (group: string): Promise<string> => errorRow(await fixture.groups.delete(group)).name;
  const [member] = await fixture.stableGroup({});
  await member.commit({ orders: { 0: 5 } });
  assert.equal(await remove('absent'), 'GROUP_ID_NOT_FOUND');
  assert.equal(await remove('g'), 'NON_EMPTY_GROUP');
  await member.leave();
  assert.equal(await remove('g'), 'NONE');
  assert.deepEqual(await fixture.offsets('g'), {});
  assert.equal(await remove('g'), 'GROUP_ID_NOT_FOUND');
  const next = await fixture.restart();
  assert.deepEqual(
    next.groups.list(everything, () => true),
    [],
  );
  assert.deepEqual(await next.offsets('g'), {});
});

test('a deletion that could not be written leaves the group as it was', async () => {
  const fixture = await GroupFixture.start();
  await fixture.commit('g', { orders: { 0: 5 } });
  fixture.platform.disk.failing.push('write');
  assert.equal(errorRow(await fixture.groups.delete('g')).name, 'COORDINATOR_NOT_AVAILABLE');
  assert.deepEqual(await fixture.offsets('g'), { 'orders-0': 5 });
  assert.equal(fixture.state('g'), 'Empty');
});

test('a member that joins while its group is deleted keeps its group', async () => {
  const fixture = await GroupFixture.start();
  await fixture.commit('g', { orders: { 0: 5 } });
  const deleted = fixture.groups.delete('g');
  const member = fixture.member();
  const joined = new Parked(member.join());
  assert.equal(errorRow(await deleted).name, 'NONE');
  await fixture.platform.pass(1);
  assert.equal(errorName(joined.value), 'NONE');
  await fixture.syncAll([member]);
  assert.deepEqual(await fixture.offsets('g'), {});
  assert.deepEqual(await member.commit({ orders: { 0: 6 } }), ['NONE']);
});

test('after a kill members go on in their generation, with their assignments, without joining again', async () => {
  const fixture = await GroupFixture.start();
  const [leader, follower] = await fixture.stableGroup({ protocols: { range: 'l' } }, { instanceId: 'two' });
  await leader.commit({ orders: { 0: 5 } });
  const before = fixture.describe('g');
  const next = await fixture.restart();
  assert.equal(textOf(next.describe('g')), textOf(before));
  const [again, other] = [next.member(), next.member({ instanceId: 'two' })];
  Object.assign(again, { id: leader.id, generation: 1 });
  Object.assign(other, { id: follower.id, generation: 1 });
  assert.deepEqual([again.heartbeat(), other.heartbeat()], ['NONE', 'NONE']);
  assert.deepEqual(await again.commit({ orders: { 0: 6 } }), ['NONE']);
  assert.deepEqual(await next.offsets('g'), { 'orders-0': 6 });
});

test('after a kill members that do not come back are removed when their sessions end', async () => {
  const fixture = await GroupFixture.start();
  const [stays, goes] = await fixture.stableGroup({ sessionTimeoutMs: 10_000 }, { sessionTimeoutMs: 20_000 });
  const next = await fixture.restart();
  const again = next.member();
  Object.assign(again, { id: stays.id, generation: 1, joined: stays.joined });
  for (const expected of ['NONE', 'NONE', 'REBALANCE_IN_PROGRESS']) {
    await next.platform.pass(8_000);
    assert.equal(again.heartbeat(), expected);
  }
  const answer = await again.join();
  assert.deepEqual([answer.generationId, answer.members.length], [2, 1]);
  assert.notEqual(goes.id, answer.leader);
});

test('after a kill during a rebalance the last completed generation is there, and the next one is higher', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await fixture.stableGroup({});
  const newcomer = fixture.member();
  const join = newcomer.join();
  await settle();
  await member.join();
  await join;
  const next = await fixture.restart();
  const again = next.member();
  Object.assign(again, { id: member.id, generation: 2 });
  assert.equal(again.heartbeat(), 'ILLEGAL_GENERATION');
  assert.equal((await again.join()).generationId, 2);
});

test('an empty group keeps its generation across a kill', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await fixture.stableGroup({});
  await member.leave();
  const next = await fixture.restart();
  assert.equal(next.state('g'), 'Empty');
  const [again] = await next.stableGroup({});
  assert.equal(again.generation, 3);
});

test('a static member that replaced another is the one that is known after a kill', async () => {
  const fixture = await GroupFixture.start();
  const [old] = await fixture.stableGroup({ instanceId: 'one' });
  const reborn = fixture.member({ instanceId: 'one' });
  await reborn.join();
  const next = await fixture.restart();
  const [again, before] = [next.member({ instanceId: 'one' }), next.member({ instanceId: 'one' })];
  Object.assign(again, { id: reborn.id, generation: 1 });
  Object.assign(before, { id: old.id, generation: 1 });
  assert.deepEqual([again.heartbeat(), before.heartbeat()], ['NONE', 'FENCED_INSTANCE_ID']);
});

test('a static member whose replacement could not be stored keeps its place', async () => {
  const fixture = await GroupFixture.start();
  const [old] = await fixture.stableGroup({ instanceId: 'one' });
  fixture.platform.disk.failing.push('write');
  assert.equal(errorName(await fixture.member({ instanceId: 'one' }).join()), 'COORDINATOR_NOT_AVAILABLE');
  assert.equal(old.heartbeat(), 'NONE');
});

test('a stored group that is over group.max.size by now rebalances at start', async () => {
  const fixture = await GroupFixture.start();
  await fixture.stableGroup({}, {}, {});
  const next = await fixture.restart({ 'group.max.size': '2' });
  assert.equal(next.state('g'), 'PreparingRebalance');
});
