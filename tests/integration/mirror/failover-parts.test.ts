/** Failovers of a part, and such as are called off: single groups, a topic that was just made, a change of mind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AclBinding, unwrap } from '@millrace/client';
import { cancelFailover, failback, failover, MirrorWatch, moveGroups, startMirror } from '@millrace/mirror';
import { millrace } from '../../support/millrace-command.ts';
import { startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { commit, offsetOf, sidesBetween, values, valuesOf, write } from './failover-fixture.ts';
import { readPartition } from './mirror-fixture.ts';

test('a group moves alone to exactly its next record, and back, while the mirror copies on', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1);
  const sides = sidesBetween(source, target);
  // Offsets differ by what was in the target's topic before, and by markers.
  unwrap(await target.admin.createTopics([{ topic, partitions: 1 }]));
  await write(target.client, topic, 900, 907);
  await using producer = source.client.producer({ transactionalId: 'writer' });
  for (let n = 0; n < 20; n++) {
    const transaction = await producer.begin();
    transaction.write({ topic, partition: 0, value: `value ${n}` });
    await transaction.commit();
  }
  await using mirror = await startMirror({ ...sides, topics: [topic], groups: [], topicIntervalMs: 200 });
  await until(() => mirror.status()[0]?.lag === 0);
  const group = uniqueName('group');
  const records = await readPartition(source.client, topic, 0);
  await commit(source.client, group, topic, records[13]?.offset ?? 0);
  await using consumer = source.client.consumer({ group, topics: [topic] });
  for await (const _ of consumer.records()) break;
  const move = { ...sides, groups: [group] };
  await assert.rejects(moveGroups({ ...move, direction: 'forward' }), { code: 'failover_group_live' });
  await consumer.close();
  await commit(source.client, group, topic, records[13]?.offset ?? 0);
  const moved = await moveGroups({ ...move, direction: 'forward' });
  assert.deepEqual(
    moved.map((each) => [each.group, each.synced]),
    [[group, 1]],
  );
  const copies = await readPartition(target.client, topic, 0);
  const at = await offsetOf(target.client, group, topic);
  assert.equal(copies.find(({ offset }) => offset === at)?.value, 'value 13');
  await commit(target.client, group, topic, copies.find(({ value }) => value === 'value 17')?.offset ?? 0);
  const words = ['--source', source.bootstrap, '--target', target.bootstrap, '--name', sides.name];
  const back = await millrace(['mirror', 'failback', ...words, '--only-groups', group, '--yes']);
  assert.equal(back.code, 0, back.stderr);
  const next = await offsetOf(source.client, group, topic);
  assert.equal(records.find(({ offset }) => offset >= (next ?? 0))?.value, 'value 17');
  await write(source.client, topic, 20, 25);
  await until(async () => (await readPartition(target.client, topic, 0)).length === 7 + 25);
  const mixed = ['mirror', 'failover', ...words, '--only-groups', group, '--topics', topic, '--yes'];
  assert.equal((await millrace(mixed)).code, 2);
});

test('a planned failover that was broken off is shown, and can be called off: writers may write again', async (t) => {
  const [source, target] = [await startFixture(t, { authorizer: true }), await startFixture(t)];
  const topic = await source.createTopic(1);
  const sides = sidesBetween(source, target);
  await write(source.client, topic, 0, 10);
  {
    await using mirror = await startMirror({ ...sides, topics: [topic], sharing: { sessionTimeoutMs: 6_000 } });
    await until(() => mirror.status()[0]?.lag === 0);
  }
  await write(source.client, topic, 10, 20);
  const stop = new AbortController();
  const broken = failover({
    ...sides,
    manner: 'planned',
    unfenced: true,
    signal: stop.signal,
    tell: ({ step }) => void (step === 'ends' && stop.abort(new Error('broken off'))),
  });
  await assert.rejects(broken, /broken off/);
  await using watch = new MirrorWatch(sides);
  assert.match((await watch.look()).problems.join('\n'), /fenced on the source, as a planned failover was begun/);
  const fences = async (): Promise<AclBinding[]> =>
    (await source.admin.describeAcls({ resourceType: 'topic' })).filter(({ permission }) => permission === 'deny');
  assert.equal((await fences()).length, 1);
  assert.deepEqual(await cancelFailover(sides), [topic]);
  assert.equal((await fences()).length, 0);
  assert.doesNotMatch((await watch.look()).problems.join('\n'), /fenced/);
  await failover({ ...sides, manner: 'planned', unfenced: true });
  const state = await watch.look();
  assert.deepEqual(state.problems, []);
  assert.match(state.failovers.join('\n'), /were failed over/);
  await assert.rejects(cancelFailover(sides), { code: 'failover_too_late' });
});

test('a topic that was just made is moved as well, and whoever still writes stops the failover', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const [topic, fresh] = [await source.createTopic(1), await source.createTopic(2)];
  const sides = sidesBetween(source, target);
  {
    await using mirror = await startMirror({ ...sides, topics: [topic], shards: 4 });
    await until(() => mirror.status()[0]?.lag === 0);
  }
  await write(source.client, fresh, 0, 10);
  const planned = { ...sides, manner: 'planned', unfenced: true } as const;
  const writes = failover({
    ...planned,
    topics: [fresh],
    tell: ({ step }) => {
      if (step === 'ends') late = write(source.client, fresh, 10, 15);
    },
  });
  let late = Promise.resolve();
  await assert.rejects(writes, { code: 'failover_still_written' });
  await late;
  const { topics } = await failover({ ...planned, topics: [fresh] });
  assert.deepEqual(
    topics.map(({ state, points }) => [state, points.map(({ partition, source: at }) => [partition, at])]),
    [
      [
        'failed-over',
        [
          [0, 15],
          [1, 0],
        ],
      ],
    ],
  );
  assert.deepEqual(valuesOf(await readPartition(target.client, fresh, 0)), values([0, 15]));
  await assert.rejects(failover({ ...planned, topics: ['no-such'] }), { code: 'failover_topics_unknown' });
});

test('workers that copy at least once are to end before their mirror is failed over', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1);
  const sides = sidesBetween(source, target);
  const planned = { ...sides, manner: 'planned', unfenced: true } as const;
  await write(source.client, topic, 0, 10);
  const mirror = await startMirror({ ...sides, topics: [topic], shards: 2, guarantee: 'at-least-once' });
  t.after(() => mirror.close());
  await until(() => mirror.status()[0]?.lag === 0);
  await assert.rejects(failover(planned), { code: 'failover_workers_run' });
  await write(source.client, topic, 10, 20);
  await until(async () => (await readPartition(target.client, topic, 0)).length === 20);
  await mirror.close();
  const { topics } = await failover(planned);
  assert.deepEqual(
    topics.flatMap(({ points }) => points.map((point) => [point.source, point.target, point.sourceEnd])),
    [[20, 20, 20]],
  );
  await write(target.client, topic, 20, 25);
  const { mirror: back } = await failback(sides);
  await using returning = await startMirror(back);
  await until(() => returning.status()[0]?.lag === 0);
  assert.deepEqual(valuesOf(await readPartition(source.client, topic, 0)), values([0, 25]));
});

test('whoever still writes what is copied at least once is noticed, and a failover goes on once he ends', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1);
  const sides = sidesBetween(source, target);
  await write(source.client, topic, 0, 10);
  {
    await using mirror = await startMirror({ ...sides, topics: [topic], shards: 2, guarantee: 'at-least-once' });
    await until(() => mirror.status()[0]?.lag === 0);
  }
  // As a worker that is no member any more would.
  let isWriting = true;
  const writing = (async () => {
    for (let n = 0; isWriting; n++) await write(target.client, topic, n, n + 1);
  })();
  const planned = { ...sides, manner: 'planned', unfenced: true, unfencedMs: 500 } as const;
  await assert.rejects(failover(planned), { code: 'failover_workers_run' });
  isWriting = false;
  await writing;
  const { topics } = await failover(planned);
  assert.deepEqual(
    topics.map(({ state, points }) => [state, points[0]?.source]),
    [['failed-over', 10]],
  );
});
