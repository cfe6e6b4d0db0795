import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetDifferenceItem } from '@millrace/api/fleet';
import { differenceLines } from './show-difference.ts';

const change = (kind: FleetDifferenceItem['kind'], before: unknown, to: unknown): string => {
  const item = { kind, id: 'east', action: 'change', before, to, destructive: false };
  return differenceLines([item as FleetDifferenceItem]).join();
};

test('of what changes only the fields are shown that do, whatever order they are in', () => {
  const client = { 'security.protocol': 'SSL', 'ssl.ca.location': 'a.pem' };
  const turned = { 'ssl.ca.location': 'b.pem', 'security.protocol': 'SSL' };
  assert.equal(
    change('cluster', { name: 'east', bootstrap: 'a:1', client }, { bootstrap: 'a:1', client: turned, name: 'east' }),
    '~ record  cluster east  client.ssl.ca.location a.pem -> b.pem',
  );
  const uses = [{ cluster: 'east', topic: 'orders', role: 'producer' }];
  const same = [{ role: 'producer', topic: 'orders', cluster: 'east' }];
  assert.equal(
    change('application', { name: 'shop', team: 'a', uses }, { name: 'shop', team: 'b', uses: same }),
    '~ record  application east  team a -> b',
  );
});

test('settings and limits go by their own names', () => {
  assert.equal(
    change('topic', { configs: { 'retention.ms': '1' } }, { configs: { 'retention.ms': '2', 'max.message.bytes': 3 } }),
    '~ record  topic east  retention.ms 1 -> 2, max.message.bytes unset -> 3',
  );
});
