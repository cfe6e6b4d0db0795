/** A client that configures itself on Apache Kafka. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createClient, unwrap } from '@millrace/client';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { eventually } from '../../support/eventually.ts';
import { uniqueName } from '../client/client-fixture.ts';
import { startLoad } from './load.ts';
import { startResilientFixture, valuesOf } from './resilient-fixture.ts';

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
}
