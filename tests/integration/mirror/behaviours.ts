/** What a mirror does between any two clusters, embedded or Apache Kafka: each a test with a fixture of its own. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Client, Compression } from '@millrace/client';
import type { Mirror } from '@millrace/mirror';
import { verifyMirror } from '@millrace/mirror';
import { quick, until } from '../client/client-fixture.ts';
import { assertMirrored, type MirrorFixture, readPartition } from './mirror-fixture.ts';

export interface MirrorBehaviour {
  readonly name: string;
  /** Where at least once is promised, it need not be so. */
  readonly mayRepeat?: true;
  run(fixture: MirrorFixture): Promise<void>;
}

/** As small segments as Apache Kafka allows, compacted at once. */
const compacted = {
  'cleanup.policy': 'compact',
  'segment.bytes': '1048576',
  'min.cleanable.dirty.ratio': '0.01',
  'max.compaction.lag.ms': '1000',
};

/** The records' times lie long ago. */
export const forGood = { 'retention.ms': '-1' };
const firstTime = 1e12;

export interface Filling {
  readonly topic: string;
  readonly partitions: number;
  readonly first: number;
  readonly count: number;
  readonly compression?: Compression;
  readonly batchBytesMax?: number;
}

export async function fill(client: Client, filling: Filling): Promise<void> {
  const { topic, partitions, first, count, compression = 'none', batchBytesMax = 2_000 } = filling;
  await using producer = client.producer({ batchBytesMax, compression });
  for (let n = first; n < first + count; n++) {
    const headers = { number: Buffer.from([n & 255]) };
    const value = n % 50 === 49 ? null : `value ${n}`;
    const record = { topic, partition: n % partitions, key: `k${n % 7}`, value, timestamp: firstTime + n, headers };
    if (!producer.write(record)) await producer.ready();
  }
  await producer.flush();
}

/** The same of a mirror that promises each record at least once. */
export function atLeastOnce({ name, run, ...rest }: MirrorBehaviour): MirrorBehaviour {
  return {
    ...rest,
    name: `at least once: ${name}`,
    run(fixture) {
      const mirror: MirrorFixture['mirror'] = (topics, options) => {
        return fixture.mirror(topics, { ...options, guarantee: 'at-least-once' });
      };
      return run({ ...fixture, mirror });
    },
  };
}

function assertNoTrouble({ events }: MirrorFixture): void {
  assert.deepEqual(
    events.filter(({ level }) => level !== 'info'),
    [],
  );
}

export const mirrorBehaviours: readonly MirrorBehaviour[] = [
  {
    name: 'a topic is copied as it is: partitions, order, keys, tombstones, headers and times',
    async run(fixture) {
      const { source } = fixture;
      const topic = await source.createTopic(3, forGood);
      await fill(source.client, { topic, partitions: 3, first: 0, count: 5_000 });
      await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 3);
      await fill(source.client, { topic, partitions: 3, first: 5_000, count: 1_000 });
      await assertMirrored(fixture, topic, 3);
      assertNoTrouble(fixture);
    },
  },
  {
    name: 'batches of every compression and size are copied',
    async run(fixture) {
      const { source } = fixture;
      const topic = await source.createTopic(1, forGood);
      let first = 0;
      for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
        for (const batchBytesMax of [256, 5_000, 200_000]) {
          await fill(source.client, { topic, partitions: 1, first, count: 300, compression, batchBytesMax });
          first += 300;
        }
      }
      await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 1);
      assertNoTrouble(fixture);
    },
  },
  {
    name: 'of transactions what was committed is copied, and nothing else',
    async run(fixture) {
      const { source } = fixture;
      const topic = await source.createTopic(2, forGood);
      const producer = source.client.producer({ transactionalId: `t-${topic}` });
      await fixture.mirror([topic]);
      for (let round = 0; round < 12; round++) {
        const transaction = await producer.begin();
        for (let n = 0; n < 20; n++) {
          const value = `${round} ${n}`;
          void producer.send({ topic, partition: n % 2, value, timestamp: firstTime + n }).catch(() => undefined);
        }
        await producer.flush();
        if (round % 3 === 1) await transaction.abort();
        else await transaction.commit();
      }
      await producer.close();
      await fill(source.client, { topic, partitions: 2, first: 0, count: 100 });
      await assertMirrored(fixture, topic, 2);
      const copied = await readPartition(fixture.target.client, topic, 0);
      assert.ok(!copied.some(({ value }) => value?.startsWith('1 ') || value?.startsWith('4 ')));
      assertNoTrouble(fixture);
    },
  },
  {
    name: 'records that a broker gave their times keep these',
    async run(fixture) {
      const { source } = fixture;
      const topic = await source.createTopic(1, { ...forGood, 'message.timestamp.type': 'LogAppendTime' });
      for (const compression of ['none', 'lz4'] as const) {
        await fill(source.client, { topic, partitions: 1, first: 0, count: 200, compression });
      }
      await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 1);
      const [first] = await readPartition(fixture.target.client, topic, 0);
      assert.ok((first?.timestamp ?? 0) > firstTime + 1e10);
      assertNoTrouble(fixture);
    },
  },
  {
    name: 'a compacted topic is copied with its gaps closed, and holds the latest record of each key',
    async run(fixture) {
      const { source, target } = fixture;
      const topic = await source.createTopic(1, compacted);
      await using producer = source.client.producer({ compression: 'lz4', lingerMs: 5 });
      const write = (key: string, value: string): Promise<unknown> =>
        producer.send({ topic, partition: 0, key, value });
      for (let round = 0; round < 10; round++) {
        const sending: Promise<unknown>[] = [];
        for (let n = 0; n < 300; n++) {
          if (n % (round + 1) === 0) sending.push(write(`k${n}`, `${round} ${n} ${'x'.repeat(50)}`));
        }
        await Promise.all(sending);
      }
      // They end the segment: the active one is not compacted.
      for (let n = 0; n < 8; n++) await write('filler', randomBytes(200_000).toString('hex'));
      const left = async (): Promise<number> => (await readPartition(source.client, topic, 0)).length;
      await until(async () => (await left()) < 400, 60_000);
      const mirror = await fixture.mirror([topic]);
      await until(() => mirror.status().length === 1 && mirror.status()[0]?.lag === 0, 30_000);
      const [{ bootstrap: from }, { bootstrap: to }] = [source, target];
      const sides = { source: { bootstrap: from, ...quick }, target: { bootstrap: to, ...quick } };
      const verified = async (): Promise<number | undefined> => {
        const [found] = await verifyMirror({ ...sides, name: mirror.name, targetIsolation: 'read_uncommitted' });
        assert.equal(found?.partitions[0]?.firstDifference, undefined);
        assert.deepEqual([found?.manner, found?.isEqual], ['latest by key', true]);
        return found?.partitions[0]?.compared;
      };
      // The last records are compared once the mirror has written down where they lie.
      await until(async () => (await verified()) === 301, 30_000);
      assertNoTrouble(fixture);
    },
  },
  {
    name: 'a mirror that is started again goes on with the next record',
    async run(fixture) {
      const { source } = fixture;
      const topic = await source.createTopic(2, forGood);
      for (let round = 0; round < 4; round++) {
        await fill(source.client, { topic, partitions: 2, first: round * 1_000, count: 1_000 });
        const mirror = await fixture.mirror([topic]);
        if (round % 2 === 0) await assertMirrored(fixture, topic, 2);
        await mirror.close();
      }
      await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 2);
      assertNoTrouble(fixture);
    },
  },
  {
    name: 'workers that come and go copy nothing twice and leave nothing out',
    mayRepeat: true,
    async run(fixture) {
      const { source } = fixture;
      const topic = await source.createTopic(4, forGood);
      const workers: Mirror[] = [];
      for (let round = 0; round < 6; round++) {
        const filling = fill(source.client, { topic, partitions: 4, first: round * 3_000, count: 3_000 });
        // Whoever was there before gives up some of its work in the middle of it.
        workers.push(await fixture.mirror([topic]));
        if (round >= 3) await workers.shift()?.close();
        await filling;
      }
      await assertMirrored(fixture, topic, 4);
      const copying = workers.filter(({ assignedPartitions }) => assignedPartitions > 0);
      assert.ok(copying.length > 1);
    },
  },
];
