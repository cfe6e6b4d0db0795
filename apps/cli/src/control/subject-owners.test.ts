import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Principal, ProblemError } from '@millrace/api';
import type { DeclaredFleet } from '@millrace/fleet/record';
import { subjectOwners } from './subject-owners.ts';

const topics = [
  { id: 'east/orders', spec: { name: 'orders', cluster: 'east', owner: 'sales' } },
  { id: 'west/orders', spec: { name: 'orders', cluster: 'west', owner: 'search' } },
  { id: 'east/clicks', spec: { name: 'clicks', cluster: 'east', owner: 'search' } },
];
const fleet = { list: () => topics } as unknown as DeclaredFleet;
const check = subjectOwners({ current: () => fleet });

const member = (team: string): Principal => {
  return { kind: 'user', name: 'ann', role: 'member', teams: [{ name: team, role: 'member' }] };
};

test('who is of the team of a topic registers its schemas, another team does not', () => {
  check(member('search'), 'clicks-value');
  for (const subject of ['clicks-value', 'clicks-key', ':.staging:clicks-value']) {
    assert.throws(
      () => check(member('sales'), subject),
      (error) => error instanceof ProblemError && error.code === 'forbidden' && /team search/.test(error.message),
      subject,
    );
  }
});

test('topics of one name on several clusters have schemas of each of their teams', () => {
  check(member('sales'), 'orders-value');
  check(member('search'), 'orders-value');
  assert.throws(() => check(member('billing'), 'orders-value'), ProblemError);
});

test('a subject of no declared topic is open to members, as is all of a platform that asks nobody', () => {
  check(member('sales'), 'com.acme.Order');
  check(member('sales'), 'invoices-value');
  check({ kind: 'system', name: 'anonymous', role: 'viewer', teams: [] }, 'clicks-value');
});
