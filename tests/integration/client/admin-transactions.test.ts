/** Transactions as an admin sees them: who has one open, on which partitions; fencing; aborting one that hangs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { startFixture, uniqueName, until } from './client-fixture.ts';

test('an open transaction is listed, described, found on its partition, and ended by fencing', async (t) => {
  const { admin, client, createTopic } = await startFixture(t);
  const topic = await createTopic(1);
  const transactionalId = uniqueName('tx');
  const producer = client.producer({ transactionalId });
  t.after(() => Promise.allSettled([producer.close()]));
  const transaction = await producer.begin();
  await transaction.send({ topic, partition: 0, value: 'x' });

  const filter = { states: ['Ongoing'], transactionalIdPattern: `${transactionalId}.*` } as const;
  const [listed, ...others] = await admin.listTransactions(filter);
  assert.equal(listed?.transactionalId, transactionalId);
  assert.equal(listed.state, 'Ongoing');
  assert.equal(others.length, 0);
  assert.deepEqual(await admin.listTransactions({ ...filter, openLongerThanMs: 3_600_000 }), []);
  assert.deepEqual(await admin.listTransactions({ ...filter, producerIds: [listed.producerId + 1] }), []);
  const [described, unknown] = await admin.describeTransactions([transactionalId, uniqueName('none')]);
  assert.ok(described !== undefined && described.error === undefined);
  assert.deepEqual(described.partitions, [{ topic, partition: 0 }]);
  assert.equal(described.producerId, listed.producerId);
  assert.ok((described.startedAtMs ?? 0) > 0);
  assert.equal(unknown?.error?.errorName, 'TRANSACTIONAL_ID_NOT_FOUND');
  const [producers] = unwrap(await admin.describeProducers([{ topic, partition: 0 }]));
  const [state] = producers?.producers ?? [];
  assert.equal(state?.producerId, listed.producerId);
  assert.equal(state.transactionStartOffset, 0);

  const [fenced] = unwrap(await admin.fenceProducers([transactionalId]));
  assert.ok((fenced?.producerEpoch ?? -1) >= 0);
  await assert.rejects(transaction.commit());
  await until(async () => {
    const [after] = unwrap(await admin.describeTransactions([transactionalId]));
    return after?.state === 'Empty' || after?.state === 'CompleteAbort';
  });
  const [after] = unwrap(await admin.describeProducers([{ topic, partition: 0 }]));
  assert.ok(after?.producers.every(({ transactionStartOffset }) => transactionStartOffset === undefined));
});

test('a transaction is aborted on its partition alone', async (t) => {
  const { admin, client, createTopic } = await startFixture(t);
  const topic = await createTopic(1);
  const producer = client.producer({ transactionalId: uniqueName('tx') });
  t.after(() => Promise.allSettled([producer.close()]));
  const transaction = await producer.begin();
  await transaction.send({ topic, partition: 0, value: 'x' });
  const place = { topic, partition: 0 };
  const [state] = unwrap(await admin.describeProducers([place]))[0]?.producers ?? [];
  assert.ok(state !== undefined);
  await assert.rejects(admin.abortTransaction({ ...place, ...state, producerEpoch: state.producerEpoch - 1 }), {
    code: 'kafka_error',
  });
  await admin.abortTransaction({ ...place, ...state });
  const [after] = unwrap(await admin.describeProducers([place]))[0]?.producers ?? [];
  assert.equal(after?.transactionStartOffset, undefined);
});
