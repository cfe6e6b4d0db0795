import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { batchOf, ClusterFixture } from './testing/cluster-fixture.ts';

test('a partition whose retention fails does not keep the others from theirs', async () => {
  await using fixture = await ClusterFixture.start({ configuration: { 'log.retention.check.interval.ms': '50' } });
  const configuration = { 'retention.ms': '1000' };
  for (const name of ['stuck', 'free']) {
    await fixture.createTopic(name, { configuration });
    await fixture.produce(name, batchOf({ values: ['young'] }));
  }
  const stuck = fixture.cluster.topics.byName('stuck')?.partitions[0];
  // The summary without which no segment is left behind can't be written.
  await mkdir(`${stuck?.log?.segments[0]?.summaryPath}.tmp`);
  while ((await fixture.fetch('free', 0)).logStartOffset === 0) await delay(20);
  assert.deepEqual((await fixture.fetch('stuck', 0)).values, ['young']);
  assert.ok(fixture.events.some(({ message }) => /could not apply the retention of .*stuck/.test(message)));
});

test('a closed cluster is done with the files of deleted topics', async () => {
  await using fixture = await ClusterFixture.start();
  await fixture.createTopic('deleted', { partitions: 20 });
  for (let index = 0; index < 20; index++) await fixture.produce('deleted', batchOf({ values: ['x'] }), index);
  const topic = fixture.cluster.topics.byName('deleted');
  assert.ok(topic);
  await fixture.cluster.topics.delete(topic);
  await fixture.cluster.close();
  assert.deepEqual(await readdir(`${fixture.directory}/topics`), []);
});
