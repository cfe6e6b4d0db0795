import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  createAcls,
  describeProducers,
  describeTransactions,
  errorRow,
  initProducerId,
  listTransactions,
  updateFeatures,
  writeTxnMarkers,
} from '@millrace/wire';
import { operationNumbers, resourceTypeNumbers } from '../security/acl/acl.ts';
import { anonymous } from '../security/principal.ts';
import { DirectCluster } from '../testing/direct-cluster.ts';
import { makeTopic, TransactionalPeer } from '../testing/transactional-peer.ts';

const admin = { type: 'User', name: 'admin' };
const any = { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer' };

/** A cluster in which nobody but its administrator may do anything. */
async function closedCluster(): Promise<DirectCluster> {
  const direct = await DirectCluster.start({ configuration: { ...any, 'super.users': 'User:admin' } });
  direct.principal = admin;
  await makeTopic(direct, 'orders', 2);
  direct.principal = anonymous;
  return direct;
}

async function allow(
  direct: DirectCluster,
  operation: keyof typeof operationNumbers,
  type: keyof typeof resourceTypeNumbers,
  resourceName: string,
): Promise<void> {
  direct.principal = admin;
  const entry = {
    resourceType: resourceTypeNumbers[type],
    resourceName,
    resourcePatternType: 3,
    principal: 'User:ANONYMOUS',
    host: '*',
    operation: operationNumbers[operation],
    permissionType: 3,
  };
  const answer = await direct.request(createAcls, { creations: [entry] });
  assert.equal(answer.results[0]?.errorCode, 0, answer.results[0]?.errorMessage ?? '');
  direct.principal = anonymous;
}

function nameOf(errorCode: number | undefined): string {
  return errorRow(errorCode ?? -1).name;
}

test('a transactional producer needs Write on its id and topics, Read on the group and topics of offsets', async () => {
  for (const version of [1, 2] as const) {
    const direct = await closedCluster();
    const shop = new TransactionalPeer(direct, { id: 'shop', version });
    const denied = 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED';
    assert.equal(await shop.init(), denied);
    assert.equal(await shop.add('orders'), denied);
    assert.equal(await shop.sendOffset('readers', 'orders', 1), denied);
    assert.equal(await shop.commit(), denied);
    await allow(direct, 'Write', 'Topic', 'orders');
    assert.equal(await shop.write('orders', ['a']), 'INVALID_RECORD', 'it has no producer id');
    Object.assign(shop, { producerId: 5, epoch: 0 });
    assert.equal(await shop.write('orders', ['a']), denied);
    await allow(direct, 'Write', 'TransactionalId', 'shop');
    assert.equal(await shop.init(), 'NONE');
    assert.equal(await shop.send('orders', ['a']), 'NONE');
    assert.equal(await shop.sendOffset('readers', 'orders', 1), 'GROUP_AUTHORIZATION_FAILED');
    await allow(direct, 'Read', 'Group', 'readers');
    assert.equal(await shop.sendOffset('readers', 'orders', 1), 'TOPIC_AUTHORIZATION_FAILED');
    await allow(direct, 'Read', 'Topic', 'orders');
    assert.equal(await shop.sendOffset('readers', 'orders', 1), 'NONE');
    assert.equal(await shop.commit(), 'NONE');
  }
});

test('one partition that may not be written to keeps the others from being added', async () => {
  const direct = await closedCluster();
  await allow(direct, 'Write', 'TransactionalId', 'shop');
  await allow(direct, 'Write', 'Topic', 'orders');
  const shop = new TransactionalPeer(direct, { id: 'shop' });
  assert.equal(await shop.init(), 'NONE');
  const topics = [
    { name: 'orders', partitions: [0] },
    { name: 'secret', partitions: [0] },
  ];
  const identity = { v3AndBelowProducerId: shop.producerId, v3AndBelowProducerEpoch: shop.epoch };
  const draft = { v3AndBelowTransactionalId: 'shop', ...identity, v3AndBelowTopics: topics };
  const answer = await direct.request(addPartitionsToTxn, draft as never, 3);
  const errors = answer.resultsByTopicV3AndBelow.map(({ resultsByPartition }) =>
    nameOf(resultsByPartition[0]?.partitionErrorCode),
  );
  assert.deepEqual(errors, ['OPERATION_NOT_ATTEMPTED', 'TOPIC_AUTHORIZATION_FAILED']);
});

test('idempotent producers need IdempotentWrite on the cluster, or Write on some topic', async () => {
  const direct = await closedCluster();
  const ask = async (): Promise<string> => {
    const draft = { transactionalId: null, transactionTimeoutMs: 1000 };
    return nameOf((await direct.request(initProducerId, draft)).errorCode);
  };
  assert.equal(await ask(), 'CLUSTER_AUTHORIZATION_FAILED');
  await allow(direct, 'Write', 'Topic', 'anything');
  assert.equal(await ask(), 'NONE');
});

test('who may look at transactions, and who may end them by hand', async () => {
  const direct = await closedCluster();
  await allow(direct, 'Write', 'TransactionalId', 'shop');
  await allow(direct, 'Write', 'Topic', 'orders');
  const shop = new TransactionalPeer(direct, { id: 'shop' });
  assert.equal(await shop.init(), 'NONE');
  assert.equal(await shop.send('orders', ['a']), 'NONE');
  await shop.init();

  const ofOther = async () =>
    (await direct.request(describeTransactions, { transactionalIds: ['other'] })).transactionStates[0];
  assert.equal(nameOf((await ofOther())?.errorCode), 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
  await allow(direct, 'Describe', 'TransactionalId', 'other');
  assert.equal(nameOf((await ofOther())?.errorCode), 'TRANSACTIONAL_ID_NOT_FOUND');
  // Write includes Describe.
  assert.equal((await direct.request(listTransactions, {} as never)).transactionStates.length, 1);

  const producers = { topics: [{ name: 'orders', partitionIndexes: [0] }] };
  const described = async () => (await direct.request(describeProducers, producers)).topics[0]?.partitions[0];
  assert.equal(nameOf((await described())?.errorCode), 'TOPIC_AUTHORIZATION_FAILED');
  await allow(direct, 'Read', 'Topic', 'orders');
  assert.equal(nameOf((await described())?.errorCode), 'NONE');

  const topics = [{ name: 'orders', partitionIndexes: [0] }];
  const { producerId, epoch: producerEpoch } = shop;
  const marker = {
    producerId,
    producerEpoch: producerEpoch + 5,
    transactionResult: false,
    coordinatorEpoch: 0,
    topics,
  };
  const mark = async (): Promise<string> => {
    const answer = await direct.request(writeTxnMarkers, { markers: [marker] } as never);
    return nameOf(answer.markers[0]?.topics[0]?.partitions[0]?.errorCode);
  };
  assert.equal(await mark(), 'CLUSTER_AUTHORIZATION_FAILED');
  const verify = { transactions: [] };
  assert.equal(
    nameOf((await direct.request(addPartitionsToTxn, verify as never, 5)).errorCode),
    'CLUSTER_AUTHORIZATION_FAILED',
  );
  const update = { featureUpdates: [], validateOnly: true };
  assert.equal(
    nameOf((await direct.request(updateFeatures, update as never)).errorCode),
    'CLUSTER_AUTHORIZATION_FAILED',
  );
  await allow(direct, 'Alter', 'Cluster', 'kafka-cluster');
  assert.equal(await mark(), 'NONE');
  assert.equal(nameOf((await direct.request(updateFeatures, update as never)).errorCode), 'NONE');
  const offsets = { transactionalId: 'other', producerId, producerEpoch, groupId: 'readers' };
  assert.equal(
    nameOf((await direct.request(addOffsetsToTxn, offsets)).errorCode),
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  );
});
