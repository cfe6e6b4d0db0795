/** How fast replicas catch up, on a clock that tests move. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplicationFixture } from '../testing/replication-fixture.ts';
import type { Partition } from '../topics/partition.ts';
import { positionOf } from './catch-up.ts';
import { bytesFrom } from './log-distance.ts';

const value = 'x'.repeat(900);

/** Two topics on brokers 1 and 2, with records that broker 2 missed; it has just returned. */
async function lagging(
  configuration: Readonly<Record<string, string>>,
  throttled: Readonly<Record<string, string>> = {},
): Promise<{ cluster: ReplicationFixture; behind: Partition; other: Partition }> {
  const cluster = await ReplicationFixture.open({ nodeIds: [1, 2], configuration });
  await cluster.topics.create('behind', [[1, 2]], new Map(Object.entries(throttled)));
  await cluster.topics.create('other', [[1, 2]], new Map());
  await cluster.replication.brokerStopped(2);
  const [behind, other] = [cluster.partition('behind', 0), cluster.partition('other', 0)];
  for (const partition of [behind, other]) {
    for (let count = 0; count < 10; count++) await cluster.produce(partition, value, 1);
  }
  await cluster.replication.brokerReturned(2);
  return { cluster, behind, other };
}

function bytesBehind(partition: Partition): number {
  return bytesFrom(partition.log, positionOf(partition, 2));
}

test('the replicas of a broker share its rate', async () => {
  const { cluster, behind, other } = await lagging({ 'millrace.replica.catch.up.rate': '2000' });
  const whole = bytesBehind(behind);
  await cluster.platform.pass(3000);
  assert.ok(Math.abs(whole - bytesBehind(behind) - 3000) < 1 && Math.abs(whole - bytesBehind(other) - 3000) < 1);
  await cluster.platform.pass((2 * whole) / 2 - 3000 - 260);
  assert.deepEqual([behind.inSync, other.inSync], [[1], [1]]);
  await cluster.platform.pass(520);
  assert.deepEqual(
    [behind.inSync, other.inSync],
    [
      [1, 2],
      [1, 2],
    ],
  );
});

for (const end of ['leader', 'follower'] as const) {
  const replica = end === 'leader' ? '0:1' : '0:2';

  test(`a throttled ${end} is slower, and its replicas that are not throttled are not`, async () => {
    const configuration = { 'millrace.replica.catch.up.rate': '100000', [`${end}.replication.throttled.rate`]: '1000' };
    const { cluster, behind, other } = await lagging(configuration, {
      [`${end}.replication.throttled.replicas`]: replica,
    });
    const whole = bytesBehind(behind);
    await cluster.platform.pass(2000);
    assert.ok(Math.abs(whole - bytesBehind(behind) - 2000) < 1);
    assert.deepEqual(other.inSync, [1, 2]);
  });
}

test('a throttle that names the replica of another partition or broker does not count', async () => {
  const configuration = { 'follower.replication.throttled.rate': '1' };
  const { cluster, behind } = await lagging(configuration, { 'follower.replication.throttled.replicas': '1:2,0:1' });
  await cluster.platform.pass(1000);
  assert.deepEqual(behind.inSync, [1, 2]);
});

test('a replica goes on from where it was when the process was killed, at most ten seconds back', async () => {
  const { cluster, behind } = await lagging({ 'millrace.replica.catch.up.rate': '200' });
  const whole = bytesBehind(behind);
  await cluster.platform.pass(30_000);
  const next = await cluster.afterKill();
  const after = next.partition('behind', 0);
  assert.ok(bytesBehind(after) <= whole - 100 * 20 && bytesBehind(after) >= whole - 100 * 31);
});

test('nothing is awaited, and no timer runs, once all replicas are in sync', async () => {
  const { cluster } = await lagging({});
  assert.equal(cluster.platform.pendingTimers, 1);
  await cluster.platform.pass(1000);
  assert.equal(cluster.platform.pendingTimers, 0);
});
