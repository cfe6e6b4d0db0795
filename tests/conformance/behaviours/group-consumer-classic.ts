/** Classic members of consumer groups (KIP-848), and groups that pass from one protocol to the other. */
import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  decodeConsumerAssignment,
  describeGroups,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
  heartbeat,
  joinGroup,
  leaveGroup,
  offsetCommit,
  type RequestDraft,
  syncGroup,
} from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { ConsumerConversation, type Heartbeat, id, owned } from '../matrix/consumer-conversation.ts';

const subscription = (topics: string[], ownedPartitions: { topic: string; partitions: number[] }[] = []) =>
  encodeConsumerSubscription({ topics, ownedPartitions });

function classicJoin(c: ConsumerConversation, memberId: string, changes: Partial<RequestDraft<typeof joinGroup>> = {}) {
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000 };
  return {
    groupId: c.group,
    memberId,
    ...timeouts,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription([c.events]) }],
    ...changes,
  };
}

const range = { protocolType: 'consumer', protocolName: 'range' };

export const groupConsumerClassic: readonly Behaviour[] = [
  {
    name: 'a classic member takes part in a consumer group',
    apis: ['JoinGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup', 'OffsetCommit', 'ConsumerGroupDescribe'],
    shows: {
      'a joins before a classic member': 'a in 1 every 500 has 4 of events',
      'a classic member of another type': { errorCode: 'INCONSISTENT_GROUP_PROTOCOL', generationId: -1 },
      'a classic member gets its id': {
        errorCode: 'MEMBER_ID_REQUIRED',
        generationId: -1,
        memberId: 'the classic one',
      },
      'a classic member joins': {
        errorCode: 'NONE',
        generationId: 2,
        protocolType: 'consumer',
        protocolName: 'range',
        memberId: 'the classic one',
      },
      'it syncs without naming the protocol': { errorCode: 'INCONSISTENT_GROUP_PROTOCOL', assignment: '' },
      'it syncs and has nothing': {
        errorCode: 'NONE',
        protocolType: 'consumer',
        protocolName: 'range',
        assignment: '000300000000ffffffff',
      },
      'nothing is free for it yet': { errorCode: 'NONE' },
      'of an old generation': { errorCode: 'ILLEGAL_GENERATION' },
      'of an unknown member': { errorCode: 'UNKNOWN_MEMBER_ID' },
      'a must give up some for it': 'a in 1 every 500 has 2 of events',
      'a gave up some for it': 'a in 2 every 500',
      'it must join again': { errorCode: 'REBALANCE_IN_PROGRESS' },
      'it joins again': {
        errorCode: 'NONE',
        generationId: 2,
        protocolType: 'consumer',
        protocolName: 'range',
        memberId: 'the classic one',
      },
      'it syncs with another protocol': { errorCode: 'INCONSISTENT_GROUP_PROTOCOL', assignment: '' },
      'it syncs and has two partitions': 2,
      'it commits': { topics: ['events 0 ILLEGAL_GENERATION'] },
      'describes a group with a classic member': {
        groups: [
          {
            errorCode: 'NONE',
            groupId: 'g',
            groupState: 'Stable',
            groupEpoch: 2,
            assignmentEpoch: 2,
            assignorName: 'uniform',
            members: [
              {
                memberId: 'a',
                memberEpoch: 2,
                clientId: 'conformance',
                subscribedTopicNames: ['events'],
                assignment: { topicPartitions: '2 of events' },
                targetAssignment: { topicPartitions: '2 of events' },
                memberType: 1,
              },
              {
                memberId: 'the classic one',
                memberEpoch: 2,
                clientId: 'conformance',
                subscribedTopicNames: ['events'],
                assignment: { topicPartitions: '2 of events' },
                targetAssignment: { topicPartitions: '2 of events' },
                memberType: 0,
              },
            ],
          },
        ],
      },
      'it leaves': { errorCode: 'NONE', members: [{ memberId: 'the classic one', errorCode: 'NONE' }] },
      'it can not leave twice': {
        errorCode: 'NONE',
        members: [{ memberId: 'the classic one', errorCode: 'UNKNOWN_MEMBER_ID' }],
      },
      'a leaves the mixed group': 'a in -1',
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        const say = (step: string, draft: Heartbeat) => c.ask(step, consumerGroupHeartbeat, 1, draft);
        const events = { subscribedTopicNames: [c.events] };
        const first = await c.request(consumerGroupHeartbeat, 1, c.join('a', events));
        c.beginsWith(first);
        c.note('a joins before a classic member', first);
        await c.ask('a classic member of another type', joinGroup, 9, classicJoin(c, '', { protocolType: 'connect' }));
        const offered = await c.request(joinGroup, 9, classicJoin(c, ''));
        const { memberId } = offered;
        c.name(memberId, 'the classic one');
        c.note('a classic member gets its id', offered);
        const joined = await c.ask('a classic member joins', joinGroup, 9, classicJoin(c, memberId));
        const who = { groupId: c.group, memberId, generationId: joined.generationId };
        await c.ask('it syncs without naming the protocol', syncGroup, 5, { ...who, assignments: [] });
        await c.ask('it syncs and has nothing', syncGroup, 5, { ...who, ...range, assignments: [] });
        await c.ask('nothing is free for it yet', heartbeat, 4, who);
        await c.ask('of an old generation', heartbeat, 4, { ...who, generationId: 0 });
        await c.ask('of an unknown member', heartbeat, 4, { ...who, memberId: id('z') });
        const revoking = await say('a must give up some for it', c.beat('a', 1, { topicPartitions: owned(first) }));
        await say('a gave up some for it', c.beat('a', 1, { topicPartitions: owned(revoking) }));
        await c.ask('it must join again', heartbeat, 4, who);
        const again = await c.ask('it joins again', joinGroup, 9, classicJoin(c, memberId));
        const next = { ...who, generationId: again.generationId };
        const foreign = { ...next, ...range, protocolName: 'sticky', assignments: [] };
        await c.ask('it syncs with another protocol', syncGroup, 5, foreign);
        const synced = await c.request(syncGroup, 5, { ...next, ...range, assignments: [] });
        c.note('it syncs and has two partitions', partitionsIn(synced.assignment).length);
        await c.ask('it commits', offsetCommit, 9, {
          groupId: c.group,
          memberId,
          generationIdOrMemberEpoch: 0,
          topics: [{ name: c.events, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
        });
        const draft = { groupIds: [c.group], includeAuthorizedOperations: false };
        await c.ask('describes a group with a classic member', consumerGroupDescribe, 1, draft);
        const leaving = [{ memberId, groupInstanceId: null, reason: null }];
        await c.ask('it leaves', leaveGroup, 5, { groupId: c.group, members: leaving });
        await c.ask('it can not leave twice', leaveGroup, 5, { groupId: c.group, members: leaving });
        await say('a leaves the mixed group', c.beat('a', -1));
        return c.seen;
      },
    },
  },
  {
    name: 'a classic group becomes a consumer group with its first such member, and a classic one again with its last',
    apis: ['JoinGroup', 'SyncGroup', 'Heartbeat', 'ConsumerGroupHeartbeat', 'ConsumerGroupDescribe', 'DescribeGroups'],
    shows: {
      'joins a group of another protocol type': [
        'GROUP_ID_NOT_FOUND',
        'Cannot upgrade classic group connect to consumer group',
        'because the group does not use the consumer embedded protocol.',
      ],
      'a member of the consumer protocol joins a classic group': 'a in 2 every 500 has nothing',
      'the group is a consumer group': {
        groups: [
          {
            errorCode: 'NONE',
            groupId: 'g',
            groupState: 'Reconciling',
            groupEpoch: 2,
            assignmentEpoch: 2,
            assignorName: 'uniform',
            members: [
              {
                memberId: 'a',
                memberEpoch: 2,
                clientId: 'conformance',
                subscribedTopicNames: ['events'],
                assignment: {},
                targetAssignment: { topicPartitions: '2 of events' },
                memberType: 1,
              },
              {
                memberId: 'the classic one',
                memberEpoch: 1,
                clientId: 'conformance',
                subscribedTopicNames: ['events'],
                assignment: { topicPartitions: '4 of events' },
                targetAssignment: { topicPartitions: '2 of events' },
                memberType: 0,
              },
            ],
          },
        ],
      },
      'the classic member must join again': { errorCode: 'REBALANCE_IN_PROGRESS' },
      'it owns all and joins again': {
        errorCode: 'NONE',
        generationId: 1,
        protocolType: 'consumer',
        protocolName: 'range',
        memberId: 'the classic one',
      },
      'it is told to keep two': { errorCode: 'NONE', kept: 2 },
      'it still owns too many': { errorCode: 'REBALANCE_IN_PROGRESS' },
      'it gave them up and joins again': {
        errorCode: 'NONE',
        generationId: 2,
        protocolType: 'consumer',
        protocolName: 'range',
        memberId: 'the classic one',
      },
      'a gets what was given up': 'a in 2 every 500 has 2 of events',
      'it syncs and keeps two': { errorCode: 'NONE', kept: 2 },
      'the member of the consumer protocol leaves': 'a in -1',
      'the group is a classic one again': { groupState: 'PreparingRebalance', protocolType: 'consumer', members: 1 },
      'the classic member must join the classic group': { errorCode: 'REBALANCE_IN_PROGRESS' },
      'it joins the classic group': { errorCode: 'NONE', generationId: 3 },
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        const say = (step: string, draft: Heartbeat) => c.ask(step, consumerGroupHeartbeat, 1, draft);
        const events = { subscribedTopicNames: [c.events] };
        const metadataOf = (partitions: number[]) => {
          const ownedPartitions = partitions.length === 0 ? [] : [{ topic: c.events, partitions }];
          return { protocols: [{ name: 'range', metadata: subscription([c.events], ownedPartitions) }] };
        };
        const connect = await c.neighbour('connect');
        const foreign = classicJoin(c, '', {
          groupId: connect,
          protocolType: 'connect',
          protocols: [{ name: 'x', metadata: new Uint8Array() }],
        });
        const connector = await c.request(joinGroup, 3, foreign);
        await say('joins a group of another protocol type', c.join('a', { ...events, groupId: connect }));
        const goodbye = [{ memberId: connector.memberId, groupInstanceId: null, reason: null }];
        await c.request(leaveGroup, 5, { groupId: connect, members: goodbye });
        const joined = await c.request(joinGroup, 3, classicJoin(c, ''));
        c.name(joined.memberId, 'the classic one');
        const who = { groupId: c.group, memberId: joined.memberId, generationId: joined.generationId };
        const assignment = encodeConsumerAssignment({
          assignedPartitions: [{ topic: c.events, partitions: [0, 1, 2, 3] }],
        });
        await c.request(syncGroup, 3, { ...who, assignments: [{ memberId: joined.memberId, assignment }] });
        const upgraded = await say('a member of the consumer protocol joins a classic group', c.join('a', events));
        const draft = { groupIds: [c.group], includeAuthorizedOperations: false };
        await c.ask('the group is a consumer group', consumerGroupDescribe, 1, draft);
        await c.ask('the classic member must join again', heartbeat, 4, who);
        const rejoin = (partitions: number[]) => classicJoin(c, joined.memberId, metadataOf(partitions));
        const revoking = await c.ask('it owns all and joins again', joinGroup, 9, rejoin([0, 1, 2, 3]));
        const generationId = revoking.generationId;
        const told = await c.request(syncGroup, 5, { ...who, generationId, ...range, assignments: [] });
        c.note('it is told to keep two', { errorCode: told.errorCode, kept: partitionsIn(told.assignment).length });
        await c.ask('it still owns too many', heartbeat, 4, { ...who, generationId });
        const kept = partitionsIn(told.assignment);
        const settled = await c.ask('it gave them up and joins again', joinGroup, 9, rejoin(kept));
        await say('a gets what was given up', c.beat('a', upgraded.memberEpoch));
        const settledSync = { ...who, generationId: settled.generationId, ...range, assignments: [] };
        const synced = await c.request(syncGroup, 5, settledSync);
        c.note('it syncs and keeps two', { errorCode: synced.errorCode, kept: partitionsIn(synced.assignment).length });
        await say('the member of the consumer protocol leaves', c.beat('a', -1));
        const whole = { groups: [c.group], includeAuthorizedOperations: false };
        const described = await c.requestUntil(
          describeGroups,
          5,
          () => whole,
          ({ groups }) => groups[0]?.groupState === 'PreparingRebalance',
        );
        const { groupState, protocolType, members: remaining } = described.groups[0] ?? {};
        c.note('the group is a classic one again', { groupState, protocolType, members: remaining?.length });
        const after = { ...who, generationId: settled.generationId };
        await c.ask('the classic member must join the classic group', heartbeat, 4, after);
        const last = await c.request(joinGroup, 3, rejoin(kept));
        c.note('it joins the classic group', { errorCode: last.errorCode, generationId: last.generationId });
        await c.request(leaveGroup, 5, { groupId: c.group, members: [{ ...goodbye[0], memberId: joined.memberId }] });
        return c.seen;
      },
    },
  },
];

/** The partitions of an assignment of one topic. */
function partitionsIn(assignment: Uint8Array): number[] {
  return assignment.length === 0
    ? []
    : decodeConsumerAssignment(assignment).assignedPartitions.flatMap((each) => each.partitions);
}
