import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Topic } from '@millrace/api/declared';
import { declaredFleetOf } from '../declared-lists.ts';
import { aFleet } from '../testing/a-fleet.ts';
import { intentOf, type Request } from './intent.ts';

const record = declaredFleetOf(aFleet(), 7);
const [eastOrders, westOrders] = aFleet().topic as [Topic, Topic];

/** What changes, in short. */
function changes(request: Request): string[] {
  const { toDeclare, toRemove, missing, refused } = intentOf(record, request);
  return [
    ...toDeclare.map(({ kind, id, before }) => `${before === null ? 'declare' : 'change'} ${kind}/${id}`),
    ...toRemove.map(({ kind, id }) => `remove ${kind}/${id}`),
    ...missing.map(({ kind, id }) => `missing ${kind}/${id}`),
    ...refused.map(({ subject, message }) => `refused ${subject} ${message}`),
  ];
}

test('a file that holds what the record does changes nothing, however it spells it', () => {
  assert.deepEqual(changes({ file: aFleet() }), []);
  assert.deepEqual(
    changes({ file: { topic: [{ ...eastOrders, configs: { 'retention.ms': 86_400_000 } }, westOrders] } }),
    [],
  );
});

test('without a file the record is what is wanted', () => {
  assert.deepEqual(changes({}), []);
  assert.equal(intentOf(record, {}).wanted.topic.length, 2);
});

test('what the file leaves out is told and stays; kinds that it has no list of are not spoken of', () => {
  const grown = { ...eastOrders, partitions: 24 };
  assert.deepEqual(changes({ file: { topic: [grown, { ...eastOrders, name: 'new' }] } }), [
    'change topic/east/orders',
    'declare topic/east/new',
    'missing topic/west/orders',
  ]);
});

test('what is named goes out of the record, and so does what is pruned', () => {
  assert.deepEqual(changes({ delete: ['topic/west/orders'] }), ['remove topic/west/orders']);
  assert.deepEqual(changes({ delete: ['topics/west/orders', 'mirror/east-west'] }), [
    'remove mirror/east-west',
    'remove topic/west/orders',
  ]);
  assert.deepEqual(changes({ file: { topic: [eastOrders] }, prune: ['topic'] }), ['remove topic/west/orders']);
});

test('a list that the file lacks is never pruned', () => {
  assert.deepEqual(changes({ file: { topic: [eastOrders, westOrders] }, prune: ['team'] }), [
    'refused --prune team would delete them all: the file has no list of them',
  ]);
});

test('what is named and in the file is refused, and so is what names nothing', () => {
  assert.deepEqual(changes({ file: { topic: [eastOrders, westOrders] }, delete: ['topic/east/orders'] }), [
    'remove topic/east/orders',
    'refused topic east/orders is to be deleted and is in the file; take it out there',
  ]);
  assert.deepEqual(changes({ delete: ['topc/east/orders', 'topic'] }), [
    'refused --delete "topc" is no kind of thing that is declared; did you mean topic?',
    'refused --delete "topic" names none: write topic/ID',
  ]);
});

test('what would no longer be sound is refused with who refers to what', () => {
  assert.deepEqual(changes({ delete: ['team/checkout'] }), [
    'remove team/checkout',
    'refused topic east/orders owner "checkout" is not among the teams; add it there',
    'refused application shop team "checkout" is not among the teams; add it there',
    'refused client_setting far match.teams.0 "checkout" is not among the teams; add it there',
  ]);
});

test('who no longer declares a cluster declares nothing on it', () => {
  assert.deepEqual(changes({ delete: ['cluster/west', 'mirror/east-west'] }), [
    'remove mirror/east-west',
    'remove topic/west/orders',
    'remove cluster/west',
  ]);
});

test('kinds and clusters bound what is looked at', () => {
  const file = { topic: [{ ...eastOrders, partitions: 24 }], team: [] };
  assert.deepEqual(changes({ file, kinds: ['team'] }), ['missing team/checkout']);
  assert.deepEqual(changes({ file, kinds: ['topic'], clusters: ['west'] }), ['missing topic/west/orders']);
  assert.deepEqual(changes({ file, kinds: ['topic'], clusters: ['east'] }), ['change topic/east/orders']);
});
