/** Mirrors of a source of Apache Kafka that loses the ends of logs. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { cutLogs } from './cut-log.ts';
import { startMirrorFixture } from './mirror-fixture.ts';
import { truncationBehaviours } from './truncation-behaviours.ts';

/** The directory of a topic's only partition, wherever the cluster keeps its logs. */
function partitionDirectory(directory: string, topic: string): string {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const found = names.find((name) => name.endsWith(`/${topic}-0`));
  if (found === undefined) throw new Error(`no log of ${topic} lies in ${directory}`);
  return join(directory, found);
}

const kafka = await kafkaForTests();
if (kafka.skip !== false) test('a truncated log of Apache Kafka', { skip: kafka.skip }, () => undefined);
else {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-truncation-'));
  const cluster = await kafka.cluster({ directory });
  after(async () => {
    await cluster.close();
    rmSync(directory, { recursive: true, force: true });
  });
  for (const { name, run } of truncationBehaviours) {
    test(`Apache Kafka: ${name}`, async (t) => {
      const fixture = await startMirrorFixture(t, { source: cluster.bootstrap() });
      await run({
        ...fixture,
        createTopic: () => fixture.source.createTopic(1),
        async restartSource(topic, cutAt) {
          await cluster.killBroker(1);
          if (cutAt !== undefined) cutLogs(partitionDirectory(directory, topic), cutAt);
          await cluster.startBroker(1);
        },
      });
    });
  }
}
