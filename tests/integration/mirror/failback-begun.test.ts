/** Ways back that somebody begins before the failback, or beside the mirror that is failed over. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { cancelFailover, failback, failover, startMirror } from '@millrace/mirror';
import { uniqueName, until } from '../client/client-fixture.ts';
import { copyAll, sidesBetween, values, valuesOf, write } from './failover-fixture.ts';
import { readPartition, startMirrorFixture } from './mirror-fixture.ts';

const planned = { manner: 'planned', unfenced: true } as const;

async function site(t: TestContext) {
  const { source, target } = await startMirrorFixture(t);
  const topic = await source.createTopic(1);
  const name = uniqueName('mirror');
  const sides = sidesBetween(source, target, name);
  const back = { name: `${name}.back`, source: sides.target, target: sides.source, topics: [topic] };
  return { source: source.client, target: target.client, topic, sides, back };
}

test('the way back does not begin before the failback, and then holds each record once', async (t) => {
  const { source, target, topic, sides, back } = await site(t);
  await write(source, topic, 0, 10);
  await copyAll({ ...sides, topics: [topic] });
  await failover({ ...sides, ...planned });
  await write(target, topic, 10, 20);
  await assert.rejects(startMirror(back), { code: 'mirror_not_failed_back' });
  await failback(sides);
  await copyAll(back);
  await write(target, topic, 20, 30);
  await copyAll(back);
  for (const client of [source, target]) {
    assert.deepEqual(valuesOf(await readPartition(client, topic, 0)), values([0, 30]));
  }
});

test('a topic alone that was failed over is not copied back before its failback', async (t) => {
  const { source, target, topic, sides, back } = await site(t);
  const other = `${topic}-other`;
  await source.admin().createTopics([{ topic: other, partitions: 1 }]);
  await write(source, topic, 0, 10);
  await copyAll({ ...sides, topics: [topic, other] });
  await failover({ ...sides, ...planned, topics: [topic] });
  await write(target, topic, 10, 20);
  const told: string[] = [];
  const report = ({ event, message }: { readonly event: string; readonly message: string }): void => {
    if (event === 'failed_over') told.push(message);
  };
  {
    await using mirror = await startMirror({ ...back, shards: 2, topicIntervalMs: 100, report });
    await until(() => told.length > 0);
    assert.deepEqual(mirror.status(), []);
    assert.match(told.join(), /is not copied back before that is failed back/);
    await failback({ ...sides, topics: [topic] });
    await until(() => mirror.status().length > 0 && mirror.status().every(({ lag }) => lag === 0));
  }
  assert.deepEqual(valuesOf(await readPartition(source, topic, 0)), values([0, 20]));
});

test('a mirror of the name of the way back that copied all along goes on, and no failback replaces it', async (t) => {
  const { source, target, topic, sides, back } = await site(t);
  await write(source, topic, 0, 10);
  await copyAll({ ...sides, topics: [topic] });
  await copyAll(back);
  await failover({ ...sides, ...planned });
  await write(target, topic, 10, 20);
  await copyAll(back);
  await assert.rejects(failback(sides), { code: 'failback_begun' });
  await write(target, topic, 20, 30);
  await copyAll(back);
  assert.deepEqual(valuesOf(await readPartition(source, topic, 0)), values([0, 30]));
});

test('a failover that was called off makes nothing of the other direction local: it does not return', async (t) => {
  const { source, target, topic, sides, back } = await site(t);
  await write(source, topic, 0, 10);
  await copyAll({ ...sides, topics: [topic] });
  await write(target, topic, 10, 20);
  await copyAll(back);
  const stop = new AbortController();
  const tell = ({ step }: { readonly step: string }): void => {
    if (step === 'ends') stop.abort(new Error('broken off'));
  };
  await assert.rejects(failover({ ...sides, ...planned, signal: stop.signal, tell }), /broken off/);
  await cancelFailover(sides);
  await copyAll({ ...sides, topics: [topic] });
  for (const client of [source, target]) {
    assert.deepEqual(valuesOf(await readPartition(client, topic, 0)), values([0, 20]));
  }
});
