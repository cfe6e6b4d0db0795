/** What requests about groups and transactional ids are answered to who may do nothing, and with single rights. */
import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  deleteGroups,
  describeGroups,
  findCoordinator,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  syncGroup,
} from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { protocol, RawMember } from '../matrix/raw-member.ts';
import { type Answers, type Asks, answersAt, askAll, type Names, RawUser } from '../matrix/raw-user.ts';

/** The rights to a group that are tried, and what each request is answered with one after the other. */
const groupRights = ['no', 'describe', 'read', 'delete'] as const;
const groupAnswers: Answers = {
  FindCoordinator: ['GROUP_AUTHORIZATION_FAILED NONE', 'NONE', 'NONE', 'NONE'],
  JoinGroup: [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'UNKNOWN_MEMBER_ID',
    'GROUP_AUTHORIZATION_FAILED',
  ],
  SyncGroup: [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'UNKNOWN_MEMBER_ID',
    'GROUP_AUTHORIZATION_FAILED',
  ],
  Heartbeat: [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'UNKNOWN_MEMBER_ID',
    'GROUP_AUTHORIZATION_FAILED',
  ],
  LeaveGroup: [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'NONE UNKNOWN_MEMBER_ID',
    'GROUP_AUTHORIZATION_FAILED',
  ],
  OffsetCommit: [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'TOPIC_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
  ],
  OffsetFetch: [
    'GROUP_AUTHORIZATION_FAILED NONE',
    'NONE TOPIC_AUTHORIZATION_FAILED',
    'NONE TOPIC_AUTHORIZATION_FAILED',
    'NONE TOPIC_AUTHORIZATION_FAILED',
  ],
  'OffsetFetch of all': ['GROUP_AUTHORIZATION_FAILED NONE', 'NONE', 'NONE', 'NONE'],
  OffsetDelete: [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'NONE TOPIC_AUTHORIZATION_FAILED',
  ],
  DescribeGroups: ['GROUP_AUTHORIZATION_FAILED', 'NONE', 'NONE', 'NONE'],
  ConsumerGroupDescribe: [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_ID_NOT_FOUND',
    'GROUP_ID_NOT_FOUND',
    'GROUP_ID_NOT_FOUND',
  ],
  ConsumerGroupHeartbeat: [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_ID_NOT_FOUND',
    'GROUP_AUTHORIZATION_FAILED',
  ],
  'ConsumerGroupHeartbeat that subscribes': [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'TOPIC_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
  ],
  DeleteGroups: [
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'NON_EMPTY_GROUP',
  ],
  ListGroups: ['hidden', 'listed', 'listed', 'listed'],
};

function groupAsks(user: RawUser, { topic, group }: Names): Asks {
  const to = { group };
  const who = { groupId: group, memberId: 'nobody', generationId: 1 };
  const offset = { partitionIndex: 0, committedOffset: 1, committedMetadata: '' };
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 1_000 };
  const join = {
    groupId: group,
    memberId: 'nobody',
    ...timeouts,
    protocolType: 'consumer',
    protocols: [protocol('range')],
  };
  const members = [{ memberId: 'nobody', groupInstanceId: null, reason: null }];
  const beat = { groupId: group, memberId: 'x'.repeat(22), memberEpoch: 3, topicPartitions: [] };
  const asked = [{ name: topic, partitionIndexes: [0] }];
  const including = { includeAuthorizedOperations: false };
  return {
    FindCoordinator: () => user.errorsOf('any', findCoordinator, 4, { keyType: 0, coordinatorKeys: [group] }),
    JoinGroup: () => user.errorsOf(to, joinGroup, 9, join),
    SyncGroup: () =>
      user.errorsOf(to, syncGroup, 5, { ...who, protocolType: 'consumer', protocolName: 'range', assignments: [] }),
    Heartbeat: () => user.errorsOf(to, heartbeat, 4, who),
    LeaveGroup: () => user.errorsOf(to, leaveGroup, 5, { groupId: group, members }),
    OffsetCommit: () =>
      user.errorsOf(to, offsetCommit, 9, { groupId: group, topics: [{ name: topic, partitions: [offset] }] }),
    OffsetFetch: () => user.errorsOf(to, offsetFetch, 9, { groups: [{ groupId: group, topics: asked }] }),
    'OffsetFetch of all': () => user.errorsOf(to, offsetFetch, 9, { groups: [{ groupId: group, topics: null }] }),
    OffsetDelete: () =>
      user.errorsOf(to, offsetDelete, 0, {
        groupId: group,
        topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }],
      }),
    DescribeGroups: () => user.errorsOf(to, describeGroups, 6, { groups: [group], ...including }),
    ConsumerGroupDescribe: () => user.errorsOf(to, consumerGroupDescribe, 1, { groupIds: [group], ...including }),
    ConsumerGroupHeartbeat: () => user.errorsOf(to, consumerGroupHeartbeat, 1, beat),
    'ConsumerGroupHeartbeat that subscribes': () =>
      user.errorsOf(to, consumerGroupHeartbeat, 1, { ...beat, subscribedTopicNames: [topic] }),
    DeleteGroups: () => user.errorsOf(to, deleteGroups, 2, { groupsNames: [group] }),
    ListGroups: async () => {
      const { groups } = await (await user.to(to)).request(listGroups, 5, { statesFilter: [], typesFilter: [] });
      return groups.some(({ groupId }) => groupId === group) ? 'listed' : 'hidden';
    },
  };
}

const groupApis = [
  'FindCoordinator',
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'LeaveGroup',
  'OffsetCommit',
  'OffsetFetch',
  'OffsetDelete',
  'DescribeGroups',
  'ConsumerGroupDescribe',
  'ConsumerGroupHeartbeat',
  'DeleteGroups',
  'ListGroups',
] as const;
export const permissionGroups: readonly Behaviour[] = [
  ...groupRights.map(
    (right, at): Behaviour => ({
      name: `requests about a group are answered as the right of their sender has it: ${right}`,
      apis: groupApis,
      profile: 'secured',
      shows: answersAt(groupAnswers, at),
      by: {
        millrace: async (place, scope) => {
          const names = { topic: await scope.createTopic(), group: scope.name('group'), transaction: scope.name('tx') };
          const member = await RawMember.of(place, scope, names.group);
          await member.enter();
          const user = new RawUser(place, scope);
          if (right !== 'no') await user.entry({ resourceType: 'group', resourceName: names.group, operation: right });
          return await askAll(groupAsks(user, names));
        },
      },
    }),
  ),
  {
    name: 'who may read a group and its topic commits, fetches and deletes offsets, and subscribes',
    apis: groupApis,
    profile: 'secured',
    shows: {
      FindCoordinator: 'NONE',
      JoinGroup: 'UNKNOWN_MEMBER_ID',
      SyncGroup: 'UNKNOWN_MEMBER_ID',
      Heartbeat: 'UNKNOWN_MEMBER_ID',
      LeaveGroup: 'NONE UNKNOWN_MEMBER_ID',
      OffsetCommit: 'NONE',
      OffsetFetch: 'NONE',
      'OffsetFetch of all': 'NONE',
      OffsetDelete: 'NONE',
      DescribeGroups: 'NONE',
      ConsumerGroupDescribe: 'GROUP_ID_NOT_FOUND',
      ConsumerGroupHeartbeat: 'GROUP_ID_NOT_FOUND',
      'ConsumerGroupHeartbeat that subscribes': 'GROUP_ID_NOT_FOUND',
      DeleteGroups: 'NONE',
      ListGroups: 'hidden',
    },
    by: {
      millrace: async (place, scope) => {
        const names = { topic: await scope.createTopic(), group: scope.name('group'), transaction: scope.name('tx') };
        const user = new RawUser(place, scope);
        await user.entry({ resourceType: 'group', resourceName: names.group, operation: 'all' });
        await user.entry({ resourceType: 'topic', resourceName: names.topic, operation: 'read' });
        return await askAll(groupAsks(user, names));
      },
    },
  },
];
