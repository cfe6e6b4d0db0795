/** The list of mirrors' producer ids on a target, when it is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { until } from '../client/client-fixture.ts';
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
