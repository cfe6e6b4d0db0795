/** The same on Apache Kafka, whose transactions and coordinators are not ours. */
import { test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { collectorThroughKills } from './collector-through-kills.ts';

const kafka = await kafkaForTests();
const seed = Math.floor(Math.random() * 2 ** 32);

test(`each line is stored once while the collector is killed, on Apache Kafka (seed ${seed})`, {
  skip: kafka.skip,
}, async (t) => {
  if (kafka.skip !== false) return;
  const cluster = await kafka.cluster({ brokers: 1 });
  t.after(() => cluster.close());
  await collectorThroughKills(t, { bootstrap: cluster.bootstrap(), kills: 2, seed });
});
