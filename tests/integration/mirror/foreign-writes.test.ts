/** Mirrors to topics that somebody else writes to as well. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Client, unwrap } from '@millrace/client';
import { startMillrace } from '../../support/millrace-command.ts';
import { quick, uniqueName, until } from '../client/client-fixture.ts';
import { type MirrorFixture, readPartition, startMirrorFixture } from './mirror-fixture.ts';

async function write(client: Client, topic: string, values: readonly string[]): Promise<void> {
  await using producer = client.producer();
  for (const value of values) await producer.send({ topic, partition: 0, value });
}

async function valuesAt({ client }: MirrorFixture['target'], topic: string): Promise<(string | null)[]> {
  return (await readPartition(client, topic, 0)).map(({ value }) => value);
}

function told({ events }: Pick<MirrorFixture, 'events'>): string[] {
  return events.filter(({ event }) => event === 'foreign_write').map(({ message }) => message);
}

/** Commits an offset of a group of its own at each of these values on the source. */
async function groupsAt({ source }: MirrorFixture, topic: string, values: readonly string[]): Promise<void> {
  const records = await readPartition(source.client, topic, 0);
  for (const value of values) {
    const offset = records.find((record) => record.value === value)?.offset ?? -1;
    unwrap(await source.admin.commitOffsets(`at-${value}`, [{ topic, partition: 0, offset }]));
  }
}

/** Each group must be where its value lies on the target. */
async function assertGroups({ target }: MirrorFixture, topic: string, values: readonly string[]): Promise<void> {
  const records = await readPartition(target.client, topic, 0);
  for (const value of values) {
    const [stored] = unwrap(await target.admin.fetchOffsets(`at-${value}`, [{ topic, partition: 0 }]));
    assert.equal(stored?.offset, records.find((record) => record.value === value)?.offset, value);
  }
}

test('writes of somebody else are told while the mirror runs, and the offset map stays exact', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await write(source.client, topic, ['a', 'b']);
  const mirror = await fixture.mirror([topic], { groups: [/at-.*/] });
  await until(async () => (await valuesAt(target, topic)).length === 2, 30_000);
  assert.deepEqual(told(fixture), []);
  await write(target.client, topic, ['x', 'y']);
  await write(source.client, topic, ['c']);
  await until(() => told(fixture).length > 0, 30_000);
  assert.match(told(fixture)[0] ?? '', /somebody else \(producer id \d+\) took 2 offsets in .* \[0\]/);
  await write(target.client, topic, ['z']);
  await write(source.client, topic, ['d', 'e']);
  await until(async () => (await valuesAt(target, topic)).length === 8, 30_000);
  assert.deepEqual(await valuesAt(target, topic), ['a', 'b', 'x', 'y', 'c', 'z', 'd', 'e']);
  await until(() => mirror.status()[0]?.foreignOffsets === 3, 30_000);
  assert.equal(told(fixture).length, 1, 'it is told once a minute at most');
  await groupsAt(fixture, topic, ['a', 'c', 'd', 'e']);
  await mirror.syncGroups();
  await assertGroups(fixture, topic, ['a', 'c', 'd', 'e']);
});

test('a worker that is killed among writes of somebody else leaves an exact map', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  unwrap(await target.admin.createTopics([{ topic, partitions: 1 }]));
  const name = uniqueName('foreign');
  const sides = ['--source', source.bootstrap, '--target', target.bootstrap];
  const copied = async (): Promise<number> =>
    (await valuesAt(target, topic)).filter((value) => value?.startsWith('own')).length;
  const values: string[] = [];
  for (let round = 0; round < 3; round++) {
    const worker = startMillrace(['mirror', 'run', ...sides, '--topics', topic, '--name', name, '--worker', 'one']);
    t.after(() => worker.child.kill('SIGKILL'));
    const stop = new AbortController();
    const foreign = (async () => {
      await using producer = target.client.producer();
      for (let n = 0; !stop.signal.aborted; n++) {
        await producer.send({ topic, partition: 0, value: `foreign ${round} ${n}` });
        await setTimeout(5);
      }
    })();
    const own = Array.from({ length: 40 }, (_, n) => `own ${round} ${n}`);
    values.push(...own);
    const before = await copied();
    await write(source.client, topic, own);
    await until(async () => (await copied()) > before + 10, 60_000);
    worker.child.kill('SIGKILL');
    await worker.ended;
    stop.abort();
    await foreign;
  }
  await write(target.client, topic, ['foreign at last']);
  const asked = values.filter((_, index) => index % 7 === 0);
  await groupsAt(fixture, topic, asked);
  // The second worker knows only what the first one wrote down.
  for (const isLast of [false, true]) {
    const mirror = await fixture.mirror([topic], {
      name,
      worker: 'one',
      groups: [/at-.*/],
      source: { bootstrap: source.bootstrap, ...quick },
    });
    await until(() => mirror.status().length === 1 && mirror.status()[0]?.lag === 0, 30_000);
    if (isLast) await mirror.syncGroups();
    await mirror.close();
  }
  const own = (await valuesAt(target, topic)).filter((value) => value?.startsWith('own'));
  assert.deepEqual(own, values, 'each once, in order');
  assert.ok(told(fixture).length > 0);
  await assertGroups(fixture, topic, asked);
});

test('writers where a mirror goes back from are expected', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await write(source.client, topic, ['a']);
  const mirror = await fixture.mirror([topic]);
  await until(async () => (await valuesAt(target, topic)).length === 1, 30_000);
  const back = await fixture.mirror([topic], {
    name: uniqueName('back'),
    source: { bootstrap: target.bootstrap, ...quick },
    target: { bootstrap: source.bootstrap, ...quick },
  });
  await until(() => back.status()[0]?.lag === 0, 30_000);
  const sorted = async (side: MirrorFixture['target']): Promise<string> => (await valuesAt(side, topic)).sort().join();
  for (const [round, expected] of ['0x,0y,a', '0x,0y,1x,1y,a'].entries()) {
    await write(target.client, topic, [`${round}x`]);
    await write(source.client, topic, [`${round}y`]);
    for (const side of [source, target]) await until(async () => (await sorted(side)) === expected, 30_000);
  }
  assert.ok((mirror.status()[0]?.foreignOffsets ?? 0) > 0, 'they are counted');
  assert.deepEqual(told(fixture), []);
});
