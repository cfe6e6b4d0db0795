import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteTopics, errorRow } from '@millrace/wire';
import { producerBatchAt } from '../log/producer-batch.ts';
import { anonymous } from '../security/principal.ts';
import { roomFor } from '../testing/answer-room.ts';
import { makeTopic, producerOf, startWithOrders } from '../testing/transactional-peer.ts';
import { enterTransaction } from './produce-admission.ts';

test('a batch for a partition of a deleted topic does not get in because its name came back', async () => {
  const direct = await startWithOrders();
  const shop = await producerOf(direct);
  const stale = direct.cluster.topics.byName('orders')?.partitions[0];
  const broker = direct.cluster.endpoints[0];
  const batch = producerBatchAt(shop.batch(['a'], 0), 0);
  assert.ok(stale && broker && batch);
  await direct.request(deleteTopics, { topics: [{ name: 'orders' }], timeoutMs: 1000 });
  await makeTopic(direct, 'orders', 2);
  const context = {
    broker,
    clientId: 'shop',
    principal: anonymous,
    clientHost: '127.0.0.1',
    apiVersion: 12,
    connection: { isClosed: false, onClosed: () => () => undefined, throttle: () => undefined },
    room: roomFor(0),
  };
  const answer = await enterTransaction(context, 'shop', stale, batch, (errorCode) => errorRow(errorCode).name);
  assert.equal(answer, 'UNKNOWN_TOPIC_OR_PARTITION');
});
