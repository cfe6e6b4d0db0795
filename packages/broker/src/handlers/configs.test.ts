/** The handlers that describe and change configuration. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  alterConfigs,
  describeConfigs,
  errorCodes,
  incrementalAlterConfigs,
  listConfigResources,
} from '@millrace/wire';
import { topicDefinitions } from '../configuration/topic-definitions.ts';
import { ClusterFixture } from '../testing/cluster-fixture.ts';

let fixture: ClusterFixture;

before(async () => {
  fixture = await ClusterFixture.start({ configuration: { 'log.retention.ms': '5000' } });
});
after(() => fixture[Symbol.asyncDispose]());

const topicType = 2;
const brokerType = 4;
const [set, unset, append, subtract] = [0, 1, 2, 3] as const;

async function describe(resourceType: number, resourceName: string, names: string[] | null = null) {
  const resources = [{ resourceType, resourceName, configurationKeys: names }];
  const peer = await fixture.peer();
  const answer = await peer.request(describeConfigs, { resources, includeSynonyms: true, includeDocumentation: true });
  assert.ok(answer.results[0]);
  return answer.results[0];
}

async function alter(
  resourceType: number,
  resourceName: string,
  changes: readonly (readonly [name: string, operation: number, value: string | null])[],
) {
  const configs = changes.map(([name, configOperation, value]) => ({ name, configOperation, value }));
  const peer = await fixture.peer();
  const resources = [{ resourceType, resourceName, configs }];
  const answer = await peer.request(incrementalAlterConfigs, { resources, validateOnly: false });
  return answer.responses[0]?.errorCode;
}

test('a topic tells where each of its values comes from', async () => {
  await fixture.createTopic('sourced', { configuration: { 'max.message.bytes': '2000' } });
  const { configs } = await describe(topicType, 'sourced');
  const entry = (name: string) => configs.find((config) => config.name === name);
  assert.deepEqual([entry('max.message.bytes')?.value, entry('max.message.bytes')?.configSource], ['2000', 1]);
  assert.deepEqual([entry('retention.ms')?.value, entry('retention.ms')?.configSource], ['5000', 4]);
  assert.deepEqual([entry('segment.bytes')?.value, entry('segment.bytes')?.configSource], ['1073741824', 5]);
  assert.deepEqual(
    entry('max.message.bytes')?.synonyms.map(({ name }) => name),
    ['max.message.bytes', 'message.max.bytes'],
  );
  assert.match(entry('retention.ms')?.documentation ?? '', /milliseconds/);
});

test('only the names asked for are described', async () => {
  await fixture.createTopic('asked');
  const { configs } = await describe(topicType, 'asked', ['retention.ms']);
  assert.deepEqual(
    configs.map(({ name }) => name),
    ['retention.ms'],
  );
});

test('an absent topic or broker can not be described', async () => {
  assert.equal((await describe(topicType, 'absent')).errorCode, errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal((await describe(brokerType, '17')).errorCode, errorCodes.INVALID_REQUEST);
});

test('a value is set and unset', async () => {
  await fixture.createTopic('altered');
  assert.equal(await alter(topicType, 'altered', [['retention.ms', set, '77']]), 0);
  assert.equal(fixture.cluster.topics.byName('altered')?.settings.retentionMs, 77);
  assert.equal(await alter(topicType, 'altered', [['retention.ms', unset, null]]), 0);
  assert.equal(fixture.cluster.topics.byName('altered')?.settings.retentionMs, 5000);
});

test('elements are appended to a list and subtracted from it', async () => {
  await fixture.createTopic('listed');
  assert.equal(await alter(topicType, 'listed', [['cleanup.policy', append, 'compact']]), 0);
  assert.equal(fixture.cluster.topics.byName('listed')?.configuration.get('cleanup.policy'), 'delete,compact');
  assert.equal(await alter(topicType, 'listed', [['cleanup.policy', subtract, 'delete']]), 0);
  assert.equal(fixture.cluster.topics.byName('listed')?.configuration.get('cleanup.policy'), 'compact');
  assert.equal(await alter(topicType, 'listed', [['retention.ms', append, '1']]), errorCodes.INVALID_CONFIG);
});

test('a change with one wrong value changes nothing', async () => {
  await fixture.createTopic('whole');
  const changes = [
    ['retention.ms', set, '99'],
    ['segment.bytes', set, 'large'],
  ] as const;
  assert.equal(await alter(topicType, 'whole', changes), errorCodes.INVALID_CONFIG);
  assert.equal(fixture.cluster.topics.byName('whole')?.settings.retentionMs, 5000);
});

test('a broker-wide default reaches the topics that set none, and survives a restart', async () => {
  await using own = await ClusterFixture.start();
  await own.createTopic('inheriting');
  const peer = await own.peer();
  const configs = [{ name: 'log.retention.ms', configOperation: set, value: '4321' }];
  const resources = [{ resourceType: brokerType, resourceName: '', configs }];
  const answer = await peer.request(incrementalAlterConfigs, { resources, validateOnly: false });
  assert.equal(answer.responses[0]?.errorCode, 0);
  assert.equal(own.cluster.topics.byName('inheriting')?.settings.retentionMs, 4321);
  await own.restart();
  assert.equal(own.cluster.topics.byName('inheriting')?.settings.retentionMs, 4321);
});

test('a broker value that needs a restart can not be changed while it runs', async () => {
  assert.equal(await alter(brokerType, '1', [['num.partitions', set, '9']]), errorCodes.INVALID_REQUEST);
});

test('changes that two clients make at once are both kept', async () => {
  await using own = await ClusterFixture.start({ brokers: 2 });
  await own.createTopic('twice-changed');
  const alter = async (nodeId: number, name: string, value: string) => {
    const configs = [{ name, configOperation: 0, value }];
    const resources = [{ resourceType: 2, resourceName: 'twice-changed', configs }];
    const peer = await own.peer(nodeId);
    return (await peer.request(incrementalAlterConfigs, { resources, validateOnly: false })).responses[0]?.errorCode;
  };
  await own.peer(2);
  const codes = await Promise.all([alter(1, 'retention.ms', '5000'), alter(2, 'segment.bytes', '6000')]);
  assert.deepEqual(codes, [0, 0]);
  assert.deepEqual([...(own.cluster.topics.byName('twice-changed')?.configuration ?? [])].sort(), [
    ['retention.ms', '5000'],
    ['segment.bytes', '6000'],
  ]);
});

test('a broker that is not there can not be configured', async () => {
  await using own = await ClusterFixture.start();
  const configs = [{ name: 'log.retention.ms', configOperation: 0, value: '5000' }];
  const resources = [{ resourceType: 4, resourceName: '9', configs }];
  const answer = await (await own.peer()).request(incrementalAlterConfigs, { resources, validateOnly: false });
  assert.equal(answer.responses[0]?.errorCode, errorCodes.INVALID_REQUEST);
});

test('AlterConfigs replaces what a resource sets', async () => {
  await using own = await ClusterFixture.start();
  await own.createTopic('replaced', { configuration: { 'retention.ms': '1', 'segment.bytes': '5000' } });
  const peer = await own.peer();
  const replace = async (type: number, name: string, values: Record<string, string | null>, validateOnly = false) => {
    const configs = Object.entries(values).map(([key, value]) => ({ name: key, value }));
    const resources = [{ resourceType: type, resourceName: name, configs }];
    return (await peer.request(alterConfigs, { resources, validateOnly })).responses[0]?.errorCode;
  };
  const topic = () => Object.fromEntries(own.cluster.topics.byName('replaced')?.configuration ?? []);
  assert.equal(await replace(topicType, 'replaced', { 'retention.ms': '2' }, true), 0);
  assert.deepEqual(topic(), { 'retention.ms': '1', 'segment.bytes': '5000' }, 'what is only validated is not done');
  assert.equal(await replace(topicType, 'replaced', { 'retention.ms': '2' }), 0);
  assert.deepEqual(topic(), { 'retention.ms': '2' });
  assert.equal(await replace(topicType, 'replaced', { 'retention.ms': null }), errorCodes.INVALID_REQUEST);
  assert.equal(await replace(topicType, 'replaced', { 'no.such': '1' }), errorCodes.INVALID_CONFIG);
  assert.equal(await replace(topicType, 'absent', {}), errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await replace(brokerType, '', { 'log.retention.ms': '77', 'max.connections': '99' }), 0);
  assert.equal(await replace(brokerType, '', { 'log.retention.ms': '78' }), 0);
  assert.deepEqual(Object.fromEntries(own.cluster.configuration.dynamic), { 'log.retention.ms': '78' });
  assert.equal(await replace(brokerType, '', { 'num.partitions': '3' }), errorCodes.INVALID_REQUEST);
  assert.equal(await replace(3, 'x', {}), errorCodes.INVALID_REQUEST);
});

test('requests that name a resource or a configuration twice, or null values, are refused', async () => {
  await fixture.createTopic('twice');
  const peer = await fixture.peer();
  const resource = (...values: (string | null)[]) => ({
    resourceType: topicType,
    resourceName: 'twice',
    configs: values.map((value) => ({ name: 'retention.ms', configOperation: set, value })),
  });
  const codes = async (...resources: ReturnType<typeof resource>[]) =>
    (await peer.request(incrementalAlterConfigs, { resources, validateOnly: false })).responses.map(
      ({ errorCode }) => errorCode,
    );
  const { INVALID_REQUEST } = errorCodes;
  assert.deepEqual(await codes(resource('1'), resource('2')), [INVALID_REQUEST, INVALID_REQUEST]);
  assert.deepEqual(await codes(resource('1', '2')), [INVALID_REQUEST]);
  assert.deepEqual(await codes(resource(null)), [INVALID_REQUEST]);
  assert.equal(fixture.cluster.topics.byName('twice')?.configuration.size, 0);
});

test('a topic describes all that Kafka 4.1 lets one configure', async () => {
  await fixture.createTopic('full');
  const { configs } = await describe(topicType, 'full', []);
  assert.equal(configs.length, topicDefinitions.length);
  assert.equal(configs.length, 33);
  for (const { name, documentation } of configs) assert.ok((documentation ?? '').length > 20, name);
  for (const name of ['compression.zstd.level', 'remote.log.copy.disable', 'local.retention.ms']) {
    assert.ok(configs.some((config) => config.name === name));
  }
});

test('the brokers together describe what was set while they run, and have no loggers', async () => {
  await using own = await ClusterFixture.start();
  const peer = await own.peer();
  const ask = async (resourceType: number, resourceName: string) => {
    const resources = [{ resourceType, resourceName, configurationKeys: null }];
    return (await peer.request(describeConfigs, { resources, includeSynonyms: false, includeDocumentation: false }))
      .results[0];
  };
  assert.deepEqual((await ask(brokerType, ''))?.configs, []);
  const configs = [{ name: 'max.connections', configOperation: set, value: '500' }];
  const resources = [{ resourceType: brokerType, resourceName: '', configs }];
  await peer.request(incrementalAlterConfigs, { resources, validateOnly: false });
  const described = (await ask(brokerType, ''))?.configs;
  assert.deepEqual(
    described?.map(({ name, value, configSource }) => [name, value, configSource]),
    [['max.connections', '500', 3]],
  );
  const loggerType = 8;
  assert.deepEqual([(await ask(loggerType, '1'))?.errorCode, (await ask(loggerType, '1'))?.configs], [0, []]);
  assert.equal((await ask(loggerType, ''))?.errorCode, errorCodes.INVALID_REQUEST);
});

test('what has a configuration is listed by type', async () => {
  await using own = await ClusterFixture.start({ brokers: 2 });
  await own.createTopic('listed');
  const peer = await own.peer();
  const list = async (...types: number[]) => {
    const answer = await peer.request(listConfigResources, { resourceTypes: types });
    return answer.configResources.map(({ resourceName, resourceType }) => `${resourceType} ${resourceName}`).sort();
  };
  assert.deepEqual(await list(topicType), ['2 listed']);
  assert.deepEqual(await list(), ['2 listed', '4 1', '4 2', '8 1', '8 2']);
  const refused = await peer.request(listConfigResources, { resourceTypes: [99] });
  assert.equal(refused.errorCode, errorCodes.UNSUPPORTED_VERSION);
});
