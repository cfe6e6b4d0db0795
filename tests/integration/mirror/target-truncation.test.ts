import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, unwrap } from '@millrace/client';
import { until } from '../client/client-fixture.ts';
import { assertMirrored, type MirrorFixture, readPartition, startMirrorFixture } from './mirror-fixture.ts';

async function write(client: Client, topic: string, values: readonly string[]): Promise<void> {
  await using producer = client.producer();
  for (const value of values) await producer.send({ topic, partition: 0, value });
}

async function told({ events }: MirrorFixture, event: string): Promise<string> {
  await until(() => events.some((each) => each.event === event), 30_000);
  return events.find((each) => each.event === event)?.message ?? '';
}

for (const guarantee of ['exactly-once', 'at-least-once'] as const) {
  test(`a target whose topic was made anew stops its partition, or is filled again (${guarantee})`, async (t) => {
    const fixture = await startMirrorFixture(t);
    const { source, target } = fixture;
    const topic = await source.createTopic(1);
    await write(source.client, topic, ['a', 'b', 'c']);
    const first = await fixture.mirror([topic], { guarantee });
    await assertMirrored(fixture, topic, 1);
    await first.close();
    unwrap(await target.admin.deleteTopics([topic]));
    await write(source.client, topic, ['d']);
    const stopping = await fixture.mirror([topic], { guarantee });
    assert.match(
      await told(fixture, 'target_truncated'),
      /has lost that from offset 0 on.*--truncated-target continue/,
    );
    await stopping.close();
    assert.deepEqual(await readPartition(target.client, topic, 0), []);
    await fixture.mirror([topic], { guarantee, truncatedTarget: 'continue' });
    await assertMirrored(fixture, topic, 1);
    await write(source.client, topic, ['e']);
    await assertMirrored(fixture, topic, 1);
  });
}

test('what a target lost in part is copied again from there, and groups find their records', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await write(source.client, topic, ['a', 'b', 'c']);
  const first = await fixture.mirror([topic]);
  await assertMirrored(fixture, topic, 1);
  await first.close();
  // Made anew, and as long as it was but for what the journal knows, with records of somebody else.
  unwrap(await target.admin.deleteTopics([topic]));
  unwrap(await target.admin.createTopics([{ topic, partitions: 1 }]));
  await write(target.client, topic, ['x']);
  await write(source.client, topic, ['d']);
  const mirror = await fixture.mirror([topic], { truncatedTarget: 'continue' });
  await until(async () => (await readPartition(target.client, topic, 0)).length === 5, 30_000);
  assert.deepEqual(
    (await readPartition(target.client, topic, 0)).map(({ value }) => value),
    ['x', 'a', 'b', 'c', 'd'],
  );
  unwrap(await source.admin.commitOffsets('readers', [{ topic, partition: 0, offset: 2 }]));
  await until(async () => {
    await mirror.syncGroups();
    const [committed] = await target.admin.fetchOffsets('readers');
    return committed !== undefined && committed.error === undefined;
  }, 30_000);
  const [committed] = unwrap(await target.admin.fetchOffsets('readers'));
  const records = await readPartition(target.client, topic, 0);
  assert.equal(records.find(({ offset }) => offset >= (committed?.offset ?? -1))?.value, 'c');
});
