/** What keeps records from coming back to where they came from, between any two clusters. */
import assert from 'node:assert/strict';
import { type Client, unwrap } from '@millrace/client';
import { type Mirror, type MirrorOptions, verifyMirror } from '@millrace/mirror';
import { quick, uniqueName, until } from '../client/client-fixture.ts';
import { type MirrorFixture, readPartition } from './mirror-fixture.ts';

export interface OriginBehaviour {
  readonly name: string;
  run(fixture: MirrorFixture): Promise<void>;
}

/** Writes numbered records to each partition, in their order; the values tell who wrote them. */
export async function writeAs(
  client: Client,
  who: string,
  topic: string,
  partitions: number,
  count: number,
  first = 0,
) {
  await using producer = client.producer({ batchBytesMax: 500 });
  for (let n = first; n < first + count; n++) {
    for (let partition = 0; partition < partitions; partition++) {
      if (!producer.write({ topic, partition, key: `${n % 5}`, value: `${who} ${n}` })) await producer.ready();
    }
    if (n % 50 === 49) await producer.flush();
  }
  await producer.flush();
}

/** Asserts that a partition holds exactly the first so many records of each writer, each writer's in order. */
export async function assertHolds(client: Client, topic: string, partitions: number, counts: Record<string, number>) {
  const wanted = Object.entries(counts).map(([who, count]) => [who, Array.from({ length: count }, (_, n) => n)]);
  const sum = Object.values(counts).reduce((left, right) => left + right, 0);
  for (let partition = 0; partition < partitions; partition++) {
    let values: string[] = [];
    await until(async () => {
      values = (await readPartition(client, topic, partition)).map(({ value }) => value ?? '');
      return values.length >= sum;
    }, 30_000);
    const found = wanted.map(([who]) => {
      const own = values.filter((value) => value.startsWith(`${who} `));
      return [who, own.map((value) => Number(value.split(' ')[1]))];
    });
    assert.deepEqual(found, wanted, `${topic} [${partition}]`);
    assert.equal(values.length, sum);
  }
}

/** A mirror in each direction, of names of their own. */
export function bothWays({ source, target, mirror }: MirrorFixture) {
  const [east, west] = [source, target].map(({ bootstrap }) => ({ bootstrap, ...quick })) as [
    MirrorOptions['source'],
    MirrorOptions['source'],
  ];
  const names = { there: uniqueName('there'), back: uniqueName('back') };
  return {
    names,
    east,
    west,
    there: (topics: MirrorOptions['topics'], options: Partial<MirrorOptions> = {}): Promise<Mirror> =>
      mirror(topics, { name: names.there, source: east, target: west, ...options }),
    back: (topics: MirrorOptions['topics'], options: Partial<MirrorOptions> = {}): Promise<Mirror> =>
      mirror(topics, { name: names.back, source: west, target: east, ...options }),
  };
}

export async function untilCaughtUp(...mirrors: readonly Mirror[]): Promise<void> {
  const isDone = (mirror: Mirror): boolean => {
    const found = mirror.status();
    return found.length === mirror.partitions && found.every(({ lag }) => lag === 0);
  };
  await until(() => mirrors.every(isDone), 30_000);
}

/** Asserts that what each of the mirrors copied is the same on both sides, so many records in each partition. */
async function assertVerified(ways: ReturnType<typeof bothWays>, topic: string, count: number): Promise<void> {
  const { names, east, west } = ways;
  const there = { name: names.there, source: east, target: west };
  for (const sides of [there, { name: names.back, source: west, target: east }]) {
    await until(async () => {
      const [verified] = await verifyMirror({ ...sides, topics: [topic], targetIsolation: 'read_uncommitted' });
      const difference = verified?.partitions.find(({ firstDifference }) => firstDifference !== undefined);
      assert.equal(difference?.firstDifference?.sentence, undefined);
      return verified?.partitions.every(({ compared }) => compared === count) === true;
    }, 30_000);
  }
}

export const originBehaviours: readonly OriginBehaviour[] = [
  {
    name: 'with mirrors both ways under the same names each side ends with every record once',
    async run(fixture) {
      const { source, target, events } = fixture;
      const topic = await source.createTopic(2);
      await target.admin.createTopics([{ topic, partitions: 2 }]);
      const ways = bothWays(fixture);
      const writing = [
        writeAs(source.client, 'east', topic, 2, 1_000),
        writeAs(target.client, 'west', topic, 2, 1_000),
      ];
      const there = await ways.there([topic]);
      const back = await ways.back([topic]);
      await Promise.all(writing);
      const counts = { east: 1_000, west: 1_000 };
      await assertHolds(source.client, topic, 2, counts);
      await assertHolds(target.client, topic, 2, counts);
      // Whatever came is looked at again by those who start anew.
      await Promise.all([there.close(), back.close()]);
      const again = [await ways.there([topic]), await ways.back([topic])];
      await Promise.all([
        writeAs(source.client, 'east', topic, 2, 100, 1_000),
        writeAs(target.client, 'west', topic, 2, 100, 1_000),
      ]);
      const more = { east: 1_100, west: 1_100 };
      await assertHolds(source.client, topic, 2, more);
      await assertHolds(target.client, topic, 2, more);
      await untilCaughtUp(...again);
      await assertHolds(source.client, topic, 2, more);
      await assertHolds(target.client, topic, 2, more);
      assert.deepEqual(
        events.filter(({ level }) => level !== 'info'),
        [],
      );
      await assertVerified(ways, topic, 1_100);
    },
  },
  {
    name: 'a group that moves between clusters that both are written to leaves no record out',
    async run(fixture) {
      const { source, target } = fixture;
      const topic = await source.createTopic(1);
      await target.admin.createTopics([{ topic, partitions: 1 }]);
      const ways = bothWays(fixture);
      await writeAs(source.client, 'east', topic, 1, 100);
      await writeAs(target.client, 'west', topic, 1, 100);
      const before = [await ways.there([topic]), await ways.back([topic])];
      for (const { client } of [source, target]) await assertHolds(client, topic, 1, { east: 100, west: 100 });
      await Promise.all(before.map((each) => each.close()));
      // Those who take over leave markers among the records.
      const mirrors = [await ways.there([topic]), await ways.back([topic])];
      await Promise.all([
        writeAs(source.client, 'east', topic, 1, 200, 100),
        writeAs(target.client, 'west', topic, 1, 200, 100),
      ]);
      for (const { client } of [source, target]) await assertHolds(client, topic, 1, { east: 300, west: 300 });
      // While only records of the other side follow, a group stays behind what was copied last and meets them again.
      await writeAs(source.client, 'east', topic, 1, 1, 300);
      for (const { client } of [source, target]) await assertHolds(client, topic, 1, { east: 301, west: 300 });
      await untilCaughtUp(...mirrors);
      const here = await readPartition(source.client, topic, 0);
      const there = await readPartition(target.client, topic, 0);
      const groups = [0, 50, 100, 150, 250, 399, 500, 600].map((offset) => ({ group: uniqueName('group'), offset }));
      for (const { group, offset } of groups) {
        unwrap(await source.admin.commitOffsets(group, [{ topic, partition: 0, offset }]));
      }
      // What the journal of the way back tells comes a moment later.
      const next = ({ offset }: (typeof groups)[number]): number => {
        const met = new Set(here.filter((each) => each.offset < offset).map(({ value }) => value));
        return there.find(({ value }) => !met.has(value))?.offset ?? Number.POSITIVE_INFINITY;
      };
      await mirrors[0]?.syncGroups();
      for (const each of groups) {
        const [stored] = unwrap(await target.admin.fetchOffsets(each.group, [{ topic, partition: 0 }]));
        assert.ok((stored?.offset ?? -1) <= next(each), `a group at ${each.offset} of ${here.length}`);
      }
      await until(async () => {
        await mirrors[0]?.syncGroups();
        const stored = await Promise.all(
          groups.map(async ({ group }) => unwrap(await target.admin.fetchOffsets(group, [{ topic, partition: 0 }]))),
        );
        // Where a marker lies, the next record is read.
        const found = stored.map(([each]) => there.find(({ offset }) => offset >= (each?.offset ?? 0))?.offset);
        return found.every((at = Number.POSITIVE_INFINITY, index) => {
          return at === next(groups[index] as (typeof groups)[number]);
        });
      }, 30_000);
    },
  },
  {
    name: 'with prefixes and patterns both ways no topic is copied of what came from there',
    async run(fixture) {
      const { source, target, events } = fixture;
      const topic = await source.createTopic(1);
      const other = await target.createTopic(1);
      const ways = bothWays(fixture);
      const pattern = [new RegExp(`.*(${topic}|${other})`)];
      await writeAs(source.client, 'east', topic, 1, 100);
      await writeAs(target.client, 'west', other, 1, 100);
      const mirrors = [
        await ways.there(pattern, { rename: (name) => `east.${name}` }),
        await ways.back(pattern, { rename: (name) => `west.${name}` }),
      ];
      await assertHolds(target.client, `east.${topic}`, 1, { east: 100 });
      await assertHolds(source.client, `west.${other}`, 1, { west: 100 });
      for (const mirror of [...mirrors, ...mirrors]) await mirror.syncTopics();
      assert.deepEqual(
        mirrors.map(({ topics }) => topics),
        [[topic], [other]],
      );
      const left = events.filter(({ event }) => event === 'topic_left_out').map((event) => event.topic);
      assert.deepEqual(left.sort(), [`east.${topic}`, `west.${other}`].sort());
    },
  },
];
