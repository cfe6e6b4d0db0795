import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Topic } from '@millrace/api/declared';
import { quantity } from './calculation.ts';
import { rightSize } from './right-size.ts';
import { observedCluster, type SeenTopic } from './testing/observed-cluster.ts';

const brokers = quantity('brokers', 3, 'brokers', 'measured');

function advice(seen: Partial<SeenTopic>, declared?: Partial<Topic>): string[] {
  const observed = observedCluster('east', { topics: [{ name: 't', ...seen }] }).topics.get('t');
  const topic = declared && { name: 't', cluster: 'east', partitions: 1, ...declared };
  return rightSize({ name: 't', observed, declared: topic, readers: 0, mirrors: 0 }, brokers, undefined).map(
    ({ kind }) => kind,
  );
}

test('what carries too much for its partitions is told, and what has far too many', () => {
  assert.deepEqual(advice({ partitions: 3, bytesPerSecond: 100 * 2 ** 20 }), ['more_partitions']);
  assert.deepEqual(advice({ partitions: 60, bytesPerSecond: 10 }), ['fewer_partitions']);
  assert.deepEqual(advice({ partitions: 6, bytesPerSecond: 10 }), []);
});

test('nothing is advised of what was not measured', () => {
  assert.deepEqual(advice({ partitions: 60 }), []);
});

test('expectations that are off are told', () => {
  const expected = { recordsPerSecond: 100, recordBytes: 10 };
  assert.deepEqual(advice({ recordsPerSecond: 300 }, { expected }), ['expected_too_low']);
  assert.deepEqual(advice({ recordsPerSecond: 10 }, { expected }), ['expected_too_high']);
  assert.deepEqual(advice({ recordsPerSecond: 120 }, { expected }), []);
});
