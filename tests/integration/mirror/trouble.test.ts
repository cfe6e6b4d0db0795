import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, unwrap } from '@millrace/client';
import { MirrorWatch, verifyMirror } from '@millrace/mirror';
import { until } from '../client/client-fixture.ts';
import { assertMirrored, type MirrorFixture, readPartition, startMirrorFixture } from './mirror-fixture.ts';

async function write(client: Client, topic: string, values: readonly string[]): Promise<void> {
  await using producer = client.producer();
  for (const value of values) await producer.send({ topic, partition: 0, value });
}

async function valuesAt({ client }: MirrorFixture['target'], topic: string): Promise<(string | null)[]> {
  return (await readPartition(client, topic, 0)).map(({ value }) => value);
}

async function told({ events }: MirrorFixture, event: string): Promise<string> {
  await until(() => events.some((each) => each.event === event), 30_000);
  return events.find((each) => each.event === event)?.message ?? '';
}

test('records that the source deleted before they were copied are told, and the copy goes on', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await write(source.client, topic, ['a', 'b']);
  const mirror = await fixture.mirror([topic]);
  await assertMirrored(fixture, topic, 1);
  await mirror.close();
  await write(source.client, topic, ['c', 'd', 'e']);
  unwrap(await source.admin.deleteRecords([{ topic, partition: 0, offset: 4 }]));
  const goesOn = await fixture.mirror([topic]);
  assert.match(await told(fixture, 'records_lost'), /deleted offsets 2 to 3 of .* before they were copied/);
  await until(async () => (await valuesAt(target, topic)).length === 3, 30_000);
  await write(source.client, topic, ['f']);
  await until(async () => (await valuesAt(target, topic)).length === 4, 30_000);
  assert.deepEqual(await valuesAt(target, topic), ['a', 'b', 'e', 'f']);
  // It stays known, whoever copies.
  const sides = { source: { bootstrap: source.bootstrap }, target: { bootstrap: target.bootstrap } };
  await using watch = new MirrorWatch({ ...sides, name: mirror.name });
  const isTold = async (): Promise<boolean> => {
    const { losses, problems } = await watch.look();
    return /offsets 2 to 3 were passed over/.test(losses.join()) && problems.length === 0;
  };
  await until(isTold, 30_000);
  await goesOn.close();
  const third = await fixture.mirror([topic]);
  await write(source.client, topic, ['g']);
  await until(() => third.figures().recordsCopied === 1, 30_000);
  await third.close();
  const lost = (await watch.look()).topics[0]?.partitions[0]?.losses;
  assert.equal(lost?.offsets, 2);
  assert.deepEqual(
    lost.ranges.map(({ from, to, reason }) => [from, to, reason]),
    [[2, 4, 'deleted']],
  );
});

test('a partition whose next records are lost stops where that is asked for', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await write(source.client, topic, ['a']);
  const mirror = await fixture.mirror([topic]);
  await assertMirrored(fixture, topic, 1);
  await mirror.close();
  await write(source.client, topic, ['b', 'c']);
  unwrap(await source.admin.deleteRecords([{ topic, partition: 0, offset: 2 }]));
  await fixture.mirror([topic], { lostRecords: 'stop' });
  assert.match(await told(fixture, 'records_lost'), /the partition stops/);
  assert.deepEqual(await valuesAt(target, topic), ['a']);
});

test('records are as large as the topic of the target takes them', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source } = fixture;
  const topic = await source.createTopic(1, { 'max.message.bytes': '6000000' });
  await using producer = source.client.producer({ batchBytesMax: 5_500_000 });
  for (const length of [1, 2_000_000, 5_000_000]) {
    await producer.send({ topic, partition: 0, value: 'x'.repeat(length) });
  }
  await fixture.mirror([topic]);
  await assertMirrored(fixture, topic, 1);
  const told = fixture.events.filter(({ level }) => level !== 'info');
  assert.deepEqual(told, []);
});

test('a record that is larger than the target takes stops its partition alone, or is left out', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const [large, other] = [await source.createTopic(1, { 'max.message.bytes': '3000000' }), await source.createTopic(1)];
  // What is set for the target alone stays.
  const narrow = { 'segment.bytes': '1048576' };
  unwrap(await target.admin.createTopics([{ topic: large, partitions: 1, configuration: narrow }]));
  await using producer = source.client.producer({ batchBytesMax: 2_500_000 });
  for (const value of ['a', 'x'.repeat(2_000_000), 'b']) await producer.send({ topic: large, partition: 0, value });
  await write(source.client, other, ['1', '2']);
  const mirror = await fixture.mirror([large, other]);
  assert.match(await told(fixture, 'record_too_large'), /max\.message\.bytes/);
  await assertMirrored(fixture, other, 1);
  await until(async () => (await valuesAt(target, large)).length === 1, 30_000);
  await mirror.close();
  await fixture.mirror([large, other], { largeRecords: 'skip' });
  await until(async () => (await valuesAt(target, large)).length === 2, 30_000);
  assert.deepEqual(await valuesAt(target, large), ['a', 'b']);
  const sides = { source: { bootstrap: source.bootstrap }, target: { bootstrap: target.bootstrap } };
  // Workers write down once a second how far they are.
  await until(async () => {
    const [found] = await verifyMirror({ ...sides, name: mirror.name, topics: [large] });
    const [only] = found?.partitions ?? [];
    return found?.isEqual === true && only?.compared === 2 && only.passedOver === 1;
  }, 30_000);
});

test('what the target takes is looked at anew before a record is left out', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1, { 'max.message.bytes': '3000000' });
  const narrow = { 'segment.bytes': '1048576' };
  unwrap(await target.admin.createTopics([{ topic, partitions: 1, configuration: narrow }]));
  await write(source.client, topic, ['a']);
  await fixture.mirror([topic], { largeRecords: 'skip' });
  await assertMirrored(fixture, topic, 1);
  const wide = { 'segment.bytes': '16777216', 'max.message.bytes': '3000000' };
  const changes = Object.entries(wide).map(([name, value]) => ({ operation: 'set' as const, name, value }));
  unwrap(await target.admin.incrementalAlterConfigs([{ type: 'topic', name: topic, changes }]));
  // What was known when the worker began is not new any more then.
  await sleep(1200);
  await using producer = source.client.producer({ batchBytesMax: 2_500_000 });
  await producer.send({ topic, partition: 0, value: 'x'.repeat(2_000_000) });
  await assertMirrored(fixture, topic, 1);
  assert.ok(!fixture.events.some(({ event }) => event === 'record_too_large'));
});

test('batches are as small as the topics of the target want them', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const [tiny, large] = [await source.createTopic(1), await source.createTopic(1)];
  for (const topic of [tiny, large]) {
    unwrap(await target.admin.createTopics([{ topic, partitions: 1, configuration: { 'max.message.bytes': '3000' } }]));
  }
  const values = Array.from({ length: 400 }, (_, n) => `${n} ${'x'.repeat(90)}`);
  await using producer = source.client.producer({ batchBytesMax: 256 });
  for (const value of values) if (!producer.write({ topic: tiny, partition: 0, value })) await producer.ready();
  await producer.flush();
  await using other = source.client.producer({ lingerMs: 20 });
  for (const value of values) if (!other.write({ topic: large, partition: 0, value })) await other.ready();
  await other.flush();
  await fixture.mirror([tiny, large]);
  for (const topic of [tiny, large]) await assertMirrored(fixture, topic, 1);
  assert.deepEqual(
    fixture.events.filter(({ level }) => level !== 'info'),
    [],
  );
});

test('a topic that the target refuses to write to does not hold up others', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const [refused, other] = [await source.createTopic(1), await source.createTopic(1)];
  // Records of a compacted topic need keys.
  unwrap(await target.admin.createTopics([{ topic: refused, configuration: { 'cleanup.policy': 'compact' } }]));
  await write(source.client, refused, ['a']);
  await write(source.client, other, ['1', '2']);
  await fixture.mirror([refused, other], { shards: 1 });
  assert.match(await told(fixture, 'partition_failed'), /takes nothing from the mirror/);
  await assertMirrored(fixture, other, 1);
});
