/** Ways back after the source's side has gone its own way: what it has too much, too little, or not at all. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startCluster } from '@millrace/broker';
import { type Client, createClient, unwrap } from '@millrace/client';
import {
  type FailbackOptions,
  type FailoverSides,
  failback,
  failover,
  type TailRecord,
  verifyMirror,
} from '@millrace/mirror';
import { type Fixture, quick, startFixture, uniqueName } from '../client/client-fixture.ts';
import { commit, copyAll, sidesBetween, values, valuesOf, write } from './failover-fixture.ts';
import { readPartition } from './mirror-fixture.ts';

interface Site {
  readonly source: Fixture;
  readonly target: Fixture;
  readonly topic: string;
  readonly sides: FailoverSides;
}

/** A topic of which records 0 to 99 were copied before a forced failover, 100 to 129 never; 200 to 219 came then. */
async function failedOver(t: TestContext, configuration: Record<string, string> = {}): Promise<Site> {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1, configuration);
  const sides = sidesBetween(source, target);
  await write(source.client, topic, 0, 100);
  await copyAll({ ...sides, topics: [topic] });
  await write(source.client, topic, 100, 130);
  await failover({ ...sides, manner: 'forced' });
  await write(target.client, topic, 200, 220);
  return { source, target, topic, sides };
}

/** The value of the record that a group reads next. */
async function nextOf(client: Client, group: string, topic: string): Promise<string | null | undefined> {
  const [stored] = unwrap(await client.admin().fetchOffsets(group, [{ topic, partition: 0 }]));
  const records = await readPartition(client, topic, 0);
  return stored && records.find(({ offset }) => offset >= stored.offset)?.value;
}

test('groups go on behind the failover: what they had read alone, and what nobody copied, comes no more', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1);
  const sides = sidesBetween(source, target);
  await write(source.client, topic, 0, 100);
  await copyAll({ ...sides, topics: [topic] });
  await write(source.client, topic, 100, 130);
  const [within, behind, reading] = [uniqueName('within'), uniqueName('behind'), uniqueName('reading')];
  await commit(source.client, within, topic, 40);
  await commit(source.client, behind, topic, 120);
  await commit(source.client, reading, topic, 10);
  await using consumer = source.client.consumer({ group: reading, topics: [topic] });
  for await (const _ of consumer.records()) break;
  const { groups, topics } = await failover({ ...sides, manner: 'forced' });
  assert.deepEqual(
    topics.flatMap(({ points }) => points.map(({ source: at, sourceEnd }) => [at, sourceEnd])),
    [[100, 130]],
  );
  assert.deepEqual(
    groups.map(({ group, synced, ahead, reads }) => [group.split('-')[0], synced, ahead, reads]),
    [
      ['behind', 1, 0, false],
      ['reading', 1, 0, true],
      ['within', 1, 0, false],
    ],
  );
  await write(target.client, topic, 200, 210);
  assert.equal(await nextOf(target.client, within, topic), 'value 40');
  assert.equal(await nextOf(target.client, behind, topic), 'value 200');
});

test('a partition is rebuilt: its divergent tail is handed out and deleted, and all comes anew', async (t) => {
  const { source, target, topic, sides } = await failedOver(t);
  const [reader, alone] = [uniqueName('reader'), uniqueName('alone')];
  await commit(source.client, alone, topic, 60);
  await assert.rejects(failback({ ...sides, tail: 'rebuild' }), { code: 'failback_tail_unsaved' });
  assert.deepEqual(valuesOf(await readPartition(source.client, topic, 0)), values([0, 130]), 'nothing was deleted');
  const exported: TailRecord[] = [];
  const exportTail = { record: (record: TailRecord) => void exported.push(record) };
  const live = source.client.consumer({ group: alone, topics: [topic] });
  for await (const _ of live.records()) break;
  const rebuild: FailbackOptions = { ...sides, tail: 'rebuild', exportTail };
  await assert.rejects(failback(rebuild), { code: 'failover_group_live' });
  await live.close();
  await commit(source.client, alone, topic, 60);
  const back = await failback(rebuild);
  assert.deepEqual(back.topics, [
    { topic, tails: [], rebuilt: [{ partition: 0, deleted: [{ partition: 0, from: 100, to: 130 }] }] },
  ]);
  assert.deepEqual(
    exported.map(({ offset, value }) => [offset, value && Buffer.from(value).toString()]),
    Array.from({ length: 30 }, (_, index) => [100 + index, `value ${100 + index}`]),
  );
  const all = await readPartition(target.client, topic, 0);
  await commit(target.client, reader, topic, all[105]?.offset ?? 0);
  await copyAll(back.mirror);
  assert.deepEqual(valuesOf(await readPartition(source.client, topic, 0)), values([0, 100], [200, 220]));
  assert.equal(await nextOf(source.client, reader, topic), 'value 205');
  assert.equal(await nextOf(source.client, alone, topic), 'value 60');
  const [verified] = await verifyMirror(back.mirror);
  assert.deepEqual([verified?.isEqual, verified?.partitions[0]?.compared], [true, 120]);
  assert.deepEqual((await failback(rebuild)).topics, [{ topic, tails: [], rebuilt: [] }], 'once is enough');
});

test('a rebuilt partition keeps nothing for itself that only the source had, but hands it out', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1);
  const sides = sidesBetween(source, target);
  await write(source.client, topic, 0, 40);
  await copyAll({ ...sides, topics: [topic], begin: 'latest' }, () => write(source.client, topic, 40, 50));
  await write(source.client, topic, 50, 55);
  await failover({ ...sides, manner: 'forced' });
  const copied = (await readPartition(target.client, topic, 0)).length;
  const exported: number[] = [];
  const exportTail = { record: ({ offset }: TailRecord) => void exported.push(offset) };
  const back = await failback({ ...sides, tail: 'rebuild', exportTail });
  assert.equal(exported.length + copied, 55);
  await copyAll(back.mirror);
  assert.equal((await readPartition(source.client, topic, 0)).length, copied);
});

test('a topic that is gone on the source, or was made anew there, is rebuilt as a whole', async (t) => {
  const { source, topic, sides } = await failedOver(t);
  unwrap(await source.admin.deleteTopics([topic]));
  await assert.rejects(failback(sides), { code: 'failback_not_failed_over' });
  unwrap(await source.admin.createTopics([{ topic, partitions: 1 }]));
  await write(source.client, topic, 300, 305);
  await assert.rejects(failback(sides), { code: 'failback_not_failed_over' });
  await assert.rejects(failback({ ...sides, tail: 'rebuild' }), { code: 'failback_tail_unsaved' });
  const back = await failback({ ...sides, tail: 'rebuild', discardTail: true });
  await copyAll(back.mirror);
  assert.deepEqual(valuesOf(await readPartition(source.client, topic, 0)), values([0, 100], [200, 220]));
});

test('a compacted topic is rebuilt once it was deleted on the source', async (t) => {
  const { source, topic, sides } = await failedOver(t);
  const policy = { name: 'cleanup.policy', operation: 'set', value: 'compact' } as const;
  unwrap(await source.admin.incrementalAlterConfigs([{ type: 'topic', name: topic, changes: [policy] }]));
  const rebuild: FailbackOptions = { ...sides, tail: 'rebuild', discardTail: true };
  await assert.rejects(failback(rebuild), { code: 'failback_tail_unsaved' });
  unwrap(await source.admin.deleteTopics([topic]));
  await copyAll((await failback(rebuild)).mirror);
  assert.deepEqual(valuesOf(await readPartition(source.client, topic, 0)), values([0, 100], [200, 220]));
});

test('a source that was restored from a backup gets back first what it has lost', async (t) => {
  const target = await startFixture(t);
  const directory = await mkdtemp(join(tmpdir(), 'millrace-failback-'));
  const [data, backup] = [join(directory, 'data'), join(directory, 'backup')];
  let source = await startCluster({ name: 'test', dataDirectory: data, brokers: [{ nodeId: 1, port: 0 }] });
  t.after(async () => {
    await source.close();
    await rm(directory, { recursive: true, force: true });
  });
  const { bootstrap } = source;
  await using client = createClient({ bootstrap, ...quick });
  const brokers = [{ nodeId: 1, port: Number(bootstrap.split(':')[1]) }];
  const restart = async (work: () => Promise<void>): Promise<void> => {
    await source.close();
    await work();
    source = await startCluster({ name: 'test', dataDirectory: data, brokers });
  };
  const topic = uniqueName('topic');
  unwrap(await client.admin().createTopics([{ topic, partitions: 1 }]));
  await write(client, topic, 0, 90);
  await restart(() => cp(data, backup, { recursive: true }));
  await write(client, topic, 90, 100);
  const ends = { source: { bootstrap, ...quick }, target: { bootstrap: target.bootstrap, ...quick } };
  const sides = { name: uniqueName('mirror'), ...ends };
  await copyAll({ ...sides, topics: [topic] });
  await failover({ ...sides, manner: 'forced' });
  await write(target.client, topic, 200, 220);
  await restart(async () => {
    await rm(data, { recursive: true });
    await rename(backup, data);
  });
  const back = await failback(sides);
  assert.deepEqual(back.topics, [{ topic, tails: [], rebuilt: [] }]);
  await copyAll(back.mirror);
  assert.deepEqual(valuesOf(await readPartition(client, topic, 0)), values([0, 100], [200, 220]));
  const [verified] = await verifyMirror(back.mirror);
  assert.deepEqual([verified?.isEqual, verified?.partitions[0]?.compared], [true, 120]);
});

test('a tail that is merged is on the target once, however often that was broken off', async (t) => {
  const { source, target, topic, sides } = await failedOver(t);
  const group = `millrace.failover.${sides.name}`;
  {
    // Broken off in the middle: some are committed, some were written and are not.
    const producer = target.client.producer({ transactionalId: group });
    t.after(() => producer.close());
    const first = await producer.begin();
    for (let n = 100; n < 110; n++) first.write({ topic, partition: 0, value: `value ${n}` });
    await first.sendOffsets({ group, offsets: [{ topic, partition: 0, offset: 110 }] });
    await first.commit();
    const second = await producer.begin();
    await second.send({ topic, partition: 0, value: 'value 110' });
    await second.sendOffsets({ group, offsets: [{ topic, partition: 0, offset: 111 }] });
    const back = await failback({ ...sides, tail: 'merge' });
    const merged = valuesOf(await readPartition(target.client, topic, 0, 'read_committed'));
    assert.deepEqual(merged, values([0, 100], [200, 220], [100, 130]));
    await copyAll(back.mirror);
  }
  assert.deepEqual(
    valuesOf(await readPartition(source.client, topic, 0)),
    values([0, 130], [200, 220], [100, 130]),
    'and comes back as new records',
  );
});

test('of two failbacks at once one goes on, and nothing is copied twice', async (t) => {
  const { source, topic, sides } = await failedOver(t);
  const both = await Promise.allSettled([failback(sides), failback(sides)]);
  const back = both.map((each) => (each.status === 'fulfilled' ? each.value : undefined)).find((each) => each);
  const { mirror } = back ?? (await failback(sides));
  await copyAll(mirror, async () => {
    await failback(sides);
  });
  await copyAll(mirror);
  assert.deepEqual(valuesOf(await readPartition(source.client, topic, 0)), values([0, 130], [200, 220]));
});
