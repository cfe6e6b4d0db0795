/** What a mirror has copied is compared as an operator would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCluster } from '@millrace/client/protocol';
import { verifyTopic } from '@millrace/mirror';
import { quick } from '../client/client-fixture.ts';
import { assertMirrored, startMirrorFixture } from './mirror-fixture.ts';

test('a topic stamped by its broker, with transactions, in any compression is equal once mirrored', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(2, { 'message.timestamp.type': 'LogAppendTime' });
  for (const [index, compression] of (['none', 'lz4', 'zstd', 'gzip'] as const).entries()) {
    await using producer = source.client.producer({ compression, transactionalId: `${topic} ${compression}` });
    for (const ending of ['commit', 'abort', 'commit'] as const) {
      const transaction = await producer.begin();
      const headers = { ending };
      for (let n = 0; n < 300; n++) {
        transaction.write({ topic, partition: n % 2, key: `key ${n}`, value: `${compression} ${index} ${n}`, headers });
      }
      await transaction[ending]();
    }
  }
  await fixture.mirror([topic]);
  await assertMirrored(fixture, topic, 2);
  const from = openCluster({ bootstrap: source.bootstrap, ...quick });
  const to = openCluster({ bootstrap: target.bootstrap, ...quick });
  t.after(() => Promise.all([from.client.close(), to.client.close()]));
  const sides = { source: { cluster: from.cluster, topic }, target: { cluster: to.cluster, topic } };
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
});
