/** Committing, fetching and expiring offsets. On a manual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeConsumerSubscription } from '@millrace/wire';
import { errorName, GroupFixture } from '../testing/group-fixture.ts';
import { settle } from '../testing/manual-platform.ts';

const day = 24 * 60 * 60_000;
const unknownId = 'AAAAAAAAAAAAAAAAAAAAAQ';

test('a member of the present generation commits, and reads its offsets back', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await fixture.stableGroup({});
  assert.deepEqual(await member.commit({ orders: { 0: 5, 3: 7 }, events: { 1: 9 } }), ['NONE', 'NONE', 'NONE']);
  assert.deepEqual(await fixture.offsets('g'), { 'events-1': 9, 'orders-0': 5, 'orders-3': 7 });
  assert.deepEqual(await member.commit({ orders: { 0: 4 } }), ['NONE']);
  assert.deepEqual(await fixture.offsets('g'), { 'events-1': 9, 'orders-0': 4, 'orders-3': 7 });
});

test('refuses commits of another generation, of strangers, and without membership beside members', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await fixture.stableGroup({});
  const offsets = { orders: { 0: 5 } };
  assert.deepEqual(await member.commit(offsets, { generationIdOrMemberEpoch: 0 }), ['ILLEGAL_GENERATION']);
  assert.deepEqual(await member.commit(offsets, { generationIdOrMemberEpoch: -1 }), ['ILLEGAL_GENERATION']);
  assert.deepEqual(await member.commit(offsets, { memberId: 'stranger' }), ['UNKNOWN_MEMBER_ID']);
  assert.deepEqual(await member.commit(offsets, { groupInstanceId: 'stranger' }), ['UNKNOWN_MEMBER_ID']);
  assert.deepEqual(await fixture.commit('g', offsets), ['UNKNOWN_MEMBER_ID']);
  assert.deepEqual(await fixture.offsets('g'), {});
});

test('a member may commit while others join, not while the assignment is awaited', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await fixture.stableGroup({});
  void fixture.member().join();
  await settle();
  assert.deepEqual(await member.commit({ orders: { 0: 5 } }), ['NONE']);
  await member.join();
  assert.deepEqual(await member.commit({ orders: { 0: 6 } }), ['REBALANCE_IN_PROGRESS']);
});

test('a commit keeps the session alive', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await fixture.stableGroup({ sessionTimeoutMs: 10_000 });
  await fixture.platform.pass(9_000);
  await member.commit({ orders: { 0: 5 } });
  await fixture.platform.pass(9_000);
  assert.equal(member.heartbeat(), 'NONE');
});

test('a commit of a generation to a group that does not exist is refused as its version knows', async () => {
  const fixture = await GroupFixture.start();
  const facts = { generationIdOrMemberEpoch: 1, memberId: 'm' };
  assert.deepEqual(await fixture.commit('g', { orders: { 0: 1 } }, { ...facts, version: 8 }), ['ILLEGAL_GENERATION']);
  assert.deepEqual(await fixture.commit('g', { orders: { 0: 1 } }, { ...facts, version: 9 }), ['GROUP_ID_NOT_FOUND']);
});

test('a client without membership commits to a new or empty group', async () => {
  const fixture = await GroupFixture.start();
  assert.deepEqual(await fixture.commit('g', { orders: { 0: 5 } }), ['NONE']);
  const listed = fixture.groups.list({ statesFilter: [], typesFilter: [] }, () => true);
  assert.deepEqual(listed, [{ groupId: 'g', protocolType: '', groupState: 'Empty', groupType: 'classic' }]);
  const [member] = await fixture.stableGroup({});
  await member.leave();
  assert.deepEqual(await fixture.commit('g', { orders: { 1: 6 } }), ['NONE']);
  assert.deepEqual(await fixture.offsets('g'), { 'orders-0': 5, 'orders-1': 6 });
});

test('unknown topics and partitions, and long metadata, are refused one by one', async () => {
  const fixture = await GroupFixture.start({ configuration: { 'offset.metadata.max.bytes': '3' } });
  const errors = await fixture.commit('g', { orders: { 0: 1, 4: 1 }, absent: { 0: 1 } });
  assert.deepEqual(errors, ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION']);
  const byId = await fixture.commit('g', { orders: { 1: 1 }, absent: { 0: 1 } }, { version: 10 });
  assert.deepEqual(byId, ['NONE', 'UNKNOWN_TOPIC_ID']);
  assert.deepEqual(await fixture.commit('g', { orders: { 2: 1 } }, { metadata: 'long' }), [
    'OFFSET_METADATA_TOO_LARGE',
  ]);
  assert.deepEqual(await fixture.commit('g', { orders: { 2: 1 } }, { metadata: 'fit' }), ['NONE']);
  assert.deepEqual(await fixture.offsets('g'), { 'orders-0': 1, 'orders-1': 1, 'orders-2': 1 });
});

test('a commit that could not be written is refused, and its offsets are not read', async () => {
  const fixture = await GroupFixture.start();
  fixture.platform.disk.failing.push('write');
  assert.deepEqual(await fixture.commit('g', { orders: { 0: 5 } }), ['COORDINATOR_NOT_AVAILABLE']);
  assert.deepEqual(await fixture.offsets('g'), {});
  assert.equal(fixture.groups.list({ statesFilter: [], typesFilter: [] }, () => true).length, 0);
});

test('a fetch right behind a commit reads what that stores', async () => {
  const fixture = await GroupFixture.start();
  const committed = fixture.commit('g', { orders: { 0: 5 } });
  assert.deepEqual(await fixture.offsets('g'), { 'orders-0': 5 });
  await committed;
});

test('fetches by name answer -1 for partitions without an offset, by id an error for unknown topics', async () => {
  const fixture = await GroupFixture.start();
  await fixture.commit('g', { orders: { 0: 5 } }, { metadata: 'note' });
  const orders = fixture.topics.byName('orders')?.id ?? '';
  const request = { groupId: 'g', memberId: null, memberEpoch: -1 };
  const named = { ...request, topics: [{ name: 'orders', topicId: '', partitionIndexes: [0, 1] }] };
  const byName = await fixture.groups.fetchOffsets(named, 8);
  assert.deepEqual(byName.topics?.[0]?.partitions, [
    { partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: -1, metadata: 'note', errorCode: 0 },
    { partitionIndex: 1, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 0 },
  ]);
  const topics = [orders, unknownId].map((topicId) => ({ name: '', topicId, partitionIndexes: [0] }));
  const byId = await fixture.groups.fetchOffsets({ ...request, topics }, 10);
  const partitions = (byId.topics ?? []).flatMap((topic) => topic.partitions ?? []);
  assert.deepEqual(
    partitions.map((partition) => [partition.committedOffset, errorName(partition)]),
    [
      [5, 'NONE'],
      [-1, 'UNKNOWN_TOPIC_ID'],
    ],
  );
  const all = await fixture.groups.fetchOffsets({ ...request, topics: null }, 10);
  assert.deepEqual(
    all.topics?.map(({ topicId }) => topicId),
    [orders],
  );
  const absent = await fixture.groups.fetchOffsets({ ...named, groupId: 'absent' }, 8);
  assert.deepEqual([errorName(absent), absent.topics?.[0]?.partitions?.[0]?.committedOffset], ['NONE', -1]);
});

test('the offsets of a deleted topic go, also when the process was killed before they could', async () => {
  const fixture = await GroupFixture.start();
  await fixture.commit('g', { orders: { 0: 5 }, events: { 0: 6 } });
  const orders = fixture.topics.byName('orders');
  assert.ok(orders);
  await fixture.topics.delete(orders);
  await settle();
  assert.deepEqual(await fixture.offsets('g'), { 'events-0': 6 });

  const events = fixture.topics.byName('events');
  assert.ok(events);
  void fixture.topics.delete(events);
  while (fixture.topics.byName('events') !== undefined) await Promise.resolve();
  const journal = Buffer.from(fixture.platform.disk.content('/data/journal')).toString();
  assert.ok(!journal.includes('"topic":"events"'), 'the removal of offsets is not written yet');
  const next = await fixture.restart();
  assert.deepEqual(await next.offsets('g'), {});
});

test('offsets of a group without members expire a retention time after it became empty', async () => {
  const fixture = await GroupFixture.start();
  const [member] = await fixture.stableGroup({ sessionTimeoutMs: 1_800_000 });
  await member.commit({ orders: { 0: 5 } });
  await fixture.platform.pass(1_000_000);
  await member.leave();
  await fixture.platform.pass(7 * day - 1_000_000);
  assert.deepEqual(await fixture.offsets('g'), { 'orders-0': 5 });
  await fixture.platform.pass(1_000_000 + 600_000);
  assert.deepEqual(await fixture.offsets('g'), {});
  assert.equal(errorName(fixture.describe('g')), 'GROUP_ID_NOT_FOUND', 'nothing is left of the group');
  assert.equal(errorName((await fixture.restart()).describe('g')), 'GROUP_ID_NOT_FOUND');
});

test('offsets committed without membership expire one by one, after each commit', async () => {
  const fixture = await GroupFixture.start({ configuration: { 'offsets.retention.minutes': '60' } });
  await fixture.commit('g', { orders: { 0: 5 } });
  await fixture.platform.pass(30 * 60_000);
  await fixture.commit('g', { orders: { 1: 6 } });
  await fixture.platform.pass(40 * 60_000);
  assert.deepEqual(await fixture.offsets('g'), { 'orders-1': 6 });
  assert.deepEqual(await (await fixture.restart()).offsets('g'), { 'orders-1': 6 });
});

test('a stable group loses old offsets of topics that it does not read any more, and no others', async () => {
  const fixture = await GroupFixture.start({ configuration: { 'offsets.retention.minutes': '60' } });
  const range = encodeConsumerSubscription({ topics: ['orders'] });
  const [member] = await fixture.stableGroup({ sessionTimeoutMs: 1_800_000, protocols: { range } });
  await member.commit({ orders: { 0: 5 }, events: { 0: 6 } });
  for (let minute = 0; minute < 80; minute += 20) {
    await fixture.platform.pass(20 * 60_000);
    assert.equal(member.heartbeat(), 'NONE');
  }
  assert.deepEqual(await fixture.offsets('g'), { 'orders-0': 5 });
});

test('a commit may bound the life of its offsets itself', async () => {
  const fixture = await GroupFixture.start();
  await fixture.commit('g', { orders: { 0: 5 } }, { version: 4, retentionTimeMs: 60_000 });
  await fixture.commit('g', { orders: { 1: 6 } }, { version: 4, retentionTimeMs: Number.POSITIVE_INFINITY });
  const next = await fixture.restart();
  await next.platform.pass(30 * day);
  assert.deepEqual(await next.offsets('g'), { 'orders-1': 6 });
});

test('of a partition that a commit names twice the last offset counts, and each is answered', async () => {
  const fixture = await GroupFixture.start({ configuration: { 'offset.metadata.max.bytes': '3' } });
  const row = (committedOffset: number, committedMetadata = '') => {
    return { partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata };
  };
  const topic = (...partitions: ReturnType<typeof row>[]) => ({ name: 'orders', topicId: '', partitions });
  const topics = [topic(row(5), row(6)), topic(row(8), row(7), row(9, 'long'))];
  const facts = { groupId: 'g', memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 };
  const answer = await fixture.groups.commitOffsets({ ...facts, retentionTimeMs: -1, topics }, 9);
  assert.deepEqual(
    answer.topics.map(({ partitions }) => partitions?.map((each) => errorName(each))),
    [
      ['NONE', 'NONE'],
      ['NONE', 'NONE', 'OFFSET_METADATA_TOO_LARGE'],
    ],
  );
  assert.deepEqual(await fixture.offsets('g'), { 'orders-0': 7 });
});

test('offsets are read once the commits before are written, also behind one that is refused at once', async () => {
  const fixture = await GroupFixture.start({ configuration: { 'offset.metadata.max.bytes': '100000000' } });
  const release = fixture.platform.disk.holdWrites();
  const written = fixture.commit('g', { orders: { 0: 5 } });
  await settle();
  const tooLarge = await fixture.commit('g', { orders: { 1: 6 } }, { metadata: 'x'.repeat(65 * 2 ** 20) });
  assert.deepEqual(tooLarge, ['INVALID_COMMIT_OFFSET_SIZE']);
  const read = fixture.offsets('g');
  await settle();
  release();
  assert.deepEqual(await read, { 'orders-0': 5 });
  assert.deepEqual(await written, ['NONE']);
});
