import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KindName, Spec } from '@millrace/api/declared';
import { FleetSnapshot } from '../record/fleet-snapshot.ts';
import { mayReadRecords } from './may-read-records.ts';
import { owningTeam } from './owning-team.ts';

const declared = <K extends KindName>(kind: K, id: string, spec: Spec<K>) => {
  return { kind, id, declared: { kind, id, spec, revision: 1, changedAt: new Date(0) } };
};
const uses = (cluster: string, topic: string, groups?: string[]) => [
  { cluster, topic, role: 'consumer' as const, ...(groups && { groups }) },
];
const fleet = FleetSnapshot.empty.with(1, [
  declared('team', 'orders', { name: 'orders' }),
  declared('topic', 'east/orders', { name: 'orders', cluster: 'east', partitions: 1, owner: 'orders' }),
  declared('topic', 'east/orphan', { name: 'orphan', cluster: 'east', partitions: 1 }),
  declared('connector', 'main/sink', { name: 'sink', connect: 'main', owner: 'orders', config: {} }),
  declared('application', 'shop', { name: 'shop', team: 'orders', uses: uses('east', 'orders') }),
  declared('application', 'risk', { name: 'risk', team: 'risk', uses: uses('east', 'ord*', ['shop.fraud', 'risk*']) }),
  declared('application', 'kiosk', { name: 'kiosk', team: 'orders', uses: uses('east', 'orders', ['risk']) }),
]);

test('topics, applications, connectors and teams belong to a team, all else to the admins', () => {
  for (const [kind, id, team] of [
    ['team', 'orders', 'orders'],
    ['team', 'nobody', undefined],
    ['topic', 'east/orders', 'orders'],
    ['topic', 'east/orphan', undefined],
    ['topic', 'west/orders', undefined],
    ['connector', 'main/sink', 'orders'],
    ['application', 'risk', 'risk'],
    ['cluster', 'east', undefined],
    ['constructor', 'east', undefined],
  ] as const) {
    assert.equal(owningTeam(fleet, kind, id), team, `${kind} ${id}`);
  }
});

test('a group belongs to the application that declares it, by name before by prefix', () => {
  for (const [id, team] of [
    ['east/shop', 'orders'],
    ['east/shop.nightly', 'orders'],
    ['east/shop.fraud', 'risk'],
    ['east/risk-1', 'risk'],
    // Shorter than the prefix that fits, star and all.
    ['east/risk', 'orders'],
    ['east/shopping', undefined],
    ['west/shop', undefined],
    ['shop', undefined],
  ] as const) {
    assert.equal(owningTeam(fleet, 'group', id), team, id);
  }
});

test('a team whose application is declared to consume a topic may read its records, unless restricted', () => {
  const risk = { kind: 'user', name: 'rita', role: 'member', teams: [{ name: 'risk', role: 'member' }] } as const;
  const reader = { ...risk, teams: [...risk.teams] };
  assert.equal(mayReadRecords(reader, fleet, 'east', 'orders'), true);
  assert.equal(mayReadRecords(reader, fleet, 'east', 'orphan'), false);
  const spec = { name: 'orders', cluster: 'east', partitions: 1, owner: 'orders', dataClass: 'restricted' as const };
  const restricted = fleet.with(2, [declared('topic', 'east/orders', spec)]);
  assert.equal(mayReadRecords(reader, restricted, 'east', 'orders'), false);
});
