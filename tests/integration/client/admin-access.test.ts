/** Who may do what, and how much of it: credentials, ACLs and quotas as an admin sets them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AclBinding, unwrap } from '@millrace/client';
import { settled, startFixture, uniqueName } from './client-fixture.ts';

test('SCRAM credentials: set, described without their secrets, deleted', async (t) => {
  const { admin } = await startFixture(t);
  const user = uniqueName('user');
  unwrap(
    await admin.alterScramCredentials([
      { user, mechanism: 'SCRAM-SHA-256', password: 'secret' },
      { user, mechanism: 'SCRAM-SHA-512', password: 'secret', iterations: 4_096 },
    ]),
  );
  const credentials = [
    { mechanism: 'SCRAM-SHA-256', iterations: 8_192 },
    { mechanism: 'SCRAM-SHA-512', iterations: 4_096 },
  ];
  const nobody = uniqueName('nobody');
  const [described, unknown] = await settled(
    () => admin.describeScramCredentials([user, nobody]),
    ([first]) => first?.error === undefined && first?.credentials.length === 2,
  );
  assert.deepEqual(described, { user, credentials });
  assert.equal(unknown?.error?.errorName, 'RESOURCE_NOT_FOUND');
  assert.ok(unwrap(await admin.describeScramCredentials()).some((each) => each.user === user));
  const [few] = await admin.alterScramCredentials([
    { user: uniqueName('user'), mechanism: 'SCRAM-SHA-256', password: 'x', iterations: 100 },
  ]);
  assert.equal(few?.error?.errorName, 'UNACCEPTABLE_CREDENTIAL');
  unwrap(await admin.alterScramCredentials([{ user, mechanism: 'SCRAM-SHA-256', delete: true }]));
  const [again] = await admin.alterScramCredentials([{ user, mechanism: 'SCRAM-SHA-256', delete: true }]);
  assert.equal(again?.error?.errorName, 'RESOURCE_NOT_FOUND');
});

test('ACLs: created, found by what they apply to, deleted by filters', async (t) => {
  const { admin } = await startFixture(t, { authorizer: true });
  const name = uniqueName('acl');
  const principal = `User:${name}`;
  const base = { resourceType: 'topic', principal, host: '*', permission: 'allow' } as const;
  const literal: AclBinding = { ...base, resourceName: `${name}.a`, patternType: 'literal', operation: 'read' };
  const prefixed: AclBinding = { ...base, resourceName: name, patternType: 'prefixed', operation: 'describe-configs' };
  const deny: AclBinding = { ...literal, operation: 'write', permission: 'deny', host: '10.0.0.1' };
  assert.deepEqual(await admin.createAcls([literal, prefixed, deny]), [literal, prefixed, deny]);
  unwrap(await admin.createAcls([literal]));
  const sorted = (acls: readonly AclBinding[]): AclBinding[] =>
    [...acls].sort((left, right) => (left.operation < right.operation ? -1 : 1));
  const own = (count: number): Promise<AclBinding[]> =>
    settled(
      () => admin.describeAcls({ principal }),
      (acls) => acls.length === count,
    );
  assert.deepEqual(sorted(await own(3)), sorted([literal, prefixed, deny]));
  const matching = await admin.describeAcls({
    resourceType: 'topic',
    resourceName: `${name}.a`,
    patternType: 'match',
    principal,
  });
  assert.deepEqual(sorted(matching), sorted([literal, prefixed, deny]));
  assert.deepEqual(await admin.describeAcls({ principal, resourceName: `${name}.a`, operation: 'read' }), [literal]);
  const filters = [{ principal, permission: 'deny' }, { principal: `${principal}-other` }] as const;
  const results = unwrap(await admin.deleteAcls(filters));
  assert.deepEqual(results, [
    { filter: filters[0], deleted: [deny] },
    { filter: filters[1], deleted: [] },
  ]);
  assert.deepEqual(sorted(await own(2)), sorted([literal, prefixed]));
  unwrap(await admin.deleteAcls([{ principal }]));
  assert.deepEqual(await own(0), []);
});

test('client quotas: set for a user, a client and the default, described by filter, removed', async (t) => {
  const { admin } = await startFixture(t);
  const user = uniqueName('user');
  const pair = { user, 'client-id': 'batch' };
  unwrap(
    await admin.alterClientQuotas([
      { entity: { user }, set: { producer_byte_rate: 1_000_000, consumer_byte_rate: 2_000_000 } },
      { entity: pair, set: { request_percentage: 12.5 } },
    ]),
  );
  const own = (count: number) =>
    settled(
      () => admin.describeClientQuotas({ user: { name: user } }),
      (entries) => entries.length === count,
    );
  const byUser = await own(2);
  assert.deepEqual(
    byUser.sort((left, right) => Object.keys(left.entity).length - Object.keys(right.entity).length),
    [
      { entity: { user }, quotas: { consumer_byte_rate: 2_000_000, producer_byte_rate: 1_000_000 } },
      { entity: pair, quotas: { request_percentage: 12.5 } },
    ],
  );
  const strict = await settled(
    () => admin.describeClientQuotas({ user: { name: user }, strict: true }),
    (entries) => entries.length === 1,
  );
  assert.deepEqual(
    strict.map(({ entity }) => entity),
    [{ user }],
  );
  const [invalid] = await admin.alterClientQuotas([{ entity: { user }, set: { no_such_quota: 1 } }]);
  assert.ok(invalid?.error !== undefined);
  const dry = { entity: { user: null }, set: { producer_byte_rate: 5 } };
  unwrap(await admin.alterClientQuotas([dry], { validateOnly: true }));
  assert.deepEqual(await admin.describeClientQuotas({ user: 'default', strict: true }), []);
  unwrap(
    await admin.alterClientQuotas([
      { entity: { user }, remove: ['producer_byte_rate', 'consumer_byte_rate'] },
      { entity: pair, remove: ['request_percentage'] },
    ]),
  );
  assert.deepEqual(await own(0), []);
});
