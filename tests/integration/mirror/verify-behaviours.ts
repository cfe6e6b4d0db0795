/** What `verify` finds between any two clusters: of what a mirror copied, and of copies that differ. */
import assert from 'node:assert/strict';
import { unwrap } from '@millrace/client';
import { openCluster } from '@millrace/client/protocol';
import { type VerifyOptions, verifyTopic } from '@millrace/mirror';
import { quick } from '../client/client-fixture.ts';
import type { MirrorBehaviour } from './behaviours.ts';
import { assertMirrored, type MirrorFixture } from './mirror-fixture.ts';

function openSides(
  { source, target }: MirrorFixture,
  topic: string,
): Pick<VerifyOptions, 'source' | 'target'> & AsyncDisposable {
  const [from, to] = [source, target].map(({ bootstrap }) => openCluster({ bootstrap, ...quick }));
  assert.ok(from !== undefined && to !== undefined);
  return {
    source: { cluster: from.cluster, topic },
    target: { cluster: to.cluster, topic },
    async [Symbol.asyncDispose]() {
      await Promise.all([from.client.close(), to.client.close()]);
    },
  };
}

/** Copies of `value 0` to `value 49`, with what is done to the values on their way. */
const flaws: readonly (readonly [what: string, spoil: (values: string[]) => void, sentence: RegExp])[] = [
  ['is missing', (values) => void values.splice(20, 1), /source offset 20\b/],
  ['is there twice', (values) => void values.splice(20, 0, 'value 19'), /target offset 20\b/],
  ['was changed', (values) => void values.splice(20, 1, 'valve 20'), /differ in value/],
];

export const verifyBehaviours: readonly MirrorBehaviour[] = [
  {
    name: 'a topic stamped by its broker, with transactions, in any compression is equal once mirrored',
    async run(fixture) {
      const { source } = fixture;
      const topic = await source.createTopic(2, { 'message.timestamp.type': 'LogAppendTime' });
      for (const [index, compression] of (['none', 'lz4', 'zstd', 'gzip'] as const).entries()) {
        await using producer = source.client.producer({ compression, transactionalId: `${topic} ${compression}` });
        for (const ending of ['commit', 'abort', 'commit'] as const) {
          const transaction = await producer.begin();
          const headers = { ending };
          for (let n = 0; n < 300; n++) {
            transaction.write({
              topic,
              partition: n % 2,
              key: `key ${n}`,
              value: `${compression} ${index} ${n}`,
              headers,
            });
          }
          await transaction[ending]();
        }
      }
      await fixture.mirror([topic]);
      await assertMirrored(fixture, topic, 2);
      await using sides = openSides(fixture, topic);
      for (const targetIsolation of ['read_committed', 'read_uncommitted'] as const) {
        const found = await verifyTopic({ ...sides, targetIsolation });
        assert.deepEqual(
          found.partitions.map(({ firstDifference }) => firstDifference?.sentence),
          [undefined, undefined],
        );
        assert.deepEqual(
          found.partitions.map(({ compared, lag }) => [compared, lag]),
          [
            [1200, 0],
            [1200, 0],
          ],
        );
      }
      const found = await verifyTopic({ ...sides, latestByKey: true });
      assert.deepEqual([found.isEqual, found.partitions.map(({ compared }) => compared)], [true, [150, 150]]);
    },
  },
  ...flaws.map(([what, spoil, sentence]): MirrorBehaviour => {
    return {
      name: `verify finds the first record that ${what}`,
      async run(fixture) {
        const { source, target } = fixture;
        const topic = await source.createTopic(1);
        unwrap(await target.admin.createTopics([{ topic, partitions: 1 }]));
        const values = Array.from({ length: 50 }, (_, n) => `value ${n}`);
        const spoilt = [...values];
        spoil(spoilt);
        for (const [{ client }, written] of [[source, values] as const, [target, spoilt] as const]) {
          await using producer = client.producer({ batchBytesMax: 300 });
          const sends = written.map((value) => producer.send({ topic, partition: 0, value, timestamp: 1e12 }));
          await Promise.all(sends);
        }
        await using sides = openSides(fixture, topic);
        const { isEqual, partitions } = await verifyTopic(sides);
        assert.equal(isEqual, false);
        assert.match(partitions[0]?.firstDifference?.sentence ?? '', sentence);
      },
    };
  }),
];
