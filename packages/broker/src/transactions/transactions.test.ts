import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deleteTopics,
  describeProducers,
  describeTransactions,
  errorRow,
  fetch,
  initProducerId,
  listTransactions,
  offsetCommit,
  updateFeatures,
  writeTxnMarkers,
} from '@millrace/wire';
import { DirectCluster } from '../testing/direct-cluster.ts';
import { settle } from '../testing/manual-platform.ts';
import {
  fetchOnce,
  latestOffset,
  makeTopic,
  offsetOf,
  readAll,
  TransactionalPeer,
  type TransactionalPeerOptions,
} from '../testing/transactional-peer.ts';

const versions = [1, 2] as const;

async function start(configuration: Readonly<Record<string, string>> = {}): Promise<DirectCluster> {
  const direct = await DirectCluster.start({ configuration });
  await makeTopic(direct, 'orders', 2);
  return direct;
}

async function producer(
  direct: DirectCluster,
  options: Partial<TransactionalPeerOptions> = {},
): Promise<TransactionalPeer> {
  const peer = new TransactionalPeer(direct, { id: 'shop', ...options });
  assert.equal(await peer.init(), 'NONE');
  return peer;
}

for (const version of versions) {
  test(`version ${version}: committed records are read once committed, aborted ones never`, async () => {
    const direct = await start();
    const shop = await producer(direct, { version });
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

  test(`version ${version}: a second producer with the id fences the first and aborts its transaction`, async () => {
    const direct = await start();
    const first = await producer(direct, { version });
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

  test(`version ${version}: a transaction that takes too long is aborted, and its producer can begin anew`, async () => {
    const direct = await start({ 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '100' });
    const shop = await producer(direct, { version, timeoutMs: 1000 });
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

  test(`version ${version}: a group has offsets of a transaction once it is committed`, async () => {
    const direct = await start();
    const shop = await producer(direct, { version });
    assert.equal(await shop.sendOffset('readers', 'orders', 5), 'NONE');
    assert.equal(await offsetOf(direct, 'readers', 'orders'), -1);
    assert.equal(await offsetOf(direct, 'readers', 'orders', true), 'UNSTABLE_OFFSET_COMMIT');
    assert.equal(await shop.commit(), 'NONE');
    assert.equal(await offsetOf(direct, 'readers', 'orders', true), 5);
    assert.equal(await shop.sendOffset('readers', 'orders', 9), 'NONE');
    assert.equal(await shop.abort(), 'NONE');
    assert.equal(await offsetOf(direct, 'readers', 'orders', true), 5);
  });

  test(`version ${version}: open transactions, their offsets and aborted ranges survive a crash and a restart`, async () => {
    let direct = await start();
    const shop = await producer(direct, { version });
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

test('version 1: a partition must be added before it is written to', async () => {
  const direct = await start();
  const shop = await producer(direct, { version: 1 });
  assert.equal(await shop.write('orders', ['early']), 'TRANSACTION_ABORTABLE');
  assert.equal(await shop.add('orders', 0), 'NONE');
  assert.equal(await shop.write('orders', ['a']), 'NONE');
  assert.equal(await shop.write('orders', ['b'], 1), 'TRANSACTION_ABORTABLE');
  assert.equal(await shop.add('absent', 0), 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.equal(await shop.commit(), 'NONE');
  assert.equal(await shop.write('orders', ['after the end']), 'TRANSACTION_ABORTABLE');
});

test('version 2: each transaction has its epoch, and a request that is sent again gets the same answer', async () => {
  const direct = await start();
  const shop = await producer(direct);
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
  const direct = await start();
  const shop = await producer(direct);
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
  const second = await producer(direct);
  assert.notEqual(second.producerId, shop.producerId, 'a new producer likewise');
});

test('a producer that asks for its next epoch again gets the same (KIP-360)', async () => {
  const direct = await start();
  const shop = await producer(direct);
  const { producerId, epoch } = shop;
  assert.equal(await shop.init(true), 'NONE');
  assert.equal(shop.epoch, epoch + 1);
  const lost = Object.assign(new TransactionalPeer(direct, { id: 'shop' }), { producerId, epoch });
  assert.equal(await lost.init(true), 'NONE');
  assert.equal(lost.epoch, shop.epoch);
  await producer(direct);
  Object.assign(lost, { producerId, epoch });
  assert.equal(await lost.init(true), 'PRODUCER_FENCED', 'once another came, it is fenced');
});

test('requests without a sensible identity are refused', async () => {
  const direct = await start();
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

test('the records of a producer in a transaction must all belong to it', async () => {
  const direct = await start();
  const shop = await producer(direct, { version: 1 });
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  const batch = shop.batch(['b'], 1);
  batch[22] = (batch[22] as number) & ~0x10;
  const { batchHeader } = await import('@millrace/wire');
  batchHeader.updateCrc(batch, 0);
  assert.equal(await shop.produce('orders', batch), 'INVALID_TXN_STATE');
});

test('batches that come while their partition is being added keep their order', async () => {
  const direct = await start();
  const shop = await producer(direct);
  const release = direct.platform.disk.holdWrites();
  const answers = ['a', 'b', 'c'].map((value, sequence) => shop.produce('orders', shop.batch([value], sequence)));
  await settle();
  release();
  assert.deepEqual(await Promise.all(answers), ['NONE', 'NONE', 'NONE']);
  assert.equal(await shop.commit(), 'NONE');
  assert.deepEqual(await readAll(direct, 'orders'), ['a', 'b', 'c']);
});

test('the first batch of a version 2 transaction must begin at sequence number 0', async () => {
  const direct = await start();
  const shop = await producer(direct);
  assert.equal(await shop.produce('orders', shop.batch(['b'], 1)), 'OUT_OF_ORDER_SEQUENCE_NUMBER');
  assert.equal(await shop.produce('orders', shop.batch(['a'], 0)), 'NONE');
  assert.equal(await shop.commit(), 'NONE');
  assert.equal(await shop.produce('orders', shop.batch(['d'], 1)), 'OUT_OF_ORDER_SEQUENCE_NUMBER');
});

test('the aborted transactions told with a fetch are those of its range', async () => {
  const direct = await start();
  const shop = await producer(direct);
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
  const direct = await start();
  const shop = await producer(direct);
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  const topics = [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }];
  const draft = { maxWaitMs: 60_000, minBytes: 1, maxBytes: 1000, isolationLevel: 1, topics };
  const waiting = direct.request(fetch, draft, 12);
  await direct.platform.pass(1000);
  assert.equal(await shop.commit(), 'NONE');
  const answer = await waiting;
  assert.ok((answer.responses[0]?.partitions[0]?.records?.length ?? 0) > 0);
});

test('an outcome that was decided before a crash is carried out at the next start', async () => {
  let direct = await start();
  const shop = await producer(direct);
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

test('markers that a full disk refuses are written once it has room, and until then the id is busy', async () => {
  const direct = await start();
  const shop = await producer(direct);
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
  const direct = await start();
  await makeTopic(direct, 'gone');
  const shop = await producer(direct);
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  assert.equal(await shop.send('gone', ['b']), 'NONE');
  await direct.request(deleteTopics, { topics: [{ name: 'gone' }], timeoutMs: 1000 } as never);
  assert.equal(await shop.send('gone', ['c']), 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.equal(await shop.commit(), 'NONE');
  assert.deepEqual(await readAll(direct, 'orders'), ['a']);
});

test('offsets in a transaction obey the group: a member must be of its generation, and a later commit wins', async () => {
  const direct = await start();
  const shop = await producer(direct);
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

test('transactions and producers are listed and described', async () => {
  const direct = await start();
  const shop = await producer(direct);
  assert.equal(await shop.send('orders', ['a'], 1), 'NONE');
  await producer(direct, { id: 'idle' });
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
  const direct = await start();
  const shop = await producer(direct);
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
  const direct = await start({
    'transactional.id.expiration.ms': '5000',
    'transaction.remove.expired.transaction.cleanup.interval.ms': '1000',
    'transaction.max.timeout.ms': '900000',
  });
  await producer(direct, { id: 'idle' });
  const shop = await producer(direct, { timeoutMs: 600_000 });
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  await direct.platform.pass(10_000);
  assert.deepEqual(
    [...direct.cluster.transactions.all()].map(({ id }) => id),
    ['shop'],
  );
  assert.equal(await shop.commit(), 'NONE');
});

test('a producer with an open transaction is not forgotten by its partition', async () => {
  const direct = await start({ 'producer.id.expiration.ms': '1000', 'log.retention.check.interval.ms': '500' });
  const shop = await producer(direct, { timeoutMs: 600_000 });
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  await direct.platform.pass(10_000);
  assert.equal(await latestOffset(direct, 'orders'), 0);
  assert.equal(await shop.write('orders', ['b']), 'NONE');
  assert.equal(await shop.commit(), 'NONE');
  assert.deepEqual(await readAll(direct, 'orders'), ['a', 'b']);
});

test('a transaction in a log of which the journal lost all is aborted at the next start', async () => {
  let direct = await start();
  const shop = await producer(direct);
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

test('features are updated as one, in the ways that are allowed, and survive a restart', async () => {
  let direct = await start();
  const update = async (
    updates: readonly (readonly [string, number, number])[],
    rest: Record<string, unknown> = {},
  ): Promise<string> => {
    const featureUpdates = updates.map(([feature, maxVersionLevel, upgradeType]) => ({
      feature,
      maxVersionLevel,
      upgradeType,
    }));
    const answer = await direct.request(updateFeatures, { featureUpdates, validateOnly: false, ...rest } as never);
    return errorRow(answer.errorCode).name;
  };
  const [upgrade, safe, unsafe] = [1, 2, 3];
  const { features } = direct.cluster;
  assert.equal(await update([['transaction.version', 1, upgrade as number]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['transaction.version', 3, upgrade as number]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['odd.version', 1, upgrade as number]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['group.version', 0, 7]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['metadata.version', 7, safe as number]]), 'INVALID_UPDATE_VERSION');
  assert.equal(await update([['transaction.version', 1, safe as number]], { validateOnly: true }), 'NONE');
  const mixed = [
    ['group.version', 0, unsafe],
    ['transaction.version', 9, upgrade],
  ] as unknown as readonly (readonly [string, number, number])[];
  assert.equal(await update(mixed), 'INVALID_UPDATE_VERSION');
  assert.deepEqual([features.level('group.version'), features.level('transaction.version'), features.epoch], [1, 2, 0]);
  assert.equal(await update([['transaction.version', 1, safe as number]]), 'NONE');
  direct = await direct.afterKill();
  assert.equal(direct.cluster.features.level('transaction.version'), 1);
  assert.equal(direct.cluster.features.epoch, 1);
});
