/** kafka-consumer-groups: where it sets groups, and how it deletes them. */
import type { Behaviour } from '../matrix/behaviour.ts';
import { talking } from '../matrix/tool-talk.ts';
import { abandoned } from './tools-groups.ts';

const groups = 'kafka-consumer-groups';
const moved = (...partitions: string[]): string[] => ['GROUP TOPIC PARTITION NEW-OFFSET', ...partitions];

/** Their order means nothing. */
const sorted = { sorted: true };

export const toolsGroupOffsets: readonly Behaviour[] = [
  {
    name: 'kafka-consumer-groups resets offsets in every way, or shows where it would',
    apis: ['OffsetCommit', 'OffsetFetch', 'ListOffsets'],
    shows: {
      'to the start': moved('group topic 0 0', 'group topic 1 0'),
      'to the end': moved('group topic 0 5', 'group topic 1 5'),
      'to where it is': moved('group topic 0 2', 'group topic 1 2'),
      'to an offset': moved('group topic 0 2', 'group topic 1 2'),
      'beyond the end': moved('group topic 0 5', 'group topic 1 5'),
      back: moved('group topic 0 1', 'group topic 1 1'),
      'back beyond the start': moved('group topic 0 0', 'group topic 1 0'),
      'to a time': moved('group topic 0 0', 'group topic 1 0'),
      'to a time that is to come': moved(
        'Warn: Partition 0 from topic topic is empty. Falling back to latest known offset.',
        'Warn: Partition 1 from topic topic is empty. Falling back to latest known offset.',
        'group topic 0 5',
        'group topic 1 5',
      ),
      'back for a time': moved('group topic 0 0', 'group topic 1 0'),
      done: moved('group topic 0 4', 'group topic 1 4'),
      described: [
        'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID',
        'group topic 0 4 5 1 - - -',
        'group topic 1 4 5 1 - - -',
        "Consumer group 'group' has no active members.",
      ],
      'from a file': moved('group topic 0 1', 'group topic 1 1'),
      'described after that': [
        'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID',
        'group topic 0 1 5 4 - - -',
        'group topic 1 1 5 4 - - -',
        "Consumer group 'group' has no active members.",
      ],
      'one partition': moved('group topic 0 5'),
      'a new group': moved('none topic 0 5', 'none topic 1 5'),
    },
    by: {
      java: talking(async (tools, scope, place) => {
        const words = ['--reset-offsets', '--group', await abandoned(place, scope), '--topic', scope.name()];
        const ways = {
          'to the start': ['--to-earliest'],
          'to the end': ['--to-latest'],
          'to where it is': ['--to-current'],
          'to an offset': ['--to-offset', '2'],
          'beyond the end': ['--to-offset', '100'],
          back: ['--shift-by', '-1'],
          'back beyond the start': ['--shift-by', '-100'],
          'to a time': ['--to-datetime', '2020-01-01T00:00:00.000'],
          'to a time that is to come': ['--to-datetime', '2100-01-01T00:00:00.000'],
          'back for a time': ['--by-duration', 'PT1H'],
        };
        for (const [way, how] of Object.entries(ways))
          await tools.say(way, groups, [...words, ...how, '--dry-run'], sorted);
        await tools.say('done', groups, [...words, '--to-offset', '4', '--execute'], sorted);
        const describe = (step: string) => tools.say(step, groups, ['--describe', ...words.slice(1, 3)]);
        await describe('described');
        const plan = await tools.run(groups, [...words, '--to-offset', '1', '--dry-run', '--export']);
        const file = await tools.file(plan.stdout);
        await tools.say('from a file', groups, [...words.slice(0, 3), '--from-file', file, '--execute'], sorted);
        await describe('described after that');
        const partition = [...words.slice(0, 4), `${scope.name()}:0`, '--to-latest', '--execute'];
        await tools.say('one partition', groups, partition);
        const none = ['--reset-offsets', '--group', scope.name('none'), '--topic', scope.name()];
        await tools.say('a new group', groups, [...none, '--to-latest', '--execute'], sorted);
      }),
    },
  },
  {
    name: 'kafka-consumer-groups deletes offsets and groups',
    apis: ['OffsetDelete', 'DeleteGroups'],
    shows: {
      'one partition': [
        'Request succeeded for deleting offsets from group group.',
        'TOPIC PARTITION STATUS',
        'topic 0 Successful',
      ],
      described: [
        'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID',
        'group topic 1 2 5 3 - - -',
        "Consumer group 'group' has no active members.",
      ],
      'no topic': [
        'Request succeeded for deleting offsets from group group.',
        'TOPIC PARTITION STATUS',
        'UnknownTopicOrPartitionException',
      ],
      deleted: "Deletion of requested consumer groups ('group') was successful.",
      'deleted again': ['Error: Deletion of some consumer groups failed:', 'GroupIdNotFoundException'],
      listed: [],
      'offsets of no group': ['TOPIC PARTITION STATUS', 'GroupIdNotFoundException'],
    },
    by: {
      java: talking(async (tools, scope, place) => {
        const own = ['--group', await abandoned(place, scope)];
        const deleteOffsets = ['--delete-offsets', ...own, '--topic'];
        await tools.say('one partition', groups, [...deleteOffsets, `${scope.name()}:0`]);
        await tools.say('described', groups, ['--describe', ...own]);
        await tools.say('no topic', groups, [...deleteOffsets, scope.name('none')]);
        await tools.say('deleted', groups, ['--delete', ...own]);
        await tools.say('deleted again', groups, ['--delete', ...own]);
        await tools.say('listed', groups, ['--list'], { only: /^group$/, until: ({ length }) => length === 0 });
        await tools.say('offsets of no group', groups, [...deleteOffsets, scope.name()]);
      }),
    },
  },
];
