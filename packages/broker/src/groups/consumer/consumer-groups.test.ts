import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes, errorRow } from '@millrace/wire';
import { ClassicConsumerClient } from '../../testing/classic-consumer-client.ts';
import { ConsumerClient, type ConsumerClientOptions } from '../../testing/consumer-client.ts';
import { errorName, GroupFixture } from '../../testing/group-fixture.ts';

const sessionMs = 45_000;

/** Clients that have come to rest. */
async function settled(
  fixture: GroupFixture,
  ...options: readonly Partial<ConsumerClientOptions>[]
): Promise<ConsumerClient[]> {
  const clients = options.map((each, index) => new ConsumerClient(`client-${index}`, each));
  await rounds(fixture, clients);
  return clients;
}

async function rounds(
  fixture: GroupFixture,
  clients: readonly (ConsumerClient | ClassicConsumerClient)[],
  count = 5,
): Promise<void> {
  for (let round = 0; round < count; round++) {
    for (const client of clients) {
      await client.beat(fixture);
      client.giveUp();
    }
  }
}

const sizes = (clients: readonly { readonly owned: ReadonlySet<string> }[]) => clients.map(({ owned }) => owned.size);
const describe = (fixture: GroupFixture, group = 'g') => fixture.groups.describeConsumerGroup(group);

test('a member that is not heard of is fenced, and the others get its partitions', async () => {
  const fixture = await GroupFixture.start();
  const [silent, other] = await settled(fixture, {}, {});
  assert(silent && other);
  await fixture.platform.pass(sessionMs - 1_000);
  await other.beat(fixture);
  await fixture.platform.pass(1_001);
  assert.equal(describe(fixture).members?.length, 1);
  await rounds(fixture, [other]);
  assert.equal(other.owned.size, 4);
  assert.equal(errorName(await silent.heartbeat(fixture)), 'UNKNOWN_MEMBER_ID');
});

test('a member that does not give up partitions in time is fenced though it is heard of', async () => {
  const fixture = await GroupFixture.start();
  const [keeper] = await settled(fixture, { rebalanceTimeoutMs: 20_000 });
  const other = new ConsumerClient('other');
  assert(keeper);
  await other.beat(fixture);
  await keeper.beat(fixture);
  assert.equal(describe(fixture).groupState, 'Reconciling');
  for (let passed = 0; passed < 20_000; passed += 5_000) {
    await keeper.beat(fixture);
    await other.beat(fixture);
    assert.deepEqual(sizes([other]), [0]);
    await fixture.platform.pass(5_000);
  }
  await rounds(fixture, [other]);
  assert.equal(other.owned.size, 4);
});

test('a restart keeps epochs and assignments, and sessions begin anew', async () => {
  const fixture = await GroupFixture.start();
  const clients = await settled(fixture, {}, {}, { instanceId: 'i', pattern: 'ev.*' });
  const before = describe(fixture);
  const restarted = await fixture.restart();
  assert.deepEqual(describe(restarted), before);
  for (const client of clients) await client.beat(restarted);
  assert.deepEqual(describe(restarted), before);
  await restarted.platform.pass(sessionMs);
  assert.equal(describe(restarted).groupState, 'Empty');
});

test('a restart does not give away what a member has not given up', async () => {
  const fixture = await GroupFixture.start();
  const [keeper] = await settled(fixture, {});
  const other = new ConsumerClient('other');
  assert(keeper);
  await other.beat(fixture);
  await keeper.beat(fixture);
  const restarted = await fixture.restart();
  await other.beat(restarted);
  await keeper.beat(restarted);
  await other.beat(restarted);
  assert.deepEqual(sizes([keeper, other]), [4, 0]);
  await rounds(restarted, [keeper, other]);
  assert.deepEqual(sizes([keeper, other]), [2, 2]);
});

test('a change that can not be stored is refused, and changes nothing', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await settled(fixture, {});
  assert(member);
  const before = describe(fixture);
  fixture.platform.disk.failing.push('write');
  const other = new ConsumerClient('other');
  assert.equal(errorName(await other.heartbeat(fixture)), 'COORDINATOR_NOT_AVAILABLE');
  assert.deepEqual(describe(fixture), before);
  assert.match(fixture.reports.join(), /could not store a change of group g/);
  assert.equal(errorName(await other.heartbeat(fixture)), 'NONE');
});

test('a first member that can not be stored leaves the group as it was', async () => {
  const fixture = await GroupFixture.start();
  await fixture.commit('g', { orders: { 0: 7 } });
  fixture.platform.disk.failing.push('write');
  assert.equal(errorName(await new ConsumerClient('first').heartbeat(fixture)), 'COORDINATOR_NOT_AVAILABLE');
  assert.equal(fixture.describe('g').groupState, 'Empty');
  assert.deepEqual(await fixture.offsets('g'), { 'orders-0': 7 });
  const refused = new ConsumerClient('refused', { group: 'absent', pattern: '(' });
  assert.equal(errorName(await refused.heartbeat(fixture)), 'INVALID_REGULAR_EXPRESSION');
  assert.equal(errorRow(describe(fixture, 'absent').errorCode).name, 'GROUP_ID_NOT_FOUND');
});

test('a pattern finds topics that come later, and lets go of those that go', async () => {
  const fixture = await GroupFixture.start();
  const [client] = await settled(fixture, { topicNames: [], pattern: 'o.*|later-.*' });
  assert(client);
  assert.equal(client.owned.size, 4);
  await fixture.topics.create('later-1', [[1], [1]], new Map());
  await fixture.topics.create('never', [[1]], new Map());
  await rounds(fixture, [client]);
  assert.equal(client.owned.size, 6);
  const orders = fixture.topics.byName('orders');
  assert(orders);
  await fixture.topics.delete(orders);
  await rounds(fixture, [client]);
  assert.equal(client.owned.size, 2);
});

test('of what a pattern matches a member gets the topics that it may know of', async () => {
  const fixture = await GroupFixture.start();
  const client = new ConsumerClient('client', { topicNames: [], pattern: '.*' });
  const peer = { clientId: 'c', clientHost: '/127.0.0.1', apiVersion: 1 };
  const mayKnow = (name: string): boolean => name === 'events';
  client.take(await fixture.groups.consumerHeartbeat(client.request(), peer, mayKnow));
  const events = fixture.topics.byName('events');
  assert.deepEqual(
    [...client.owned].map((key) => key.split(':')[0]),
    [0, 1, 2, 3].map(() => events?.id),
  );
});

test('a pattern is matched again after a while, because rights may have changed', async () => {
  const fixture = await GroupFixture.start();
  const [client] = await settled(fixture, { topicNames: [], pattern: '.*' });
  assert(client);
  assert.equal(client.owned.size, 8);
  const peer = { clientId: 'c', clientHost: '/127.0.0.1', apiVersion: 1 };
  const beat = async () => client.take(await fixture.groups.consumerHeartbeat(client.request(), peer, () => false));
  await beat();
  assert.equal(client.told?.size, 8);
  for (let passed = 0; passed < 600_000; passed += 30_000) {
    await fixture.platform.pass(30_000);
    await beat();
  }
  assert.equal(client.told?.size, 0);
});

test('the assignor that most members ask for is taken', async () => {
  const fixture = await GroupFixture.start();
  await settled(fixture, { assignor: 'uniform' }, { assignor: 'range' }, { assignor: 'range' });
  assert.equal(describe(fixture).assignorName, 'range');
});

test('groups obey what they are configured to, within the bounds of the broker', async () => {
  const fixture = await GroupFixture.start();
  const { configurations } = fixture.groups;
  await configurations.change('g', new Map([['consumer.session.timeout.ms', '50000']]));
  const [client] = await settled(fixture, {});
  await fixture.platform.pass(49_000);
  assert.equal(describe(fixture).members?.length, 1);
  await fixture.platform.pass(1_001);
  assert.equal(describe(fixture).members?.length, 0);
  assert.equal(errorName(await client?.heartbeat(fixture)), 'UNKNOWN_MEMBER_ID');

  const bounded = { 'group.consumer.max.session.timeout.ms': '46000' };
  const restarted = await fixture.restart(bounded);
  assert.equal(restarted.groups.configurations.sessionTimeoutMs('g'), 46_000);
  assert.equal(restarted.groups.configurations.sessionTimeoutMs('other'), 45_000);
});

test('a group that may not be upgraded stays a classic one', async () => {
  const fixture = await GroupFixture.start({ configuration: { 'group.consumer.migration.policy': 'disabled' } });
  const [member] = await fixture.stableGroup({});
  const answer = await new ConsumerClient('new').heartbeat(fixture);
  assert.equal(errorName(answer), 'GROUP_ID_NOT_FOUND');
  assert.match(answer.errorMessage ?? '', /online upgrade is disabled/);
  assert.equal(member.heartbeat(), 'NONE');
});

test('a group whose leader gives more than partitions stays a classic one', async () => {
  const fixture = await GroupFixture.start();
  const [leader] = await fixture.stableGroup({});
  const answer = await new ConsumerClient('new').heartbeat(fixture);
  // What the fixture's leader hands out is no assignment of consumers, and its metadata no subscription.
  assert.match(answer.errorMessage ?? '', /malformed|custom assignor/);
  assert.equal(leader.heartbeat(), 'NONE');
});

test('classic members that do not join or sync in time are fenced', async () => {
  const fixture = await GroupFixture.start({ configuration: { 'group.consumer.migration.policy': 'upgrade' } });
  const keeper = new ConsumerClient('keeper', { topicNames: ['events'] });
  const classic = new ClassicConsumerClient({ topicNames: ['events'] });
  await rounds(fixture, [keeper, classic]);
  assert.deepEqual(sizes([keeper, classic]), [2, 2]);
  const generation = classic.epoch;
  const third = new ConsumerClient('third', { topicNames: ['events'] });
  await third.beat(fixture);
  for (let passed = 0; passed < 20_000; passed += 5_000) {
    const beat = { groupId: 'g', memberId: classic.id, generationId: generation, groupInstanceId: null };
    assert.equal(await fixture.groups.heartbeat(beat), errorCodes.REBALANCE_IN_PROGRESS);
    await rounds(fixture, [keeper, third], 1);
    await fixture.platform.pass(5_000);
  }
  assert.equal(describe(fixture).members?.length, 2);
});

test('a downgraded group is a classic one after a restart too, with its members and their assignments', async () => {
  const fixture = await GroupFixture.start();
  const keeper = new ConsumerClient('keeper');
  const classic = new ClassicConsumerClient({ topicNames: ['orders'] });
  await rounds(fixture, [keeper, classic]);
  const { epoch } = classic;
  await keeper.leave(fixture);
  assert.equal(errorRow(describe(fixture).errorCode).name, 'GROUP_ID_NOT_FOUND');
  const restarted = await fixture.restart();
  const group = restarted.describe('g');
  assert.equal(group.groupState, 'Stable');
  assert.equal(group.members?.length, 1);
  const beat = { groupId: 'g', memberId: classic.id, generationId: epoch, groupInstanceId: null };
  assert.equal(await restarted.groups.heartbeat(beat), errorCodes.NONE);
});

test('members commit by topic ids with their epoch, and not with another', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await settled(fixture, {});
  assert(member);
  const facts = { memberId: member.id, generationIdOrMemberEpoch: member.epoch, version: 10 };
  assert.deepEqual(await fixture.commit('g', { orders: { 1: 5 } }, facts), ['NONE']);
  const stale = { ...facts, generationIdOrMemberEpoch: member.epoch - 1 };
  assert.deepEqual(await fixture.commit('g', { orders: { 1: 6 } }, stale), ['STALE_MEMBER_EPOCH']);
  assert.deepEqual(await fixture.offsets('g'), { 'orders-1': 5 });
});

test('offsets of topics that members read are kept, others expire; an empty group goes with its last one', async () => {
  const configuration = { 'offsets.retention.minutes': '1', 'offsets.retention.check.interval.ms': '30000' };
  const fixture = await GroupFixture.start({ configuration });
  const [member] = await settled(fixture, { topicNames: [], pattern: 'orders' });
  assert(member);
  const facts = { memberId: member.id, generationIdOrMemberEpoch: member.epoch };
  await fixture.commit('g', { orders: { 0: 1 }, events: { 0: 1 } }, facts);
  for (let passed = 0; passed < 120_000; passed += 30_000) {
    await fixture.platform.pass(30_000);
    await member.beat(fixture);
  }
  assert.deepEqual(await fixture.offsets('g'), { 'orders-0': 1 });
  await member.leave(fixture);
  await fixture.platform.pass(60_000);
  assert.equal(errorRow(describe(fixture).errorCode).name, 'GROUP_ID_NOT_FOUND');
});

test('an empty consumer group becomes a classic one when a classic member joins', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await settled(fixture, {});
  await member?.leave(fixture);
  assert.equal(describe(fixture).groupState, 'Empty');
  await fixture.stableGroup({});
  const restarted = await fixture.restart();
  assert.equal(restarted.describe('g').groupState, 'Stable');
  assert.equal(errorRow(describe(restarted).errorCode).name, 'GROUP_ID_NOT_FOUND');
});

test('closing refuses what comes later and leaves no timer of groups behind', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await settled(fixture, {});
  fixture.groups.close();
  assert.equal(fixture.platform.pendingTimers, 0);
  assert.equal(errorName(await member?.heartbeat(fixture)), 'COORDINATOR_NOT_AVAILABLE');
});
