/** Members of groups that are started after their topic went to another cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigAnswer } from '@millrace/api/config';
import { unwrap } from '@millrace/client';
import type { ResilientClient } from '@millrace/resilient';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import { startReading, write } from './reading.ts';
import { clusterOf, startResilientFixture } from './resilient-fixture.ts';

const consumer = (topic: string) => ({ topic, role: 'consumer' }) as const;
const settings: ConfigAnswer['settings'] = { 'auto.offset.reset': { value: 'earliest', rule: 'the test' } };

test('a member that is started anew begins on another cluster only at translated offsets', async (t) => {
  const [east, west, { service, open }] = [
    await startFixture(t),
    await startFixture(t),
    await startResilientFixture(t),
  ];
  const topic = 'left';
  for (const { admin } of [east, west]) unwrap(await admin.createTopics([{ topic, partitions: 1 }]));
  await write(east.client, topic, ['a']);
  await write(west.client, topic, ['x', 'a', 'b']);
  const tell = (name: 'east' | 'west', generation: number, groups: Record<string, number>): void => {
    const { bootstrap } = name === 'east' ? east : west;
    const answer = { bootstrap, cluster: clusterOf(name, generation), settings, groups };
    service.tell(consumer(topic), { answer });
  };
  tell('east', 0, {});
  const read = async (client: ResilientClient, count: number): Promise<string[]> => {
    const reading = startReading(await client.consumer({ topics: [topic], group: 'leavers' }));
    await eventually(() => reading.values.length === count);
    await reading.end();
    await client.close();
    return reading.values;
  };
  assert.deepEqual(await read(await open(), 1), ['a']);
  tell('west', 1, {});
  const early = await open({ answerTimeoutMs: 1_000 });
  // It has a copy of the answer before, and hears of the new one.
  const waiting = await early.consumer({ topics: [topic], group: 'leavers' });
  await eventually(() => early.status().streams[0]?.goingTo === 'west');
  assert.equal(early.status().streams[0]?.cluster, 'east');
  await waiting.close();
  await early.close();
  await assert.rejects((await open({ answerTimeoutMs: 500 })).consumer({ topics: [topic], group: 'leavers' }), {
    code: 'group_not_translated',
    message: /has read topic left on cluster east, which is on west now/,
  });
  unwrap(await west.admin.commitOffsets('leavers', [{ topic, partition: 0, offset: 2, metadata: '' }]));
  const late = await open();
  setTimeout(() => tell('west', 1, { leavers: 1 }), 300);
  assert.deepEqual(await read(late, 1), ['b']);
});

test('a member with an empty directory begins behind a move only translated, or in a new group', async (t) => {
  const [west, { service, open, newDirectory }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await west.createTopic(1);
  await write(west.client, topic, ['x', 'a', 'b']);
  const tell = (generation: number, groups?: Record<string, number>): void => {
    const answer = { bootstrap: west.bootstrap, cluster: clusterOf('west', generation), settings };
    service.tell(consumer(topic), { answer: groups === undefined ? answer : { ...answer, groups } });
  };
  const begin = async (group: string, newSince?: number, answerTimeoutMs = 2_000): Promise<string[]> => {
    const client = await open({ directory: newDirectory(), answerTimeoutMs });
    try {
      const reading = startReading(await client.consumer({ topics: [topic], group, newSince }));
      await eventually(() => reading.values.at(-1) === 'b');
      await reading.end();
      return reading.values;
    } finally {
      await client.close();
    }
  };
  const refused = { code: 'group_not_translated', message: /knows nothing of where group .* newSince: 2$/ };
  // Its fellows may still read where the topic was.
  tell(2);
  await assert.rejects(begin('fellows'), refused);
  tell(2, { fellows: 1, others: 2 });
  await assert.rejects(begin('fellows', 1), refused);
  assert.deepEqual(await begin('fresh', 2), ['x', 'a', 'b']);
  unwrap(await west.admin.commitOffsets('fellows', [{ topic, partition: 0, offset: 2, metadata: '' }]));
  setTimeout(() => tell(2, { fellows: 2 }), 300);
  assert.deepEqual(await begin('fellows', undefined, 30_000), ['b']);
});
