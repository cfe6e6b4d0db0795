/** Mirrors one behind the other: records keep the route by which they came, and end where they would come back. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { failback, failover, type Mirror, type MirrorEvent, type MirrorOptions, startMirror } from '@millrace/mirror';
import { type Fixture, quick, startFixture, uniqueName } from '../client/client-fixture.ts';
import { assertHolds, untilCaughtUp, writeAs } from './origin-behaviours.ts';

interface Chain {
  readonly clusters: readonly Fixture[];
  readonly events: MirrorEvent[];
  /** Starts a worker of the mirror from one cluster to another, by their numbers. */
  mirror(from: number, to: number, options?: Partial<MirrorOptions>): Promise<Mirror>;
}

async function startChain(t: TestContext, count: number, topic: string, partitions: number): Promise<Chain> {
  const mirrors: Mirror[] = [];
  t.after(() => Promise.allSettled(mirrors.map((each) => each.close())));
  const clusters: Fixture[] = [];
  for (let n = 0; n < count; n++) clusters.push(await startFixture(t));
  for (const { admin } of clusters) await admin.createTopics([{ topic, partitions }]);
  const events: MirrorEvent[] = [];
  const name = uniqueName('chain');
  return {
    clusters,
    events,
    async mirror(from, to, options = {}) {
      const mirror = await startMirror({
        name: `${name}.${from}-${to}`,
        source: { bootstrap: (clusters[from] as Fixture).bootstrap, ...quick },
        target: { bootstrap: (clusters[to] as Fixture).bootstrap, ...quick },
        topics: [topic],
        shards: 2,
        sharing: { heartbeatIntervalMs: 100 },
        report: (event) => void events.push(event),
        ...options,
      });
      mirrors.push(mirror);
      return mirror;
    },
  };
}

function assertNoTrouble({ events }: Chain): void {
  assert.deepEqual(
    events.filter(({ level }) => level !== 'info'),
    [],
  );
}

test('in a ring of three each cluster ends with the records of all, once', async (t) => {
  const topic = uniqueName('ring');
  const chain = await startChain(t, 3, topic, 2);
  const ways = [
    [0, 1],
    [1, 2],
    [2, 0],
  ] as const;
  const who = ['a', 'b', 'c'];
  let first = 0;
  for (let round = 0; round < 3; round++) {
    const writing = chain.clusters.map(({ client }, n) => writeAs(client, who[n] as string, topic, 2, 400, first));
    first += 400;
    // Whoever comes next takes the shards over in the middle of it.
    const mirrors = await Promise.all(ways.map(([from, to]) => chain.mirror(from, to)));
    await Promise.all(writing);
    if (round === 1) {
      for (const { client } of chain.clusters) await assertHolds(client, topic, 2, { a: first, b: first, c: first });
    }
    if (round < 2) await Promise.all(mirrors.map((each) => each.close()));
    else await untilCaughtUp(...mirrors);
  }
  for (const { client } of chain.clusters) await assertHolds(client, topic, 2, { a: first, b: first, c: first });
  assertNoTrouble(chain);
});

test('what came to a pair of clusters from a third does not go back and forth between them', async (t) => {
  const topic = uniqueName('pair');
  const chain = await startChain(t, 3, topic, 1);
  const who = ['a', 'b', 'c'];
  const writing = chain.clusters.map(({ client }, n) => writeAs(client, who[n] as string, topic, 1, 500));
  const mirrors = [await chain.mirror(0, 1), await chain.mirror(1, 2), await chain.mirror(2, 1)];
  await Promise.all(writing);
  const [a, b, c] = chain.clusters as [Fixture, Fixture, Fixture];
  await assertHolds(b.client, topic, 1, { a: 500, b: 500, c: 500 });
  await assertHolds(c.client, topic, 1, { a: 500, b: 500, c: 500 });
  await untilCaughtUp(...mirrors);
  await assertHolds(b.client, topic, 1, { a: 500, b: 500, c: 500 });
  await assertHolds(c.client, topic, 1, { a: 500, b: 500, c: 500 });
  await assertHolds(a.client, topic, 1, { a: 500 });
  assertNoTrouble(chain);
});

test('where every cluster is mirrored to every other, each takes only what was written there', async (t) => {
  const topic = uniqueName('mesh');
  const chain = await startChain(t, 3, topic, 1);
  const who = ['a', 'b', 'c'];
  const writing = chain.clusters.map(({ client }, n) => writeAs(client, who[n] as string, topic, 1, 300));
  const mirrors: Mirror[] = [];
  for (const from of [0, 1, 2]) {
    for (const to of [0, 1, 2]) if (from !== to) mirrors.push(await chain.mirror(from, to, { localOnly: true }));
  }
  await Promise.all(writing);
  for (const { client } of chain.clusters) await assertHolds(client, topic, 1, { a: 300, b: 300, c: 300 });
  await untilCaughtUp(...mirrors);
  for (const { client } of chain.clusters) await assertHolds(client, topic, 1, { a: 300, b: 300, c: 300 });
  assertNoTrouble(chain);
});

test('two mirrors into one topic each keep what they wrote exactly, also when they take over', async (t) => {
  const topic = uniqueName('aggregate');
  const chain = await startChain(t, 3, topic, 2);
  const [a, b, c] = chain.clusters as [Fixture, Fixture, Fixture];
  let first = 0;
  for (let round = 0; round < 3; round++) {
    const writing = [writeAs(a.client, 'a', topic, 2, 400, first), writeAs(b.client, 'b', topic, 2, 400, first)];
    const mirrors = await Promise.all([chain.mirror(0, 2), chain.mirror(1, 2)]);
    await Promise.all(writing);
    first += 400;
    if (round === 2) await assertHolds(c.client, topic, 2, { a: first, b: first });
    else await Promise.all(mirrors.map((each) => each.close()));
  }
  assertNoTrouble(chain);
});

test('the way back after a failover leaves nothing out of what was written there', async (t) => {
  const topic = uniqueName('back');
  const chain = await startChain(t, 2, topic, 1);
  const [a, b] = chain.clusters as [Fixture, Fixture];
  const sides = {
    name: uniqueName('over'),
    source: { bootstrap: a.bootstrap, ...quick },
    target: { bootstrap: b.bootstrap, ...quick },
  };
  await writeAs(a.client, 'a', topic, 1, 200);
  const mirror = await chain.mirror(0, 1, sides);
  await untilCaughtUp(mirror);
  await mirror.close();
  await failover({ ...sides, manner: 'planned', unfenced: true });
  await writeAs(b.client, 'b', topic, 1, 200);
  const way = (await failback(sides)).mirror;
  await using back = await startMirror({ ...way, shards: 2 });
  await assertHolds(a.client, topic, 1, { a: 200, b: 200 });
  await untilCaughtUp(back);
  assert.equal(back.status()[0]?.recordsReturning, 0);
});
