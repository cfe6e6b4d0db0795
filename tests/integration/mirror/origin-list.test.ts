/** The list of mirrors' producer ids on a target, when it is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { failover, startMirror } from '@millrace/mirror';
import { quick, until } from '../client/client-fixture.ts';
import { readPartition, startMirrorFixture } from './mirror-fixture.ts';

test('a worker whose producer id is not listed any more lists it again', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await using producer = source.client.producer();
  await producer.send({ topic, partition: 0, value: 'a' });
  const mirror = await fixture.mirror([topic], { shards: 1 });
  await until(() => mirror.figures().recordsCopied === 1);
  const origins = 'millrace.origins';
  const listed = async (): Promise<readonly (string | null)[]> =>
    (await readPartition(target.client, origins, 0))
      .map(({ key }) => key)
      .filter((key) => key?.startsWith('producer '));
  const before = await listed();
  assert.equal(before.length, 1);
  unwrap(await target.admin.deleteTopics([origins]));
  await until(async () => !(await target.admin.listTopics()).some((each) => each.topic === origins));
  unwrap(await target.admin.createTopics([{ topic: origins, partitions: 1 }]));
  await until(async () => (await target.admin.listTopics()).some((each) => each.topic === origins));
  await mirror.syncTopics();
  assert.deepEqual(await listed(), before);
});

test('a failover that ends a shard by a producer id that is not listed lists it as the mirror', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  const sides = {
    name: 'listed',
    source: { bootstrap: source.bootstrap, ...quick },
    target: { bootstrap: target.bootstrap, ...quick },
  };
  {
    await using mirror = await startMirror({ ...sides, topics: [topic], shards: 1 });
    await until(() => mirror.status()[0]?.lag === 0);
  }
  const origins = 'millrace.origins';
  const listed = async () =>
    (await readPartition(target.client, origins, 0)).filter(({ key }) => key?.startsWith('producer '));
  const [before] = await listed();
  assert.ok(before?.value);
  unwrap(await target.admin.deleteTopics([origins]));
  await until(async () => !(await target.admin.listTopics()).some((each) => each.topic === origins));
  unwrap(await target.admin.createTopics([{ topic: origins, partitions: 1 }]));
  await until(async () => (await target.admin.listTopics()).some((each) => each.topic === origins));
  await using producer = target.client.producer();
  await producer.send({ topic: origins, partition: 0, key: 'producer 987654', value: before.value });
  await failover({ ...sides, manner: 'forced' });
  const after = (await listed()).map(({ key, value }) => [key, value]);
  assert.deepEqual(after, [
    ['producer 987654', before.value],
    [before.key, before.value],
  ]);
});
