/** What changes behind a sidecar: brokers, the service, the cluster, and the sidecar itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, unwrap } from '@millrace/client';
import { metadata } from '@millrace/wire';
import { eventually } from '../../support/eventually.ts';
import { type Fixture, startFixture } from '../client/client-fixture.ts';
import { kafkajsSender } from './foreign-senders.ts';
import { disordered, goOn, startLoad } from './load.ts';
import { ReplaceableCluster } from './replaceable-cluster.ts';
import { clusterOf, valuesOf } from './resilient-fixture.ts';
import {
  application,
  consumes,
  produces,
  type SidecarFixture,
  secretOf,
  startSidecarFixture,
} from './sidecar-fixture.ts';
import { loggedIn, whileOpen } from './sidecar-peer.ts';

test('all brokers are replaced by others under load: nothing fails, each record is there once', async (t) => {
  const { start, connect, service } = await startSidecarFixture(t);
  const cluster = await ReplaceableCluster.start(t);
  const topic = 'orders';
  await cluster.createTopic(topic, 3);
  const tell = (): void => service.tell(produces(topic), { answer: { bootstrap: cluster.bootstrap } });
  tell();
  const sidecar = await start([produces(topic)]);
  const ours = (await connect(sidecar)).producer();
  await using foreign = await kafkajsSender(sidecar.bootstrap, await secretOf(sidecar));
  const loads = [startLoad(ours, topic, 'own'), startLoad(foreign, topic, 'kafkajs')];
  for (let round = 0; round < 3; round++) {
    await goOn(loads, 50);
    await cluster.replace();
    tell();
  }
  await goOn(loads, 50);
  const written = (await Promise.all(loads.map((load) => load.end()))).flat();
  t.diagnostic(`${written.length} records; longest pauses ${loads.map((load) => load.longestPauseMs).join(', ')} ms`);
  assert.deepEqual(
    loads.flatMap(({ failures }) => failures),
    [],
  );
  const stored = await valuesOf(cluster.bootstrap, topic);
  assert.deepEqual([...new Set(stored)].sort(), [...written].sort());
  // kafkajs writes without ids of producers here: with them it loses records by itself when a connection breaks.
  const own = (value: string): boolean => value.startsWith('own');
  assert.equal(stored.filter(own).length, written.filter(own).length);
  assert.equal(disordered(stored.filter(own)), undefined);
});

test('a program that only knows the port of a broker finds those that came in place of it', async (t) => {
  const { start, service } = await startSidecarFixture(t);
  const cluster = await ReplaceableCluster.start(t);
  service.tell(produces('orders'), { answer: { bootstrap: cluster.bootstrap } });
  const sidecar = await start([produces('orders')]);
  const secret = await secretOf(sidecar);
  const brokersAt = async (port: number) => {
    using peer = await loggedIn(port, secret);
    return (await whileOpen(peer, peer.request(metadata, 12, { topics: [] }))).brokers;
  };
  const before = await brokersAt(Number(sidecar.bootstrap.split(':')[1]));
  assert.equal(before.length, 3);
  await cluster.replace();
  service.tell(produces('orders'), { answer: { bootstrap: cluster.bootstrap } });
  const { port = 0 } = before[1] ?? {};
  await eventually(() =>
    brokersAt(port).then(
      (after) => {
        assert.deepEqual(after, before);
        return true;
      },
      () => false,
    ),
  );
});

test('a sidecar starts without the service, from its copy, and programs go on with the secret they have', async (t) => {
  const [cluster, { start, connect, service }] = [await startFixture(t), await startSidecarFixture(t)];
  const topic = await cluster.createTopic(1);
  service.tell(produces(topic), { answer: { bootstrap: cluster.bootstrap } });
  const first = await start([produces(topic)]);
  const port = Number(first.bootstrap.split(':')[1]);
  const writer = (await connect(first)).producer();
  await writer.send({ topic, value: 'one' });
  await service.stop();
  await first.close();
  const second = await start([produces(topic)], { port });
  assert.equal(second.status().service, undefined);
  await writer.send({ topic, value: 'two' });
  await writer.close();
  assert.deepEqual(await valuesOf(cluster.bootstrap, topic), ['one', 'two']);
});

/** Two clusters with the same topic, and what the service says of where it is. */
async function startSites(t: Parameters<typeof startFixture>[0]) {
  const [east, west, fixture] = [await startFixture(t), await startFixture(t), await startSidecarFixture(t)];
  const topic = 'moved';
  for (const { admin } of [east, west]) unwrap(await admin.createTopics([{ topic, partitions: 1 }]));
  const tell = (name: 'east' | 'west', generation: number, groups: Record<string, number> = {}): void => {
    const { bootstrap } = name === 'east' ? east : west;
    const answer = { bootstrap, cluster: clusterOf(name, generation) };
    fixture.service.tell(produces(topic), { answer });
    fixture.service.tell(consumes(topic), { answer: { ...answer, groups } });
  };
  tell('east', 0);
  return { ...fixture, east, west, topic, tell };
}

test('a topic goes to another cluster: no client that was made before gets there, those made after do', async (t) => {
  const { start, connect, tell, topic, east, west, events } = await startSites(t);
  const sidecar = await start([produces(topic)]);
  const before = await secretOf(sidecar);
  const writer = (await connect(sidecar)).producer({ deliveryTimeoutMs: 3_000 });
  const load = startLoad(writer, topic, 'before');
  await goOn([load], 200);
  tell('west', 1);
  await eventually(() => sidecar.status().cluster.name === 'west');
  await eventually(() => load.failures.length > 0);
  const written = await load.end();
  assert.notEqual(await secretOf(sidecar), before);
  await assert.rejects((await connect(sidecar, before)).producer().send({ topic, value: 'late' }), {
    code: 'delivery_failed',
    message: /went to another cluster \(west\): make a new client/,
  });
  await (await connect(sidecar)).producer().send({ topic, value: 'after' });
  assert.deepEqual(await valuesOf(west.bootstrap, topic), ['after']);
  const stored = await valuesOf(east.bootstrap, topic);
  assert.ok(stored.length >= load.acknowledged && written.length > stored.length);
  assert.equal(new Set(stored).size, stored.length);
  assert.ok(events.some(({ event, message }) => event === 'switched' && message.includes('start them anew')));
});

test('what is under way when a topic goes is acknowledged by the cluster that is left', async (t) => {
  const { start, connect, tell, topic, east } = await startSites(t);
  const sidecar = await start([produces(topic)]);
  const writer = (await connect(sidecar)).producer();
  await writer.send({ topic, value: 'first' });
  const sent = Array.from({ length: 50 }, (_, number) => writer.send({ topic, value: `${number}` }));
  const flushed = writer.flush();
  tell('west', 1);
  const results = await Promise.allSettled([...sent, flushed]);
  await eventually(() => sidecar.status().cluster.name === 'west');
  const acknowledged = results.slice(0, 50).filter(({ status }) => status === 'fulfilled').length;
  assert.ok((await valuesOf(east.bootstrap, topic)).length >= acknowledged + 1);
});

test('a sidecar stays while the offsets of a group that it saw are not translated', async (t) => {
  const { start, connect, tell, topic, east, west } = await startSites(t);
  const sidecar = await start([consumes(topic)]);
  await write(east, topic, 'east');
  assert.deepEqual(await readOne(await connect(sidecar), topic), 'east');
  tell('west', 1);
  await eventually(() => sidecar.status().goingTo === 'west');
  await write(east, topic, 'still');
  assert.deepEqual(await readOne(await connect(sidecar), topic), 'still');
  assert.equal(sidecar.status().cluster.name, 'east');
  await sidecar.close();
  await assert.rejects(start([consumes(topic)], { answerTimeoutMs: 300 }), { code: 'group_not_translated' });
  tell('west', 1, { readers: 1 });
  const again = await start([consumes(topic)]);
  assert.equal(again.status().cluster.name, 'west');
  await write(west, topic, 'west');
  assert.deepEqual(await readOne(await connect(again), topic), 'west');
});

test('a group that was looked at and committed nothing does not hold a sidecar', async (t) => {
  const { start, connect, tell, topic, east } = await startSites(t);
  const sidecar = await start([consumes(topic)]);
  await write(east, topic, 'east');
  const client = await connect(sidecar);
  await client.admin().describeGroups(['console-consumer-12345']);
  {
    await using reader = client.consumer({ topics: [topic], group: 'looks', from: 'earliest', commit: 'manual' });
    for await (const batch of reader) if (batch.recordCount > 0) break;
  }
  assert.deepEqual(sidecar.status().groups, []);
  tell('west', 1, { readers: 1 });
  await eventually(() => sidecar.status().cluster.name === 'west');
});

test('a sidecar that was told only to produce stays when a program commits through it, and says why', async (t) => {
  const { start, connect, tell, topic, east, events } = await startSites(t);
  const sidecar = await start([produces(topic)]);
  await write(east, topic, 'east');
  assert.equal(await readOne(await connect(sidecar), topic), 'east');
  assert.deepEqual(sidecar.status().groups, ['readers']);
  tell('west', 1);
  const waits = () => events.find(({ event }) => event === 'switch_waits');
  await eventually(() => waits() !== undefined);
  assert.match(waits()?.message ?? '', /--consume TOPIC.*readers/);
  assert.equal(sidecar.status().cluster.name, 'east');
});

test('a move while no sidecar ran changes the secret too', async (t) => {
  const { start, tell, topic } = await startSites(t);
  const first = await start([produces(topic)]);
  const before = await secretOf(first);
  await first.close();
  const same = await start([produces(topic)]);
  assert.equal(await secretOf(same), before);
  await same.close();
  tell('west', 1);
  const next = await start([produces(topic)]);
  await eventually(() => next.status().cluster.name === 'west');
  await eventually(async () => (await secretOf(next)) !== before);
});

test('topics on two clusters are refused: a sidecar is for one', async (t) => {
  const [east, west, { start, service }] = [await startFixture(t), await startFixture(t), await startSidecarFixture(t)];
  service.tell(produces('a'), { answer: { bootstrap: east.bootstrap, cluster: clusterOf('east') } });
  service.tell(produces('b'), { answer: { bootstrap: west.bootstrap, cluster: clusterOf('west') } });
  await assert.rejects(start([produces('a'), produces('b')]), { code: 'topics_apart' });
});

async function write({ bootstrap }: Fixture, topic: string, value: string): Promise<void> {
  await using client = createClient({ bootstrap });
  await client.producer().send({ topic, value });
}

/** The next record of the group, which is committed. */
async function readOne(client: Awaited<ReturnType<SidecarFixture['connect']>>, topic: string): Promise<string> {
  await using consumer = client.consumer({ topics: [topic], group: 'readers', from: 'earliest' });
  for await (const batch of consumer) {
    const [record] = batch;
    if (record === undefined) continue;
    const value = Buffer.from(record.value ?? []).toString();
    await consumer.commit([{ topic, partition: batch.partition, offset: record.offset + 1 }]);
    return value;
  }
  throw new Error(`the consumer of ${application} ended`);
}
