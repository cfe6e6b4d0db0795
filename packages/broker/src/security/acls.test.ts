import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createAcls, deleteAcls, describeAcls, errorCodes } from '@millrace/wire';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { creationOf, type Grant, SecuredCluster } from '../testing/secured-cluster.ts';

let secured: SecuredCluster;

before(async () => {
  secured = await SecuredCluster.start();
});
beforeEach(() => secured.revokeAll());
after(() => secured[Symbol.asyncDispose]());

const read = (name: string, more: Partial<Grant> = {}): Grant => ({ operation: 'Read', type: 'Topic', name, ...more });
const all = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};

async function found(filter: object): Promise<string[]> {
  const { errorCode, resources } = await secured.admin.request(describeAcls, { ...all, ...filter });
  assert.equal(errorCode, errorCodes.NONE);
  return resources.flatMap(({ resourceName, patternType, acls }) =>
    acls.map(({ principal }) => `${resourceName}${patternType === 4 ? '...' : ''} ${principal}`),
  );
}

test('entries are found by every part of them, and by the name that their pattern matches', async () => {
  await secured.grant(read('orders'));
  await secured.grant(read('ord', { prefixed: true, user: 'bob' }));
  await secured.grant(read('*', { user: 'carol', host: '10.0.0.1' }));
  await secured.grant({ operation: 'Write', type: 'Group', name: 'orders', deny: true });
  assert.equal((await found({})).length, 4);
  assert.deepEqual(await found({ resourceTypeFilter: 3 }), ['orders User:alice']);
  assert.deepEqual(await found({ resourceNameFilter: 'orders', resourceTypeFilter: 2 }), ['orders User:alice']);
  assert.deepEqual(await found({ patternTypeFilter: 4 }), ['ord... User:bob']);
  assert.deepEqual(await found({ patternTypeFilter: 3, resourceNameFilter: 'ord' }), []);
  assert.deepEqual(
    (await found({ patternTypeFilter: 2, resourceNameFilter: 'orders', resourceTypeFilter: 2 })).sort(),
    ['* User:carol', 'ord... User:bob', 'orders User:alice'],
  );
  assert.deepEqual(await found({ hostFilter: '10.0.0.1' }), ['* User:carol']);
  assert.deepEqual(await found({ operation: 4 }), ['orders User:alice']);
  assert.deepEqual(await found({ permissionType: 2 }), ['orders User:alice']);
  assert.deepEqual(await found({ principalFilter: 'User:bob' }), ['ord... User:bob']);
});

test('an entry that is created twice is there once, and a filter deletes and names what it matches', async () => {
  for (let round = 0; round < 2; round++) await secured.grant(read('orders'));
  await secured.grant(read('others'));
  assert.equal((await found({})).length, 2);
  const filters = [{ ...all, resourceNameFilter: 'orders' }, { ...all, principalFilter: 'User:nobody' }, all];
  const { filterResults } = await secured.admin.request(deleteAcls, { filters });
  assert.deepEqual(
    filterResults.map(({ matchingAcls }) => matchingAcls.map(({ resourceName }) => resourceName)),
    [['orders'], [], ['orders', 'others']],
  );
  assert.deepEqual(await found({}), []);
});

test('entries that can not be are refused, each for itself', async () => {
  const good = creationOf(read('orders'));
  const creations = [
    { ...good, resourceName: '' },
    { ...good, resourceType: 1 },
    { ...good, resourceType: 99 },
    { ...good, resourcePatternType: 2 },
    { ...good, operation: 1 },
    { ...good, operation: 16 },
    { ...good, permissionType: 1 },
    { ...good, principal: 'alice' },
    { ...good, resourceType: 4, resourceName: 'another-cluster' },
    good,
  ];
  const { results } = await secured.admin.request(createAcls, { creations });
  assert.deepEqual(
    results.map(({ errorCode }) => errorCode),
    [...Array(9).fill(errorCodes.INVALID_REQUEST), errorCodes.NONE],
  );
  const unknown = await secured.admin.request(describeAcls, { ...all, operation: 0 });
  assert.deepEqual([unknown.errorCode, unknown.resources], [errorCodes.NONE, []]);
});

test('entries survive a restart, and deleted ones stay away', async () => {
  await using own = await SecuredCluster.start();
  await own.grant(read('orders'));
  await own.grant(read('gone'));
  await own.admin.request(deleteAcls, { filters: [{ ...all, resourceNameFilter: 'gone' }] });
  await own.fixture.restart();
  using admin = await own.connect('admin');
  const { resources } = await admin.request(describeAcls, all);
  assert.deepEqual(
    resources.map(({ resourceName }) => resourceName),
    ['orders'],
  );
});

test('without an authorizer nobody is refused, and entries are no matter', async () => {
  await using open = await ClusterFixture.start();
  const peer = await open.peer();
  assert.equal((await peer.request(describeAcls, all)).errorCode, errorCodes.SECURITY_DISABLED);
  const created = await peer.request(createAcls, { creations: [creationOf(read('orders'))] });
  assert.equal(created.results[0]?.errorCode, errorCodes.SECURITY_DISABLED);
  const deleted = await peer.request(deleteAcls, { filters: [all] });
  assert.equal(deleted.filterResults[0]?.errorCode, errorCodes.SECURITY_DISABLED);
});

test('where no entry is about a resource a configuration may let everybody use it', async () => {
  await using own = await SecuredCluster.start({ 'allow.everyone.if.no.acl.found': 'true' });
  await own.fixture.createTopic('orders');
  using bob = await own.connect('bob');
  const filter = { ...all };
  assert.equal((await bob.request(describeAcls, filter)).errorCode, errorCodes.NONE);
  await own.grant({ operation: 'Describe', type: 'Cluster', name: 'kafka-cluster' });
  assert.equal((await bob.request(describeAcls, filter)).errorCode, errorCodes.CLUSTER_AUTHORIZATION_FAILED);
});
