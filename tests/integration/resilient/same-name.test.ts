/** Addresses of another Kafka cluster under a name that is in use. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigAnswer, ConfigWant } from '@millrace/api/config';
import { unwrap } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import { type Fixture, startFixture } from '../client/client-fixture.ts';
import { disordered, goOn, startLoad } from './load.ts';
import { startReading, write } from './reading.ts';
import { startResilientFixture, valuesOf } from './resilient-fixture.ts';
import { produces, secretOf, startSidecarFixture } from './sidecar-fixture.ts';

const topic = 'orders';
const producer: ConfigWant = { topic, role: 'producer' };
const consumer: ConfigWant = { topic, role: 'consumer' };

async function twoClusters(t: Parameters<typeof startFixture>[0]): Promise<[Fixture, Fixture]> {
  const both: [Fixture, Fixture] = [await startFixture(t), await startFixture(t)];
  for (const { admin } of both) unwrap(await admin.createTopics([{ topic, partitions: 1 }]));
  return both;
}

async function idOf({ admin }: Fixture): Promise<string> {
  return (await admin.describeCluster()).clusterId ?? assert.fail('the cluster has no id');
}

function east(bootstrap: string, id: string | null, changes: Partial<ConfigAnswer> = {}): Partial<ConfigAnswer> {
  const settings = { 'auto.offset.reset': { value: 'earliest', rule: 'the test' } };
  return { bootstrap, settings, cluster: { name: 'east', id, generation: 0, rule: 'the test' }, ...changes };
}

test('brokers of another cluster take nothing, until an answer says that this is the cluster now', async (t) => {
  const [[one, other], { service, open, events }] = [await twoClusters(t), await startResilientFixture(t)];
  service.tell(producer, { answer: east(one.bootstrap, null) });
  const client = await open();
  const load = startLoad(await client.producer({ topic }), topic, 'writer');
  await goOn([load], 100);
  service.tell(producer, { answer: east(one.bootstrap, await idOf(one)) });
  service.tell(producer, { answer: east(other.bootstrap, null) });
  await one.stop();
  await eventually(() => events.some(({ event }) => event === 'wrong_cluster'));
  await one.restart();
  await goOn([load], 100);
  assert.equal(client.status().streams[0]?.switches, 0);
  assert.deepEqual(await valuesOf(other.bootstrap, topic), []);

  service.tell(producer, { answer: east(other.bootstrap, await idOf(other)) });
  await eventually(() => client.status().streams[0]?.switches === 1);
  await goOn([load], 100);
  const written = await load.end();
  assert.deepEqual(load.failures, []);
  await client.close();
  const [there, here] = [await valuesOf(one.bootstrap, topic), await valuesOf(other.bootstrap, topic)];
  assert.ok(there.length > 0 && here.length > 0);
  assert.equal(disordered(there) ?? disordered(here), undefined);
  assert.deepEqual([...there, ...here].sort(), [...written].sort());
  assert.ok(events.some(({ message }) => message.includes('to another Kafka cluster, which is called east now')));
});

test('a group goes to another cluster of the same name only by its translation, and after a restart too', async (t) => {
  const [[one, other], { service, open, events }] = [await twoClusters(t), await startResilientFixture(t)];
  await write(one.client, topic, ['a', 'b']);
  await write(other.client, topic, ['x', 'y']);
  service.tell(consumer, { answer: east(one.bootstrap, null) });
  const client = await open();
  const reading = startReading(await client.consumer({ topics: [topic], group: 'readers' }));
  await eventually(() => reading.values.length === 2);
  const moved = east(other.bootstrap, await idOf(other));
  service.tell(consumer, { answer: moved });
  await eventually(() => events.some(({ event }) => event === 'switch_waits'));
  await write(one.client, topic, ['c']);
  await eventually(() => reading.values.length === 3);
  await reading.end();
  await client.close();

  const again = await open({ answerTimeoutMs: 300 });
  const begun = again.consumer({ topics: [topic], group: 'readers' });
  await assert.rejects(begun, { code: 'group_not_translated', message: /which is another Kafka cluster now/ });
  await again.close();
  const home = { name: 'east', id: await idOf(other), generation: 1, rule: 'the test' };
  service.tell(consumer, { answer: { ...moved, cluster: home, groups: { readers: 1 } } });
  const last = await open();
  const rest = startReading(await last.consumer({ topics: [topic], group: 'readers' }));
  await eventually(() => rest.values.length === 2);
  await rest.end();
  assert.deepEqual(reading.values, ['a', 'b', 'c']);
  assert.deepEqual(rest.values, ['x', 'y']);
  await last.close();
});

test('a sidecar lets no program of before to another cluster of the same name', async (t) => {
  const [[one, other], { service, start, connect, events }] = [await twoClusters(t), await startSidecarFixture(t)];
  service.tell(producer, { answer: east(one.bootstrap, null) });
  const sidecar = await start([produces(topic)]);
  const secret = await secretOf(sidecar);
  const before = (await connect(sidecar)).producer();
  await before.send({ topic, value: 'one' });
  service.tell(producer, { answer: east(other.bootstrap, null) });
  await one.stop();
  const stuck = before.send({ topic, value: 'two' }).catch(() => undefined);
  await eventually(() => events.some(({ event }) => event === 'wrong_cluster'));
  assert.equal(await secretOf(sidecar), secret);
  service.tell(producer, { answer: east(other.bootstrap, await idOf(other)) });
  await eventually(async () => (await secretOf(sidecar)) !== secret);
  await eventually(() => sidecar.status().goingTo === undefined);
  const after = (await connect(sidecar)).producer();
  await after.send({ topic, value: 'three' });
  assert.deepEqual(await valuesOf(other.bootstrap, topic), ['three']);
  await before.close({ signal: AbortSignal.abort() }).catch(() => undefined);
  await stuck;
});
