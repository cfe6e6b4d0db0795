import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Credential } from './credential-store.ts';
import { reasonToRetire } from './rotation-watch.ts';

const now = new Date('2026-06-01T12:00:00Z');
const secondsAgo = (seconds: number): Date => new Date(now.getTime() - seconds * 1000);

function credential(given: Partial<Credential>): Credential {
  return {
    ...{ id: 'one', application: 'orders', kind: 'scram', principal: 'User:orders.b', clusters: ['east'] },
    ...{ operation: 'op', issuedAt: secondsAgo(600), issuedBy: 'user:ann', verifier: null, certificate: null },
    ...{ expiresAt: null, sealedFor: 'request', deliveredAt: secondsAgo(600), oldUntil: null, confirmedAt: null },
    ...{ confirmedBy: null, endedAt: null, endedAs: null },
    ...given,
  };
}

const old = credential({ id: 'old', principal: 'User:orders.a' });
const reason = (recent: Partial<Credential>, seen: Readonly<Record<string, Date>> = {}) =>
  reasonToRetire(credential(recent), [old], new Map(Object.entries(seen)), now);

test('an older password stays until the newer one is said to be used, or its time is over', () => {
  assert.equal(reason({}), undefined);
  assert.match(reason({ confirmedAt: secondsAgo(1), confirmedBy: 'user:ann' }) ?? '', /says user:ann/);
  assert.equal(reason({ oldUntil: secondsAgo(-60) }), undefined);
  assert.match(reason({ oldUntil: secondsAgo(1) }) ?? '', /the time of User:orders\.a is over/);
});

test('what was said is not believed while the older one is seen in use since', () => {
  const confirmed = { confirmedAt: secondsAgo(300), confirmedBy: 'user:ann' };
  assert.equal(reason(confirmed, { 'User:orders.a': secondsAgo(10) }), undefined);
  assert.match(reason(confirmed, { 'User:orders.a': secondsAgo(100) }) ?? '', /says user:ann/);
  assert.match(reason(confirmed, { 'User:orders.a': secondsAgo(400) }) ?? '', /says user:ann/);
});

test('nobody has to say it where both are seen, and the older one no more', () => {
  const both = { 'User:orders.a': secondsAgo(100), 'User:orders.b': secondsAgo(5) };
  assert.match(reason({}, both) ?? '', /was seen in use, and older ones no more/);
  assert.equal(reason({}, { ...both, 'User:orders.a': secondsAgo(10) }), undefined);
  // Where the older one was never seen, that it is not says nothing.
  assert.equal(reason({}, { 'User:orders.b': secondsAgo(5) }), undefined);
});
