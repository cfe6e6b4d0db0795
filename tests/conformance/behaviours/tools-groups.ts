/** kafka-consumer-groups and kafka-groups: what they show of groups. */
import { unwrap } from '@millrace/client';
import type { GroupProtocol } from '../drivers/driver.ts';
import { millrace } from '../drivers/millrace.ts';
import { type Behaviour, ListedDifference, type Try } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { apartFrom, talking } from '../matrix/tool-talk.ts';

const groups = 'kafka-consumer-groups';
const told = ({ length }: readonly string[]): boolean => length > 0;

export const toolsGroups: readonly Behaviour[] = [
  {
    name: 'kafka-consumer-groups describes a group that nobody reads by',
    apis: ['DescribeGroups', 'OffsetFetch', 'ListOffsets', 'ListGroups'],
    shows: {
      offsets: [
        'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID',
        'group topic 0 2 5 3 - - -',
        'group topic 1 2 5 3 - - -',
        "Consumer group 'group' has no active members.",
      ],
      members: ['GROUP CONSUMER-ID HOST CLIENT-ID #PARTITIONS', "Consumer group 'group' has no active members."],
      state: [
        'GROUP COORDINATOR (ID) ASSIGNMENT-STRATEGY STATE #MEMBERS',
        'group a broker - Empty 0',
        "Consumer group 'group' has no active members.",
      ],
      listed: 'group',
      'listed by state': 'group Empty',
      'listed by type': 'group Classic',
      another: 'GroupIdNotFoundException',
    },
    by: {
      java: talking(async (tools, scope, place) => {
        const own = ['--group', await abandoned(place, scope)];
        await tools.say('offsets', groups, ['--describe', ...own]);
        await tools.say('members', groups, ['--describe', '--members', ...own]);
        await tools.say('state', groups, ['--describe', '--state', ...own], { only: /^(?!$)/ });
        await tools.say('listed', groups, ['--list'], { only: /^group$/, until: told });
        await tools.say('listed by state', groups, ['--list', '--state', 'Empty'], { only: /^group /, until: told });
        await tools.say('listed by type', groups, ['--list', '--type', 'classic'], { only: /^group /, until: told });
        await tools.say('another', groups, ['--describe', '--group', scope.name('none')]);
      }),
    },
  },
  {
    name: 'kafka-consumer-groups describes members, and leaves their offsets alone (classic protocol)',
    apis: ['DescribeGroups', 'ConsumerGroupDescribe', 'DeleteGroups', 'OffsetDelete'],
    shows: {
      offsets: [
        'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID',
        'group topic 0 5 5 0 reader-UUID /127.0.0.1 reader',
        'group topic 1 5 5 0 reader-UUID /127.0.0.1 reader',
      ],
      members: [
        'GROUP CONSUMER-ID HOST CLIENT-ID #PARTITIONS CURRENT-EPOCH CURRENT-ASSIGNMENT ' +
          'TARGET-EPOCH TARGET-ASSIGNMENT',
        'group reader-UUID /127.0.0.1 reader 2 - topic:0,1 - -',
      ],
      state: [
        'GROUP COORDINATOR (ID) ASSIGNMENT-STRATEGY STATE #MEMBERS',
        'group a broker cooperative-sticky Stable 1',
      ],
      reset: [
        "Error: Assignments can only be reset if the group 'group' is inactive, but the current " + 'state is Stable.',
        'GROUP TOPIC PARTITION NEW-OFFSET',
      ],
      'offsets deleted': [
        'Error: Encountered some partition-level error, see the follow-up details.',
        'TOPIC PARTITION STATUS',
        'GroupSubscribedToTopicException',
      ],
      deleted: [
        'Error: Deletion of some consumer groups failed:',
        "* Group 'group' could not be deleted due to: org.apache.kafka.common.errors.ID: The group " + 'is not empty.',
      ],
    },
    by: { java: withMember('classic') },
  },
  {
    name: 'kafka-consumer-groups describes members, and leaves their offsets alone (consumer protocol)',
    apis: ['DescribeGroups', 'ConsumerGroupDescribe', 'DeleteGroups', 'OffsetDelete'],
    shows: new ListedDifference(
      'the first epoch of a consumer group',
      apartFrom(
        {
          offsets: [
            'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID',
            'group topic 0 5 5 0 ID /127.0.0.1 reader',
            'group topic 1 5 5 0 ID /127.0.0.1 reader',
          ],
          state: ['GROUP COORDINATOR (ID) ASSIGNMENT-STRATEGY STATE #MEMBERS', 'group a broker uniform Stable 1'],
          reset: [
            "Error: Assignments can only be reset if the group 'group' is inactive, but the current " +
              'state is Stable.',
            'GROUP TOPIC PARTITION NEW-OFFSET',
          ],
          'offsets deleted': [
            'Error: Encountered some partition-level error, see the follow-up details.',
            'TOPIC PARTITION STATUS',
            'GroupSubscribedToTopicException',
          ],
          deleted: [
            'Error: Deletion of some consumer groups failed:',
            "* Group 'group' could not be deleted due to: org.apache.kafka.common.errors.ID: The group " +
              'is not empty.',
          ],
        },
        {
          embedded: {
            members: [
              'GROUP CONSUMER-ID HOST CLIENT-ID #PARTITIONS CURRENT-EPOCH CURRENT-ASSIGNMENT ' +
                'TARGET-EPOCH TARGET-ASSIGNMENT',
              'group ID /127.0.0.1 reader 2 1 topic:0,1 1 topic:0,1',
            ],
          },
          kafka: {
            members: [
              'GROUP CONSUMER-ID HOST CLIENT-ID #PARTITIONS CURRENT-EPOCH CURRENT-ASSIGNMENT ' +
                'TARGET-EPOCH TARGET-ASSIGNMENT',
              'group ID /127.0.0.1 reader 2 2 topic:0,1 2 topic:0,1',
            ],
          },
        },
      ),
    ),
    by: { java: withMember('consumer') },
  },
  {
    name: 'kafka-groups lists groups by type and protocol',
    apis: ['ListGroups'],
    shows: {
      all: 'group Consumer consumer',
      consumers: 'group Consumer consumer',
      'by type': 'group Consumer consumer',
      'by protocol': 'group Consumer consumer',
      'of another type': [],
    },
    by: {
      java: talking(async (tools, scope, place) => {
        const { leave } = await inUse(place, scope, 'consumer');
        const options = { only: /^group /, until: told };
        await tools.say('all', 'kafka-groups', ['--list'], options);
        await tools.say('consumers', 'kafka-groups', ['--list', '--consumer'], options);
        await tools.say('by type', 'kafka-groups', ['--list', '--group-type', 'consumer'], options);
        await tools.say('by protocol', 'kafka-groups', ['--list', '--protocol', 'consumer'], options);
        await tools.say('of another type', 'kafka-groups', ['--list', '--group-type', 'classic'], { only: /^group / });
        await leave();
      }),
    },
  },
];

function withMember(protocol: GroupProtocol): Try {
  return talking(async (tools, scope, place) => {
    const { own, leave } = await inUse(place, scope, protocol);
    const topic = ['--topic', scope.name()];
    await tools.say('offsets', groups, ['--describe', ...own], { until: (lines) => lines.length === 3 });
    await tools.say('members', groups, ['--describe', '--members', '--verbose', ...own]);
    await tools.say('state', groups, ['--describe', '--state', ...own]);
    await tools.say('reset', groups, ['--reset-offsets', ...own, ...topic, '--to-earliest', '--execute']);
    await tools.say('offsets deleted', groups, ['--delete-offsets', ...own, ...topic]);
    await tools.say('deleted', groups, ['--delete', ...own]);
    await leave();
  });
}

/** A group that has read two of five records of each of two partitions; its name. */
export async function abandoned(place: Place, scope: Scope): Promise<string> {
  const topic = await written(place, scope);
  const group = scope.name('group');
  const offsets = [0, 1].map((partition) => ({ topic, partition, offset: 2 }));
  unwrap(await scope.admin.commitOffsets(group, offsets));
  return group;
}

async function written(place: Place, scope: Scope): Promise<string> {
  const topic = await scope.createTopic({ partitions: 2 });
  const messages = Array.from({ length: 10 }, (_, index) => ({ value: `${index}`, partition: index % 2 }));
  await millrace.produce(place, scope, { topic, messages });
  return topic;
}

/** A group with a member that has read all. */
async function inUse(place: Place, scope: Scope, protocol: GroupProtocol) {
  const group = scope.name('group');
  const topic = await written(place, scope);
  const member = await millrace.join(place, scope, { topic, group, protocol, clientId: 'reader' });
  await member.wait(10);
  return { own: ['--group', group], leave: () => member.leave() };
}
