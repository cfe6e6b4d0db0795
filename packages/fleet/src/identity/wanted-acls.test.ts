import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '@millrace/api/declared';
import { declaredFleet } from './testing/declared-fleet.ts';
import { aclText, wantedAcls } from './wanted-acls.ts';
import { wantedQuotas } from './wanted-quotas.ts';

const orders: Application = {
  name: 'orders',
  team: 'shop',
  uses: [
    { cluster: 'east', topic: 'orders.placed', role: 'producer', transactionalIds: ['orders-*', 'one'] },
    { cluster: 'east', topic: 'stock.*', role: 'consumer' },
    { cluster: 'west', topic: '*', role: 'consumer', groups: ['audit'] },
  ],
};

function texts(fleet: Parameters<typeof wantedAcls>[0], options?: Parameters<typeof wantedAcls>[1]): object {
  const wanted = wantedAcls(fleet, options);
  return Object.fromEntries([...wanted].map(([cluster, entries]) => [cluster, entries.map(({ acl }) => aclText(acl))]));
}

test('what an application uses becomes equal rights for both of its users, and none to create anything', () => {
  const wanted = texts(declaredFleet({ application: [orders] }));
  const ofSlot = (principal: string) => ({
    east: {
      producer: [
        `${principal} may write topic orders.placed`,
        `${principal} may describe topic orders.placed`,
        `${principal} may write transactional-id orders-*`,
        `${principal} may describe transactional-id orders-*`,
        `${principal} may write transactional-id one`,
        `${principal} may describe transactional-id one`,
      ],
      consumer: [
        `${principal} may read topic stock.*`,
        `${principal} may describe topic stock.*`,
        `${principal} may read group orders`,
        `${principal} may describe group orders`,
        `${principal} may read group orders.*`,
        `${principal} may describe group orders.*`,
      ],
    },
    west: [
      `${principal} may read topic *`,
      `${principal} may describe topic *`,
      `${principal} may read group audit`,
      `${principal} may describe group audit`,
    ],
  });
  const [a, b] = [ofSlot('User:orders.a'), ofSlot('User:orders.b')];
  assert.deepEqual(wanted, {
    east: [...a.east.producer, ...b.east.producer, ...a.east.consumer, ...b.east.consumer],
    west: [...a.west, ...b.west],
  });
});

test('a name with a star at its end is a prefix, a star alone is all names', () => {
  const wanted = wantedAcls(declaredFleet({ application: [orders] }));
  const patterns = (cluster: string) =>
    wanted
      .get(cluster)
      ?.filter(({ acl }) => acl.resourceType === 'topic' && acl.operation === 'read')
      .map(({ acl }) => [acl.patternType, acl.resourceName]);
  assert.deepEqual(patterns('east'), [
    ['prefixed', 'stock.'],
    ['prefixed', 'stock.'],
  ]);
  assert.deepEqual(patterns('west'), [
    ['literal', '*'],
    ['literal', '*'],
  ]);
});

test('old brokers want a right of its own for idempotent producers', () => {
  const wanted = texts(declaredFleet({ application: [orders] }), {
    needsIdempotentWrite: (cluster) => cluster === 'east',
  });
  const asked = Object.entries(wanted).map(([cluster, acls]) => [
    cluster,
    (acls as string[]).filter((acl) => acl.includes('idempotent')),
  ]);
  assert.deepEqual(Object.fromEntries(asked), {
    east: [
      'User:orders.a may idempotent-write cluster kafka-cluster',
      'User:orders.b may idempotent-write cluster kafka-cluster',
    ],
    west: [],
  });
});

test('declared principals have the same rights, and what several reasons ask for is there once', () => {
  const uses = [{ cluster: 'east', topic: 'orders.placed', role: 'producer' as const }];
  const fleet = declaredFleet({
    application: [{ ...orders, uses, principals: ['User:CN=orders'] }],
    acl: [
      {
        cluster: 'east',
        principal: 'User:CN=orders',
        operation: 'write',
        resourceType: 'topic',
        resourceName: 'orders.placed',
      },
    ],
  });
  const wanted = wantedAcls(fleet).get('east') ?? [];
  assert.equal(wanted.length, 6);
  const shared = wanted.filter(({ because }) => because.length > 1);
  assert.deepEqual(
    shared.map(({ acl, because }) => [aclText(acl), because]),
    [['User:CN=orders may write topic orders.placed', ['orders produces to orders.placed', 'declared']]],
  );
});

test('who is shut out is denied everything there is', () => {
  const shutOut = new Map([['User:orders.a', new Set(['east'])]]);
  assert.deepEqual(texts(declaredFleet({}), { shutOut }), {
    east: ['topic *', 'group *', 'transactional-id *', 'cluster kafka-cluster', 'delegation-token *', 'user *'].map(
      (what) => `User:orders.a may not do anything to ${what}`,
    ),
  });
});

test('a quota of an application is that of each of its users, others are as declared', () => {
  const limits = { producer_byte_rate: 1000 };
  const fleet = declaredFleet({
    application: [orders],
    quota: [
      { cluster: 'east', user: 'orders', clientId: '<default>', limits },
      { cluster: 'east', user: 'legacy', limits },
      { cluster: 'west', user: 'orders.b', limits: { consumer_byte_rate: 5 } },
      { cluster: 'west', user: 'orders', limits },
      { cluster: 'west', user: '<default>', limits },
    ],
  });
  assert.deepEqual(Object.fromEntries(wantedQuotas(fleet)), {
    east: [
      { entity: { user: 'orders.a', 'client-id': null }, quotas: limits },
      { entity: { user: 'orders.b', 'client-id': null }, quotas: limits },
      { entity: { user: 'legacy' }, quotas: limits },
    ],
    west: [
      { entity: { user: 'orders.b' }, quotas: { consumer_byte_rate: 5 } },
      { entity: { user: 'orders.a' }, quotas: limits },
      { entity: { user: null }, quotas: limits },
    ],
  });
});
