import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PartitionStatus } from '../mirror.ts';
import { parseMetrics } from '../testing/metrics-parser.ts';
import { metricsText } from './metrics-text.ts';

function textOf(
  name: string,
  status: readonly PartitionStatus[],
  problems: readonly (readonly [string, number])[],
): string {
  const figures = { recordsCopied: 12, bytesCopied: 3456, recordsPerSecond: 1, bytesPerSecond: 2 };
  return metricsText({
    name,
    assignedPartitions: 7,
    status: () => [...status],
    standstills: () => [{ topic: 'orders', partition: 4, reason: 'too-large', from: 7, to: 8, at: 0 }],
    figures: () => ({ ...figures, problems: new Map(problems) }),
  });
}

function statusOf(topic: string, lag: number | undefined, lagMs: number | undefined): PartitionStatus {
  const figures = { recordsCopied: 5, bytesCopied: 60, recordsReturning: 7, foreignOffsets: 8 };
  return { topic, partition: 3, targetTopic: topic, lag, lagMs, ...figures };
}

test('figures, lag and trouble are told by mirror, topic, partition and kind', () => {
  const families = parseMetrics(textOf('east', [statusOf('orders', 4, 2500)], [['fetch_failed', 2]]));
  const only = (name: string) =>
    families.get(`millrace_mirror_${name}`)?.samples.map(({ labels, value }) => [labels, value]);
  const mirror = 'east';
  const place = { mirror, topic: 'orders', partition: '3' };
  assert.deepEqual(only('records_copied_total'), [[{ mirror }, 12]]);
  assert.deepEqual(only('bytes_copied_total'), [[{ mirror }, 3456]]);
  assert.deepEqual(only('problems_total'), [[{ mirror, kind: 'fetch_failed' }, 2]]);
  assert.deepEqual(only('assigned_partitions'), [[{ mirror }, 7]]);
  assert.deepEqual(only('partition_stopped'), [[{ ...place, partition: '4', reason: 'too-large' }, 1]]);
  assert.deepEqual(only('partition_lag_records'), [[place, 4]]);
  assert.deepEqual(only('partition_lag_seconds'), [[place, 2.5]]);
  assert.deepEqual(only('partition_records_copied_total'), [[place, 5]]);
  assert.deepEqual(only('partition_bytes_copied_total'), [[place, 60]]);
  assert.deepEqual(only('partition_records_returning_total'), [[place, 7]]);
  assert.deepEqual(only('partition_foreign_offsets_total'), [[place, 8]]);
  for (const [name, { type }] of families) assert.equal(type, name.endsWith('_total') ? 'counter' : 'gauge', name);
});

test('what is not known is left out, and nothing is told as such', () => {
  const families = parseMetrics(textOf('east', [statusOf('new', undefined, undefined), statusOf('old', 0, 0)], []));
  for (const name of ['partition_lag_records', 'partition_lag_seconds']) {
    const samples = families.get(`millrace_mirror_${name}`)?.samples ?? [];
    assert.deepEqual(
      samples.map(({ labels, value }) => [labels['topic'], value]),
      [['old', 0]],
    );
  }
});

test('whatever a label holds is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\\', '"', '\n', '\\n', '",x="'), (text, hard) => {
      const name = `${text}${hard}`;
      const families = parseMetrics(textOf(name, [statusOf(name, 1, 1)], [[name, 1]]));
      for (const { samples } of families.values())
        for (const { labels } of samples) assert.equal(labels['mirror'], name);
    }),
  );
});
