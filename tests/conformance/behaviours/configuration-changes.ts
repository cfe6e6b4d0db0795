import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import {
  type Change,
  change,
  describe,
  type Resource,
  replace,
  resourceTypes,
  valuesOf,
} from '../matrix/raw-configuration.ts';
import { type RawConnection, raw } from '../matrix/raw-connection.ts';
import { settled } from '../matrix/settled.ts';

const { topic: topicType, broker: brokerType, clientMetrics, group } = resourceTypes;

const topicResource = (resourceName: string): Resource => ({ resourceType: topicType, resourceName });

/** A change, and then what is in force once a broker knows. */
async function changedTo(
  connection: RawConnection,
  resource: Resource,
  changes: readonly Change[],
  expected: string,
): Promise<unknown[]> {
  const outcome = await change(connection, resource, changes);
  const [name = ''] = changes.map((each) => each[1]);
  const look = async (): Promise<unknown> => (await describe(connection, resource, [name])).configs[0]?.value;
  return [outcome, await settled(look, (value) => value === expected, 3000)];
}

export const configurationChanges: readonly Behaviour[] = [
  {
    name: 'configurations are set, deleted, appended to and subtracted from',
    apis: ['IncrementalAlterConfigs', 'DescribeConfigs'],
    shows: {
      set: ['NONE', '1000'],
      'set again': ['NONE', '2000'],
      deleted: ['NONE', '604800000'],
      'deleted again': ['NONE', '604800000'],
      appended: ['NONE', 'delete,compact'],
      'appended again': ['NONE', 'delete,compact'],
      subtracted: ['NONE', 'compact'],
      'subtracted again': ['NONE', 'compact'],
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const connection = await cluster.leader(topic);
      const resource = topicResource(topic);
      const to = (expected: string, ...changes: Change[]) => changedTo(connection, resource, changes, expected);
      return {
        set: await to('1000', ['set', 'retention.ms', '1000']),
        'set again': await to('2000', ['set', 'retention.ms', '2000']),
        deleted: await to('604800000', ['delete', 'retention.ms']),
        'deleted again': await to('604800000', ['delete', 'retention.ms']),
        appended: await to('delete,compact', ['append', 'cleanup.policy', 'compact']),
        'appended again': await to('delete,compact', ['append', 'cleanup.policy', 'compact']),
        subtracted: await to('compact', ['subtract', 'cleanup.policy', 'delete']),
        'subtracted again': await to('compact', ['subtract', 'cleanup.policy', 'delete']),
      };
    }),
  },
  {
    name: 'several changes in one request are made all or none',
    apis: ['IncrementalAlterConfigs', 'DescribeConfigs'],
    shows: {
      refused: 'INVALID_CONFIG',
      before: { 'retention.ms': ['604800000', 5], 'segment.ms': ['604800000', 5] },
      taken: 'NONE',
      after: { 'retention.ms': ['1000', 1], 'segment.ms': ['2000', 1] },
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const connection = await cluster.leader(topic);
      const resource = topicResource(topic);
      const keys = ['retention.ms', 'segment.ms'];
      const bad: Change[] = [
        ['set', 'retention.ms', '1000'],
        ['set', 'segment.ms', 'long'],
      ];
      const refused = await change(connection, resource, bad);
      const before = await valuesOf(connection, resource, keys);
      const taken = await change(connection, resource, [
        ['set', 'retention.ms', '1000'],
        ['set', 'segment.ms', '2000'],
      ]);
      const after = await settled(
        () => valuesOf(connection, resource, keys),
        (values) => JSON.stringify(values).includes('2000'),
      );
      return { refused, before, taken, after };
    }),
  },
  {
    name: 'a request that only validates changes nothing',
    apis: ['IncrementalAlterConfigs', 'AlterConfigs', 'DescribeConfigs'],
    shows: { incremental: 'NONE', whole: 'NONE', bad: 'INVALID_CONFIG', after: { 'retention.ms': ['604800000', 5] } },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const connection = await cluster.leader(topic);
      const resource = topicResource(topic);
      return {
        incremental: await change(connection, resource, [['set', 'retention.ms', '1000']], true),
        whole: await replace(connection, resource, { 'retention.ms': '1000' }, true),
        bad: await change(connection, resource, [['set', 'retention.ms', 'long']], true),
        after: await valuesOf(connection, resource, ['retention.ms']),
      };
    }),
  },
  {
    name: 'changes that can not be are refused',
    apis: ['IncrementalAlterConfigs'],
    shows: {
      'unknown name': 'INVALID_CONFIG',
      'unknown name deleted': 'NONE',
      'unknown name appended to': 'INVALID_CONFIG',
      malformed: 'INVALID_CONFIG',
      'out of range': 'INVALID_CONFIG',
      'not among the choices': 'INVALID_CONFIG',
      'no choice': 'NONE',
      'choice twice': 'NONE',
      'no value': 'INVALID_REQUEST',
      'append without value': 'INVALID_REQUEST',
      'append to a number': 'INVALID_CONFIG',
      'subtract from a number': 'INVALID_CONFIG',
      'append a bad choice': 'INVALID_CONFIG',
      'subtract all': 'NONE',
      'one name twice': 'INVALID_REQUEST',
      nothing: 'NONE',
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const connection = await cluster.leader(topic);
      const resource = topicResource(topic);
      const ask = (...changes: Change[]) => change(connection, resource, changes);
      return {
        'unknown name': await ask(['set', 'no.such.configuration', '1']),
        'unknown name deleted': await ask(['delete', 'no.such.configuration']),
        'unknown name appended to': await ask(['append', 'no.such.configuration', '1']),
        malformed: await ask(['set', 'retention.ms', 'long']),
        'out of range': await ask(['set', 'min.insync.replicas', '0']),
        'not among the choices': await ask(['set', 'cleanup.policy', 'burn']),
        'no choice': await ask(['set', 'cleanup.policy', '']),
        'choice twice': await ask(['set', 'cleanup.policy', 'delete,delete']),
        'no value': await ask(['set', 'retention.ms', null]),
        'append without value': await ask(['append', 'cleanup.policy', null]),
        'append to a number': await ask(['append', 'retention.ms', '1']),
        'subtract from a number': await ask(['subtract', 'retention.ms', '1']),
        'append a bad choice': await ask(['append', 'cleanup.policy', 'burn']),
        'subtract all': await ask(['subtract', 'cleanup.policy', 'delete']),
        'one name twice': await ask(['set', 'retention.ms', '1'], ['delete', 'retention.ms']),
        nothing: await ask(),
      };
    }),
  },
  {
    name: 'an operation on a configuration that there is not is refused',
    apis: ['IncrementalAlterConfigs'],
    shows: new ListedDifference('an operation of `IncrementalAlterConfigs` that there is not', {
      embedded: 'INVALID_CONFIG',
      kafka: 'UNKNOWN_SERVER_ERROR',
    }),
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      return await change(await cluster.leader(topic), topicResource(topic), [[9, 'retention.ms', '1']]);
    }),
  },
  {
    name: 'a configuration that no broker has',
    apis: ['IncrementalAlterConfigs'],
    shows: new ListedDifference('broker configurations that are unknown', {
      embedded: 'INVALID_REQUEST',
      kafka: 'NONE',
    }),
    by: raw(async (cluster) => {
      const resource = { resourceType: brokerType, resourceName: '1' };
      return await change(await cluster.any(), resource, [['set', 'no.such.configuration', '1']], true);
    }),
  },
  {
    name: "a broker's configuration changes while it runs, with the value before as its synonym",
    apis: ['IncrementalAlterConfigs', 'DescribeConfigs'],
    shows: { set: 'NONE', described: ['0.8', 3, false], synonyms: ['0.8 3', '0.9 5'], ofAll: ['0.8'] },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const brokers = { resourceType: brokerType, resourceName: '' };
      const one = { resourceType: brokerType, resourceName: '1' };
      const name = 'log.cleaner.io.buffer.load.factor';
      scope.defer(() => change(connection, brokers, [['delete', name]]));
      const set = await change(connection, brokers, [['set', name, '0.8']]);
      const first = await cluster.broker(1);
      const described = await settled(
        async () => (await describe(first, one, [name])).configs[0],
        (config) => config?.value === '0.8',
      );
      const ofAll = (await describe(first, brokers, [name])).configs.map((config) => config.value);
      const synonyms = described?.synonyms.map((each) => `${each.value} ${each.source}`);
      return { set, described: [described?.value, described?.configSource, described?.readOnly], synonyms, ofAll };
    }),
  },
  {
    name: 'resources that can not be changed are refused',
    apis: ['IncrementalAlterConfigs'],
    shows: {
      'absent topic': 'UNKNOWN_TOPIC_OR_PARTITION',
      'absent broker': 'INVALID_REQUEST',
      'no broker': 'INVALID_REQUEST',
      'read-only name of a broker': 'INVALID_REQUEST',
      'malformed value of a broker': 'INVALID_REQUEST',
      'subscription without name': 'INVALID_REQUEST',
      'unknown name of a subscription': 'INVALID_REQUEST',
      'bad pattern of a subscription': 'INVALID_CONFIG',
      'bad interval of a subscription': 'INVALID_REQUEST',
      'group without name': 'INVALID_REQUEST',
      'unknown name of a group': 'INVALID_CONFIG',
      'out of range for a group': 'INVALID_CONFIG',
      'unknown type': 'INVALID_REQUEST',
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const ask = (resourceType: number, resourceName: string, ...changes: Change[]) =>
        change(connection, { resourceType, resourceName }, changes);
      return {
        'absent topic': await ask(topicType, scope.name('absent'), ['set', 'retention.ms', '1000']),
        'absent broker': await ask(brokerType, '77', ['set', 'log.retention.ms', '1000']),
        'no broker': await ask(brokerType, 'one', ['set', 'log.retention.ms', '1000']),
        'read-only name of a broker': await ask(brokerType, '1', ['set', 'node.id', '5']),
        'malformed value of a broker': await ask(brokerType, '1', ['set', 'log.retention.ms', 'long']),
        'subscription without name': await ask(clientMetrics, '', ['set', 'interval.ms', '1000']),
        'unknown name of a subscription': await ask(clientMetrics, scope.name('s'), ['set', 'no.such', '1']),
        'bad pattern of a subscription': await ask(clientMetrics, scope.name('s'), ['set', 'match', 'x']),
        'bad interval of a subscription': await ask(clientMetrics, scope.name('s'), ['set', 'interval.ms', '1']),
        'group without name': await ask(group, '', ['set', 'consumer.session.timeout.ms', '50000']),
        'unknown name of a group': await ask(group, scope.name('g'), ['set', 'no.such', '1']),
        'out of range for a group': await ask(group, scope.name('g'), ['set', 'consumer.session.timeout.ms', '1']),
        'unknown type': await ask(77, 'x', ['set', 'retention.ms', '1000']),
      };
    }),
  },
  {
    name: 'AlterConfigs replaces all that a topic sets',
    apis: ['AlterConfigs', 'DescribeConfigs'],
    shows: {
      replaced: 'NONE',
      after: { 'retention.ms': ['3000', 1], 'segment.ms': ['604800000', 5] },
      emptied: 'NONE',
      none: { 'retention.ms': ['604800000', 5], 'segment.ms': ['604800000', 5] },
      unknown: 'INVALID_CONFIG',
      malformed: 'INVALID_CONFIG',
      'no value': 'INVALID_REQUEST',
      'absent topic': 'UNKNOWN_TOPIC_OR_PARTITION',
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ configuration: { 'retention.ms': '1000', 'segment.ms': '2000' } });
      const connection = await cluster.leader(topic);
      const resource = topicResource(topic);
      const replaced = await replace(connection, resource, { 'retention.ms': '3000' });
      const after = await settled(
        () => valuesOf(connection, resource, ['retention.ms', 'segment.ms']),
        (values) => JSON.stringify(values).includes('3000'),
      );
      const emptied = await replace(connection, resource, {});
      const none = await settled(
        () => valuesOf(connection, resource, ['retention.ms', 'segment.ms']),
        (values) => !JSON.stringify(values).includes('3000'),
      );
      return {
        replaced,
        after,
        emptied,
        none,
        unknown: await replace(connection, resource, { 'no.such.configuration': '1' }),
        malformed: await replace(connection, resource, { 'retention.ms': 'long' }),
        'no value': await replace(connection, resource, { 'retention.ms': null }),
        'absent topic': await replace(connection, topicResource(scope.name('absent')), {}),
      };
    }),
  },
];
