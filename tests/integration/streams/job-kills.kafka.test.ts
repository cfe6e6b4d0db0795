/**
 * As the test with the embedded broker, on Apache Kafka, whose brokers are killed too. MILLRACE_TEST_SCALE=5 makes 40
 * kills. Three brokers and replicas: one alone, when it starts again, loses transactions whose commit was answered. It
 * leaves out markers for partitions that have no leader just then ("can be skipped"), and calls them complete.
 */
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { killJob } from './job-kills.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const kills = Math.max(4, Math.round(8 * scale));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const brokers = 3;

const kafka = await kafkaForTests();
if (kafka.skip !== false) test('a job on Apache Kafka survives kills', { skip: kafka.skip }, () => undefined);
else {
  const configuration = { 'group.min.session.timeout.ms': '500' };
  const cluster = await kafka.cluster({ brokers, configuration });
  after(() => cluster.close());
  const timeout = 300_000 + kills * 30_000;
  test(`counts and windows on Apache Kafka are exact after ${kills} kills (seed ${seed})`, { timeout }, async (t) => {
    await killJob(t, {
      ...{ bootstrap: cluster.bootstrap(), kills, seed, replicationFactor: brokers },
      async troubleBroker(random) {
        const nodeId = 1 + random.integer(brokers);
        await cluster.killBroker(nodeId);
        await sleep(random.integer(300));
        await cluster.startBroker(nodeId);
      },
    });
  });
}
