/** A client that configures itself on Apache Kafka. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createClient, unwrap } from '@millrace/client';
import { type KafkaTool, runKafkaTool } from '@millrace/engines';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { eventually } from '../../support/eventually.ts';
import { uniqueName } from '../client/client-fixture.ts';
import { startLoad } from './load.ts';
import { startResilientFixture, valuesOf } from './resilient-fixture.ts';
import { consumes, produces, settingsOf, startSidecarFixture } from './sidecar-fixture.ts';

const kafka = await kafkaForTests();
if (kafka.skip !== false)
  test('a client that configures itself on Apache Kafka', { skip: kafka.skip }, () => undefined);
else {
  const cluster = await kafka.cluster();
  const bootstrap = cluster.bootstrap();
  after(() => cluster.close());

  test('settings change under load on Apache Kafka: each record is written once, and read once', async (t) => {
    const { service, open } = await startResilientFixture(t);
    const topic = uniqueName('orders');
    {
      await using admin = createClient({ bootstrap });
      unwrap(await admin.admin().createTopics([{ topic, partitions: 2 }]));
    }
    const tell = (number: number): void => {
      const setting = (value: string) => ({ value, rule: 'the test' });
      const each = { 'linger.ms': setting(`${number}`), 'fetch.min.bytes': setting(`${number + 1}`) };
      const settings = { ...each, 'auto.offset.reset': setting('earliest') };
      for (const role of ['producer', 'consumer'] as const) {
        service.tell({ topic, role }, { answer: { bootstrap, settings } });
      }
    };
    tell(0);
    const client = await open();
    const load = startLoad(await client.producer({ topic }), topic, 'writer');
    const reader = await client.consumer({ topics: [topic], group: uniqueName('readers') });
    let read = 0;
    const reading = (async () => {
      for await (const batch of reader) read += batch.recordCount;
    })();
    for (let round = 1; round <= 3; round++) {
      const goal = load.acknowledged + 200;
      await eventually(() => load.acknowledged > goal && read > goal, { timeoutMs: 60_000 });
      tell(round);
      await eventually(() => client.status().streams.every(({ switches }) => switches === round), {
        timeoutMs: 60_000,
      });
    }
    const written = await load.end();
    await eventually(() => read >= written.length, { timeoutMs: 60_000 });
    assert.deepEqual(load.failures, []);
    assert.equal(read, written.length);
    await client.close();
    await reading;
    assert.deepEqual((await valuesOf(bootstrap, topic)).sort(), written.sort());
  });

  test("Java's tools and our client reach Apache Kafka through a sidecar, transactions included", async (t) => {
    const { service, start, connect } = await startSidecarFixture(t);
    const topic = uniqueName('orders');
    {
      await using admin = createClient({ bootstrap });
      unwrap(await admin.admin().createTopics([{ topic, partitions: 1 }]));
    }
    for (const want of [produces(topic), consumes(topic)]) {
      service.tell(want, { answer: { bootstrap, settings: settingsOf({ 'security.protocol': 'PLAINTEXT' }) } });
    }
    const sidecar = await start([produces(topic), consumes(topic)]);
    const tool = (name: KafkaTool, role: string, words: readonly string[], input?: string) => {
      const file = join(sidecar.programDirectory, `${role}-${topic}.properties`);
      const args = ['--bootstrap-server', sidecar.bootstrap, '--topic', topic, '--command-config', file, ...words];
      return runKafkaTool(kafka.distribution, name, args, { input });
    };
    const produced = await tool('kafka-console-producer', 'producer', [], 'one\ntwo\n');
    assert.equal(produced.code, 0, produced.stderr);
    const writer = (await connect(sidecar)).producer({ transactionalId: uniqueName('bank') });
    for (const value of ['three', 'four']) {
      await writer.transaction(async (transaction) => void transaction.write({ topic, value }));
    }
    const reading = ['--group', uniqueName('readers'), '--from-beginning', '--max-messages', '4'];
    const consumed = await tool('kafka-console-consumer', 'consumer', reading);
    assert.equal(consumed.stdout, 'one\ntwo\nthree\nfour\n', consumed.stderr);
  });
}
