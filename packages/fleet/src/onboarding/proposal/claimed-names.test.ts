import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, TopicUse } from '@millrace/api/declared';
import { hasOwnNames, takenNames } from './claimed-names.ts';

type Claims = Pick<TopicUse, 'groups' | 'transactionalIds'>;

const consumer = (claims: Claims = {}, cluster = 'east'): TopicUse => {
  return { cluster, topic: 'shop.orders', role: 'consumer', ...claims };
};
const producer = (...ids: string[]): TopicUse => {
  return { cluster: 'east', topic: 'shop.orders', role: 'producer', transactionalIds: ids };
};

const declared: readonly Application[] = [
  { name: 'billing', team: 'pay', uses: [consumer()] },
  { name: 'billing.eu', team: 'pay', uses: [consumer()] },
  { name: 'ledger.api', team: 'pay', uses: [consumer({ groups: ['posting', 'audit-*'] }), producer('post-1')] },
  { name: 'all-seeing', team: 'ops', uses: [consumer({ groups: ['*'] })] },
  { name: 'cart', team: 'shop', uses: [consumer({ groups: ['baskets'] })] },
];

const judged = (name: string, ...uses: TopicUse[]): string => {
  const wanted = [{ name, team: 'shop', isNew: true, uses }];
  if (takenNames(wanted, declared, '/asked/applications').length > 0) return 'taken';
  return hasOwnNames(wanted, declared) ? 'own' : 'foreign';
};

test('an application gets the groups and transactional ids that are called as it is', () => {
  assert.equal(judged('stock', consumer()), 'own');
  assert.equal(judged('stock', consumer({ groups: ['stock', 'stock.nightly', 'stock-*', 'stock_1'] })), 'own');
  assert.equal(judged('stock', producer('stock*', 'stock.tx')), 'own');
  assert.equal(judged('stock', { cluster: 'east', topic: 'shop.orders', role: 'producer' }), 'own');
});

test('names that nobody has declared, or that lie within those of others, are told apart', () => {
  assert.equal(judged('stock', consumer({ groups: ['legacy'] })), 'foreign');
  assert.equal(judged('stock', consumer({ groups: ['stocking'] })), 'foreign');
  assert.equal(judged('billing.us', consumer()), 'foreign');
  assert.equal(judged('stock', consumer({ groups: ['audit-7'] })), 'foreign');
});

test('nobody gets the groups or transactional ids of an application of another team, or all there are', () => {
  assert.equal(judged('stock', consumer({ groups: ['*'] })), 'taken');
  assert.equal(judged('stock', producer('*')), 'taken');
  assert.equal(judged('stock', consumer({ groups: ['posting'] })), 'taken');
  assert.equal(judged('stock', consumer({ groups: ['post*'] })), 'taken');
  assert.equal(judged('stock', consumer({ groups: ['audit-*'] })), 'taken');
  assert.equal(judged('stock', producer('post-1')), 'taken');
  assert.equal(judged('stock', producer('p*')), 'taken');
  // By its name alone: its usual groups would cover those of billing.eu.
  assert.equal(judged('billing', consumer()), 'taken');
});

test('names of its own team, of another cluster, or of the other kind are not taken', () => {
  assert.equal(judged('stock', consumer({ groups: ['baskets'] })), 'foreign');
  assert.equal(judged('stock', consumer({ groups: ['posting'] }, 'west')), 'foreign');
  assert.equal(judged('stock', producer('posting')), 'foreign');
  assert.deepEqual(takenNames([{ name: 'cart', team: 'shop', isNew: false, uses: [consumer()] }], declared, ''), []);
});

test('what is taken is told with whose it is', () => {
  const wanted = [{ name: 'stock', team: 'shop', isNew: true, uses: [consumer({ groups: ['posting'] })] }];
  const [issue] = takenNames(wanted, declared, '/asked/applications');
  assert.equal(issue?.field, '/asked/applications');
  assert.match(issue?.message ?? '', /the group posting on east, .* application ledger\.api of the team pay/);
});
