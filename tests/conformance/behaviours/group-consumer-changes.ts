/** Consumer groups (KIP-848) whose members have instance ids, whose topics grow, or that subscribe to patterns. */
import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  createPartitions,
  deleteGroups,
  leaveGroup,
} from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { ConsumerConversation, type Heartbeat, type HeartbeatAnswer } from '../matrix/consumer-conversation.ts';

export const groupConsumerChanges: readonly Behaviour[] = [
  {
    name: 'a static member of a consumer group keeps its partitions while it is away, and nobody else takes its place',
    apis: ['ConsumerGroupHeartbeat', 'ConsumerGroupDescribe', 'LeaveGroup', 'DeleteGroups'],
    shows: {
      'a static member joins': 'a in 1 every 500 has 4 of orders',
      'another with its instance id joins': [
        'UNRELEASED_INSTANCE_ID',
        'Static member b with instance id i cannot join the group',
        'because the instance id is owned by a member.',
      ],
      'another with its instance id goes on': [
        'FENCED_INSTANCE_ID',
        'Static member b with instance id i was fenced by member a.',
      ],
      'an instance that is not there': ['UNKNOWN_MEMBER_ID', 'Instance id j is unknown.'],
      'another leaves with its instance id': [
        'FENCED_INSTANCE_ID',
        'Static member b with instance id i was fenced by member a.',
      ],
      'the static member leaves to come back': 'a in -2',
      'it sends a heartbeat after that': [
        'FENCED_MEMBER_EPOCH',
        'The consumer group member has a greater member epoch (1) than the one known by the group coordinator (-2).',
        'The member must abandon all its partitions and rejoin.',
      ],
      'describes a group whose static member left': {
        groups: [
          {
            errorCode: 'NONE',
            groupId: 'g',
            groupState: 'Reconciling',
            groupEpoch: 1,
            assignmentEpoch: 1,
            assignorName: 'uniform',
            members: [
              {
                memberId: 'a',
                instanceId: 'i',
                memberEpoch: -2,
                clientId: 'conformance',
                subscribedTopicNames: ['orders'],
                assignment: { topicPartitions: '4 of orders' },
                targetAssignment: { topicPartitions: '4 of orders' },
                memberType: 1,
              },
            ],
          },
        ],
      },
      'it comes back under another id': 'b in 1 every 500 has 4 of orders',
      'the one before is fenced': ['FENCED_INSTANCE_ID', 'Static member a with instance id i was fenced by member b.'],
      'it leaves for good': 'b in -1',
      'a second static member joins': 'c in 3 every 500 has 4 of orders',
      'an administrator removes a static member': {
        errorCode: 'NONE',
        members: [{ groupInstanceId: 'i', errorCode: 'NONE' }],
      },
      'the second static member is there or not': ['UNKNOWN_MEMBER_ID', 'Instance id i is unknown.'],
      'deletes a group without members': { results: [{ groupId: 'g', errorCode: 'NONE' }] },
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        const say = (step: string, draft: Heartbeat) => c.ask(step, consumerGroupHeartbeat, 1, draft);
        const instance = { instanceId: 'i' };
        const first = await c.request(consumerGroupHeartbeat, 1, c.join('a', instance));
        c.beginsWith(first);
        c.note('a static member joins', first);
        await say('another with its instance id joins', c.join('b', instance));
        await say('another with its instance id goes on', c.beat('b', 1, { ...instance, topicPartitions: [] }));
        await say('an instance that is not there', c.beat('a', 1, { instanceId: 'j', topicPartitions: [] }));
        await say('another leaves with its instance id', c.beat('b', -2, instance));
        await say('the static member leaves to come back', c.beat('a', -2, instance));
        await say('it sends a heartbeat after that', c.beat('a', 1, { ...instance, topicPartitions: [] }));
        const draft = { groupIds: [c.group], includeAuthorizedOperations: false };
        await c.ask('describes a group whose static member left', consumerGroupDescribe, 1, draft);
        await say('it comes back under another id', c.join('b', instance));
        await say('the one before is fenced', c.beat('a', 1, { ...instance, topicPartitions: [] }));
        await say('it leaves for good', c.beat('b', -1, instance));
        await say('a second static member joins', c.join('c', instance));
        const member = { memberId: '', groupInstanceId: 'i', reason: null };
        await c.ask('an administrator removes a static member', leaveGroup, 5, { groupId: c.group, members: [member] });
        await say('the second static member is there or not', c.beat('c', -1, instance));
        await c.ask('deletes a group without members', deleteGroups, 2, { groupsNames: [c.group] });
        return c.seen;
      },
    },
  },
  {
    name: 'a consumer group gets the partitions that a topic grows by',
    apis: ['ConsumerGroupHeartbeat', 'CreatePartitions'],
    shows: { 'gets new partitions': 'a in 2 every 500 has 6 of orders', 'leaves the changed topic': 'a in -1' },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        c.beginsWith(await c.request(consumerGroupHeartbeat, 1, c.join('a')));
        const grow = { name: c.orders, count: 6, assignments: null };
        await c.request(createPartitions, 3, { topics: [grow], timeoutMs: 10_000, validateOnly: false });
        await c.askUntil(
          'gets new partitions',
          consumerGroupHeartbeat,
          1,
          () => c.beat('a', 1),
          (answer) => answer.assignment !== null,
        );
        await c.ask('leaves the changed topic', consumerGroupHeartbeat, 1, c.beat('a', -1));
        return c.seen;
      },
    },
  },
  {
    name: 'members of a consumer group subscribe to topics by a pattern',
    apis: ['ConsumerGroupHeartbeat', 'ConsumerGroupDescribe'],
    shows: {
      'a pattern matches': { topicPartitions: '4 of orders' },
      'describes the pattern': true,
      'leaves the pattern': 'a in -1',
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        const pattern = { subscribedTopicNames: null, subscribedTopicRegex: `${c.orders.slice(0, -1)}.*|absent` };
        const joined = await c.request(consumerGroupHeartbeat, 1, c.join('a', pattern));
        let epoch = joined.memberEpoch;
        const count = (answer: HeartbeatAnswer): number => {
          epoch = answer.memberEpoch;
          return (answer.assignment?.topicPartitions ?? []).reduce((sum, topic) => sum + topic.partitions.length, 0);
        };
        const full = (): Heartbeat => ({ ...c.join('a', pattern), memberEpoch: epoch });
        const settled = await c.requestUntil(consumerGroupHeartbeat, 1, full, (answer) => count(answer) === 4);
        c.note('a pattern matches', settled.assignment);
        const draft = { groupIds: [c.group], includeAuthorizedOperations: false };
        const { groups } = await c.request(consumerGroupDescribe, 1, draft);
        const regex = groups[0]?.members[0]?.subscribedTopicRegex;
        c.note('describes the pattern', regex === pattern.subscribedTopicRegex);
        await c.ask('leaves the pattern', consumerGroupHeartbeat, 1, c.beat('a', -1));
        return c.seen;
      },
    },
  },
];
