/** kafka-configs and kafka-client-metrics: what is set for topics, brokers, groups and clients' metrics. */
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { apartFrom, talking } from '../matrix/tool-talk.ts';

const configs = 'kafka-configs';

export const toolsConfigs: readonly Behaviour[] = [
  {
    name: "kafka-configs changes a topic's configuration, and describes what was set",
    apis: ['IncrementalAlterConfigs', 'DescribeConfigs'],
    shows: {
      set: 'Completed updating config for topic topic.',
      described: [
        'Dynamic configs for topic topic are:',
        'cleanup.policy=compact,delete synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,' +
          'delete, DEFAULT_CONFIG:log.cleanup.policy=delete}',
        'retention.bytes=60000 synonyms={DYNAMIC_TOPIC_CONFIG:retention.bytes=60000, ' +
          'DEFAULT_CONFIG:log.retention.bytes=-1}',
      ],
      removed: 'Completed updating config for topic topic.',
      left: [
        'Dynamic configs for topic topic are:',
        'retention.bytes=60000 synonyms={DYNAMIC_TOPIC_CONFIG:retention.bytes=60000, ' +
          'DEFAULT_CONFIG:log.retention.bytes=-1}',
      ],
      'removed again': 'Completed updating config for topic topic.',
      'a wrong value': ['InvalidConfigurationException', 'exit code 1'],
      'an unknown name': ['InvalidConfigurationException', 'exit code 1'],
      'no topic': ['UnknownTopicOrPartitionException', 'exit code 1'],
      'described, no topic': "The topic 'none' doesn't exist and doesn't have dynamic config.",
    },
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--entity-type', 'topics', '--entity-name', await scope.createTopic()];
        const describe = (step: string, until: (lines: readonly string[]) => boolean) =>
          tools.say(step, configs, ['--describe', ...own], { until });
        const set = 'retention.bytes=60000,cleanup.policy=[compact,delete]';
        await tools.say('set', configs, ['--alter', ...own, '--add-config', set]);
        await describe('described', ({ length }) => length > 1);
        await tools.say('removed', configs, ['--alter', ...own, '--delete-config', 'cleanup.policy']);
        await describe('left', ({ length }) => length < 3);
        await tools.say('removed again', configs, ['--alter', ...own, '--delete-config', 'cleanup.policy']);
        await tools.say('a wrong value', configs, ['--alter', ...own, '--add-config', 'retention.ms=soon']);
        await tools.say('an unknown name', configs, ['--alter', ...own, '--add-config', 'retention.seconds=1']);
        const nowhere = ['--entity-type', 'topics', '--entity-name', scope.name('none')];
        await tools.say('no topic', configs, ['--alter', ...nowhere, '--add-config', 'retention.ms=1']);
        await tools.say('described, no topic', configs, ['--describe', ...nowhere]);
      }),
    },
  },
  {
    name: 'kafka-configs describes all that a topic has',
    apis: ['DescribeConfigs'],
    shows: new ListedDifference(
      '`log.retention.ms`, `log.roll.ms`, `log.roll.jitter.ms` and `log.flush.interval.ms`',
      apartFrom(
        {
          all: [
            'cleanup.policy=delete synonyms={DEFAULT_CONFIG:log.cleanup.policy=delete}',
            'compression.gzip.level=-1 synonyms={DEFAULT_CONFIG:compression.gzip.level=-1}',
            'compression.lz4.level=9 synonyms={DEFAULT_CONFIG:compression.lz4.level=9}',
            'compression.type=producer synonyms={DEFAULT_CONFIG:compression.type=producer}',
            'compression.zstd.level=3 synonyms={DEFAULT_CONFIG:compression.zstd.level=3}',
            'delete.retention.ms=86400000 synonyms={DEFAULT_CONFIG:log.cleaner.delete.retention.ms=86400000}',
            'file.delete.delay.ms=60000 synonyms={DEFAULT_CONFIG:log.segment.delete.delay.ms=60000}',
            'flush.messages=9223372036854775807 ' +
              'synonyms={DEFAULT_CONFIG:log.flush.interval.messages=9223372036854775807}',
            'follower.replication.throttled.replicas= synonyms={}',
            'index.interval.bytes=4096 synonyms={DEFAULT_CONFIG:log.index.interval.bytes=4096}',
            'leader.replication.throttled.replicas= synonyms={}',
            'local.retention.bytes=-2 synonyms={DEFAULT_CONFIG:log.local.retention.bytes=-2}',
            'local.retention.ms=-2 synonyms={DEFAULT_CONFIG:log.local.retention.ms=-2}',
            'max.compaction.lag.ms=9223372036854775807 ' +
              'synonyms={DEFAULT_CONFIG:log.cleaner.max.compaction.lag.ms=9223372036854775807}',
            'max.message.bytes=1048588 synonyms={DEFAULT_CONFIG:message.max.bytes=1048588}',
            'message.timestamp.after.max.ms=3600000 ' +
              'synonyms={DEFAULT_CONFIG:log.message.timestamp.after.max.ms=3600000}',
            'message.timestamp.before.max.ms=9223372036854775807 ' +
              'synonyms={DEFAULT_CONFIG:log.message.timestamp.before.max.ms=9223372036854775807}',
            'message.timestamp.type=CreateTime synonyms={DEFAULT_CONFIG:log.message.timestamp.type=CreateTime}',
            'min.cleanable.dirty.ratio=0.5 synonyms={DEFAULT_CONFIG:log.cleaner.min.cleanable.ratio=0.5}',
            'min.compaction.lag.ms=0 synonyms={DEFAULT_CONFIG:log.cleaner.min.compaction.lag.ms=0}',
            'preallocate=false synonyms={DEFAULT_CONFIG:log.preallocate=false}',
            'remote.log.copy.disable=false synonyms={}',
            'remote.log.delete.on.disable=false synonyms={}',
            'remote.storage.enable=false synonyms={}',
            'retention.bytes=-1 synonyms={DEFAULT_CONFIG:log.retention.bytes=-1}',
            'segment.bytes=1073741824 synonyms={DEFAULT_CONFIG:log.segment.bytes=1073741824}',
            'unclean.leader.election.enable=false synonyms={DEFAULT_CONFIG:unclean.leader.election.enable=false}',
          ],
        },
        {
          embedded: {
            times: [
              'flush.ms=9223372036854775807 synonyms={DEFAULT_CONFIG:log.flush.interval.ms=9223372036854775807}',
              'retention.ms=604800000 synonyms={DEFAULT_CONFIG:log.retention.ms=604800000}',
              'segment.jitter.ms=0 synonyms={DEFAULT_CONFIG:log.roll.jitter.ms=0}',
              'segment.ms=604800000 synonyms={DEFAULT_CONFIG:log.roll.ms=604800000}',
            ],
          },
          kafka: {
            times: [
              'flush.ms=9223372036854775807 synonyms={}',
              'retention.ms=604800000 synonyms={}',
              'segment.jitter.ms=0 synonyms={}',
              'segment.ms=604800000 synonyms={}',
            ],
          },
        },
      ),
    ),
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--entity-type', 'topics', '--entity-name', await scope.createTopic()];
        // The brokers of a place have those two in a way of their own.
        const only = /^(?!min\.insync\.replicas|segment\.index\.bytes|All configs)/;
        const lines = await tools.say('all', configs, ['--describe', '--all', ...own], { sorted: true, only });
        const isTime = (line: string): boolean => /^(flush|retention|segment|segment\.jitter)\.ms=/.test(line);
        tools.note('times', lines.filter(isTime));
        tools.note(
          'all',
          lines.filter((line) => !isTime(line)),
        );
      }),
    },
  },
  {
    name: 'kafka-configs changes what is set for all brokers, and describes it',
    apis: ['IncrementalAlterConfigs', 'DescribeConfigs'],
    shows: {
      set: 'Completed updating default config for brokers in the cluster.',
      described:
        'max.connection.creation.rate=100000 ' +
        'synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:max.connection.creation.rate=100000}',
      'described for one':
        'max.connection.creation.rate=100000 ' +
        'synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:max.connection.creation.rate=100000, ' +
        'DEFAULT_CONFIG:max.connection.creation.rate=2147483647}',
      removed: 'Completed updating default config for brokers in the cluster.',
      left: [],
      'what needs a restart': ['InvalidRequestException', 'exit code 1'],
      'no broker': "The broker '99' doesn't exist and doesn't have dynamic config.",
    },
    by: {
      java: talking(async (tools, scope) => {
        const all = ['--entity-type', 'brokers', '--entity-default'];
        const name = 'max.connection.creation.rate';
        const remove = ['--alter', ...all, '--delete-config', name];
        scope.defer(() => tools.run(configs, remove));
        const only = new RegExp(`${name}=|Completed|exit|Error`);
        const set = ['--alter', ...all, '--add-config', `${name}=100000`];
        await tools.say('set', configs, set);
        await tools.say('described', configs, ['--describe', ...all], { only, until: ({ length }) => length > 0 });
        const one = ['--describe', '--all', '--entity-type', 'brokers', '--entity-name', '2'];
        const until = (lines: readonly string[]): boolean => lines.some((line) => line.includes('DYNAMIC'));
        await tools.say('described for one', configs, one, { only, until });
        await tools.say('removed', configs, remove);
        await tools.say('left', configs, ['--describe', ...all], { only, until: ({ length }) => length === 0 });
        await tools.say('what needs a restart', configs, [
          '--alter',
          ...all,
          '--add-config',
          'auto.create.topics.enable=false',
        ]);
        await tools.say('no broker', configs, ['--describe', '--entity-type', 'brokers', '--entity-name', '99']);
      }),
    },
  },
  {
    name: 'kafka-configs changes what is set for a group, and describes it',
    apis: ['IncrementalAlterConfigs', 'DescribeConfigs'],
    shows: {
      set: 'Completed updating config for group group.',
      described: [
        'Dynamic configs for group group are:',
        'consumer.session.timeout.ms=50000 ' +
          'synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000, ' +
          'DEFAULT_CONFIG:group.consumer.session.timeout.ms=45000}',
      ],
      'too short': ['InvalidConfigurationException', 'exit code 1'],
      removed: 'Completed updating config for group group.',
    },
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--entity-type', 'groups', '--entity-name', scope.name('group')];
        const name = 'consumer.session.timeout.ms';
        await tools.say('set', configs, ['--alter', ...own, '--add-config', `${name}=50000`]);
        await tools.say('described', configs, ['--describe', ...own], { until: ({ length }) => length > 1 });
        await tools.say('too short', configs, ['--alter', ...own, '--add-config', `${name}=1`]);
        await tools.say('removed', configs, ['--alter', ...own, '--delete-config', name]);
      }),
    },
  },
  {
    name: 'kafka-client-metrics keeps subscriptions to what clients measure',
    apis: ['IncrementalAlterConfigs', 'DescribeConfigs', 'ListConfigResources'],
    shows: {
      set: 'Altered client metrics config for subscription.',
      described: [
        'Client metrics configs for subscription are:',
        'interval.ms=30000',
        'match=client_id=x',
        'metrics=org.apache.kafka.',
      ],
      listed: 'subscription',
      deleted: 'Deleted client metrics config for subscription.',
      left: [],
      'described again': "The client metric resource subscription doesn't exist and doesn't have dynamic config.",
    },
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--name', scope.name('subscription')];
        const tool = 'kafka-client-metrics';
        const words = ['--interval', '30000', '--metrics', 'org.apache.kafka.', '--match', 'client_id=x'];
        await tools.say('set', tool, ['--alter', ...own, ...words]);
        await tools.say('described', tool, ['--describe', ...own], { until: ({ length }) => length > 1 });
        await tools.say('listed', tool, ['--list'], { only: /^subscription$/ });
        await tools.say('deleted', tool, ['--delete', ...own]);
        await tools.say('left', tool, ['--list'], { only: /^subscription$/, until: ({ length }) => length === 0 });
        await tools.say('described again', tool, ['--describe', ...own]);
      }),
    },
  },
];
