/** Offsets of groups in transactions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text, topic, unwrap } from '@millrace/client';
import { settled, startFixture, uniqueName, until } from './client-fixture.ts';

test('offsets of a group count when the transaction is committed, and not when it is aborted', async (t) => {
  const { client, admin, createTopic } = await startFixture(t);
  const name = await createTopic();
  const group = uniqueName('group');
  await using producer = client.producer({ transactionalId: uniqueName('tx') });
  const at = (offset: number) => ({ group, offsets: [{ topic: name, partition: 0, offset }] });
  const stored = async (): Promise<number | undefined> => unwrap(await admin.fetchOffsets(group))[0]?.offset;
  await producer.transaction((transaction) => transaction.sendOffsets(at(5)));
  assert.equal(await settled(stored, (offset) => offset !== undefined), 5);
  const transaction = await producer.begin();
  await transaction.sendOffsets(at(9));
  await transaction.abort();
  assert.equal(await stored(), 5);
  await assert.rejects(
    producer.transaction((next) => next.sendOffsets({ ...at(7), memberId: 'nobody', generationId: 3 })),
    { code: 'transaction_abortable', message: /UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION/ },
  );
  assert.equal(await stored(), 5);
});

test('a group goes on only when it is known what became of the offsets in a transaction', async (t) => {
  const { connect, createTopic } = await startFixture(t);
  const told: string[] = [];
  const client = connect({ report: ({ message }) => told.push(message) });
  const name = await createTopic();
  const group = uniqueName('group');
  await using plain = client.producer();
  for (const value of ['a', 'b', 'c']) await plain.send({ topic: name, value });
  await using producer = client.producer({ transactionalId: uniqueName('tx') });
  const transaction = await producer.begin();
  await transaction.sendOffsets({ group, offsets: [{ topic: name, partition: 0, offset: 2 }] });
  await using consumer = client.consumer({ topics: [topic(name, { value: text })], group, from: 'earliest' });
  const first = consumer.records().next();
  await until(() => told.some((message) => message.includes('UNSTABLE_OFFSET_COMMIT')));
  await transaction.commit();
  assert.equal((await first).value?.value, 'c');
});
