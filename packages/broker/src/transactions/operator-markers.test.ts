/** Markers that an operator writes by hand, whatever is in them, leave no transaction that nobody can end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRow, writeTxnMarkers } from '@millrace/wire';
import type { DirectCluster } from '../testing/direct-cluster.ts';
import {
  latestOffset,
  producerOf,
  readAll,
  startWithOrders,
  TransactionalPeer,
} from '../testing/transactional-peer.ts';

async function abortByHand(
  direct: DirectCluster,
  { producerId, epoch: producerEpoch }: TransactionalPeer,
  coordinatorEpoch: number,
): Promise<string> {
  const topics = [{ name: 'orders', partitionIndexes: [0] }];
  const marker = { producerId, producerEpoch, transactionResult: false, coordinatorEpoch, topics };
  const answer = await direct.request(writeTxnMarkers, { markers: [marker] } as never);
  return errorRow(answer.markers[0]?.topics[0]?.partitions[0]?.errorCode ?? -1).name;
}

for (const version of [1, 2] as const) {
  test(`version ${version}: a marker of a greater coordinator epoch does not fence the cluster's own`, async () => {
    const direct = await startWithOrders();
    const shop = await producerOf(direct, { version });
    assert.equal(await shop.send('orders', ['aborted by hand']), 'NONE');
    assert.equal(await abortByHand(direct, shop, 7), 'NONE');
    assert.equal(await shop.write('orders', ['after it']), 'NONE');
    assert.equal(await shop.commit(), 'NONE');
    assert.equal(await latestOffset(direct, 'orders'), await latestOffset(direct, 'orders', false));
    assert.equal(await shop.send('orders', ['next']), 'NONE');
    assert.equal(await shop.commit(), 'NONE');
    assert.deepEqual(await readAll(direct, 'orders'), ['after it', 'next']);
    assert.equal(await shop.send('orders', ['last']), 'NONE');
    assert.equal(await abortByHand(direct, shop, 6), 'TRANSACTION_COORDINATOR_FENCED');
  });
}

test('nor does it fence the marker that ends what a start finds in no transaction', async () => {
  let direct = await startWithOrders();
  const log = direct.cluster.topics.byName('orders')?.partitions[0]?.openLog();
  const forgotten = Object.assign(new TransactionalPeer(direct, { id: 'nobody' }), { producerId: 4711, epoch: 0 });
  await log?.append(forgotten.batch(['a'], 0), 0).written;
  assert.equal(await abortByHand(direct, forgotten, 7), 'NONE');
  await log?.append(forgotten.batch(['b'], 1), 0).written;
  direct = await direct.afterKill();
  assert.equal(await latestOffset(direct, 'orders'), await latestOffset(direct, 'orders', false));
  assert.deepEqual(await readAll(direct, 'orders'), []);
});
