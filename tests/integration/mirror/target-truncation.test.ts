import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, unwrap } from '@millrace/client';
import { failover } from '@millrace/mirror';
import { until } from '../client/client-fixture.ts';
import { sidesBetween } from './failover-fixture.ts';
import { assertMirrored, type MirrorFixture, readPartition, startMirrorFixture } from './mirror-fixture.ts';

async function write(client: Client, topic: string, values: readonly string[]): Promise<void> {
  await using producer = client.producer();
  for (const value of values) await producer.send({ topic, partition: 0, value });
}

async function values(client: Client, topic: string): Promise<(string | null)[]> {
  return (await readPartition(client, topic, 0)).map(({ value }) => value);
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

test('however often the shard is taken over, what is lost is told, and nothing is copied over it', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target, events } = fixture;
  const [topic, whole] = [await source.createTopic(1), await source.createTopic(1)];
  const topics = [topic, whole];
  // In one shard, so that the one would be held up by the other.
  const options = { shards: 1 };
  await write(source.client, topic, ['a', 'b', 'c']);
  await write(source.client, whole, ['a']);
  const first = await fixture.mirror(topics, options);
  await assertMirrored(fixture, topic, 1);
  await assertMirrored(fixture, whole, 1);
  await first.close();
  unwrap(await target.admin.deleteTopics([topic]));
  await write(source.client, topic, ['d']);
  for (let round = 1; round <= 6; round++) {
    events.length = 0;
    await write(source.client, whole, [`round ${round}`]);
    const mirror = await fixture.mirror(topics, options);
    assert.match(await told(fixture, 'target_truncated'), /has lost that from offset 0 on/, `round ${round}`);
    await assertMirrored(fixture, whole, 1);
    await mirror.close();
    assert.deepEqual(await values(target.client, topic), []);
  }
  await fixture.mirror(topics, { ...options, truncatedTarget: 'continue' });
  await assertMirrored(fixture, topic, 1);
});

test('a target whose topic is made anew under a running worker is found to have lost what was copied', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await write(source.client, topic, ['a', 'b', 'c']);
  const mirror = await fixture.mirror([topic]);
  await assertMirrored(fixture, topic, 1);
  unwrap(await target.admin.deleteTopics([topic]));
  unwrap(await target.admin.createTopics([{ topic, partitions: 1 }]));
  await write(source.client, topic, ['d', 'e']);
  assert.match(await told(fixture, 'target_truncated'), /has lost that from offset 0 on/);
  await write(source.client, topic, ['f']);
  await mirror.close();
  assert.ok(!(await values(target.client, topic)).includes('f'));
  await fixture.mirror([topic], { truncatedTarget: 'continue' });
  await until(async () => (await values(target.client, topic)).at(-1) === 'f', 30_000);
  assert.deepEqual((await values(target.client, topic)).slice(-6), ['a', 'b', 'c', 'd', 'e', 'f']);
});

test('a forced failover to a target that lost its end tells where it ends', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await write(source.client, topic, ['a', 'b', 'c']);
  const first = await fixture.mirror([topic], { name: 'east-west' });
  await assertMirrored(fixture, topic, 1);
  await first.close();
  unwrap(await target.admin.deleteTopics([topic]));
  unwrap(await target.admin.createTopics([{ topic, partitions: 1 }]));
  await write(target.client, topic, ['x', 'y', 'z', 'behind']);
  const sentences: string[] = [];
  const tell = ({ sentence }: { readonly sentence: string }): void => void sentences.push(sentence);
  const { topics } = await failover({ ...sidesBetween(source, target, 'east-west'), manner: 'forced', tell });
  assert.match(sentences.join('\n'), /has lost that from offset 0 on/);
  assert.deepEqual(
    topics.flatMap(({ points }) => points.map((point) => [point.source, point.sourceEnd])),
    [[0, 3]],
  );
});

test('a planned failover does not end on a target that lost records, and does once they are there again', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await write(source.client, topic, ['a', 'b', 'c']);
  const first = await fixture.mirror([topic], { name: 'east-west' });
  await assertMirrored(fixture, topic, 1);
  await first.close();
  unwrap(await target.admin.deleteTopics([topic]));
  unwrap(await target.admin.createTopics([{ topic, partitions: 1 }]));
  const planned = { ...sidesBetween(source, target, 'east-west'), manner: 'planned', unfenced: true } as const;
  await assert.rejects(failover(planned), { code: 'failover_target_truncated', message: /fail over again$/ });
  const second = await fixture.mirror([topic], { name: 'east-west', truncatedTarget: 'continue' });
  await assertMirrored(fixture, topic, 1);
  await second.close();
  const { topics } = await failover(planned);
  assert.deepEqual(
    topics.map(({ state, points }) => [state, points.map((point) => point.source)]),
    [['failed-over', [3]]],
  );
});
