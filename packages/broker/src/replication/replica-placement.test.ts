import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandomness } from '@millrace/base';
import fc from 'fast-check';
import { placeReplicas } from './replica-placement.ts';
import { ReplicaTable } from './replica-table.ts';

function tableOf(racks: readonly (string | null)[], down: readonly number[] = []): ReplicaTable {
  const table = new ReplicaTable(racks.map((rack, index) => ({ nodeId: index + 1, rack })));
  for (const nodeId of down) table.down.set(nodeId, 'stopped');
  return table;
}

function place(table: ReplicaTable, count: number, replicationFactor: number, start = 0) {
  return placeReplicas(table, { count, replicationFactor, start, randomness: seededRandomness(1) });
}

test('without racks each next partition begins one broker further', () => {
  const table = tableOf([null, null, null]);
  assert.deepEqual(place(table, 3, 2), [
    [1, 2],
    [2, 3],
    [3, 1],
  ]);
  assert.deepEqual(place(table, 1, 2, 4), [[2, 3]]);
});

test('over racks of three brokers the stripes are those of Kafka', () => {
  const table = tableOf(['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c']);
  assert.deepEqual(place(table, 3, 3), [
    [1, 4, 7],
    [5, 8, 2],
    [9, 3, 6],
  ]);
});

test('brokers that are down hold no replica while others can, and never lead', () => {
  const table = tableOf([null, null, null, null], [2]);
  for (const replicas of place(table, 6, 3)) assert.ok(!replicas.includes(2));
  for (const replicas of place(table, 6, 4)) assert.ok(replicas.includes(2) && replicas[0] !== 2);
});

test('whatever the racks, replicas are distinct, led by a running broker, and in as many racks as can be', () => {
  const cluster = fc.record({
    racks: fc.array(fc.constantFrom('a', 'b', 'c', null), { minLength: 1, maxLength: 9 }),
    down: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
    start: fc.nat(50),
    wanted: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(cluster, ({ racks, down, start, wanted }) => {
      const table = tableOf(
        racks,
        down.filter((nodeId) => nodeId <= racks.length),
      );
      fc.pre(table.brokers.some(({ nodeId }) => table.isRunning(nodeId)));
      const factor = Math.min(wanted, racks.length);
      for (const replicas of place(table, 12, factor, start)) {
        assert.equal(new Set(replicas).size, factor);
        assert.ok(table.isRunning(replicas[0] as number));
        const used = new Set(replicas.map((nodeId) => table.rackOf(nodeId)));
        const known = new Set(table.brokers.map(({ rack }) => rack));
        assert.ok(used.size >= Math.min(factor, known.size), `${replicas} of ${racks}`);
      }
    }),
  );
});
