/** What a start of the cluster does to its partitions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { until } from '../testing/until.ts';

test('all leader epochs rise with each start, those of new topics too, and never fall', async () => {
  await using own = await ClusterFixture.start({ brokers: 3 });
  await own.createTopic('first', { replicas: [[1, 2, 3]] });
  await own.createTopic('moved', { replicas: [[1, 2, 3]] });
  const epochs = async (): Promise<number[]> => {
    const described = await Promise.all(['first', 'moved'].map((topic) => own.describe(topic)));
    return described.map(({ leaderEpoch }) => leaderEpoch);
  };
  assert.deepEqual(await epochs(), [0, 0]);
  await own.restart();
  assert.deepEqual(await epochs(), [1, 1]);
  await own.stopBroker(1);
  await own.cluster.startBroker(1);
  await until(async () => (await own.describe('moved')).isrNodes.length === 3);
  assert.deepEqual(await epochs(), [2, 2]);
  await own.restart();
  assert.deepEqual(await epochs(), [3, 3]);
  await own.createTopic('later', { replicas: [[1, 2, 3]] });
  assert.equal((await own.describe('later')).leaderEpoch, 2, 'as all that stayed as they were created');
});
