import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { observedCluster } from '../capacity/testing/observed-cluster.ts';
import { type CostedFleet, costRows, topicCosts } from './fleet-cost.ts';

const gib = 2 ** 30;
const prices = { storedGibMonth: 0.1, trafficGib: 0.02, partitionMonth: 0.5 };

function fleet(topics: CostedFleet['topics']): CostedFleet {
  return {
    clusters: [
      { name: 'east', bootstrap: '127.0.0.1:1', prices },
      { name: 'west', bootstrap: '127.0.0.1:2' },
      { name: 'east-qa', bootstrap: '127.0.0.1:3', twinOf: 'east', prices },
    ],
    topics,
    applications: [],
    mirrors: [],
    teams: [{ name: 'shop', budget: { monthlyCost: 100 } }],
    observed: (name) => (name === 'west' ? observedCluster('west', { topics: [{ name: 'found' }] }) : undefined),
  };
}

test('a topic costs what is stored, what comes and goes, and its partitions', () => {
  const expected = { recordsPerSecond: 100, recordBytes: 1_000, consumers: 2 };
  const configs = { 'retention.ms': 86_400_000 };
  const topic = { name: 'orders', cluster: 'east', owner: 'shop', partitions: 6, replicas: 3, expected, configs };
  const [cost] = topicCosts(fleet([topic]), { team: 'shop' });
  const open = Math.min(1e5 * 7 * 86_400, 6 * gib);
  const stored = (1e5 * 86_400 + open) * 3;
  const moved = 1e5 * 3 * 30 * 86_400;
  const wanted = (stored / gib) * 0.1 + (moved / gib) * 0.02 + 18 * 0.5;
  assert.ok(Math.abs((cost?.monthly ?? 0) - wanted) < 1e-6, `${cost?.monthly} is not ${wanted}`);
  assert.equal(cost?.storedBytes, stored);
});

test('rows by team, cluster and topic add up to the same, and twins cost nobody', () => {
  const topic = fc.record({
    name: fc.stringMatching(/^[a-z]{1,6}$/),
    cluster: fc.constantFrom('east', 'west', 'east-qa'),
    owner: fc.constantFrom('shop', 'pay'),
    partitions: fc.integer({ min: 1, max: 50 }),
    replicas: fc.integer({ min: 1, max: 3 }),
    expected: fc.record({ recordsPerSecond: fc.nat(10_000), recordBytes: fc.nat(10_000) }),
  });
  const id = ({ cluster, name }: { cluster: string; name: string }): string => `${cluster}/${name}`;
  fc.assert(
    fc.property(fc.uniqueArray(topic, { selector: id, maxLength: 30 }), (topics) => {
      const costs = topicCosts(fleet(topics), {});
      assert.ok(costs.every(({ cluster }) => cluster !== 'east-qa'));
      assert.equal(costs.length, 1 + topics.filter(({ cluster }) => cluster !== 'east-qa').length);
      const totals = (['team', 'cluster', 'topic'] as const).map((by) => {
        const rows = costRows(costs, by, []);
        assert.deepEqual(
          rows.map(({ monthly }) => monthly),
          rows.map(({ monthly }) => monthly).sort((a, b) => b - a),
        );
        return rows.reduce((sum, { monthly }) => sum + monthly, 0);
      });
      for (const total of totals) assert.ok(Math.abs(total - (totals[0] ?? 0)) <= 1e-9 * total);
    }),
  );
});
