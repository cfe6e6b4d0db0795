/** Workers of one mirror share its partitions, and hand them to each other while there is something to copy. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { test } from 'node:test';
import type { Mirror } from '@millrace/mirror';
import { quick, until } from '../client/client-fixture.ts';
import { fill, forGood } from './behaviours.ts';
import { assertMirrored, startMirrorFixture } from './mirror-fixture.ts';
import {
  assignedTo,
  copied,
  cuttableNetwork,
  Filling,
  heartbeatIntervalMs,
  kill,
  partitions,
  shards,
  startShared,
  startWorker,
  takeOver,
  untilShared,
} from './sharing-fixture.ts';

test('two workers have half of the partitions each, and both copy', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 2);
  assert.deepEqual(workers.map(assignedTo), [partitions / 2, partitions / 2]);
  assert.deepEqual(
    workers.map((worker) => worker.partitions),
    [partitions, partitions],
  );
  await fill(fixture.source.client, { topic, partitions, first: 0, count: 4_000 });
  for (const worker of workers) await copied(worker);
  await assertMirrored(fixture, topic, partitions);
});

test('workers come and go while a producer writes, and the target is exact', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(partitions, forGood);
  const filling = new Filling(fixture.source.client, topic);
  const workers: Mirror[] = [];
  for (let round = 0; round < 6; round++) {
    workers.push(await fixture.mirror([topic], { shards }));
    if (workers.length > 3) await workers.splice(round % 3, 1)[0]?.close();
    await untilShared(workers);
    for (const worker of workers) await copied(worker);
  }
  // All leave, and one comes back.
  await Promise.all(workers.map((worker) => worker.close()));
  await untilShared([await fixture.mirror([topic], { shards })]);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
  assert.deepEqual(
    fixture.events.filter(({ event }) => event === 'shard_lost' || event === 'sharing_failed'),
    [],
  );
});

test('what a killed worker copied goes to the others, with nothing missing or repeated', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 1);
  const [worker] = workers as [Mirror];
  const filling = new Filling(fixture.source.client, topic);
  const other = await startWorker(t, fixture, { name: worker.name, topics: [topic], shards });
  await until(() => worker.assignedPartitions === partitions / 2, 60_000);
  await kill(other);
  await untilShared([worker]);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('a named worker that is killed and started again goes on at once with what it had', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(partitions, forGood);
  // Whoever had to wait for the others to miss it would wait longer than this test does.
  const options = {
    name: 'named',
    topics: [topic],
    shards,
    sharing: { sessionTimeoutMs: 300_000, heartbeatIntervalMs },
  };
  const start = (): Promise<ChildProcess> => startWorker(t, fixture, { ...options, worker: 'b' });
  let named = await start();
  const worker = await fixture.mirror([topic], options);
  await until(() => worker.assignedPartitions === partitions / 2, 60_000);
  const filling = new Filling(fixture.source.client, topic);
  for (let round = 0; round < 3; round++) {
    await copied(worker);
    await kill(named);
    named = await start();
  }
  assert.equal(worker.assignedPartitions, partitions / 2);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('a worker that was cut off from its target writes no more, and shares again when it is back', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 1);
  const { platform, cut, heal } = cuttableNetwork();
  t.after(heal);
  const target = { bootstrap: fixture.target.bootstrap, ...quick, requestTimeoutMs: 2_000, platform };
  const islander = await fixture.mirror([topic], { shards, target });
  await untilShared([...workers, islander]);
  const filling = new Filling(fixture.source.client, topic);
  await copied(islander);
  const lost = islander.assignedPartitions;
  cut();
  await untilShared(workers);
  // As far as it knows.
  assert.equal(islander.assignedPartitions, lost);
  // What it tried to write meanwhile is refused, if it still tries.
  heal();
  await untilShared([...workers, islander]);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('a worker that is fenced by somebody whom the group does not know asks the group, and goes on', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 2);
  const filling = new Filling(fixture.source.client, topic);
  for (const worker of workers) await copied(worker);
  const fenced = Array.from({ length: shards / 2 }, (_, index) => 2 * index);
  for (const shard of fenced) {
    await takeOver(fixture, { topic: `millrace.offsets.${workers[0]?.name}`, partition: shard });
  }
  const isLost = (shard: number): boolean =>
    fixture.events.some(({ event, message }) => event === 'shard_lost' && message.startsWith(`shard ${shard} `));
  // While the group spreads anew what one has lost, another may go to a worker that never sees its loss.
  await until(() => fenced.some(isLost), 60_000);
  await untilShared(workers);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('partitions move to where less is copied, by what is measured', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(partitions, forGood);
  const sharing = { heartbeatIntervalMs, rebalanceIntervalMs: 1_000 };
  const workers = [
    await fixture.mirror([topic], { shards, sharing }),
    await fixture.mirror([topic], { shards, sharing }),
  ];
  await untilShared(workers);
  const [idle, busy] = workers as [Mirror, Mirror];
  const heavy = busy.status().map(({ partition }) => partition);
  const filling = new Filling(fixture.source.client, topic, heavy);
  // All that is busy lies with one worker, until half of it has moved.
  await until(() => idle.status().filter(({ partition }) => heavy.includes(partition)).length === 2, 60_000);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('a worker without a share says so once, and takes over when another ends', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(1, forGood);
  const first = await fixture.mirror([topic]);
  const second = await fixture.mirror([topic]);
  const third = await fixture.mirror([topic]);
  await until(() => first.assignedPartitions === 1);
  assert.deepEqual([second.assignedPartitions, third.assignedPartitions], [0, 0]);
  assert.equal(fixture.events.filter(({ event }) => event === 'worker_idle').length, 2);
  await first.close();
  await until(() => second.assignedPartitions + third.assignedPartitions === 1);
  await fill(fixture.source.client, { topic, partitions: 1, first: 0, count: 100 });
  await assertMirrored(fixture, topic, 1);
});
