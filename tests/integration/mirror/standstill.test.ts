/** What is known of partitions that stand still, also from outside and when no worker runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { MirrorWatch } from '@millrace/mirror';
import { millrace } from '../../support/millrace-command.ts';
import { until } from '../client/client-fixture.ts';
import { assertMirrored, readPartition, startMirrorFixture } from './mirror-fixture.ts';

test('why partitions stand still is told by whoever looks, until they go on', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const configuration = { 'max.message.bytes': '3000000' };
  const [lost, large, anew, gone] = [
    await source.createTopic(1),
    await source.createTopic(1, configuration),
    await source.createTopic(1),
    await source.createTopic(1),
  ];
  const topics = [lost, large, anew, gone];
  const narrow = { 'segment.bytes': '1048576' };
  unwrap(await target.admin.createTopics([{ topic: large, partitions: 1, configuration: narrow }]));
  await using producer = source.client.producer({ batchBytesMax: 2_500_000 });
  const write = async (topic: string, ...values: string[]): Promise<void> => {
    for (const value of values) await producer.send({ topic, partition: 0, value });
  };
  for (const topic of topics) await write(topic, 'a');
  const first = await fixture.mirror(topics);
  for (const topic of topics) await assertMirrored(fixture, topic, 1);
  await first.close();
  await write(lost, 'b', 'c', 'd');
  unwrap(await source.admin.deleteRecords([{ topic: lost, partition: 0, offset: 3 }]));
  await write(large, 'x'.repeat(2_000_000), 'c');
  unwrap(await source.admin.deleteTopics([anew]));
  unwrap(await source.admin.createTopics([{ topic: anew, partitions: 1 }]));
  unwrap(await target.admin.deleteTopics([gone]));

  const stopping = await fixture.mirror(topics, { lostRecords: 'stop' });
  const sides = { source: { bootstrap: source.bootstrap }, target: { bootstrap: target.bootstrap } };
  await using watch = new MirrorWatch({ ...sides, name: stopping.name });
  const reasons = async (): Promise<string[]> => {
    const found = new Map(
      (await watch.look()).topics.map(({ topic, partitions: [only] }) => [topic, only?.standstill]),
    );
    return topics.map((topic) => {
      const { reason, from, to } = found.get(topic) ?? {};
      return `${reason} ${from} ${to}`;
    });
  };
  const expected = ['deleted 1 3', 'too-large 1 2', 'recreated 1 1', 'target-truncated 0 1'];
  await until(async () => (await reasons()).join() === expected.join(), 30_000);
  assert.deepEqual(new Set(stopping.standstills().map(({ topic }) => topic)), new Set(topics));
  const words = ['--source', source.bootstrap, '--target', target.bootstrap, '--name', stopping.name];
  const told = await millrace(['mirror', 'status', ...words, '--once']);
  assert.equal(told.code, 1);
  assert.match(told.text, /^problem: .* stands still since .*the source deleted source offsets 1 to 2/m);
  await stopping.close();
  assert.deepEqual(await reasons(), expected, 'it stays known when no worker runs');

  const goesOn = await fixture.mirror(topics, {
    largeRecords: 'skip',
    recreatedTopics: 'continue',
    truncatedTarget: 'continue',
  });
  await write(anew, 'b');
  await until(async () => (await watch.look()).problems.length === 0, 30_000);
  assert.deepEqual(goesOn.standstills(), []);
  await until(async () => (await readPartition(target.client, anew, 0)).length === 2, 30_000);
  const values = async (topic: string): Promise<(string | null)[]> => {
    return (await readPartition(target.client, topic, 0)).map(({ value }) => value);
  };
  assert.deepEqual(await Promise.all(topics.map(values)), [['a', 'd'], ['a', 'c'], ['a', 'b'], ['a']]);
});
