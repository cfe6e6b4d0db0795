/** Transactions across what comes between: crashes, restarts, full disks, deleted topics. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteTopics, errorRow } from '@millrace/wire';
import {
  latestOffset,
  makeTopic,
  offsetOf,
  producerOf,
  readAll,
  startWithOrders,
  TransactionalPeer,
} from '../testing/transactional-peer.ts';

for (const version of [1, 2] as const) {
  test(`version ${version}: what is open, its offsets and aborted ranges survive a crash and a restart`, async () => {
    let direct = await startWithOrders();
    const shop = await producerOf(direct, { version });
    assert.equal(await shop.send('orders', ['aborted']), 'NONE');
    assert.equal(await shop.abort(), 'NONE');
    assert.equal(await shop.send('orders', ['open']), 'NONE');
    assert.equal(await shop.sendOffset('readers', 'orders', 3), 'NONE');
    const { producerId, epoch } = shop;
    for (const again of [() => direct.afterKill(), () => direct.afterClose(), () => direct.afterKill()]) {
      direct = await again();
      assert.deepEqual(await readAll(direct, 'orders'), []);
      assert.equal(await latestOffset(direct, 'orders'), 2);
      assert.equal(await offsetOf(direct, 'readers', 'orders', true), 'UNSTABLE_OFFSET_COMMIT');
    }
    const back = new TransactionalPeer(direct, { id: 'shop', version });
    Object.assign(back, { producerId, epoch });
    assert.equal(await back.commit(), 'NONE');
    assert.deepEqual(await readAll(direct, 'orders'), ['open']);
    assert.equal(await offsetOf(direct, 'readers', 'orders', true), 3);
  });
}

test('an outcome that was decided before a crash is carried out at the next start', async () => {
  let direct = await startWithOrders();
  const shop = await producerOf(direct);
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  assert.equal(await shop.send('orders', ['b'], 1), 'NONE');
  assert.equal(await shop.sendOffset('readers', 'orders', 7), 'NONE');
  const { transactions } = direct.cluster;
  void shop.commit();
  while (transactions.get('shop')?.facts.state === 'Ongoing') await Promise.resolve();
  direct = await direct.afterKill();
  assert.deepEqual(await readAll(direct, 'orders'), ['a']);
  assert.deepEqual(await readAll(direct, 'orders', { partition: 1 }), ['b']);
  assert.equal(await offsetOf(direct, 'readers', 'orders', true), 7);
  assert.equal(direct.cluster.transactions.get('shop')?.facts.state, 'CompleteCommit');
});

test('between the decision of an outcome and its being carried out the id is busy at every moment', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  const { transactions } = direct.cluster;
  const committing = shop.commit();
  while (transactions.get('shop')?.facts.state === 'Ongoing') await Promise.resolve();
  let asked = 0;
  for (; transactions.get('shop')?.isEnding; asked++) {
    const { errorCode } = await transactions.initialize('shop', 1000, undefined);
    assert.equal(errorRow(errorCode).name, 'CONCURRENT_TRANSACTIONS');
  }
  assert.ok(asked > 0);
  assert.equal(await committing, 'NONE');
  assert.deepEqual(await readAll(direct, 'orders'), ['a']);
});

test('markers that a full disk refuses are written once it has room, and until then the id is busy', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  const { disk } = direct.platform;
  const ending = shop.commit();
  while (direct.cluster.transactions.get('shop')?.facts.state === 'Ongoing') await Promise.resolve();
  disk.failing.push('write');
  assert.equal(await ending, 'NONE', 'it is decided');
  assert.deepEqual(await readAll(direct, 'orders'), []);
  assert.equal(await new TransactionalPeer(direct, { id: 'shop' }).init(), 'CONCURRENT_TRANSACTIONS');
  await direct.platform.pass(200);
  assert.deepEqual(await readAll(direct, 'orders'), ['a']);
  assert.equal(await new TransactionalPeer(direct, { id: 'shop' }).init(), 'NONE');
});

test('a topic that is deleted in a transaction does not keep it from its end', async () => {
  const direct = await startWithOrders();
  await makeTopic(direct, 'gone');
  const shop = await producerOf(direct);
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  assert.equal(await shop.send('gone', ['b']), 'NONE');
  await direct.request(deleteTopics, { topics: [{ name: 'gone' }], timeoutMs: 1000 } as never);
  assert.equal(await shop.send('gone', ['c']), 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.equal(await shop.commit(), 'NONE');
  assert.deepEqual(await readAll(direct, 'orders'), ['a']);
});

test('a transaction in a log of which the journal lost all is aborted at the next start', async () => {
  let direct = await startWithOrders();
  const shop = await producerOf(direct);
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  const log = direct.cluster.topics.byName('orders')?.partitions[1]?.openLog();
  const forgotten = Object.assign(new TransactionalPeer(direct, { id: 'nobody' }), { producerId: 4711, epoch: 0 });
  await log?.append(forgotten.batch(['b'], 0), 0).written;
  direct = await direct.afterKill();
  assert.ok(direct.events.some(({ message }) => message.includes('no coordinator knows of it')));
  assert.equal(await latestOffset(direct, 'orders', true, 1), 2);
  assert.deepEqual(await readAll(direct, 'orders', { partition: 1 }), []);
  assert.equal(await latestOffset(direct, 'orders', true, 0), 0, 'what the coordinator knows stays open');
});
