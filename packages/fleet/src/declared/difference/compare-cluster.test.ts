import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Topic } from '@millrace/api/declared';
import type { AclBinding } from '@millrace/client';
import type { ClusterState, TopicState } from './cluster-state.ts';
import { compareCluster, type WantedCluster } from './compare-cluster.ts';

const state = (over: Partial<ClusterState> = {}): ClusterState => {
  return { brokers: 3, topics: new Map(), mirrors: [], acls: [], quotas: [], ...over };
};
const wanted = (over: Partial<WantedCluster> = {}): WantedCluster => {
  return { topics: [], acls: [], quotas: [], doomed: { topics: [], acls: [], quotas: [] }, ...over };
};
const topic = (over: Partial<Topic> = {}): Topic => ({ name: 'orders', cluster: 'east', partitions: 6, ...over });
const there = (over: Partial<TopicState> = {}) => {
  return state({ topics: new Map([['orders', { partitions: 6, replicas: 3, configs: {}, ...over }]]) });
};
const readOrders: AclBinding = {
  resourceType: 'topic',
  resourceName: 'orders',
  patternType: 'literal',
  principal: 'User:shop',
  host: '*',
  operation: 'read',
  permission: 'allow',
};

test('fewer partitions and another number of replicas are refused with what to do', () => {
  const few = compareCluster('east', wanted({ topics: [topic({ partitions: 4, replicas: 2 })] }), there());
  assert.deepEqual(
    few.refused.map(({ subject, message }) => `${subject} ${message}`),
    [
      'topic east/orders has 6 partitions and is declared with 4: Kafka takes none away; declare 6, or make another ' +
        'topic and move to it',
      'topic east/orders has 3 replicas and is declared with 2: that takes a reassignment of its partitions; do that ' +
        'first, or declare 3',
    ],
  );
  const many = compareCluster('east', wanted({ topics: [topic({ replicas: 4 })] }), state());
  assert.match(many.refused[0]?.message ?? '', /declared with 4 replicas, and east has 3 brokers/);
  const unsaid = compareCluster('east', wanted({ topics: [topic({})] }), there());
  assert.deepEqual(unsaid.refused, []);
});

test('partitions are added, and settings set and unset to what is declared', () => {
  const declared = topic({ partitions: 8, configs: { 'segment.ms': 1000, 'max.message.bytes': '5' } });
  const found = there({ configs: { 'segment.ms': '1000', 'max.message.bytes': '4', 'flush.ms': '7' } });
  const { partitionsToAdd, settingsToChange } = compareCluster('east', wanted({ topics: [declared] }), found);
  assert.deepEqual(partitionsToAdd, [{ topic: 'orders', from: 6, to: 8 }]);
  assert.deepEqual(settingsToChange, [
    {
      topic: 'orders',
      changes: [
        { name: 'max.message.bytes', from: '4', to: '5' },
        { name: 'flush.ms', from: '7', to: null },
      ],
      mayDropRecords: false,
    },
  ]);
});

test('settings that mean the same are no difference', () => {
  const declared = topic({ configs: { 'cleanup.policy': 'delete,compact', preallocate: true } });
  const found = there({ configs: { 'cleanup.policy': 'compact, delete', preallocate: 'TRUE' } });
  assert.deepEqual(compareCluster('east', wanted({ topics: [declared] }), found).settingsToChange, []);
});

test('a change after which Kafka may delete records that it keeps now is known as one', () => {
  const drops = (from: Record<string, string>, to: Record<string, string>): boolean | undefined => {
    const topics = [topic({ configs: to })];
    return compareCluster('east', wanted({ topics }), there({ configs: from })).settingsToChange[0]?.mayDropRecords;
  };
  assert.equal(drops({ 'retention.ms': '1000' }, { 'retention.ms': '2000' }), false);
  assert.equal(drops({ 'retention.ms': '2000' }, { 'retention.ms': '1000' }), true);
  assert.equal(drops({ 'retention.ms': '-1' }, { 'retention.ms': '1000' }), true);
  assert.equal(drops({ 'retention.ms': '1000' }, { 'retention.ms': '-1' }), false);
  assert.equal(drops({ 'retention.bytes': '1000' }, {}), true);
  assert.equal(drops({}, { 'cleanup.policy': 'compact' }), true);
  assert.equal(drops({ 'cleanup.policy': 'compact,delete' }, { 'cleanup.policy': 'compact' }), false);
  assert.equal(drops({}, { 'segment.ms': '1000' }), false);
});

test('what nobody declared is told, and goes only when it is named', () => {
  const found: ClusterState = {
    ...there(),
    acls: [readOrders],
    quotas: [{ entity: { user: 'guest' }, quotas: { producer_byte_rate: 1 } }],
  };
  const told = compareCluster('east', wanted(), found);
  assert.deepEqual(told.unmanaged, { topics: ['orders'], acls: found.acls, quotas: found.quotas });
  assert.deepEqual([told.topicsToDelete, told.aclsToDelete, told.quotasToSet], [[], [], []]);
  const doomed = { topics: ['orders'], acls: [readOrders], quotas: [{ user: 'guest' }] };
  const named = compareCluster('east', wanted({ doomed }), found);
  assert.deepEqual(named.unmanaged, { topics: [], acls: [], quotas: [] });
  assert.deepEqual(named.topicsToDelete, [{ name: 'orders', partitions: 6, replicas: 3, configs: {} }]);
  assert.deepEqual(named.aclsToDelete, [readOrders]);
  assert.deepEqual(named.quotasToSet, [{ entity: { user: 'guest' }, from: { producer_byte_rate: 1 }, to: {} }]);
});

test('an ACL that still follows from something is not deleted although it is named', () => {
  const acls = [{ acl: readOrders, because: ['shop consumes orders'] }];
  const doomed = { topics: [], acls: [readOrders], quotas: [] };
  const { aclsToDelete, aclsToCreate } = compareCluster(
    'east',
    wanted({ acls, doomed }),
    state({ acls: [readOrders] }),
  );
  assert.deepEqual([aclsToDelete, aclsToCreate], [[], []]);
});

test('a cluster without an authorizer is told not to get its ACLs, and gets all else', () => {
  const acls = [{ acl: readOrders, because: ['it is declared'] }];
  const found = state({ acls: undefined, aclsProblem: 'it has no authorizer' });
  const { unmet, aclsToCreate, topicsToCreate } = compareCluster('east', wanted({ acls, topics: [topic()] }), found);
  assert.deepEqual(unmet, ['cluster east does not get the 1 ACLs that are declared: it has no authorizer']);
  assert.deepEqual([aclsToCreate.length, topicsToCreate.length], [0, 1]);
});

test('quotas are set where they differ in any limit', () => {
  const quotas = [
    { entity: { user: 'a' }, quotas: { producer_byte_rate: 1 } },
    { entity: { user: 'b', 'client-id': null }, quotas: { request_percentage: 50 } },
  ];
  const found = [
    { entity: { user: 'a' }, quotas: { producer_byte_rate: 1, consumer_byte_rate: 2 } },
    { entity: { 'client-id': null, user: 'b' }, quotas: { request_percentage: 50 } },
  ];
  const { quotasToSet, unmanaged } = compareCluster('east', wanted({ quotas }), state({ quotas: found }));
  const from = { producer_byte_rate: 1, consumer_byte_rate: 2 };
  assert.deepEqual(quotasToSet, [{ entity: { user: 'a' }, from, to: { producer_byte_rate: 1 } }]);
  assert.deepEqual(unmanaged.quotas, []);
});
