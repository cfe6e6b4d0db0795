/** Members of consumer groups (KIP-848): how they join, share partitions and leave. */
import { consumerGroupHeartbeat } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { ConsumerConversation, type Heartbeat, id, owned } from '../matrix/consumer-conversation.ts';
import { errorName } from '../matrix/raw-connection.ts';
import { RawMember } from '../matrix/raw-member.ts';
import { settled } from '../matrix/settled.ts';

export const groupConsumers: readonly Behaviour[] = [
  {
    name: 'a heartbeat of a consumer group that can not be is refused with a sentence',
    apis: ['ConsumerGroupHeartbeat'],
    shows: {
      'an empty group id': ['INVALID_REQUEST', "GroupId can't be empty."],
      'an empty member id': ['INVALID_REQUEST', "MemberId can't be empty."],
      'an empty instance id': ['INVALID_REQUEST', "InstanceId can't be empty."],
      'an empty rack': ['INVALID_REQUEST', "RackId can't be empty."],
      'no rebalance timeout': ['INVALID_REQUEST', 'RebalanceTimeoutMs must be provided in first request.'],
      'partitions that are owned when joining': ['INVALID_REQUEST', 'TopicPartitions must be empty when (re-)joining.'],
      'null for owned partitions when joining': ['INVALID_REQUEST', 'TopicPartitions must be empty when (re-)joining.'],
      'null for subscriptions': [
        'INVALID_REQUEST',
        'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.',
      ],
      'an epoch of -3': ['INVALID_REQUEST', 'MemberEpoch is invalid.'],
      'an epoch of -2 without instance id': ['INVALID_REQUEST', "InstanceId can't be null."],
      'an assignor that there is not': [
        'UNSUPPORTED_ASSIGNOR',
        'ServerAssignor sticky is not supported.',
        'Supported assignors: uniform, range.',
      ],
      'a pattern that is none': [
        'INVALID_REGULAR_EXPRESSION',
        'SubscribedTopicRegex `(` is not a valid regular expression: missing closing ).',
      ],
      'a later heartbeat in a group that is not there': ['GROUP_ID_NOT_FOUND', 'Consumer group g not found.'],
      'leaving a group that is not there': ['GROUP_ID_NOT_FOUND', 'Group g not found.'],
      'joins and reads nothing': 'a in 1 every 500 has nothing',
      'leaves after reading nothing': 'a in -1',
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        const wrong: Readonly<Record<string, Heartbeat>> = {
          'an empty group id': c.join('a', { groupId: '' }),
          'an empty member id': c.join(''),
          'an empty instance id': c.join('a', { instanceId: '' }),
          'an empty rack': c.join('a', { rackId: ' ' }),
          'no rebalance timeout': c.join('a', { rebalanceTimeoutMs: -1 }),
          'partitions that are owned when joining': c.join('a', {
            topicPartitions: [{ topicId: id('t'), partitions: [1] }],
          }),
          'null for owned partitions when joining': c.join('a', { topicPartitions: null }),
          'null for subscriptions': c.join('a', { subscribedTopicNames: null }),
          'an epoch of -3': c.beat('a', -3),
          'an epoch of -2 without instance id': c.beat('a', -2),
          'an assignor that there is not': c.join('a', { serverAssignor: 'sticky' }),
          'a pattern that is none': c.join('a', { subscribedTopicNames: null, subscribedTopicRegex: '(' }),
          'a later heartbeat in a group that is not there': c.beat('a', 5, { topicPartitions: [] }),
          'leaving a group that is not there': c.beat('a', -1),
        };
        for (const [what, draft] of Object.entries(wrong)) await c.ask(what, consumerGroupHeartbeat, 1, draft);
        await c.ask('joins and reads nothing', consumerGroupHeartbeat, 1, c.join('a', { subscribedTopicNames: [] }));
        await c.ask('leaves after reading nothing', consumerGroupHeartbeat, 1, c.beat('a', -1));
        return c.seen;
      },
    },
  },
  {
    name: 'members of a consumer group give partitions up before others get them, epoch by epoch',
    apis: ['ConsumerGroupHeartbeat'],
    shows: {
      'a joins': 'a in 1 every 500 has 4 of orders',
      'a heartbeat says nothing new': 'a in 1 every 500',
      'a heartbeat says everything': 'a in 1 every 500 has 4 of orders',
      'a joins once more as the answer was lost': 'a in 1 every 500 has 4 of orders',
      'a comes with a later epoch': [
        'FENCED_MEMBER_EPOCH',
        'The consumer group member has a greater member epoch (9) than the one known by the group coordinator (1).',
        'The member must abandon all its partitions and rejoin.',
      ],
      'an unknown member': ['UNKNOWN_MEMBER_ID', 'Member z is not a member of group g.'],
      'b joins': 'b in 2 every 500 has nothing',
      'a must give up some': 'a in 1 every 500 has 2 of orders',
      'b gets nothing yet': 'b in 2 every 500',
      'a has not given them up': 'a in 1 every 500',
      'a gave them up': 'a in 2 every 500',
      'b gets them': 'b in 2 every 500 has 2 of orders',
      'b owns them': 'b in 2 every 500',
      'a comes with the epoch before': 'a in 2 every 500',
      'a comes with the epoch before and says nothing': [
        'FENCED_MEMBER_EPOCH',
        'The consumer group member has a smaller member epoch (1) than the one known by the group coordinator (2).',
        'The member must abandon all its partitions and rejoin.',
      ],
      'a comes with an epoch too old': ['INVALID_REQUEST', 'RebalanceTimeoutMs must be provided in first request.'],
      'a joins again though it is a member': 'a in 2 every 500 has 2 of orders',
      'c joins': 'c in 3 every 500 has nothing',
      'c leaves': 'c in -1',
      'c is gone': ['UNKNOWN_MEMBER_ID', 'Member c is not a member of group g.'],
      'c can not leave twice': ['UNKNOWN_MEMBER_ID', 'Member c is not a member of group g.'],
      'a notes the next epoch': 'a in 4 every 500',
      'b notes the next epoch': 'b in 4 every 500',
      'a is settled': 'a in 4 every 500',
      'b subscribes to another topic': 'b in 4 every 500 has nothing',
      'b gave its partitions up': 'b in 5 every 500 has 4 of events',
      'b is settled': 'b in 5 every 500',
      'a gets them': 'a in 5 every 500 has 4 of orders',
      'a member of version 0 gets an id': 'an id made up in 6 every 500 has nothing',
      'leaves by version 0': 'an id made up in -1',
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        const say = (step: string, draft: Heartbeat) => c.ask(step, consumerGroupHeartbeat, 1, draft);
        const first = await c.request(consumerGroupHeartbeat, 1, c.join('a'));
        c.beginsWith(first);
        c.note('a joins', first);
        const ofA = owned(first);
        await say('a heartbeat says nothing new', c.beat('a', 1));
        await say('a heartbeat says everything', c.join('a', { memberEpoch: c.epoch(1), topicPartitions: ofA }));
        await say('a joins once more as the answer was lost', c.join('a'));
        await say('a comes with a later epoch', c.beat('a', 9, { topicPartitions: ofA }));
        await say('an unknown member', c.beat('z', 1, { topicPartitions: [] }));
        await say('b joins', c.join('b'));
        const revoking = await say('a must give up some', c.beat('a', 1));
        const kept = owned(revoking);
        await say('b gets nothing yet', c.beat('b', 2));
        await say('a has not given them up', c.beat('a', 1, { topicPartitions: ofA }));
        await say('a gave them up', c.beat('a', 1, { topicPartitions: kept }));
        const got = await say('b gets them', c.beat('b', 2));
        await say('b owns them', c.beat('b', 2, { topicPartitions: owned(got) }));
        await say('a comes with the epoch before', c.beat('a', 1, { topicPartitions: kept }));
        await say('a comes with the epoch before and says nothing', c.beat('a', 1));
        await say('a comes with an epoch too old', c.beat('a', 0, { topicPartitions: [] }));
        await say('a joins again though it is a member', c.join('a'));
        await say('c joins', c.join('c'));
        await say('c leaves', c.beat('c', -1));
        await say('c is gone', c.beat('c', 3, { topicPartitions: [] }));
        await say('c can not leave twice', c.beat('c', -1));
        const ofB = owned(got);
        const next = await say('a notes the next epoch', c.beat('a', 2, { topicPartitions: kept }));
        await say('b notes the next epoch', c.beat('b', 2, { topicPartitions: ofB }));
        await say('a is settled', c.beat('a', next.memberEpoch - c.epoch(1) + 1, { topicPartitions: kept }));
        const events = { subscribedTopicNames: [c.events] };
        const other = await say('b subscribes to another topic', c.beat('b', 4, events));
        const ofBLater = owned(other).filter((topic) => !ofB.some((before) => before.topicId === topic.topicId));
        await say('b gave its partitions up', c.beat('b', 4, { topicPartitions: ofBLater }));
        await say('b is settled', c.beat('b', 5, { topicPartitions: ofBLater }));
        await say('a gets them', c.beat('a', 4, { topicPartitions: kept }));
        const answer = await c.ask('a member of version 0 gets an id', consumerGroupHeartbeat, 0, c.join(''));
        const leaving = { groupId: c.group, memberId: answer.memberId ?? '', memberEpoch: -1 };
        await c.ask('leaves by version 0', consumerGroupHeartbeat, 0, leaving);
        return c.seen;
      },
    },
  },
  {
    name: 'a group takes no more members than it may have, whatever its protocol',
    apis: ['ConsumerGroupHeartbeat', 'JoinGroup'],
    shows: {
      'a fifth member': ['GROUP_MAX_SIZE_REACHED', 'The consumer group has reached its maximum capacity of 4 members.'],
      'once one left': 'NONE',
      'of the classic protocol': 'GROUP_MAX_SIZE_REACHED',
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        for (const letter of 'abcd') await c.request(consumerGroupHeartbeat, 1, c.join(letter));
        await c.ask('a fifth member', consumerGroupHeartbeat, 1, c.join('e'));
        await c.request(consumerGroupHeartbeat, 1, c.beat('d', -1));
        const { errorCode } = await c.request(consumerGroupHeartbeat, 1, c.join('e'));
        const group = scope.name('classic');
        const members = await Promise.all([...'abcde'].map(() => RawMember.of(place, scope, group)));
        const [first, ...others] = members;
        await first?.join();
        for (const [at, member] of others.slice(0, 3).entries()) {
          const joining = member.join();
          await settled(
            () => first?.beat(),
            (name) => name === 'REBALANCE_IN_PROGRESS',
          );
          await Promise.all([joining, ...members.slice(0, at + 1).map((each) => each.join())]);
        }
        const refused = await members[4]?.join();
        return {
          ...c.seen,
          'once one left': errorName(errorCode),
          'of the classic protocol': errorName(refused?.errorCode),
        };
      },
    },
  },
];
