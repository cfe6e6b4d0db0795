/** What a mirror tells of how it is going. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/client-fixture.ts';
import { startMirrorFixture } from './mirror-fixture.ts';

test('a worker tells how far behind it is, how much it copied and what went wrong', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source } = fixture;
  const topic = await source.createTopic(2);
  await using producer = source.client.producer();
  for (let index = 0; index < 10; index++) {
    await producer.send({ topic, partition: 0, value: `value ${index}`, timestamp: Date.now() - 60_000 });
  }
  const mirror = await fixture.mirror([topic]);
  await until(() => mirror.figures().recordsCopied === 10);
  await until(() => mirror.status().length === 2 && mirror.status().every(({ lag }) => lag === 0));
  assert.deepEqual(
    mirror.status().map(({ lagMs }) => lagMs),
    [0, 0],
  );
  const { bytesCopied } = mirror.figures();
  assert.equal(
    bytesCopied,
    mirror.status().reduce((sum, each) => sum + each.bytesCopied, 0),
  );
  await until(() => mirror.figures().recordsPerSecond > 0);
  assert.equal(mirror.figures().problems.get('fetch_failed'), undefined);
  // What the target does not take waits, and gets older by the time that the records have.
  await fixture.target.stop();
  await producer.send({ topic, partition: 1, value: 'late', timestamp: Date.now() - 3_600_000 });
  await until(() =>
    mirror.status().some(({ partition, lag, lagMs }) => partition === 1 && lag === 1 && (lagMs ?? 0) >= 3_600_000),
  );
  await until(() => [...mirror.figures().problems.values()].some((count) => count > 0));
  await fixture.target.restart();
  await until(() => mirror.status().some(({ partition, lagMs }) => partition === 1 && lagMs === 0));
});
