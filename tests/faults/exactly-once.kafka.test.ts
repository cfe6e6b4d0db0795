/**
 * A topic copied on three brokers of Apache Kafka under faults, by seeds: `MILLRACE_TEST_SEED=N` runs one again, and
 * `node tests/faults/main.ts FIRST COUNT` as many as wanted.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { exactlyOnceRun } from './exactly-once-run.ts';
import { runCount, runSeeds } from './run-seeds.ts';
import { startKafka } from './start-fault-cluster.ts';

const kafka = await kafkaForTests();
/** So few of them meet everything that may go wrong, twice. */
const seeds = { first: 1864, count: 6 };

test('a topic on Apache Kafka is copied exactly once under faults', { skip: kafka.skip }, async (context) => {
  await using cluster = await startKafka(kafka.distribution);
  const coverage = await runSeeds(context, cluster, exactlyOnceRun, seeds);
  if (runCount(seeds.count) < seeds.count) return;
  for (const what of mustHappen) assert.ok(coverage.get(what) > 0, `no seed covered: ${what}`);
});

const mustHappen = [
  'client killed',
  'client paused',
  'client replaced while paused',
  'client stopped',
  'connections delayed',
  'connections held',
  'connections refused',
  'connections reset',
  'connections reset in mid-frame',
  'connections swallowed',
  'leaderships moved',
  'runs by protocol classic',
  'runs by protocol consumer',
  'server killed',
  'server paused',
  'server stopped',
  'transactions committed',
  'transactions failed: work',
];
