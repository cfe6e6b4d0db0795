import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayAnywhere, type Permission, type Principal, type RoleName, rolePermissions } from '@millrace/api';
import { mayOn, requireOn } from './may-on.ts';

const somebody = (role: RoleName, ...teams: Principal['teams']): Principal => ({
  kind: 'user',
  name: 'ann',
  role,
  teams,
});
const all = rolePermissions.admin;
const may = (principal: Principal, team?: string): Permission[] =>
  all.filter((each) => mayOn(principal, each, { team }));

test('a role of a team holds for what belongs to that team, and for nothing else', () => {
  const owner = somebody('owner', { name: 'orders', role: 'owner' }, { name: 'search', role: 'member' });
  assert.deepEqual(may(owner, 'orders'), [...rolePermissions.owner]);
  assert.deepEqual(may(owner, 'search'), [...rolePermissions.member]);
  assert.deepEqual(may(owner, 'risk'), ['view']);
  assert.deepEqual(may(owner), ['view']);
});

test('a role without teams may only view, an admin may do everything', () => {
  for (const role of ['viewer', 'member', 'owner'] as const) assert.deepEqual(may(somebody(role), 'orders'), ['view']);
  assert.deepEqual(may(somebody('admin'), 'orders'), [...all]);
  assert.deepEqual(may(somebody('admin')), [...all]);
});

test('who may do something to no object at all may not do it anywhere', () => {
  const principals = [
    somebody('viewer'),
    somebody('member', { name: 'orders', role: 'member' }),
    somebody('owner', { name: 'orders', role: 'owner' }),
    somebody('admin'),
  ];
  for (const principal of principals) {
    for (const permission of all) {
      assert.equal(mayAnywhere(principal, permission), mayOn(principal, permission, { team: 'orders' }));
    }
  }
});

test('a refusal says who may', () => {
  const ann = somebody('member', { name: 'search', role: 'member' });
  assert.throws(() => requireOn(ann, 'change', { team: 'orders' }, 'topic east/orders'), {
    code: 'forbidden',
    message: 'ann may not change topic east/orders; an owner of the team orders, or an admin, may',
  });
  assert.throws(() => requireOn(ann, 'operate', {}, 'cluster east'), { message: /only an admin may$/ });
  requireOn(ann, 'view', { team: 'orders' });
});
