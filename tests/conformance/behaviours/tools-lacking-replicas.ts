/** kafka-topics and kafka-leader-election while a broker is down. */
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { apartFrom, talking } from '../matrix/tool-talk.ts';

/** A partition that has one of its two replicas, and one that has none. */
const half = {
  embedded: 'Topic: topic Partition: 0 Leader: 1 Replicas: 1,3 Isr: 1 Elr: LastKnownElr:',
  kafka: 'Topic: topic Partition: 0 Leader: 1 Replicas: 1,3 Isr: 1 Elr: 3 LastKnownElr:',
};
const gone = {
  embedded: 'Topic: alone Partition: 0 Leader: none Replicas: 3 Isr: 3 Elr: LastKnownElr:',
  kafka: 'Topic: alone Partition: 0 Leader: none Replicas: 3 Isr: Elr: 3 LastKnownElr: 3',
};

export const toolsLackingReplicas: readonly Behaviour[] = [
  {
    name: 'kafka-topics shows what lacks replicas while a broker is down',
    apis: ['Metadata', 'DescribeTopicPartitions', 'ElectLeaders'],
    profile: 'moves',
    shows: new ListedDifference(
      'eligible leader replicas (KIP-966)',
      apartFrom(
        {
          '--unavailable-partitions': [],
          'nobody to elect': [
            'EligibleLeadersNotAvailableException',
            '1 replica(s) could not be elected',
            'org.apache.kafka.tools.AdminCommandFailedException: 1 replica(s) could not be elected',
            'exit code 1',
          ],
          'with it again': [],
        },
        {
          embedded: {
            '--unavailable-partitions, alone': gone.embedded,
            '--under-min-isr-partitions': half.embedded,
            '--under-min-isr-partitions, alone': gone.embedded,
            '--under-replicated-partitions': half.embedded,
            '--under-replicated-partitions, alone': [],
            'without a broker': [
              'Topic: topic TopicId: ID PartitionCount: 1 ReplicationFactor: 2 Configs: min.insync.replicas=2',
              half.embedded,
            ],
            'without the only one': [
              'Topic: alone TopicId: ID PartitionCount: 1 ReplicationFactor: 1 Configs:',
              gone.embedded,
            ],
          },
          kafka: {
            '--unavailable-partitions, alone': gone.kafka,
            '--under-min-isr-partitions': half.kafka,
            '--under-min-isr-partitions, alone': gone.kafka,
            '--under-replicated-partitions': half.kafka,
            '--under-replicated-partitions, alone': gone.kafka,
            'without a broker': [
              'Topic: topic TopicId: ID PartitionCount: 1 ReplicationFactor: 2 Configs: min.insync.replicas=2',
              half.kafka,
            ],
            'without the only one': [
              'Topic: alone TopicId: ID PartitionCount: 1 ReplicationFactor: 1 Configs:',
              gone.kafka,
            ],
          },
        },
      ),
    ),
    by: {
      java: talking(async (tools, scope, place) => {
        const configuration = { 'min.insync.replicas': '2' };
        const topic = await scope.createTopic({ assignment: [[1, 3]], configuration });
        const alone = await scope.createTopic({ topic: scope.name('alone'), assignment: [[3]] });
        const own = ['--describe', '--topic', topic];
        await place.stopBroker(3, 'cleanly');
        try {
          await tools.say('without a broker', 'kafka-topics', own, {
            until: (lines) => lines.some((line) => line.includes(' Isr: 1 ')),
          });
          await tools.say('without the only one', 'kafka-topics', ['--describe', '--topic', alone], {
            until: (lines) => lines.some((line) => line.includes('Leader: none')),
          });
          const views = ['--under-replicated-partitions', '--under-min-isr-partitions', '--unavailable-partitions'];
          for (const view of views) {
            await tools.say(view, 'kafka-topics', [...own, view]);
            await tools.say(`${view}, alone`, 'kafka-topics', ['--describe', '--topic', alone, view]);
          }
          const unclean = ['--election-type', 'unclean', '--topic', alone, '--partition', '0'];
          await tools.say('nobody to elect', 'kafka-leader-election', unclean);
        } finally {
          await place.startBroker(3);
        }
        await tools.say('with it again', 'kafka-topics', [...own, '--under-replicated-partitions'], {
          until: ({ length }) => length === 0,
        });
      }),
    },
  },
];
