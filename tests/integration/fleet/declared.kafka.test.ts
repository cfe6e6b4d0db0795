/** The declared fleet on Apache Kafka: an embedded cluster exported and made anew there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCluster } from '@millrace/broker';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { startDatabaseFixture } from './database-fixture.ts';
import { mendsDrift, rebuildsFromExport } from './declared-behaviours.ts';
import { authorized, openDeclaredFixture } from './declared-fixture.ts';

const kafka = await kafkaForTests();

test('an embedded cluster is made anew on Apache Kafka, where drift is mended', { skip: kafka.skip }, async () => {
  await using database = await startDatabaseFixture();
  const directory = await mkdtemp(join(tmpdir(), 'millrace-declared-'));
  await using embedded = await startCluster({
    name: 'embedded',
    dataDirectory: directory,
    brokers: [{ nodeId: 1, port: 0 }],
    configuration: authorized,
  });
  await using apache = await kafka.cluster({ configuration: authorized });
  await using first = await openDeclaredFixture(await database.emptyDatabase(), { east: embedded.bootstrap });
  await using second = await openDeclaredFixture(await database.emptyDatabase(), { east: apache.bootstrap() });
  await rebuildsFromExport(first, second);
  await mendsDrift(second);
  await rm(directory, { recursive: true });
});
