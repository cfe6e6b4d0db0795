/** As the test with embedded clusters, between two of Apache Kafka. MILLRACE_TEST_SCALE=10 makes 80 kills. */
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaCluster } from '@millrace/engines';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { type KillableCluster, killMirror } from './mirror-kills.ts';

const rounds = Math.max(6, Math.round(8 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

const kafka = await kafkaForTests('any');
if (kafka.skip !== false) test('a mirror of Apache Kafka survives kills', { skip: kafka.skip }, () => undefined);
else {
  const [source, target] = await Promise.all([kafka.cluster({}), kafka.cluster({})]);
  after(() => Promise.all([source.close(), target.close()]));
  const timeout = 120_000 + rounds * 20_000;
  test(`a mirror of Apache Kafka survives ${rounds} kills (seed ${seed})`, { timeout }, async (t) => {
    t.diagnostic(await killMirror({ source: killable(source), target: killable(target), rounds, seed }));
  });
}

function killable(cluster: KafkaCluster): KillableCluster {
  return {
    bootstrap: cluster.bootstrap(),
    async kill(random) {
      await cluster.killBroker(1);
      await sleep(random.integer(300));
      await cluster.startBroker(1);
    },
  };
}
