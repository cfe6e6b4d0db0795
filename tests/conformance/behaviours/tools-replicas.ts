/** kafka-reassign-partitions and kafka-leader-election: who has a partition, and who leads it. */
import { millrace } from '../drivers/millrace.ts';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { apartFrom, type ToolTalk, talking } from '../matrix/tool-talk.ts';

const reassign = 'kafka-reassign-partitions';
const election = 'kafka-leader-election';

export const toolsReplicas: readonly Behaviour[] = [
  {
    name: 'kafka-reassign-partitions plans, moves and checks',
    apis: ['AlterPartitionReassignments', 'ListPartitionReassignments', 'Metadata'],
    shows: {
      generated: [
        'Current partition replica assignment',
        '{"version":1,"partitions":[{"topic":"topic","partition":0,"replicas":[1,2],' +
          '"log_dirs":[DIRECTORIES]},{"topic":"topic","partition":1,"replicas":[2,3],' +
          '"log_dirs":[DIRECTORIES]}]}',
        'Proposed partition reassignment configuration',
        'a plan',
      ],
      begun: [
        'Current partition replica assignment',
        '{"version":1,"partitions":[{"topic":"topic","partition":0,"replicas":[1,2],' +
          '"log_dirs":[DIRECTORIES]},{"topic":"topic","partition":1,"replicas":[2,3],' +
          '"log_dirs":[DIRECTORIES]}]}',
        'Save this to use as the --reassignment-json-file option during rollback',
        'Successfully started partition reassignments for topic-0,topic-1',
      ],
      done: [
        'Status of partition reassignment:',
        'Reassignment of partition topic-0 is completed.',
        'Reassignment of partition topic-1 is completed.',
        'Clearing broker-level throttles on brokers 1,2,3',
        'Clearing topic-level throttles on topic topic',
      ],
      described: [
        'Topic: topic Partition: 0 Leader: 1 Replicas: 3,1 Isr: 1,3 Elr: LastKnownElr:',
        'Topic: topic Partition: 1 Leader: 1 Replicas: 1,3 Isr: 1,3 Elr: LastKnownElr:',
      ],
      listed: [],
      'no such broker': [
        'Error: Unknown broker id 9',
        'org.apache.kafka.tools.AdminCommandFailedException: Unknown broker id 9',
        'exit code 1',
      ],
      'no such topic': ['UnknownTopicOrPartitionException', 'exit code 1'],
    },
    by: {
      java: talking(async (tools, scope, place) => {
        const topic = await scope.createTopic({
          assignment: [
            [1, 2],
            [2, 3],
          ],
        });
        await millrace.produce(place, scope, { topic, messages: [{ value: 'x' }] });
        const topics = await tools.file({ topics: [{ topic }], version: 1 });
        const generated = await tools.say('generated', reassign, [
          ...['--generate', '--topics-to-move-json-file', topics, '--broker-list', '1,2,3'],
        ]);
        tools.note(
          'generated',
          generated.map((line, at) => (at === 3 && line.startsWith('{') ? 'a plan' : line)),
        );
        const plan = [
          '--reassignment-json-file',
          await planOf(tools, topic, [
            [3, 1],
            [1, 3],
          ]),
        ];
        await tools.say('begun', reassign, ['--execute', '--additional', ...plan]);
        await tools.say('done', reassign, ['--verify', ...plan], { until: complete });
        await tools.say('described', 'kafka-topics', ['--describe', '--topic', topic], {
          only: /Partition:/,
          until: (lines) => lines.every((line) => /Replicas: (3,1|1,3) /.test(line)),
        });
        await tools.say('listed', reassign, ['--list'], { only: /^topic/ });
        const nothing = ['--reassignment-json-file', await planOf(tools, topic, [[9, 1]])];
        await tools.say('no such broker', reassign, ['--execute', ...nothing]);
        const absent = ['--reassignment-json-file', await planOf(tools, scope.name('none'), [[1, 2]])];
        await tools.say('no such topic', reassign, ['--execute', ...absent]);
      }),
    },
  },
  {
    name: 'kafka-reassign-partitions holds a move back by a throttle, changes that and cancels the move',
    apis: ['AlterPartitionReassignments', 'ListPartitionReassignments', 'IncrementalAlterConfigs'],
    profile: 'moves',
    shows: new ListedDifference(
      'broker configuration',
      apartFrom(
        {
          begun: [
            'Current partition replica assignment',
            '{"version":1,"partitions":[{"topic":"topic","partition":0,"replicas":[1,2],' +
              '"log_dirs":[DIRECTORIES]}]}',
            'Save this to use as the --reassignment-json-file option during rollback',
            'Warning: You must run --verify periodically, until the reassignment completes, to ensure ' +
              'the throttle is removed.',
            'The inter-broker throttle limit was set to 1000 B/s',
            'Successfully started partition reassignment for topic-0',
          ],
          'under way': ['Status of partition reassignment:', 'Reassignment of partition topic-0 is still in progress.'],
          listed: ['Current partition reassignments:', 'topic-0: replicas: 3,1,2. adding: 3. removing: 2.'],
          throttled: [
            'follower.replication.throttled.replicas=0:3 ' +
              'synonyms={DYNAMIC_TOPIC_CONFIG:follower.replication.throttled.replicas=0:3}',
            'leader.replication.throttled.replicas=0:1,0:2 ' +
              'synonyms={DYNAMIC_TOPIC_CONFIG:leader.replication.throttled.replicas=0:1,0:2}',
          ],
          changed: [
            'Current partition replica assignment',
            '{"version":1,"partitions":[{"topic":"topic","partition":0,"replicas":[3,1,2],' +
              '"log_dirs":[DIRECTORIES]}]}',
            'Save this to use as the --reassignment-json-file option during rollback',
            'Warning: You must run --verify periodically, until the reassignment completes, to ensure ' +
              'the throttle is removed.',
            'The inter-broker throttle limit was set to 2000 B/s',
            'Successfully started partition reassignment for topic-0',
          ],
          cancelled: [
            'Successfully cancelled partition reassignment for: topic-0',
            'None of the specified partition moves are active.Clearing broker-level throttles on brokers 1,2,3',
            'Clearing topic-level throttles on topic topic',
          ],
          'no throttle left': [],
          'as before': 'Topic: topic Partition: 0 Leader: 1 Replicas: 1,2 Isr: 1,2 Elr: LastKnownElr:',
        },
        {
          embedded: { throttle: [] },
          kafka: {
            throttle: [
              'follower.replication.throttled.rate=1000 ' +
                'synonyms={DYNAMIC_BROKER_CONFIG:follower.replication.throttled.rate=1000}',
              'leader.replication.throttled.rate=1000 ' +
                'synonyms={DYNAMIC_BROKER_CONFIG:leader.replication.throttled.rate=1000}',
            ],
          },
        },
      ),
    ),
    by: {
      java: talking(async (tools, scope, place) => {
        const topic = await scope.createTopic({ assignment: [[1, 2]] });
        const messages = Array.from({ length: 200 }, () => ({ value: 'x'.repeat(10_000) }));
        await millrace.produce(place, scope, { topic, messages });
        const plan = ['--reassignment-json-file', await planOf(tools, topic, [[3, 1]])];
        await tools.say('begun', reassign, ['--execute', ...plan, '--throttle', '1000']);
        await tools.say('under way', reassign, ['--verify', ...plan]);
        await tools.say('listed', reassign, ['--list']);
        const brokers = ['--entity-type', 'brokers', '--entity-name', '3'];
        await tools.say('throttle', 'kafka-configs', ['--describe', ...brokers], {
          only: /throttled.rate=/,
          sorted: true,
        });
        const own = ['--entity-type', 'topics', '--entity-name', topic];
        await tools.say('throttled', 'kafka-configs', ['--describe', ...own], {
          only: /throttled.replicas=/,
          sorted: true,
        });
        await tools.say('changed', reassign, ['--execute', '--additional', ...plan, '--throttle', '2000']);
        await tools.say('cancelled', reassign, ['--cancel', ...plan]);
        await tools.say('no throttle left', 'kafka-configs', ['--describe', ...own], { only: /throttled.replicas=/ });
        await tools.say('as before', 'kafka-topics', ['--describe', '--topic', topic], {
          only: /Partition:/,
          until: ([line]) => line?.includes('Replicas: 1,2 ') === true,
        });
      }),
    },
  },
  {
    name: 'kafka-leader-election makes the preferred replica lead',
    apis: ['ElectLeaders', 'Metadata'],
    shows: {
      'not needed': 'Valid replica already elected for partitions topic-0',
      'another is preferred': 'Topic: topic Partition: 0 Leader: 1 Replicas: 2,1 Isr: 1,2 Elr: LastKnownElr:',
      elected: 'Successfully completed leader election (PREFERRED) for partitions topic-0',
      'it leads': 'Topic: topic Partition: 0 Leader: 2 Replicas: 2,1 Isr: 1,2 Elr: LastKnownElr:',
      unclean: 'Valid replica already elected for partitions topic-0',
      'by a file': 'Valid replica already elected for partitions topic-0',
      'no such partition': [
        'UnknownTopicOrPartitionException',
        '1 replica(s) could not be elected',
        'org.apache.kafka.tools.AdminCommandFailedException: 1 replica(s) could not be elected',
        'exit code 1',
      ],
    },
    by: {
      java: talking(async (tools, scope) => {
        const topic = await scope.createTopic({ assignment: [[1, 2]] });
        const preferred = ['--election-type', 'preferred', '--topic', topic, '--partition'];
        await tools.say('not needed', election, [...preferred, '0']);
        const plan = ['--reassignment-json-file', await planOf(tools, topic, [[2, 1]])];
        await tools.run(reassign, ['--execute', '--additional', ...plan]);
        const describe = (step: string, leader: number) =>
          tools.say(step, 'kafka-topics', ['--describe', '--topic', topic], {
            only: /Partition:/,
            until: ([line]) => line?.includes(`Leader: ${leader} Replicas: 2,1`) === true,
          });
        await describe('another is preferred', 1);
        await tools.say('elected', election, [...preferred, '0'], {
          until: ([line]) => line?.includes('Success') === true,
        });
        await describe('it leads', 2);
        await tools.say('unclean', election, ['--election-type', 'unclean', '--topic', topic, '--partition', '0']);
        const file = await tools.file({ partitions: [{ topic, partition: 0 }] });
        await tools.say('by a file', election, ['--election-type', 'preferred', '--path-to-json-file', file]);
        await tools.say('no such partition', election, [...preferred, '9']);
      }),
    },
  },
];

function planOf(tools: ToolTalk, topic: string, replicas: readonly (readonly number[])[]): Promise<string> {
  const partitions = replicas.map((each, partition) => ({ topic, partition, replicas: each }));
  return tools.file({ version: 1, partitions });
}

function complete(lines: readonly string[]): boolean {
  return lines.filter((line) => line.endsWith('is completed.')).length === 2;
}
