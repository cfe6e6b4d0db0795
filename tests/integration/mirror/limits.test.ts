/** How quickly a mirror copies, where it may not go as quickly as it could, and what comes first then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/client-fixture.ts';
import { startMirrorFixture } from './mirror-fixture.ts';

test('a mirror keeps to its limit, and what comes first is copied first', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source } = fixture;
  const topics = [await source.createTopic(1), await source.createTopic(1)] as const;
  const last = topics[1];
  await using producer = source.client.producer({ batchBytesMax: 16 * 1024 });
  const value = Buffer.alloc(8 * 1024, 'x');
  for (const topic of topics) {
    for (let index = 0; index < 64; index++) producer.write({ topic, value });
    await producer.flush();
  }
  // It is a mebibyte in all: a quarter may come at once and a quarter in the end, and half takes a second.
  const bytesPerSecondMax = 512 * 1024;
  const begun = performance.now();
  const priority = (topic: string): number => (topic === last ? 1 : 0);
  // Of one shard, so that both are begun at the same moment.
  const mirror = await fixture.mirror(topics, { bytesPerSecondMax, priority, shards: 1 });
  const copiedOf = (topic: string): number => mirror.status().find((each) => each.topic === topic)?.recordsCopied ?? 0;
  let others = 0;
  await until(() => {
    if (copiedOf(last) < 32) others = copiedOf(topics[0]);
    return mirror.figures().recordsCopied === 128;
  });
  const elapsedMs = performance.now() - begun;
  assert.ok(elapsedMs >= 1000, `it took ${elapsedMs} ms`);
  // The first fetch may know of the other alone, and brings what half a second allows.
  assert.ok(others <= 40, `${others} records of the other topic were copied before half of the first one`);
});

test('a limit that is none is refused', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(1);
  await assert.rejects(fixture.mirror([topic], { bytesPerSecondMax: 0 }), {
    code: 'invalid_option',
    option: 'bytesPerSecondMax',
  });
});
