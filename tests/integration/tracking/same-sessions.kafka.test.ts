/** The same on Apache Kafka, whose transactions, groups and compaction are not ours. */
import { test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { sampleBothWays } from './sample-both-ways.ts';

const kafka = await kafkaForTests();

test('sessions are those of an oracle, imported and live, after a kill, on Apache Kafka', {
  skip: kafka.skip,
}, async (t) => {
  if (kafka.skip !== false) return;
  const seed = Math.floor(Math.random() * 2 ** 32);
  const cluster = await kafka.cluster({ brokers: 1 });
  t.after(() => cluster.close());
  await sampleBothWays(t, { bootstrap: cluster.bootstrap(), kills: 1, seed });
});
