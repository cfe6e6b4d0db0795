/** A program that hands in offsets of the cluster that its group has left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import { clusterOf, startResilientFixture } from './resilient-fixture.ts';

const topic = 'moving';
const place = { topic, partition: 0 };
const values = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ topic, value: `${from + i}` }));

test('offsets of the cluster that a group has left are taken neither at once nor after the next batch', async (t) => {
  const [east, west, { service, open }] = [
    await startFixture(t),
    await startFixture(t),
    await startResilientFixture(t),
  ];
  for (const { admin } of [east, west]) unwrap(await admin.createTopics([{ topic, partitions: 1 }]));
  const settings = { 'auto.offset.reset': { value: 'earliest', rule: 'the test' } };
  const tell = (name: 'east' | 'west', generation: number, groups: Record<string, number>): void => {
    const { bootstrap } = name === 'east' ? east : west;
    service.tell(
      { topic, role: 'consumer' },
      { answer: { bootstrap, cluster: clusterOf(name, generation), settings, groups } },
    );
  };
  const write = async ({ client }: typeof east, from: number, to: number): Promise<void> => {
    await using writer = client.producer();
    for (const record of values(from, to)) await writer.send(record);
  };
  const committed = async (): Promise<number | undefined> =>
    unwrap(await west.admin.fetchOffsets('movers', [place]))[0]?.offset;
  // What is at 50 on east is at 20 on west.
  await write(east, 0, 50);
  await write(west, 30, 100);
  tell('east', 0, {});
  const client = await open();
  const reader = await client.consumer({ topics: [topic], group: 'movers', commit: 'manual' });
  const loop = reader.batches();
  let late = 0;
  while (late < 50) late = (await loop.next()).value?.nextOffset ?? 0;
  // The next batch is asked for while what is in hand is worked on.
  const next = loop.next();
  unwrap(await west.admin.commitOffsets('movers', [{ ...place, offset: 20, metadata: '' }]));
  tell('west', 1, { movers: 1 });
  await eventually(() => client.status().streams[0]?.cluster === 'west');
  const refused = {
    code: 'commit_failed',
    retriable: false,
    message: /may be one of the cluster that the group has left/,
  };
  await assert.rejects(reader.commit([{ ...place, offset: late }]), refused);
  assert.equal(await committed(), 20);
  let { value: batch } = await next;
  assert.equal(batch?.firstOffset, 20);
  while (batch !== undefined && batch.nextOffset < 70) ({ value: batch } = await loop.next());
  await assert.rejects(reader.commit([{ ...place, offset: late }]), refused);
  assert.throws(() => reader.seek(place, late), { code: 'foreign_offset' });
  assert.equal(await committed(), 20);
  await reader.commit([{ ...place, offset: 70 }]);
  assert.equal(await committed(), 70);
  reader.seek(place, late);
  assert.equal((await loop.next()).value?.firstOffset, late);
  await client.close();
});
