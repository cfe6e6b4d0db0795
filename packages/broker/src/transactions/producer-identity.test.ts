/** Which producer may use a transactional id: identities, their epochs, and the fencing of those that were replaced. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRow, initProducerId } from '@millrace/wire';
import { producerOf, readAll, startWithOrders, TransactionalPeer } from '../testing/transactional-peer.ts';

for (const version of [1, 2] as const) {
  test(`version ${version}: a second producer with the id fences the first and aborts its transaction`, async () => {
    const direct = await startWithOrders();
    const first = await producerOf(direct, { version });
    assert.equal(await first.send('orders', ['lost']), 'NONE');
    const second = new TransactionalPeer(direct, { id: 'shop', version });
    assert.equal(await second.init(), 'CONCURRENT_TRANSACTIONS');
    assert.equal(await second.init(), 'NONE');
    assert.equal(await second.send('orders', ['kept']), 'NONE');
    assert.equal(await first.write('orders', ['late']), 'INVALID_PRODUCER_EPOCH');
    assert.equal(await first.add('orders', 1), 'PRODUCER_FENCED');
    assert.equal(await first.commit(), 'PRODUCER_FENCED');
    assert.equal(await first.init(true), 'PRODUCER_FENCED');
    assert.equal(await second.commit(), 'NONE');
    assert.deepEqual(await readAll(direct, 'orders'), ['kept']);
  });
}

test('version 2: each transaction has its epoch, and a request that is sent again gets the same answer', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  const { producerId } = shop;
  for (let epoch = 0; epoch < 3; epoch++) {
    assert.equal(shop.epoch, epoch);
    assert.equal(await shop.send('orders', [`${epoch}`]), 'NONE');
    assert.equal(await shop.commit(), 'NONE');
    const lost = Object.assign(new TransactionalPeer(direct, { id: 'shop' }), { producerId, epoch });
    assert.equal(await lost.commit(), 'NONE', 'as the answer was lost');
    assert.deepEqual([lost.producerId, lost.epoch], [shop.producerId, shop.epoch]);
    Object.assign(lost, { producerId, epoch });
    assert.equal(await lost.abort(), 'INVALID_TXN_STATE');
    assert.equal(await lost.send('orders', ['zombie']), 'INVALID_PRODUCER_EPOCH');
  }
  assert.equal(await shop.commit(), 'INVALID_TXN_STATE', 'there is nothing to commit');
  assert.equal(await shop.abort(), 'NONE', 'an empty transaction can be aborted');
  assert.equal(shop.epoch, 4);
  assert.deepEqual(await readAll(direct, 'orders'), ['0', '1', '2']);
});

test('a producer whose epochs are used up gets a new id', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  const first = shop.producerId;
  const transaction = direct.cluster.transactions.get('shop');
  assert.ok(transaction);
  transaction.facts = { ...transaction.facts, epoch: 2 ** 15 - 2 };
  shop.epoch = 2 ** 15 - 2;
  assert.equal(await shop.send('orders', ['last']), 'NONE');
  const lost = Object.assign(new TransactionalPeer(direct, { id: 'shop' }), { producerId: first, epoch: shop.epoch });
  assert.equal(await shop.commit(), 'NONE');
  assert.notEqual(shop.producerId, first);
  assert.equal(shop.epoch, 0);
  assert.equal(await lost.commit(), 'NONE', 'asked again, it answers the new id');
  assert.equal(lost.producerId, shop.producerId);
  assert.equal(await shop.send('orders', ['first']), 'NONE');
  assert.equal(await shop.commit(), 'NONE');
  assert.deepEqual(await readAll(direct, 'orders'), ['last', 'first']);

  transaction.facts = { ...transaction.facts, epoch: 2 ** 15 - 2 };
  const second = await producerOf(direct);
  assert.notEqual(second.producerId, shop.producerId, 'a new producer likewise');
});

test('a producer that asks for its next epoch again gets the same (KIP-360)', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  const { producerId, epoch } = shop;
  assert.equal(await shop.init(true), 'NONE');
  assert.equal(shop.epoch, epoch + 1);
  const lost = Object.assign(new TransactionalPeer(direct, { id: 'shop' }), { producerId, epoch });
  assert.equal(await lost.init(true), 'NONE');
  assert.equal(lost.epoch, shop.epoch);
  await producerOf(direct);
  Object.assign(lost, { producerId, epoch });
  assert.equal(await lost.init(true), 'PRODUCER_FENCED', 'once another came, it is fenced');
});

test('requests without a sensible identity are refused', async () => {
  const direct = await startWithOrders();
  const ask = async (draft: Record<string, unknown>): Promise<string> => {
    const request = { transactionalId: 'shop', transactionTimeoutMs: 1000, ...draft };
    return errorRow((await direct.request(initProducerId, request as never)).errorCode).name;
  };
  assert.equal(await ask({ transactionalId: '' }), 'INVALID_REQUEST');
  assert.equal(await ask({ transactionTimeoutMs: 900_001 }), 'INVALID_TRANSACTION_TIMEOUT');
  assert.equal(await ask({ transactionTimeoutMs: 0 }), 'INVALID_TRANSACTION_TIMEOUT');
  assert.equal(await ask({ producerId: 1 }), 'INVALID_REQUEST');
  const stranger = new TransactionalPeer(direct, { id: 'nobody' });
  assert.equal(await stranger.commit(), 'INVALID_PRODUCER_ID_MAPPING');
  assert.equal(await stranger.add('orders'), 'INVALID_PRODUCER_ID_MAPPING');
  Object.assign(stranger, { producerId: 77, epoch: 0 });
  assert.equal(await stranger.send('orders', ['x']), 'INVALID_PRODUCER_ID_MAPPING');
});
