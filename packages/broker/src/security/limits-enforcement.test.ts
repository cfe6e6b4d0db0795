/**
 * Quotas, clients' metrics and configuration are for those whom access control entries allow; throttling is by user.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  alterClientQuotas,
  alterConfigs,
  describeClientQuotas,
  describeConfigs,
  errorCodes,
  getTelemetrySubscriptions,
  incrementalAlterConfigs,
  listConfigResources,
  listGroups,
  produce,
} from '@millrace/wire';
import { batchOf } from '../testing/cluster-fixture.ts';
import { SecuredCluster } from '../testing/secured-cluster.ts';

const cluster = 'kafka-cluster';
const [topicType, brokerType, loggerType, clientMetricsType, groupType] = [2, 4, 8, 16, 32];
const { CLUSTER_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED } = errorCodes;
let secured: SecuredCluster;

before(async () => {
  secured = await SecuredCluster.start({ 'quota.window.num': '2' });
  await secured.fixture.createTopic('orders');
});
beforeEach(() => secured.revokeAll());
after(() => secured[Symbol.asyncDispose]());

test('quotas are described and altered by those who may do so to the cluster', async () => {
  const describe = async () => {
    const { errorCode, entries } = await secured.alice.request(describeClientQuotas, { components: [], strict: false });
    return [errorCode, entries];
  };
  const quota = {
    entity: [{ entityType: 'user', entityName: 'bob' }],
    ops: [{ key: 'producer_byte_rate', value: 1e9, remove: false }],
  };
  const alter = async () =>
    (await secured.alice.request(alterClientQuotas, { entries: [quota], validateOnly: false })).entries[0]?.errorCode;
  assert.deepEqual(await describe(), [CLUSTER_AUTHORIZATION_FAILED, null]);
  assert.equal(await alter(), CLUSTER_AUTHORIZATION_FAILED);
  await secured.grant({ operation: 'DescribeConfigs', type: 'Cluster', name: cluster });
  assert.deepEqual(await describe(), [0, []], 'what was refused is not done');
  assert.equal(await alter(), CLUSTER_AUTHORIZATION_FAILED);
  await secured.grant({ operation: 'AlterConfigs', type: 'Cluster', name: cluster });
  assert.equal(await alter(), 0);
});

test('configuration is altered by those who may do so to the topic, the group or the cluster', async () => {
  const resources: [type: number, name: string, refusal: number][] = [
    [topicType, 'orders', TOPIC_AUTHORIZATION_FAILED],
    [brokerType, '', CLUSTER_AUTHORIZATION_FAILED],
    [clientMetricsType, 'all', CLUSTER_AUTHORIZATION_FAILED],
    [groupType, 'readers', GROUP_AUTHORIZATION_FAILED],
  ];
  const alter = async () => {
    const named = resources.map(([resourceType, resourceName]) => ({ resourceType, resourceName, configs: [] }));
    const [replaced, changed] = [
      await secured.alice.request(alterConfigs, { resources: named, validateOnly: true }),
      await secured.alice.request(incrementalAlterConfigs, { resources: named, validateOnly: true }),
    ];
    const codes = replaced.responses.map(({ errorCode }) => errorCode);
    assert.deepEqual(
      codes,
      changed.responses.map(({ errorCode }) => errorCode),
    );
    return codes;
  };
  assert.deepEqual(
    await alter(),
    resources.map(([, , refusal]) => refusal),
  );
  await secured.grant({ operation: 'AlterConfigs', type: 'Cluster', name: cluster });
  await secured.grant({ operation: 'AlterConfigs', type: 'Topic', name: 'orders' });
  await secured.grant({ operation: 'AlterConfigs', type: 'Group', name: 'readers' });
  assert.deepEqual(await alter(), [0, 0, 0, 0]);
});

test('configuration is listed and described by those who may describe it', async () => {
  const list = async () => (await secured.alice.request(listConfigResources, { resourceTypes: [] })).errorCode;
  const describe = async (resourceType: number, resourceName: string) => {
    const draft = { includeSynonyms: false, includeDocumentation: false };
    const resources = [{ resourceType, resourceName, configurationKeys: null }];
    return (await secured.alice.request(describeConfigs, { resources, ...draft })).results[0]?.errorCode;
  };
  assert.equal(await list(), CLUSTER_AUTHORIZATION_FAILED);
  assert.equal(await describe(clientMetricsType as number, 'all'), CLUSTER_AUTHORIZATION_FAILED);
  assert.equal(await describe(loggerType as number, '1'), CLUSTER_AUTHORIZATION_FAILED);
  await secured.grant({ operation: 'DescribeConfigs', type: 'Cluster', name: cluster });
  assert.equal(await list(), 0);
  assert.equal(await describe(clientMetricsType as number, 'all'), 0);
  assert.equal(await describe(loggerType as number, '1'), 0);
});

test('everybody may be asked for metrics', async () => {
  const answer = await secured.alice.request(getTelemetrySubscriptions, {
    clientInstanceId: 'AAAAAAAAAAAAAAAAAAAAAA',
  });
  assert.equal(answer.errorCode, 0);
});

test('a quota of a user throttles that user alone', async () => {
  await secured.grant({ operation: 'Write', type: 'Topic', name: 'orders' });
  await secured.grant({ user: 'bob', operation: 'Write', type: 'Topic', name: 'orders' });
  const entity = [{ entityType: 'user', entityName: 'alice' }];
  const ops = [{ key: 'producer_byte_rate', value: 40_000, remove: false }];
  await secured.admin.request(alterClientQuotas, { entries: [{ entity, ops }], validateOnly: false });
  using bob = await secured.connect('bob');
  const send = async (peer: typeof bob) => {
    const records = batchOf({ values: ['x'.repeat(50_000)] });
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }];
    const answer = await peer.request(produce, { acks: 1, timeoutMs: 1000, topicData }, 12);
    assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, 0);
    return answer.throttleTimeMs;
  };
  assert.ok((await send(secured.alice)) > 0);
  assert.equal(await send(bob), 0);
  assert.ok(await bob.request(listGroups, {}));
});
