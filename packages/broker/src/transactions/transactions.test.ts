/** What producers may do within a transaction, and what readers see of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchHeader, fetch, offsetCommit } from '@millrace/wire';
import { settle } from '../testing/manual-platform.ts';
import {
  fetchOnce,
  latestOffset,
  offsetOf,
  producerOf,
  readAll,
  startWithOrders,
} from '../testing/transactional-peer.ts';

for (const version of [1, 2] as const) {
  test(`version ${version}: committed records are read once committed, aborted ones never`, async () => {
    const direct = await startWithOrders();
    const shop = await producerOf(direct, { version });
    assert.equal(await shop.send('orders', ['a', 'b']), 'NONE');
    assert.equal(await shop.send('orders', ['c'], 1), 'NONE');
    assert.deepEqual(await readAll(direct, 'orders'), []);
    assert.deepEqual(await readAll(direct, 'orders', { committed: false }), ['a', 'b']);
    assert.equal(await latestOffset(direct, 'orders'), 0);
    assert.equal(await latestOffset(direct, 'orders', false), 2);
    assert.equal(await shop.commit(), 'NONE');
    assert.deepEqual(await readAll(direct, 'orders'), ['a', 'b']);
    assert.deepEqual(await readAll(direct, 'orders', { partition: 1 }), ['c']);
    assert.equal(await shop.send('orders', ['d']), 'NONE');
    assert.equal(await shop.abort(), 'NONE');
    assert.equal(await shop.send('orders', ['e']), 'NONE');
    assert.equal(await shop.commit(), 'NONE');
    assert.deepEqual(await readAll(direct, 'orders'), ['a', 'b', 'e']);
    assert.deepEqual(await readAll(direct, 'orders', { committed: false }), ['a', 'b', 'd', 'e']);
    assert.equal(await latestOffset(direct, 'orders'), await latestOffset(direct, 'orders', false));
  });

  test(`version ${version}: a group has offsets of a transaction once it is committed`, async () => {
    const direct = await startWithOrders();
    const shop = await producerOf(direct, { version });
    assert.equal(await shop.sendOffset('readers', 'orders', 5), 'NONE');
    assert.equal(await offsetOf(direct, 'readers', 'orders'), -1);
    assert.equal(await offsetOf(direct, 'readers', 'orders', true), 'UNSTABLE_OFFSET_COMMIT');
    assert.equal(await shop.commit(), 'NONE');
    assert.equal(await offsetOf(direct, 'readers', 'orders', true), 5);
    assert.equal(await shop.sendOffset('readers', 'orders', 9), 'NONE');
    assert.equal(await shop.abort(), 'NONE');
    assert.equal(await offsetOf(direct, 'readers', 'orders', true), 5);
  });
}

test('version 1: a partition must be added before it is written to', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct, { version: 1 });
  assert.equal(await shop.write('orders', ['early']), 'TRANSACTION_ABORTABLE');
  assert.equal(await shop.add('orders', 0), 'NONE');
  assert.equal(await shop.write('orders', ['a']), 'NONE');
  assert.equal(await shop.write('orders', ['b'], 1), 'TRANSACTION_ABORTABLE');
  assert.equal(await shop.add('absent', 0), 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.equal(await shop.commit(), 'NONE');
  assert.equal(await shop.write('orders', ['after the end']), 'TRANSACTION_ABORTABLE');
});

test('the records of a producer in a transaction must all belong to it', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct, { version: 1 });
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  const batch = shop.batch(['b'], 1);
  batch[22] = (batch[22] as number) & ~0x10;
  batchHeader.updateCrc(batch, 0);
  assert.equal(await shop.produce('orders', batch), 'INVALID_TXN_STATE');
});

test('batches that come while their partition is being added keep their order', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  const release = direct.platform.disk.holdWrites();
  const answers = ['a', 'b', 'c'].map((value, sequence) => shop.produce('orders', shop.batch([value], sequence)));
  await settle();
  release();
  assert.deepEqual(await Promise.all(answers), ['NONE', 'NONE', 'NONE']);
  assert.equal(await shop.commit(), 'NONE');
  assert.deepEqual(await readAll(direct, 'orders'), ['a', 'b', 'c']);
});

test('the first batch of a version 2 transaction must begin at sequence number 0', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  assert.equal(await shop.produce('orders', shop.batch(['b'], 1)), 'OUT_OF_ORDER_SEQUENCE_NUMBER');
  assert.equal(await shop.produce('orders', shop.batch(['a'], 0)), 'NONE');
  assert.equal(await shop.commit(), 'NONE');
  assert.equal(await shop.produce('orders', shop.batch(['d'], 1)), 'OUT_OF_ORDER_SEQUENCE_NUMBER');
});

test('the aborted transactions told with a fetch are those of its range', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  for (const value of ['a', 'b', 'c', 'd']) {
    assert.equal(await shop.send('orders', [value]), 'NONE');
    assert.equal(await shop.end(value === 'b'), 'NONE');
  }
  const first = await fetchOnce(direct, 'orders', 0, { bytesMax: 1 });
  assert.deepEqual(
    first.abortedTransactions?.map(({ firstOffset }) => firstOffset),
    [0],
  );
  const ofB = await fetchOnce(direct, 'orders', 2, { bytesMax: 1 });
  assert.deepEqual(ofB.abortedTransactions, []);
  const rest = await fetchOnce(direct, 'orders', 5);
  assert.deepEqual(
    rest.abortedTransactions?.map(({ firstOffset }) => firstOffset),
    [4, 6],
    'the marker of the third lies in the range',
  );
  assert.equal((await fetchOnce(direct, 'orders', 0, { committed: false })).abortedTransactions, null);
});

test('a waiting reader of committed records is woken by the end of the transaction', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  const topics = [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }];
  const draft = { maxWaitMs: 60_000, minBytes: 1, maxBytes: 1000, isolationLevel: 1, topics };
  const waiting = direct.request(fetch, draft, 12);
  await direct.platform.pass(1000);
  assert.equal(await shop.commit(), 'NONE');
  const answer = await waiting;
  assert.ok((answer.responses[0]?.partitions[0]?.records?.length ?? 0) > 0);
});

test('offsets in a transaction obey the group: members are of its generation, and a later commit wins', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  const stale = { generationId: 3, memberId: 'someone' };
  assert.equal(await shop.sendOffset('readers', 'orders', 5, stale), 'ILLEGAL_GENERATION');
  assert.equal(await shop.sendOffset('readers', 'absent', 5), 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.equal(await shop.sendOffset('readers', 'orders', 5), 'NONE');
  const partitions = [{ partitionIndex: 0, committedOffset: 8, committedMetadata: '' }];
  const draft = { groupId: 'readers', topics: [{ name: 'orders', partitions }] };
  await direct.request(offsetCommit, draft as never, 9);
  assert.equal(await shop.commit(), 'NONE');
  assert.equal(await offsetOf(direct, 'readers', 'orders', true), 8);
});
