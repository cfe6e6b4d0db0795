/**
 * Writers and readers on three brokers of Apache Kafka under faults, by seeds: `MILLRACE_TEST_SEED=N` runs one again,
 * and `node tests/faults/main.ts FIRST COUNT kafka delivery` as many as wanted.
 */
import { test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { deliveryRun } from './delivery-run.ts';
import { runSeeds } from './run-seeds.ts';
import { startKafka } from './start-fault-cluster.ts';

const kafka = await kafkaForTests();

test('what Apache Kafka acknowledged is there and handled, once where writers are idempotent', {
  skip: kafka.skip,
}, async (context) => {
  await using cluster = await startKafka(kafka.distribution);
  await runSeeds(context, cluster, deliveryRun, { count: 3 });
});
