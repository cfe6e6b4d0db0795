/** Offsets of consumer groups (KIP-848), and what administrators see of these groups and do to them. */
import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  deleteGroups,
  describeGroups,
  heartbeat,
  leaveGroup,
  listGroups,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  type RequestDraft,
} from '@millrace/wire';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { ConsumerConversation, type Heartbeat, id } from '../matrix/consumer-conversation.ts';
import { errorName } from '../matrix/raw-connection.ts';

export const groupConsumerOffsets: readonly Behaviour[] = [
  {
    name: 'offsets of a consumer group are committed and fetched by its members in their epoch',
    apis: ['OffsetCommit', 'OffsetFetch', 'ConsumerGroupHeartbeat'],
    shows: {
      'a commits': { topics: ['orders 0 NONE'] },
      'a commits with a later epoch': { topics: ['orders 0 STALE_MEMBER_EPOCH'] },
      'an unknown member commits': { topics: ['orders 0 UNKNOWN_MEMBER_ID'] },
      'a commits by an old version': { topics: ['orders 0 UNSUPPORTED_VERSION'] },
      'an administrator commits in a group with members': { topics: ['orders 0 UNKNOWN_MEMBER_ID'] },
      'a member of no group commits': { topics: ['orders 0 GROUP_ID_NOT_FOUND'] },
      'an administrator commits in a group that is not there': { topics: ['orders 0 NONE'] },
      'a fetches offsets': {
        errorCode: 'NONE',
        groups: [{ groupId: 'g', topics: ['orders 0 7 -1 "" NONE'], errorCode: 'NONE' }],
      },
      'a fetches with an old epoch': { errorCode: 'NONE', groups: [{ groupId: 'g', errorCode: 'STALE_MEMBER_EPOCH' }] },
      'an unknown member fetches': { errorCode: 'NONE', groups: [{ groupId: 'g', errorCode: 'UNKNOWN_MEMBER_ID' }] },
      'an administrator fetches': {
        errorCode: 'NONE',
        groups: [{ groupId: 'g', topics: ['orders 0 7 -1 "" NONE'], errorCode: 'NONE' }],
      },
      'a member fetches from a group that is not there': {
        errorCode: 'NONE',
        groups: [{ groupId: 'absent', topics: ['orders 0 -1 -1 "" NONE'], errorCode: 'NONE' }],
      },
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        const absent = await c.neighbour('absent');
        await joinBoth(c);
        const commit = (step: string, letter: string, epoch: number, version: number, groupId = c.group) => {
          const partitions = [
            { partitionIndex: 0, committedOffset: 7, committedLeaderEpoch: -1, committedMetadata: '' },
          ];
          return c.ask(step, offsetCommit, version, {
            groupId,
            memberId: letter === '' ? '' : id(letter),
            generationIdOrMemberEpoch: c.epoch(epoch),
            topics: [{ name: c.orders, topicId: c.ids.orders, partitions }],
          });
        };
        await commit('a commits', 'a', 2, 9);
        await commit('a commits with a later epoch', 'a', 3, 9);
        await commit('an unknown member commits', 'z', 2, 9);
        await commit('a commits by an old version', 'a', 2, 8);
        await commit('an administrator commits in a group with members', '', -1, 9);
        await commit('a member of no group commits', 'a', 2, 9, absent);
        await commit('an administrator commits in a group that is not there', '', -1, 9, await c.neighbour('simple'));
        const fetch = (step: string, memberId: string | null, memberEpoch: number, groupId = c.group) => {
          const asked = [{ name: c.orders, partitionIndexes: [0] }];
          return c.ask(step, offsetFetch, 9, {
            groups: [{ groupId, memberId, memberEpoch: c.epoch(memberEpoch), topics: asked }],
          });
        };
        await fetch('a fetches offsets', id('a'), 2);
        await fetch('a fetches with an old epoch', id('a'), 1);
        await fetch('an unknown member fetches', id('z'), 2);
        await fetch('an administrator fetches', null, -1);
        await fetch('a member fetches from a group that is not there', id('a'), 2, absent);
        return c.seen;
      },
    },
  },
  {
    name: 'a member of a consumer group that has a new epoch commits with the one before',
    apis: ['OffsetCommit', 'ConsumerGroupHeartbeat'],
    shows: new ListedDifference('a commit of a member with an epoch before its own, for partitions it had then', {
      embedded: 'STALE_MEMBER_EPOCH',
      kafka: 'NONE',
    }),
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        await joinBoth(c);
        const { topics } = await c.request(offsetCommit, 9, {
          groupId: c.group,
          memberId: id('a'),
          generationIdOrMemberEpoch: c.epoch(1),
          topics: [{ name: c.orders, partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }] }],
        });
        return errorName(topics[0]?.partitions[0]?.errorCode);
      },
    },
  },
  {
    name: 'a consumer group is described, listed, kept while it has members, and loses members to an administrator',
    apis: [
      'ConsumerGroupDescribe',
      'DescribeGroups',
      'ListGroups',
      'DeleteGroups',
      'OffsetDelete',
      'LeaveGroup',
      'Heartbeat',
    ],
    shows: {
      'describes a consumer group': {
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
                subscribedTopicNames: ['orders'],
                assignment: { topicPartitions: '4 of orders' },
                targetAssignment: { topicPartitions: '4 of orders' },
                memberType: 1,
              },
              {
                memberId: 'b',
                memberEpoch: 2,
                clientId: 'conformance',
                subscribedTopicNames: ['events'],
                assignment: { topicPartitions: '4 of events' },
                targetAssignment: { topicPartitions: '4 of events' },
                memberType: 1,
              },
            ],
          },
        ],
      },
      'describes a classic group as a consumer group': {
        groups: [
          {
            errorCode: 'GROUP_ID_NOT_FOUND',
            errorMessage: 'Group simple is not a consumer group.',
            groupId: 'simple',
            groupEpoch: 0,
            assignmentEpoch: 0,
          },
        ],
      },
      'describes an absent consumer group': {
        groups: [
          {
            errorCode: 'GROUP_ID_NOT_FOUND',
            errorMessage: 'Group absent not found.',
            groupId: 'absent',
            groupEpoch: 0,
            assignmentEpoch: 0,
          },
        ],
      },
      'describes g as a classic group by version 5': {
        groups: [{ errorCode: 'NONE', groupId: 'g', groupState: 'Dead' }],
      },
      'describes absent as a classic group by version 5': {
        groups: [{ errorCode: 'NONE', groupId: 'absent', groupState: 'Dead' }],
      },
      'describes g as a classic group by version 6': {
        groups: [
          {
            errorCode: 'GROUP_ID_NOT_FOUND',
            errorMessage: 'Group g is not a classic group.',
            groupId: 'g',
            groupState: 'Dead',
          },
        ],
      },
      'describes absent as a classic group by version 6': {
        groups: [
          {
            errorCode: 'GROUP_ID_NOT_FOUND',
            errorMessage: 'Group absent not found.',
            groupId: 'absent',
            groupState: 'Dead',
          },
        ],
      },
      'lists groups of type ': {
        groups: [
          { groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' },
          { groupId: 'simple', groupState: 'Empty', groupType: 'classic' },
        ],
      },
      'lists groups of type consumer': {
        groups: [{ groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' }],
      },
      'lists groups of type Classic': { groups: [{ groupId: 'simple', groupState: 'Empty', groupType: 'classic' }] },
      'lists groups by states': {
        groups: [{ groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' }],
      },
      'deletes a group with members': {
        results: [
          { groupId: 'absent', errorCode: 'GROUP_ID_NOT_FOUND' },
          { groupId: 'g', errorCode: 'NON_EMPTY_GROUP' },
        ],
      },
      'deletes offsets': {
        errorCode: 'NONE',
        topics: ['absent 0 UNKNOWN_TOPIC_OR_PARTITION', 'orders 0 GROUP_SUBSCRIBED_TO_TOPIC'],
      },
      'deletes offsets of an absent group': { errorCode: 'GROUP_ID_NOT_FOUND' },
      'deletes offsets of a simple group': { errorCode: 'NONE', topics: ['orders 0 NONE'] },
      'a member of the consumer protocol is removed by LeaveGroup': {
        errorCode: 'NONE',
        members: [{ memberId: 'a', errorCode: 'NONE' }],
      },
      'a is gone': ['UNKNOWN_MEMBER_ID', 'Member a is not a member of group g.'],
      'b sends a classic heartbeat': { errorCode: 'UNKNOWN_MEMBER_ID' },
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        const [absent, simple] = [await c.neighbour('absent'), await c.neighbour('simple')];
        await joinBoth(c);
        const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }];
        await c.request(offsetCommit, 9, { groupId: simple, topics: [{ name: c.orders, partitions }] });
        const describe = (step: string, groupId: string) => {
          return c.ask(step, consumerGroupDescribe, 1, { groupIds: [groupId], includeAuthorizedOperations: false });
        };
        c.name(`${c.orders}-absent`, 'absent');
        await describe('describes a consumer group', c.group);
        await describe('describes a classic group as a consumer group', simple);
        await describe('describes an absent consumer group', absent);
        for (const version of [5, 6]) {
          for (const [name, group] of Object.entries({ g: c.group, absent })) {
            const draft = { groups: [group], includeAuthorizedOperations: false };
            await c.ask(`describes ${name} as a classic group by version ${version}`, describeGroups, version, draft);
          }
        }
        const list = async (step: string, filters: RequestDraft<typeof listGroups>) => {
          const { groups } = await c.request(listGroups, 5, filters);
          c.note(step, { groups: groups.filter(({ groupId }) => groupId.endsWith(c.group)) });
        };
        for (const typesFilter of [[], ['consumer'], ['Classic']]) {
          await list(`lists groups of type ${typesFilter}`, { statesFilter: [], typesFilter });
        }
        await list('lists groups by states', { statesFilter: ['stable', 'reconciling'], typesFilter: [] });
        await c.ask('deletes a group with members', deleteGroups, 2, { groupsNames: [c.group, absent] });
        const topicsOf = (names: string[]) => names.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }));
        await c.ask('deletes offsets', offsetDelete, 0, {
          groupId: c.group,
          topics: topicsOf([c.orders, `${c.orders}-absent`]),
        });
        await c.ask('deletes offsets of an absent group', offsetDelete, 0, {
          groupId: absent,
          topics: topicsOf([c.orders]),
        });
        await c.ask('deletes offsets of a simple group', offsetDelete, 0, {
          groupId: simple,
          topics: topicsOf([c.orders]),
        });
        const member = { memberId: id('a'), groupInstanceId: null, reason: null };
        await c.ask('a member of the consumer protocol is removed by LeaveGroup', leaveGroup, 5, {
          groupId: c.group,
          members: [member],
        });
        await c.ask('a is gone', consumerGroupHeartbeat, 1, c.beat('a', 2));
        await c.ask('b sends a classic heartbeat', heartbeat, 4, {
          groupId: c.group,
          memberId: id('b'),
          generationId: 2,
        });
        return c.seen;
      },
    },
  },
];

/** Members a and b, both in epoch 2, each with a topic to itself. */
async function joinBoth(c: ConsumerConversation): Promise<void> {
  const say = (draft: Heartbeat) => c.request(consumerGroupHeartbeat, 1, draft);
  c.beginsWith(await say(c.join('a')));
  await say(c.join('b', { subscribedTopicNames: [c.events] }));
  await say(c.beat('a', 1));
}
