/** Members of groups whose settings, credentials and clusters are exchanged while they read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigAnswer } from '@millrace/api/config';
import { unwrap } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import { type Fixture, startFixture } from '../client/client-fixture.ts';
import { startReading, write } from './reading.ts';
import { clusterOf, startResilientFixture } from './resilient-fixture.ts';

const consumer = (topic: string) => ({ topic, role: 'consumer' }) as const;
const producer = (topic: string) => ({ topic, role: 'producer' }) as const;
const earliest = { 'auto.offset.reset': { value: 'earliest', rule: 'the test' } };
const settings = (values: Record<string, string>): ConfigAnswer['settings'] => ({
  ...earliest,
  ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, rule: 'the test' }])),
});

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

test('a reader whose settings change reads each record once', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic(3);
  const { bootstrap } = fixture;
  service.tell(consumer(topic), { answer: { bootstrap, settings: settings({}) } });
  const client = await open();
  const reader = await client.consumer({ topics: [topic], group: 'readers' });
  const reading = startReading(reader);
  for (let round = 0; round < 4; round++) {
    await write(fixture.client, topic, numbers(round * 100, (round + 1) * 100));
    if (round > 0) {
      service.tell(consumer(topic), { answer: { bootstrap, settings: settings({ 'fetch.min.bytes': `${round}` }) } });
      await eventually(() => client.status().streams[0]?.switches === round);
    }
    await eventually(() => reading.values.length >= (round + 1) * 100);
  }
  await reading.end();
  assert.deepEqual(
    reading.values.map(Number).sort((one, other) => one - other),
    numbers(0, 400).map(Number),
  );
  const [stream] = client.status().streams;
  assert.equal(stream?.lag, 0);
  t.diagnostic(`longest switch: ${Math.round(stream?.longestPauseMs ?? 0)} ms`);
  await client.close();
});

test('a reader goes on where only settings change that make no difference to it', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic(1);
  const { bootstrap } = fixture;
  const tell = (values: Record<string, string>): void =>
    service.tell(consumer(topic), { answer: { bootstrap, settings: settings(values) } });
  tell({});
  const client = await open();
  let assigned = 0;
  const onAssigned = (): void => void assigned++;
  const reader = await client.consumer({ topics: [topic], group: 'readers', fetchBytesMin: 1, onAssigned });
  const reading = startReading(reader);
  await write(fixture.client, topic, numbers(0, 10));
  await eventually(() => reading.values.length === 10);
  const stream = () => client.status().streams[0];
  for (const values of [{ 'linger.ms': '7' }, { 'of.tomorrow': 'x' }, { 'fetch.min.bytes': '9' }]) {
    const before = stream()?.answerVersion ?? 0;
    tell(values);
    await eventually(() => (stream()?.answerVersion ?? 0) > before);
    assert.equal(stream()?.goingTo, undefined);
  }
  // What follows shows that nothing was under way before it.
  tell({ 'fetch.max.bytes': '1000000' });
  await eventually(() => stream()?.switches === 1);
  await write(fixture.client, topic, numbers(10, 20));
  await eventually(() => reading.values.length === 20);
  assert.equal(assigned, 2);
  await reading.end();
  await client.close();
});

test('the batch in hand is handled before a reader gives way; what was not committed comes again', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic();
  const { bootstrap } = fixture;
  service.tell(consumer(topic), { answer: { bootstrap, settings: settings({}) } });
  await write(fixture.client, topic, ['one']);
  const client = await open();
  const reader = await client.consumer({ topics: [topic], group: 'careful', commit: 'manual' });
  const revoked: number[] = [];
  const read: string[] = [];
  for await (const batch of reader) {
    for (const { value } of batch) read.push(Buffer.from(value ?? []).toString());
    revoked.push(reader.assignment().length);
    if (read.length === 1) {
      service.tell(consumer(topic), { answer: { bootstrap, settings: settings({ 'fetch.max.wait.ms': '100' }) } });
      await eventually(() => client.status().streams[0]?.goingTo !== undefined);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(client.status().streams[0]?.switches, 0);
    } else {
      await reader.commit();
      break;
    }
  }
  assert.deepEqual(read, ['one', 'one']);
  assert.deepEqual(revoked, [1, 1]);
  assert.equal(client.status().streams[0]?.switches, 1);
  await client.close();
});

async function offsetOf({ admin }: Fixture, group: string, topic: string): Promise<number | undefined> {
  return unwrap(await admin.fetchOffsets(group, [{ topic, partition: 0 }]))[0]?.offset;
}

test('a group goes to another cluster only once its offsets were translated for that move', async (t) => {
  const [east, west, { service, open, events }] = [
    await startFixture(t),
    await startFixture(t),
    await startResilientFixture(t),
  ];
  const topic = 'moving';
  for (const { admin } of [east, west]) unwrap(await admin.createTopics([{ topic, partitions: 1 }]));
  // On west the same records lie three further on.
  await write(west.client, topic, ['x', 'y', 'z']);
  for (const { client } of [east, west]) await write(client, topic, ['a', 'b']);
  const tell = (name: 'east' | 'west', generation: number, groups?: Record<string, number>): void => {
    const { bootstrap } = name === 'east' ? east : west;
    const answer = { bootstrap, cluster: clusterOf(name, generation), settings: settings({}) };
    service.tell(consumer(topic), { answer: groups === undefined ? answer : { ...answer, groups } });
  };
  tell('east', 0);
  const client = await open();
  const reader = await client.consumer({ topics: [topic], group: 'movers' });
  const reading = startReading(reader);
  await eventually(() => reading.values.length === 2);
  for (const groups of [undefined, { others: 1 }, { movers: 0 }]) {
    const before = events.filter(({ event }) => event === 'switch_waits').length;
    tell('west', 1, groups);
    await eventually(() => events.filter(({ event }) => event === 'switch_waits').length > before);
  }
  await write(east.client, topic, ['c']);
  await eventually(() => reading.values.length === 3);
  assert.equal(client.status().streams[0]?.cluster, 'east');
  await write(west.client, topic, ['c', 'd']);
  unwrap(await west.admin.commitOffsets('movers', [{ topic, partition: 0, offset: 6, metadata: '' }]));
  tell('west', 1, { movers: 1 });
  await eventually(() => reading.values.length === 4);
  await reading.end();
  assert.deepEqual(reading.values, ['a', 'b', 'c', 'd']);
  assert.equal(client.status().streams[0]?.cluster, 'west');
  assert.equal(await offsetOf(east, 'movers', topic), 3);
  await client.close();
});

test('a reader and the transactions that its offsets are part of go to another cluster together', async (t) => {
  const [east, west, { service, open }] = [
    await startFixture(t),
    await startFixture(t),
    await startResilientFixture(t),
  ];
  for (const { admin } of [east, west]) {
    unwrap(
      await admin.createTopics([
        { topic: 'in', partitions: 1 },
        { topic: 'out', partitions: 1 },
      ]),
    );
  }
  const bootstrap = { east: east.bootstrap, west: west.bootstrap };
  const place = (name: 'east' | 'west', generation: number) => ({
    bootstrap: bootstrap[name],
    cluster: clusterOf(name, generation),
  });
  service.tell(consumer('in'), { answer: { ...place('east', 0), settings: settings({}) } });
  service.tell(producer('out'), { answer: place('east', 0) });
  const client = await open();
  const reader = await client.consumer({ topics: ['in'], group: 'billing', commit: 'manual' });
  const writer = await client.producer({ topic: 'out', transactionalId: 'billing-1' });
  const clusters = (): (string | undefined)[] => client.status().streams.map(({ cluster }) => cluster);
  const done: string[] = [];
  const end = new AbortController();
  const work = (async () => {
    for await (const batch of reader.batches({ signal: end.signal })) {
      await writer.transaction(async (transaction) => {
        await transaction.sendOffsets(reader);
        for (const { value } of batch) transaction.write({ topic: 'out', value });
      });
      for (const { value } of batch) done.push(Buffer.from(value ?? []).toString());
    }
  })();
  await write(east.client, 'in', ['1', '2']);
  await eventually(() => done.length === 2);
  // The producer's topic moves; the group's offsets are not there yet.
  service.tell(producer('out'), { answer: place('west', 1) });
  service.tell(consumer('in'), { answer: { ...place('west', 1), settings: settings({}) } });
  await eventually(() => client.status().streams.every(({ goingTo }) => goingTo === 'west'));
  await write(east.client, 'in', ['3']);
  await eventually(() => done.length === 3);
  assert.deepEqual(clusters(), ['east', 'east']);
  await write(west.client, 'in', ['1', '2', '3', '4']);
  unwrap(await west.admin.commitOffsets('billing', [{ topic: 'in', partition: 0, offset: 3, metadata: '' }]));
  service.tell(consumer('in'), { answer: { ...place('west', 1), settings: settings({}), groups: { billing: 1 } } });
  await eventually(() => clusters().every((cluster) => cluster === 'west'));
  await eventually(() => done.length === 4);
  end.abort(new Error('enough'));
  await assert.rejects(work, /enough/);
  assert.deepEqual(done, ['1', '2', '3', '4']);
  await client.close();
});
