/** Configurations as they are described and listed. */
import { listConfigResources } from '@millrace/wire';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { change, describe, type Resource, resourceTypes } from '../matrix/raw-configuration.ts';
import { errorName, raw } from '../matrix/raw-connection.ts';
import { settled } from '../matrix/settled.ts';

const { topic: topicType, broker: brokerType, brokerLogger, clientMetrics, group } = resourceTypes;

const topicResource = (resourceName: string): Resource => ({ resourceType: topicType, resourceName });

export const configurations: readonly Behaviour[] = [
  {
    name: "a topic's configurations are described with type, source and synonyms",
    apis: ['DescribeConfigs'],
    shows: {
      error: 'NONE',
      told: [
        [
          'cleanup.policy',
          'compact',
          1,
          7,
          false,
          false,
          ['cleanup.policy compact 1', 'log.cleanup.policy delete 5'],
          true,
        ],
        ['max.message.bytes', '1048588', 5, 3, false, false, ['message.max.bytes 1048588 5'], true],
        [
          'retention.bytes',
          '1234567',
          1,
          5,
          false,
          false,
          ['retention.bytes 1234567 1', 'log.retention.bytes -1 5'],
          true,
        ],
        [
          'unclean.leader.election.enable',
          'false',
          5,
          1,
          false,
          false,
          ['unclean.leader.election.enable false 5'],
          true,
        ],
      ],
    },
    by: raw(async (cluster, scope) => {
      const name = await scope.createTopic({
        configuration: { 'retention.bytes': '1234567', 'cleanup.policy': 'compact' },
      });
      const keys = ['retention.bytes', 'cleanup.policy', 'max.message.bytes', 'unclean.leader.election.enable'];
      const { error, configs } = await describe(await cluster.leader(name), topicResource(name), keys);
      const told = configs.map((config) => {
        const { value, configSource, configType, readOnly, isSensitive, synonyms, documentation } = config;
        const others = synonyms.map((each) => `${each.name} ${each.value} ${each.source}`);
        return [config.name, value, configSource, configType, readOnly, isSensitive, others, documentation !== ''];
      });
      return { error, told: told.sort() };
    }),
  },
  {
    name: 'a topic has the configurations and defaults that Kafka has',
    apis: ['DescribeConfigs'],
    shows: {
      'cleanup.policy': 'delete 7',
      'compression.gzip.level': '-1 3',
      'compression.lz4.level': '9 3',
      'compression.type': 'producer 2',
      'compression.zstd.level': '3 3',
      'delete.retention.ms': '86400000 5',
      'file.delete.delay.ms': '60000 5',
      'flush.messages': '9223372036854775807 5',
      'flush.ms': '9223372036854775807 5',
      'follower.replication.throttled.replicas': ' 7',
      'index.interval.bytes': '4096 3',
      'leader.replication.throttled.replicas': ' 7',
      'local.retention.bytes': '-2 5',
      'local.retention.ms': '-2 5',
      'max.compaction.lag.ms': '9223372036854775807 5',
      'max.message.bytes': '1048588 3',
      'message.timestamp.after.max.ms': '3600000 5',
      'message.timestamp.before.max.ms': '9223372036854775807 5',
      'message.timestamp.type': 'CreateTime 2',
      'min.cleanable.dirty.ratio': '0.5 6',
      'min.compaction.lag.ms': '0 5',
      'min.insync.replicas': '1 3',
      preallocate: 'false 1',
      'remote.log.copy.disable': 'false 1',
      'remote.log.delete.on.disable': 'false 1',
      'remote.storage.enable': 'false 1',
      'retention.bytes': '-1 5',
      'retention.ms': '604800000 5',
      'segment.bytes': '1073741824 3',
      'segment.jitter.ms': '0 5',
      'segment.ms': '604800000 5',
      'unclean.leader.election.enable': 'false 1',
    },
    by: raw(async (cluster, scope) => {
      const name = await scope.createTopic();
      const { configs } = await describe(await cluster.leader(name), topicResource(name));
      // That one is as the brokers of a place are configured.
      const told = configs.filter((each) => each.name !== 'segment.index.bytes');
      return Object.fromEntries(told.map((each) => [each.name, `${each.value} ${each.configType}`]).sort());
    }),
  },
  {
    name: 'times that brokers keep by three names are described as the default of which of them',
    apis: ['DescribeConfigs'],
    shows: new ListedDifference('`log.retention.ms`, `log.roll.ms`, `log.roll.jitter.ms` and `log.flush.interval.ms`', {
      embedded: { topic: ['604800000', ['log.retention.ms 604800000']], broker: '604800000' },
      kafka: { topic: ['604800000', []], broker: null },
    }),
    by: raw(async (cluster, scope) => {
      const name = await scope.createTopic();
      const connection = await cluster.leader(name);
      const ofTopic = (await describe(connection, topicResource(name), ['retention.ms'])).configs[0];
      const broker = { resourceType: brokerType, resourceName: '1' };
      const ofBroker = (await describe(await cluster.broker(1), broker, ['log.retention.ms'])).configs[0];
      const synonyms = (ofTopic?.synonyms ?? []).map((each) => `${each.name} ${each.value}`);
      return { topic: [ofTopic?.value, synonyms], broker: ofBroker?.value };
    }),
  },
  {
    name: 'configurations are described when they are asked for by name, and unknown names are passed over',
    apis: ['DescribeConfigs'],
    shows: { some: ['cleanup.policy', 'retention.ms'], none: 'all' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const connection = await cluster.leader(topic);
      const resource = topicResource(topic);
      const names = async (keys: string[]): Promise<string[]> =>
        (await describe(connection, resource, keys)).configs.map((each) => each.name).sort();
      return {
        some: await names(['retention.ms', 'no.such.configuration', 'cleanup.policy']),
        none: (await names([])).length > 10 ? 'all' : 'few',
      };
    }),
  },
  {
    name: 'what can not be described is refused',
    apis: ['DescribeConfigs'],
    shows: {
      'absent topic': ['UNKNOWN_TOPIC_OR_PARTITION', false],
      'invalid topic': ['INVALID_TOPIC_EXCEPTION', false],
      'absent broker': ['INVALID_REQUEST', false],
      'no broker': ['INVALID_REQUEST', false],
      'logger of no broker': ['INVALID_REQUEST', false],
      'subscription without name': ['INVALID_REQUEST', false],
      'absent subscription': ['NONE', true],
      'group without name': ['INVALID_REQUEST', false],
      'absent group': ['NONE', true],
      'unknown type': ['INVALID_REQUEST', false],
      'type 0': ['INVALID_REQUEST', false],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const ask = async (resourceType: number, resourceName: string): Promise<unknown[]> => {
        const { error, configs } = await describe(connection, { resourceType, resourceName });
        return [error, configs.length > 0];
      };
      return {
        'absent topic': await ask(topicType, scope.name('absent')),
        'invalid topic': await ask(topicType, 'no topic!'),
        'absent broker': await ask(brokerType, '77'),
        'no broker': await ask(brokerType, 'one'),
        'logger of no broker': await ask(brokerLogger, ''),
        'subscription without name': await ask(clientMetrics, ''),
        'absent subscription': await ask(clientMetrics, scope.name('absent')),
        'group without name': await ask(group, ''),
        'absent group': await ask(group, scope.name('absent')),
        'unknown type': await ask(77, 'x'),
        'type 0': await ask(0, 'x'),
      };
    }),
  },
  {
    name: 'resources that have configurations are listed by type',
    apis: ['ListConfigResources', 'IncrementalAlterConfigs'],
    shows: {
      set: 'NONE',
      setToo: 'NONE',
      all: ['NONE', 2, 4, 8, 16, 32],
      topics: ['NONE', 2],
      'brokers and groups': ['NONE', 4, 32],
      unknown: ['UNSUPPORTED_VERSION'],
      'in version 0': ['NONE', true, false],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const topic = await scope.createTopic();
      const subscription = { resourceType: clientMetrics, resourceName: scope.name('subscription') };
      const configured = { resourceType: group, resourceName: scope.name('group') };
      const set = await change(connection, subscription, [['set', 'interval.ms', '60000']]);
      const setToo = await change(connection, configured, [['set', 'consumer.session.timeout.ms', '50000']]);
      scope.defer(() => change(connection, subscription, [['delete', 'interval.ms']]));
      scope.defer(() => change(connection, configured, [['delete', 'consumer.session.timeout.ms']]));
      const list = async (...types: number[]): Promise<unknown[]> => {
        const answer = await connection.request(listConfigResources, 1, { resourceTypes: types });
        const own = [topic, subscription.resourceName, configured.resourceName, '1', '2', '3'];
        const seen = answer.configResources.filter(({ resourceName }) => own.includes(resourceName));
        const kinds = [...new Set(seen.map(({ resourceType }) => resourceType))].sort((left, right) => left - right);
        return [errorName(answer.errorCode), ...kinds];
      };
      const all = await settled(
        () => list(),
        (seen) => seen.length >= 6,
        3000,
      );
      const before = await connection.request(listConfigResources, 0, {});
      const names = before.configResources.map(({ resourceName }) => resourceName);
      return {
        set,
        setToo,
        all,
        topics: await list(topicType),
        'brokers and groups': await list(brokerType, group),
        unknown: await list(77),
        'in version 0': [errorName(before.errorCode), names.includes(subscription.resourceName), names.includes(topic)],
      };
    }),
  },
];
