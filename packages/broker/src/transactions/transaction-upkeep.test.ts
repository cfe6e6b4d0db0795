/** What happens to transactions without their producers: timeouts, expiry, and what administrators see and do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeProducers, describeTransactions, errorRow, listTransactions, writeTxnMarkers } from '@millrace/wire';
import { latestOffset, producerOf, readAll, startWithOrders } from '../testing/transactional-peer.ts';

for (const version of [1, 2] as const) {
  test(`version ${version}: a transaction that takes too long is aborted; its producer can begin anew`, async () => {
    const direct = await startWithOrders({ 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '100' });
    const shop = await producerOf(direct, { version, timeoutMs: 1000 });
    assert.equal(await shop.send('orders', ['late']), 'NONE');
    await direct.platform.pass(900);
    assert.equal(await shop.send('orders', ['later']), 'NONE', 'it is not too late yet');
    await direct.platform.pass(400);
    assert.equal(await latestOffset(direct, 'orders'), await latestOffset(direct, 'orders', false));
    assert.equal(await shop.write('orders', ['too late']), 'INVALID_PRODUCER_EPOCH');
    assert.notEqual(await shop.commit(), 'NONE');
    assert.equal(await shop.init(true), 'NONE', 'no other has come');
    assert.equal(await shop.send('orders', ['again']), 'NONE');
    assert.equal(await shop.commit(), 'NONE');
    assert.deepEqual(await readAll(direct, 'orders'), ['again']);
  });
}

test('transactions and producers are listed and described', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  assert.equal(await shop.send('orders', ['a'], 1), 'NONE');
  await producerOf(direct, { id: 'idle' });
  await direct.platform.pass(5000);
  const list = async (filters: Record<string, unknown>): Promise<string[]> => {
    const answer = await direct.request(listTransactions, filters as never);
    return answer.transactionStates.map(({ transactionalId }) => transactionalId).sort();
  };
  assert.deepEqual(await list({}), ['idle', 'shop']);
  assert.deepEqual(await list({ stateFilters: ['Ongoing'] }), ['shop']);
  assert.deepEqual(await list({ producerIdFilters: [shop.producerId] }), ['shop']);
  assert.deepEqual(await list({ stateFilters: ['Ongoing'], durationFilter: 6000 }), []);
  assert.deepEqual(await list({ transactionalIdPattern: 'i.*' }), ['idle']);
  assert.deepEqual(await list({ transactionalIdPattern: 'i' }), [], 'the whole id must match');
  const unknown = await direct.request(listTransactions, { stateFilters: ['Odd'] } as never);
  assert.deepEqual(unknown.unknownStateFilters, ['Odd']);
  const invalid = await direct.request(listTransactions, { transactionalIdPattern: '(' } as never);
  assert.equal(errorRow(invalid.errorCode).name, 'INVALID_REGULAR_EXPRESSION');

  const described = await direct.request(describeTransactions, { transactionalIds: ['shop', 'nobody'] });
  const [found, missing] = described.transactionStates;
  assert.equal(found?.transactionState, 'Ongoing');
  assert.deepEqual(found?.topics, [{ topic: 'orders', partitions: [1] }]);
  assert.equal(errorRow(missing?.errorCode ?? 0).name, 'TRANSACTIONAL_ID_NOT_FOUND');

  const topics = [{ name: 'orders', partitionIndexes: [1, 9] }];
  const producers = await direct.request(describeProducers, { topics });
  const [present, absent] = producers.topics[0]?.partitions ?? [];
  assert.deepEqual(present?.activeProducers.length, 1);
  assert.equal(present?.activeProducers[0]?.currentTxnStartOffset, 0);
  assert.equal(errorRow(absent?.errorCode ?? 0).name, 'UNKNOWN_TOPIC_OR_PARTITION');
});

test('an administrator ends a transaction by hand, not with an older epoch', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  await shop.commit();
  await shop.abort();
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  const write = async (producerEpoch: number): Promise<string> => {
    const topics = [{ name: 'orders', partitionIndexes: [0] }];
    const marker = {
      producerId: shop.producerId,
      producerEpoch,
      transactionResult: false,
      coordinatorEpoch: 0,
      topics,
    };
    const answer = await direct.request(writeTxnMarkers, { markers: [marker] } as never);
    return errorRow(answer.markers[0]?.topics[0]?.partitions[0]?.errorCode ?? -1).name;
  };
  assert.equal(await write(shop.epoch - 1), 'INVALID_PRODUCER_EPOCH');
  assert.equal(await latestOffset(direct, 'orders'), 0);
  assert.equal(await write(shop.epoch), 'NONE');
  assert.equal(await latestOffset(direct, 'orders'), 2);
  assert.deepEqual(await readAll(direct, 'orders'), []);
});

test('ids that nobody uses are forgotten, those with an open transaction are not', async () => {
  const direct = await startWithOrders({
    'transactional.id.expiration.ms': '5000',
    'transaction.remove.expired.transaction.cleanup.interval.ms': '1000',
    'transaction.max.timeout.ms': '900000',
  });
  await producerOf(direct, { id: 'idle' });
  const shop = await producerOf(direct, { timeoutMs: 600_000 });
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  await direct.platform.pass(10_000);
  assert.deepEqual(
    [...direct.cluster.transactions.all()].map(({ id }) => id),
    ['shop'],
  );
  assert.equal(await shop.commit(), 'NONE');
});

test('a producer with an open transaction is not forgotten by its partition', async () => {
  const direct = await startWithOrders({
    'producer.id.expiration.ms': '1000',
    'log.retention.check.interval.ms': '500',
  });
  const shop = await producerOf(direct, { timeoutMs: 600_000 });
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  await direct.platform.pass(10_000);
  assert.equal(await latestOffset(direct, 'orders'), 0);
  assert.equal(await shop.write('orders', ['b']), 'NONE');
  assert.equal(await shop.commit(), 'NONE');
  assert.deepEqual(await readAll(direct, 'orders'), ['a', 'b']);
});
