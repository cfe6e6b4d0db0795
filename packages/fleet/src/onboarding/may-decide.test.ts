import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '@millrace/api';
import type { RequestState } from '@millrace/api/fleet';
import { actionsOf, type DecidedRequest, requireAction } from './may-decide.ts';

const person = (name: string, ...teams: Principal['teams']): Principal => ({
  kind: 'user',
  name,
  role: teams.some(({ role }) => role === 'owner') ? 'owner' : 'member',
  teams,
});
const ann = person('ann', { name: 'pay', role: 'owner' });
const owner = person('bob', { name: 'shop', role: 'owner' });
const member = person('cyd', { name: 'shop', role: 'member' });
const stranger = person('dan', { name: 'else', role: 'owner' });
const viewer: Principal = { kind: 'user', name: 'eve', role: 'viewer', teams: [] };
const admin: Principal = { kind: 'user', name: 'root', role: 'admin', teams: [] };

const waiting: DecidedRequest = {
  state: 'waiting',
  title: 't',
  requester: 'user:ann',
  team: 'pay',
  owner: 'shop',
  proposal: { applications: [] },
};

test('owners of the team that owns the topic decide, and admins', () => {
  const actions = (principal: Principal): string => actionsOf(waiting, principal).join(' ');
  assert.equal(actions(owner), 'approve refuse comment');
  assert.equal(actions(admin), 'approve refuse withdraw comment');
  assert.equal(actions(member), 'comment');
  assert.equal(actions(ann), 'withdraw comment');
  assert.equal(actions(stranger), '');
  assert.equal(actions(viewer), '');
});

test('whoever made a request never approves it, as owner or as admin', () => {
  for (const principal of [owner, admin]) {
    const own = { ...waiting, requester: `user:${principal.name}` };
    assert.throws(() => requireAction(own, 'approve', principal), { code: 'forbidden', message: /can't approve it/ });
  }
});

test('a topic without owner is the admins to decide on', () => {
  const nobodys = { ...waiting, owner: null };
  assert.throws(() => requireAction(nobodys, 'approve', owner), { code: 'forbidden', message: /only an admin/ });
  requireAction(nobodys, 'approve', admin);
});

test('what no longer waits is not decided again; what has failed can be withdrawn', () => {
  const states: readonly RequestState[] = ['refused', 'approved', 'provisioning', 'done', 'withdrawn', 'failed'];
  for (const state of states) {
    assert.throws(() => requireAction({ ...waiting, state }, 'approve', owner), { code: 'conflict' });
    assert.throws(() => requireAction({ ...waiting, state }, 'refuse', admin), { code: 'conflict' });
    assert.equal(actionsOf({ ...waiting, state }, ann).includes('withdraw'), state === 'failed', state);
  }
});

test('the first passwords are for whoever asked, when it is done, and of applications that it has made', () => {
  const application = {
    name: 'ledger',
    team: 'pay',
    isNew: true,
    uses: [{ cluster: 'e', topic: 't', role: 'consumer' as const }],
  };
  const done = { ...waiting, state: 'done' as const, proposal: { applications: [application] } };
  const mayCollect = (request: DecidedRequest, who = ann): boolean => actionsOf(request, who).includes('collect');
  assert.equal(mayCollect(done), true);
  for (const other of [owner, admin, viewer]) assert.equal(mayCollect(done, other), false);
  assert.equal(mayCollect({ ...done, state: 'provisioning' }), false);
  assert.equal(mayCollect(done, { ...ann, teams: [] }), false);
  for (const not of [{ isNew: false }, { team: 'shop' }, { publicKey: 'PEM' }, { uses: [] }]) {
    assert.equal(mayCollect({ ...done, proposal: { applications: [{ ...application, ...not }] } }), false);
  }
});
