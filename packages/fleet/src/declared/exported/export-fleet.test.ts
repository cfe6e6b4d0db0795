import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AclBinding } from '@millrace/client';
import { declaredFleetOf } from '../declared-lists.ts';
import type { ClusterState } from '../difference/cluster-state.ts';
import type { Look } from '../difference/fleet-difference.ts';
import { aFleet } from '../testing/a-fleet.ts';
import { recordAccess, type WantedAccess } from '../wanted-access.ts';
import { exportFleet } from './export-fleet.ts';
import { writeFleetFile } from './write-fleet-file.ts';

const fleet = declaredFleetOf(aFleet());
const topic = (partitions: number, configs: Record<string, string> = {}) => ({ partitions, replicas: 3, configs });
const allow = (principal: string, operation: AclBinding['operation']): AclBinding => {
  return { principal, operation, resourceType: 'topic', resourceName: 'orders', ...anyHost };
};
const anyHost = { patternType: 'literal', host: '*', permission: 'allow' } as const;

function exported(state: Partial<ClusterState>, access: WantedAccess = recordAccess) {
  const look: Look = { state: { brokers: 3, topics: new Map(), mirrors: [], acls: [], quotas: [], ...state } };
  return exportFleet(fleet, new Map([['east', look]]), access);
}

test('topics are as they are there, with what only the record knows, and what is otherwise declared is said', () => {
  const topics = new Map([
    ['__consumer_offsets', topic(50)],
    ['millrace.schemas', topic(1)],
    ['orders', topic(24, { 'segment.ms': '5', 'retention.ms': '86400000' })],
    ['a', topic(1)],
  ]);
  assert.deepEqual(exported({ topics }).kinds.get('topic'), [
    { spec: { name: 'a', cluster: 'east', partitions: 1, replicas: 3 }, comment: undefined },
    {
      spec: {
        name: 'orders',
        cluster: 'east',
        owner: 'checkout',
        partitions: 24,
        configs: { 'retention.ms': '86400000', 'segment.ms': '5' },
      },
      comment: 'declared with 12 partitions, no segment.ms',
    },
    { spec: { name: 'orders', cluster: 'west', partitions: 1 } },
  ]);
});

test('what is declared and not there stays in the file, with a remark', () => {
  const text = writeFleetFile(exported({}));
  assert.match(text, / {2}# declared, and not there\n {2}- name: orders\n/);
  assert.match(text, / {2}# declared, and not there\n {2}- cluster: east\n {4}principal: User:ops\n/);
});

test('ACLs that follow from what applications use are theirs, and not in the file', () => {
  const access: WantedAccess = {
    ...recordAccess,
    acls: () => new Map([['east', [{ acl: allow('User:shop', 'write'), because: ['shop produces to orders'] }]]]),
  };
  const { kinds } = exported({ acls: [allow('User:shop', 'write'), allow('User:guest', 'read')] }, access);
  assert.deepEqual(
    kinds.get('acl')?.map(({ spec }) => ('principal' in spec ? spec.principal : '')),
    ['User:ops', 'User:guest'],
  );
});

test('a cluster out of reach is as the record has it, and one that tells no ACLs is said to', () => {
  const problem = exportFleet(fleet, new Map([['east', { problem: 'nobody answers' }]]), recordAccess);
  assert.deepEqual(problem.notes, [
    'cluster east was out of reach, so all of it is as the record has it: nobody answers',
  ]);
  assert.equal(problem.kinds.get('topic')?.length, 2);
  const silent = exported({ acls: undefined, aclsProblem: 'it has no authorizer' });
  assert.deepEqual(silent.notes, ['no ACLs of cluster east: it has no authorizer']);
  assert.match(writeFleetFile(silent), /^# no ACLs of cluster east: it has no authorizer$/m);
});

test('quotas are as they are there, defaults included', () => {
  const quotas = [
    { entity: { user: 'guest' }, quotas: { producer_byte_rate: 5 } },
    { entity: { user: null, 'client-id': 'x' }, quotas: { consumer_byte_rate: 1 } },
  ];
  assert.deepEqual(exported({ quotas }).kinds.get('quota'), [
    { spec: { cluster: 'east', user: '<default>', clientId: 'x', limits: { consumer_byte_rate: 1 } } },
    {
      spec: { cluster: 'east', user: 'guest', limits: { producer_byte_rate: 5 } },
      comment: 'declared with {"producer_byte_rate":1000000}',
    },
  ]);
});
