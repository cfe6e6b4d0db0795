/** kafka-topics: what it makes, shows, changes and deletes. */
import type { Behaviour } from '../matrix/behaviour.ts';
import { talking } from '../matrix/tool-talk.ts';

const topics = 'kafka-topics';
const assignment = ['--replica-assignment', '1:2:3,2:3:1'];
const two = (lines: readonly string[]): boolean => lines.some((line) => line.includes('Partition: 1'));

export const toolsTopics: readonly Behaviour[] = [
  {
    name: 'kafka-topics creates a topic as it is told, and describes it',
    apis: ['CreateTopics', 'Metadata', 'DescribeTopicPartitions', 'DescribeConfigs'],
    shows: {
      created: 'Created topic topic.',
      described: [
        'Topic: topic TopicId: ID PartitionCount: 2 ReplicationFactor: 3 Configs: retention.ms=60000',
        'Topic: topic Partition: 0 Leader: 1 Replicas: 1,2,3 Isr: 1,2,3 Elr: LastKnownElr:',
        'Topic: topic Partition: 1 Leader: 2 Replicas: 2,3,1 Isr: 1,2,3 Elr: LastKnownElr:',
      ],
      listed: 'topic',
      'created again': ['TopicExistsException', 'exit code 1'],
      'created unless there': [],
      '--under-replicated-partitions': [],
      '--unavailable-partitions': [],
      '--under-min-isr-partitions': [],
      '--at-min-isr-partitions': [],
      '--topics-with-overrides':
        'Topic: topic TopicId: ID PartitionCount: 2 ReplicationFactor: 3 Configs: retention.ms=60000',
    },
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--topic', scope.name()];
        await tools.say('created', topics, ['--create', ...own, ...assignment, '--config', 'retention.ms=60000']);
        await tools.say('described', topics, ['--describe', ...own], { until: two });
        await tools.say('listed', topics, ['--list', ...own]);
        await tools.say('created again', topics, ['--create', ...own]);
        await tools.say('created unless there', topics, ['--create', '--if-not-exists', ...own]);
        const others = ['--under-replicated-partitions', '--unavailable-partitions', '--under-min-isr-partitions'];
        for (const which of [...others, '--at-min-isr-partitions', '--topics-with-overrides']) {
          await tools.say(which, topics, ['--describe', ...own, which]);
        }
      }),
    },
  },
  {
    name: 'kafka-topics spreads replicas that nobody placed',
    apis: ['CreateTopics', 'DescribeTopicPartitions'],
    shows: {
      created: 'Created topic topic.',
      described: '4 lines, 3 leaders',
      defaults: 'Created topic default.',
      'as configured': 'Topic: default TopicId: ID PartitionCount: 1 ReplicationFactor: 3 Configs:',
    },
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--topic', scope.name()];
        await tools.say('created', topics, ['--create', ...own, '--partitions', '3', '--replication-factor', '2']);
        const described = await tools.say('described', topics, ['--describe', ...own], {
          until: (lines) => lines.length === 4,
        });
        const leaders = described.flatMap((line) => /Leader: (\d)/.exec(line)?.[1] ?? []);
        tools.seen['described'] = `${described.length} lines, ${new Set(leaders).size} leaders`;
        await tools.say('defaults', topics, ['--create', '--topic', scope.name('default')]);
        await tools.say('as configured', topics, ['--describe', '--topic', scope.name('default')], {
          only: /PartitionCount/,
          until: (lines) => lines.length > 0,
        });
      }),
    },
  },
  {
    name: 'kafka-topics adds partitions, and says why it can not',
    apis: ['CreatePartitions', 'DescribeTopicPartitions'],
    shows: {
      'one more': [],
      described: [
        'Topic: topic TopicId: ID PartitionCount: 2 ReplicationFactor: 2 Configs:',
        'Topic: topic Partition: 0 Leader: 1 Replicas: 1,2 Isr: 1,2 Elr: LastKnownElr:',
        'Topic: topic Partition: 1 Leader: 3 Replicas: 3,1 Isr: 1,3 Elr: LastKnownElr:',
      ],
      'as many': ['InvalidPartitionsException', 'exit code 1'],
      fewer: ['InvalidPartitionsException', 'exit code 1'],
      'of no topic': ["Error while executing topic command : Topic 'none' does not exist as expected", 'exit code 1'],
      'of no topic, if there': [],
    },
    by: {
      java: talking(async (tools, scope) => {
        const topic = await scope.createTopic({ assignment: [[1, 2]] });
        const own = ['--topic', topic];
        await tools.say('one more', topics, [
          '--alter',
          ...own,
          '--partitions',
          '2',
          '--replica-assignment',
          '1:2,3:1',
        ]);
        await tools.say('described', topics, ['--describe', ...own], { until: two });
        await tools.say('as many', topics, ['--alter', ...own, '--partitions', '2']);
        await tools.say('fewer', topics, ['--alter', ...own, '--partitions', '1']);
        await tools.say('of no topic', topics, ['--alter', '--topic', scope.name('none'), '--partitions', '2']);
        const ifThere = ['--alter', '--if-exists', '--topic', scope.name('none'), '--partitions', '2'];
        await tools.say('of no topic, if there', topics, ifThere);
      }),
    },
  },
  {
    name: 'kafka-topics deletes a topic, and says when there is none',
    apis: ['DeleteTopics', 'Metadata'],
    shows: {
      deleted: [],
      listed: [],
      'deleted again': [
        "Error while executing topic command : Topic 'topic' does not exist as expected",
        'exit code 1',
      ],
      'deleted if there': [],
      described: ["Error while executing topic command : Topic 'topic' does not exist as expected", 'exit code 1'],
      'described if there': [],
    },
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--topic', await scope.createTopic()];
        await tools.say('deleted', topics, ['--delete', ...own]);
        await tools.say('listed', topics, ['--list', ...own], { until: ({ length }) => length === 0 });
        await tools.say('deleted again', topics, ['--delete', ...own], {
          until: (lines) => lines.includes('exit code 1'),
        });
        await tools.say('deleted if there', topics, ['--delete', '--if-exists', ...own]);
        await tools.say('described', topics, ['--describe', ...own]);
        await tools.say('described if there', topics, ['--describe', '--if-exists', ...own]);
      }),
    },
  },
  {
    name: 'kafka-topics passes on why a topic can not be',
    apis: ['CreateTopics'],
    shows: {
      'more replicas than brokers': ['InvalidReplicationFactorException', 'exit code 1'],
      'no partitions': ['Error while executing topic command : The partitions must be greater than 0', 'exit code 1'],
      'an unknown configuration': ['InvalidConfigurationException', 'exit code 1'],
      'a wrong value': [
        'Error while executing topic command : Invalid value soon for configuration retention.ms: ' +
          'Not a number of type LONG',
        'exit code 1',
      ],
      'a broker that there is not': ['InvalidReplicaAssignmentException', 'exit code 1'],
      'a replica twice': [
        'Error while executing topic command : Partition replica lists may not contain duplicate entries: 1',
        'exit code 1',
      ],
      'uneven replicas': [
        'Error while executing topic command : Partition 1 has different replication factor: [3]',
        'exit code 1',
      ],
      'a name with a blank': ['InvalidTopicException', 'exit code 1'],
      'a name too long': ['InvalidTopicException', 'exit code 1'],
    },
    by: {
      java: talking(async (tools, scope) => {
        const create = (step: string, words: readonly string[], topic = scope.name()) =>
          tools.say(step, topics, ['--create', '--topic', topic, ...words]);
        await create('more replicas than brokers', ['--replication-factor', '4']);
        await create('no partitions', ['--partitions', '0']);
        await create('an unknown configuration', ['--config', 'retention.seconds=1']);
        await create('a wrong value', ['--config', 'retention.ms=soon']);
        await create('a broker that there is not', ['--replica-assignment', '1:9']);
        await create('a replica twice', ['--replica-assignment', '1:1']);
        await create('uneven replicas', ['--replica-assignment', '1:2,3']);
        await create('a name with a blank', [], 'a name');
        await create('a name too long', [], 'x'.repeat(250));
      }),
    },
  },
];
