/** What is asked about classic members of consumer groups, and about groups that pass between the protocols. */
import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  describeGroups,
  encodeConsumerSubscription,
  heartbeat,
  joinGroup,
  leaveGroup,
  offsetCommit,
  type RequestDraft,
  syncGroup,
} from '@millrace/wire';
import type { Conversation } from './conversation.ts';
import { beat, type Heartbeat, id, join, owned } from './heartbeats.ts';

const subscription = (topics: string[], ownedPartitions: { topic: string; partitions: number[] }[] = []) =>
  encodeConsumerSubscription({ topics, ownedPartitions });

function classicJoin(groupId: string, memberId: string, changes: Partial<RequestDraft<typeof joinGroup>> = {}) {
  return {
    groupId,
    memberId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription(['events']) }],
    ...changes,
  };
}

const range = { protocolType: 'consumer', protocolName: 'range' };

export async function classicMembers(c: Conversation): Promise<void> {
  const say = (step: string, draft: Heartbeat) => c.ask(step, consumerGroupHeartbeat, 1, draft);
  const events = { subscribedTopicNames: ['events'] };
  const first = await say('a joins before a classic member', join('m', 'a', events));
  await c.ask('a classic member of another type', joinGroup, 9, classicJoin('m', '', { protocolType: 'connect' }));
  const offered = await c.ask('a classic member gets its id', joinGroup, 9, classicJoin('m', ''));
  const { memberId } = offered;
  const joined = await c.ask('a classic member joins', joinGroup, 9, classicJoin('m', memberId));
  const who = { groupId: 'm', memberId, generationId: joined.generationId };
  await c.ask('it syncs without naming the protocol', syncGroup, 5, { ...who, assignments: [] });
  await c.ask('it syncs and has nothing', syncGroup, 5, { ...who, ...range, assignments: [] });
  await c.ask('nothing is free for it yet', heartbeat, 4, who);
  await c.ask('of an old generation', heartbeat, 4, { ...who, generationId: 0 });
  await c.ask('of an unknown member', heartbeat, 4, { ...who, memberId: id('z') });
  const revoking = await say('a must give up some for it', beat('m', 'a', 1, { topicPartitions: owned(first) }));
  await say('a gave up some for it', beat('m', 'a', 1, { topicPartitions: owned(revoking) }));
  await c.ask('it must join again', heartbeat, 4, who);
  const again = await c.ask('it joins again', joinGroup, 9, classicJoin('m', memberId));
  const next = { ...who, generationId: again.generationId };
  const foreign = { ...next, ...range, protocolName: 'sticky', assignments: [] };
  await c.ask('it syncs with another protocol', syncGroup, 5, foreign);
  const synced = await c.request(syncGroup, 5, { ...next, ...range, assignments: [] });
  c.note('it syncs and has two partitions', synced.assignment.length);
  await c.ask('it commits', offsetCommit, 9, {
    groupId: 'm',
    memberId,
    generationIdOrMemberEpoch: 0,
    topics: [{ name: 'events', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
  });
  const draft = { groupIds: ['m'], includeAuthorizedOperations: false };
  await c.ask('describes a group with a classic member', consumerGroupDescribe, 1, draft);
  const leaving = [{ memberId, groupInstanceId: null, reason: null }];
  await c.ask('it leaves', leaveGroup, 5, { groupId: 'm', members: leaving });
  await c.ask('it can not leave twice', leaveGroup, 5, { groupId: 'm', members: leaving });
  await say('a leaves the mixed group', beat('m', 'a', -1));
}

export async function upgradeAndDowngrade(c: Conversation): Promise<void> {
  const say = (step: string, draft: Heartbeat) => c.ask(step, consumerGroupHeartbeat, 1, draft);
  const events = { subscribedTopicNames: ['events'] };
  const metadataOf = (partitions: number[]) => {
    const ownedPartitions = partitions.length === 0 ? [] : [{ topic: 'events', partitions }];
    return { protocols: [{ name: 'range', metadata: subscription(['events'], ownedPartitions) }] };
  };
  const foreign = classicJoin('connect', '', {
    protocolType: 'connect',
    protocols: [{ name: 'x', metadata: new Uint8Array() }],
  });
  const connector = await c.request(joinGroup, 3, foreign);
  await say('joins a group of another protocol type', join('connect', 'a', events));
  const goodbye = [{ memberId: connector.memberId, groupInstanceId: null, reason: null }];
  await c.request(leaveGroup, 5, { groupId: 'connect', members: goodbye });
  const joined = await c.request(joinGroup, 3, classicJoin('u', ''));
  c.name(joined.memberId, 'the classic one');
  const who = { groupId: 'u', memberId: joined.memberId, generationId: joined.generationId };
  const all = subscription(['events']);
  c.note('the size of a subscription', all.length);
  // Version 1 of an assignment: one topic with its four partitions.
  const assignment = Buffer.from(
    '0001000000010006' + '6576656e7473' + '00000004' + '00000000000000010000000200000003' + 'ffffffff',
    'hex',
  );
  await c.request(syncGroup, 3, { ...who, assignments: [{ memberId: joined.memberId, assignment }] });
  const upgraded = await say('a member of the consumer protocol joins a classic group', join('u', 'a', events));
  const draft = { groupIds: ['u'], includeAuthorizedOperations: false };
  await c.ask('the group is a consumer group', consumerGroupDescribe, 1, draft);
  await c.ask('the classic member must join again', heartbeat, 4, who);
  const rejoin = (partitions: number[]) => classicJoin('u', joined.memberId, metadataOf(partitions));
  const revoking = await c.ask('it owns all and joins again', joinGroup, 9, rejoin([0, 1, 2, 3]));
  const generationId = revoking.generationId;
  const told = await c.request(syncGroup, 5, { ...who, generationId, ...range, assignments: [] });
  c.note('it is told to keep two', { errorCode: told.errorCode, length: told.assignment.length });
  await c.ask('it still owns too many', heartbeat, 4, { ...who, generationId });
  const kept = partitionsIn(told.assignment);
  const settled = await c.ask('it gave them up and joins again', joinGroup, 9, rejoin(kept));
  await say('a gets what was given up', beat('u', 'a', upgraded.memberEpoch));
  const settledSync = { ...who, generationId: settled.generationId, ...range, assignments: [] };
  const synced = await c.request(syncGroup, 5, settledSync);
  c.note('it syncs and keeps two', { errorCode: synced.errorCode, length: synced.assignment.length });
  await say('the member of the consumer protocol leaves', beat('u', 'a', -1));
  const described = await c.request(describeGroups, 5, { groups: ['u'], includeAuthorizedOperations: false });
  const { groupState, protocolType, members: remaining } = described.groups[0] ?? {};
  c.note('the group is a classic one again', { groupState, protocolType, members: remaining?.length });
  const after = { ...who, generationId: settled.generationId };
  await c.ask('the classic member must join the classic group', heartbeat, 4, after);
  const last = await c.request(joinGroup, 3, rejoin(kept));
  c.note('it joins the classic group', { errorCode: last.errorCode, generationId: last.generationId });
  await c.request(leaveGroup, 5, { groupId: 'u', members: [{ ...goodbye[0], memberId: joined.memberId }] });
}

/** The partitions of an assignment of one topic. */
function partitionsIn(assignment: Uint8Array): number[] {
  const bytes = Buffer.from(assignment);
  if (bytes.length < 10) return [];
  const at = 8 + bytes.readInt16BE(6);
  return Array.from({ length: bytes.readInt32BE(at) }, (_, index) => bytes.readInt32BE(at + 4 + 4 * index));
}
