import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '@millrace/api/declared';
import type { Plan } from '../../operations/plan-kind.ts';
import type { Receiver } from '../secrets/sealed-for.ts';
import {
  planCertificate,
  planFirstPassword,
  planRetirement,
  planRevocation,
  planRotation,
} from './credential-plans.ts';
import type { Credential } from './credential-store.ts';
import { certificatePrincipal } from './identity-state.ts';

const now = new Date('2026-06-01T00:00:00Z');
const receiver: Receiver = { who: 'request', algorithm: 'ECDH-ES+A256KW', jwk: { kty: 'EC' } };
const application: Application = {
  name: 'orders',
  team: 'shop',
  uses: [
    { cluster: 'east', topic: 'one', role: 'producer' },
    { cluster: 'west', topic: 'two', role: 'consumer' },
    { cluster: 'east', topic: 'three', role: 'producer' },
  ],
};

function credential(given: Partial<Credential>): Credential {
  return {
    ...{ id: 'one', application: 'orders', kind: 'scram', principal: 'User:orders.a', clusters: ['east', 'west'] },
    ...{ operation: 'op', issuedAt: now, issuedBy: 'user:ann', verifier: null, certificate: null, expiresAt: null },
    ...{ sealedFor: 'request', deliveredAt: now, oldUntil: null, confirmedAt: null, confirmedBy: null },
    ...{ endedAt: null, endedAs: null },
    ...given,
  };
}

const state = (...credentials: Credential[]) => ({ application, credentials, now });
const ids = ({ steps }: Plan): string[] => steps.map(({ id }) => id);

test('a first password is issued when the rights are there, and to the other user when one had it before', () => {
  const expected = (user: string) => [`grant User:${user} on east`, `grant User:${user} on west`, `issue User:${user}`];
  assert.deepEqual(ids(planFirstPassword(state(), receiver)), expected('orders.a'));
  const ended = credential({ endedAt: now, endedAs: 'revoked' });
  assert.deepEqual(ids(planFirstPassword(state(ended), receiver)), expected('orders.b'));
});

test('a password that nobody was told is issued again, one that somebody may know is not', () => {
  const untold = credential({ deliveredAt: null });
  assert.ok(ids(planFirstPassword(state(untold), receiver)).includes('issue User:orders.a'));
  assert.throws(() => planFirstPassword(state(credential({})), receiver), { code: 'conflict', message: /rotate it/ });
  const sealed = credential({ sealedFor: 'application', deliveredAt: null });
  assert.throws(() => planFirstPassword(state(sealed), receiver), { code: 'conflict' });
});

test('an application that uses no cluster is told to declare what it uses', () => {
  const unused = { ...application, uses: [] };
  assert.throws(() => planFirstPassword({ application: unused, credentials: [], now }, receiver), {
    code: 'conflict',
    message: /uses no cluster; declare what it uses first/,
  });
});

test('a rotation makes the other user equal, and touches the one in use in no way', () => {
  const plan = planRotation(state(credential({})), { receiver });
  assert.deepEqual(ids(plan), ['grant User:orders.b on east', 'grant User:orders.b on west', 'issue User:orders.b']);
  assert.equal(
    plan.steps.some(({ destructive }) => destructive),
    false,
  );
  const both = [credential({}), credential({ id: 'two', principal: 'User:orders.b' })];
  assert.throws(() => planRotation(state(...both), { receiver }), {
    code: 'conflict',
    message: /between two passwords/,
  });
  assert.throws(() => planRotation(state(), { receiver }), { code: 'conflict', message: /issue one first/ });
});

test('what is retired is denied before it is deleted, each cluster for itself, and noted in the end', () => {
  const both = [credential({}), credential({ id: 'two', principal: 'User:orders.b' })];
  const { steps } = planRetirement(state(...both), 'two');
  assert.deepEqual(
    steps.map(({ id, after }) => [id, after]),
    [
      ['deny User:orders.a on east', []],
      ['deny User:orders.a on west', []],
      ['delete User:orders.a on east', ['deny User:orders.a on east']],
      ['delete User:orders.a on west', ['deny User:orders.a on west']],
      [
        'end User:orders.a',
        [
          'deny User:orders.a on east',
          'deny User:orders.a on west',
          'delete User:orders.a on east',
          'delete User:orders.a on west',
        ],
      ],
    ],
  );
  assert.throws(() => planRetirement(state(credential({})), 'one'), { code: 'conflict' });
});

test('a revocation reaches every principal, on every cluster that knows one, whether it has a password or not', () => {
  const certificate = credential({ id: 'two', kind: 'certificate', principal: 'User:CN=orders', clusters: ['east'] });
  const declared = { ...application, principals: ['User:CN=orders'] };
  const plan = planRevocation({ application: declared, credentials: [certificate], now }, undefined, ['south']);
  const denied = ['User:orders.a', 'User:orders.b', 'User:CN=orders'].flatMap((principal) =>
    ['east', 'west', 'south'].map((cluster) => `deny ${principal} on ${cluster}`),
  );
  assert.deepEqual(ids(plan).slice(0, 9), denied);
  assert.deepEqual(
    ids(plan).filter((id) => id.startsWith('undeclare') || id.includes('delete User:CN')),
    ['undeclare User:CN=orders'],
  );
  assert.throws(() => planRevocation(state(), ['User:root'], []), {
    code: 'invalid_request',
    message: /User:root is no principal of application orders, which has User:orders\.a, User:orders\.b/,
  });
});

test('two certificates may be valid at once, a third one when the second is in use', () => {
  const certificate = (id: string, given: Partial<Credential> = {}) =>
    credential({ id, kind: 'certificate', principal: 'User:CN=orders', expiresAt: new Date('2026-08-01'), ...given });
  const wish = { days: 90, receiver };
  assert.ok(ids(planCertificate(state(certificate('one')), wish)).includes('certify User:CN=orders'));
  const two = [certificate('one'), certificate('two')];
  assert.throws(() => planCertificate(state(...two), wish), { code: 'conflict', message: /confirm that it uses/ });
  const inUse = [certificate('one'), certificate('two', { confirmedAt: now })];
  assert.ok(ids(planCertificate(state(...inUse), wish)).includes('end one'));
  const expired = [certificate('one', { expiresAt: new Date('2026-05-01') }), certificate('two')];
  assert.ok(ids(planCertificate(state(...expired), wish)).includes('certify User:CN=orders'));
});

test('a certificate that was revoked has a successor of another name', () => {
  const revoked = (principal: string) =>
    credential({ kind: 'certificate', principal, endedAt: now, endedAs: 'revoked' });
  assert.equal(certificatePrincipal('orders', []), 'User:CN=orders');
  assert.equal(certificatePrincipal('orders', [revoked('User:CN=orders')]), 'User:CN=orders,OU=2');
  const twice = [revoked('User:CN=orders'), revoked('User:CN=orders,OU=2')];
  assert.equal(certificatePrincipal('orders', twice), 'User:CN=orders,OU=3');
});
