import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '@millrace/client';
import { assertMirrored, startMirrorFixture } from './mirror-fixture.ts';

async function fill(client: Client, topic: string, partitions: number, first: number, count: number): Promise<void> {
  await using producer = client.producer({ batchBytesMax: 2_000 });
  for (let n = first; n < first + count; n++) {
    const headers = { number: Buffer.from([n & 255]) };
    const record = {
      topic,
      partition: n % partitions,
      key: `k${n % 7}`,
      value: `value ${n}`,
      timestamp: 1e12 + n,
      headers,
    };
    if (!producer.write(record)) await producer.ready();
  }
  await producer.flush();
}

test('a topic is copied as it is: partitions, order, keys, headers and times', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(3, { 'retention.ms': '86400000000000' });
  await fill(fixture.source.client, topic, 3, 0, 5_000);
  await fixture.mirror([topic]);
  await assertMirrored(fixture, topic, 3);
  await fill(fixture.source.client, topic, 3, 5_000, 1_000);
  await assertMirrored(fixture, topic, 3);
  assert.deepEqual(
    fixture.events.filter(({ level }) => level !== 'info'),
    [],
  );
});

test('a mirror that is started again goes on with the next record', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(2, { 'retention.ms': '86400000000000' });
  for (let round = 0; round < 4; round++) {
    await fill(fixture.source.client, topic, 2, round * 1_000, 1_000);
    const mirror = await fixture.mirror([topic]);
    if (round % 2 === 0) await assertMirrored(fixture, topic, 2);
    await mirror.close();
  }
  await fixture.mirror([topic]);
  await assertMirrored(fixture, topic, 2);
  assert.deepEqual(
    fixture.events.filter(({ level }) => level !== 'info'),
    [],
  );
});

test('workers that take a mirror from each other copy nothing twice and leave nothing out', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(4, { 'retention.ms': '86400000000000' });
  let filled = 0;
  for (let round = 0; round < 6; round++) {
    const filling = fill(fixture.source.client, topic, 4, filled, 3_000);
    filled += 3_000;
    // Whoever was there before is fenced in the middle of its work.
    await fixture.mirror([topic]);
    await filling;
  }
  await assertMirrored(fixture, topic, 4);
  assert.ok(fixture.events.some(({ event }) => event === 'shard_lost'));
});
