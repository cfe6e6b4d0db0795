import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Client, type Consumer, text, topic, unwrap } from '@millrace/client';
import { embeddedTest, startFixture, uniqueName, until } from './client-fixture.ts';

/** All values of a topic, as a reader of committed records sees them, up to the last stable offset. */
async function committed(client: Client, name: string): Promise<string[]> {
  return values(client.consumer({ topics: [topic(name, { value: text })], from: 'earliest', until: 'end', ...rc }));
}

/** Markers are written after a commit has been answered, so that readers see it a little later. */
async function untilCommitted(client: Client, name: string, expected: readonly string[]): Promise<void> {
  let found: string[] = [];
  const isThere = async (): Promise<boolean> => {
    found = await committed(client, name);
    return isDeepStrictEqual(found, expected);
  };
  await until(isThere).catch(() => undefined);
  assert.deepEqual(found, expected);
}

const rc = { isolation: 'read_committed' } as const;

async function values(consumer: Consumer<string>): Promise<string[]>;
async function values(consumer: { batches(): AsyncIterable<Iterable<{ readonly value: unknown }>> }): Promise<string[]>;
async function values(consumer: {
  batches(): AsyncIterable<Iterable<{ readonly value: unknown }>>;
}): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of consumer.batches()) for (const { value } of batch) found.push(String(value));
  return found;
}

for (const compression of ['none', 'lz4'] as const) {
  test(`a transaction is visible as a whole when it is committed, never when aborted (${compression})`, async (t) => {
    const { client, createTopic } = await startFixture(t);
    const [one, two] = [await createTopic(3), await createTopic()];
    await using producer = client.producer({ transactionalId: uniqueName('tx'), compression, batchBytesMax: 1_000 });
    const expected: string[] = [];
    for (let round = 0; round < 12; round++) {
      const isCommitted = round % 3 !== 1;
      const transaction = await producer.begin();
      for (let n = 0; n < 100; n++) {
        const value = `${round}-${n} ${'x'.repeat(20)}`;
        if (!transaction.write({ topic: n % 2 === 0 ? one : two, key: value, value })) await transaction.ready();
        if (isCommitted) expected.push(value);
      }
      if (round % 2 === 0) await producer.flush();
      if (isCommitted) await transaction.commit();
      else await transaction.abort();
    }
    const open = await producer.begin();
    await open.send({ topic: two, value: 'not yet' });
    const seen = async (): Promise<string[]> =>
      [...(await committed(client, one)), ...(await committed(client, two))].sort();
    await until(async () => (await seen()).length === expected.length);
    assert.deepEqual(await seen(), expected.sort());
    await open.commit();
    await until(async () => (await committed(client, two)).includes('not yet'));
    const all = await values(client.consumer({ topics: [two], from: 'earliest', until: 'end' }));
    assert.ok(all.length > 12 * 50 - 200 && all.length > expected.length / 2);
  });
}

test('work in a transaction is committed with its result, and aborted with its error', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  await using producer = client.producer({ transactionalId: uniqueName('tx') });
  const result = await producer.transaction(async (transaction) => {
    const { offset } = await transaction.send({ topic: name, value: 'kept' });
    return offset;
  });
  assert.equal(result, 0);
  const mine = new Error('mine');
  const failed = producer.transaction(async (transaction) => {
    transaction.write({ topic: name, value: 'dropped' });
    throw mine;
  });
  await assert.rejects(failed, (error) => error === mine);
  await producer.transaction(async (transaction) => {
    transaction.write({ topic: name, value: 'kept too' });
  });
  await untilCommitted(client, name, ['kept', 'kept too']);
});

test('what does not fit the state of the transaction is refused with advice', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  await using plain = client.producer();
  await assert.rejects(plain.begin(), { code: 'invalid_option', option: 'transactionalId' });
  await using producer = client.producer({ transactionalId: uniqueName('tx') });
  assert.throws(() => producer.write({ topic: name, value: 'a' }), { code: 'transaction_state' });
  const first = await producer.begin();
  await assert.rejects(producer.begin(), { code: 'transaction_state' });
  await first.commit();
  await first.commit();
  await assert.rejects(first.abort(), { code: 'transaction_state' });
  assert.throws(() => first.write({ topic: name, value: 'a' }), { code: 'transaction_state' });
  {
    await using second = await producer.begin();
    second.write({ topic: name, value: 'left open' });
  }
  const third = await producer.begin();
  assert.throws(() => first.write({ topic: name, value: 'a' }), { code: 'transaction_state' });
  await third.send({ topic: name, value: 'kept' });
  await third.commit();
  await untilCommitted(client, name, ['kept']);
});

test('a later producer of the same transactional id fences the earlier one and aborts what it left open', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  const transactionalId = uniqueName('tx');
  const first = client.producer({ transactionalId });
  const open = await first.begin();
  await open.send({ topic: name, value: 'zombie' });
  await using second = client.producer({ transactionalId });
  await second.transaction(async (transaction) => {
    transaction.write({ topic: name, value: 'heir' });
  });
  await assert.rejects(open.commit(), { code: 'producer_fenced', transactionalId });
  await assert.rejects(first.begin(), { code: 'producer_fenced' });
  assert.throws(() => first.write({ topic: name, value: 'late' }), { code: 'producer_fenced' });
  await first.close();
  await untilCommitted(client, name, ['heir']);
});

test('a record that can not be stored breaks its transaction, and the next one is sound', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic(1, { 'max.message.bytes': '2000' });
  await using producer = client.producer({ transactionalId: uniqueName('tx') });
  const transaction = await producer.begin();
  await transaction.send({ topic: name, value: 'fine' });
  transaction.write({ topic: name, value: 'x'.repeat(5_000) });
  await assert.rejects(producer.flush(), { code: 'transaction_abortable', retriable: false });
  assert.throws(() => transaction.write({ topic: name, value: 'more' }), { code: 'transaction_abortable' });
  await assert.rejects(transaction.commit(), { code: 'transaction_abortable', message: /MESSAGE_TOO_LARGE/ });
  for (let n = 0; n < 3; n++) {
    await producer.transaction(async (next) => {
      for (let i = 0; i < 5; i++) next.write({ topic: name, value: `after ${n} ${i}` });
    });
  }
  const expected = [0, 1, 2].flatMap((n) => [0, 1, 2, 3, 4].map((i) => `after ${n} ${i}`));
  await untilCommitted(client, name, expected);
});

test('a transaction that outlives its time is aborted by the cluster', async (t) => {
  const configuration = { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '100' };
  const { client, createTopic } = await startFixture(t, { configuration });
  const name = await createTopic();
  const producer = client.producer({ transactionalId: uniqueName('tx'), transactionTimeoutMs: 500 });
  const transaction = await producer.begin();
  await transaction.send({ topic: name, value: 'late' });
  await client.producer().send({ topic: name, value: 'other' });
  await until(async () => (await committed(client, name)).includes('other'), 30_000);
  // Transactions of the second kind tell a time-out from another producer, those of the first can't.
  const outcome = (error: { readonly code?: string }): boolean =>
    error.code === 'transaction_abortable' || error.code === 'producer_fenced';
  await assert.rejects(transaction.commit(), outcome);
  await producer.close();
  await untilCommitted(client, name, ['other']);
});

test('closing aborts what is open, and what comes after it is readable at once', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  const producer = client.producer({ transactionalId: uniqueName('tx') });
  const transaction = await producer.begin();
  await transaction.send({ topic: name, value: 'open' });
  await producer.close();
  await assert.rejects(transaction.commit(), { code: 'transaction_state' });
  await using plain = client.producer();
  await plain.send({ topic: name, value: 'plain' });
  await untilCommitted(client, name, ['plain']);
});

test('readers of committed records wait before the first open transaction, and pass over markers', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const lines = topic(await createTopic(), { value: text });
  const place = { topic: lines.name, partition: 0 };
  await using plain = client.producer();
  await using producer = client.producer({ transactionalId: uniqueName('tx') });
  await plain.send({ topic: lines, value: 'a' });
  const open = await producer.begin();
  await open.send({ topic: lines, value: 'b' });
  await plain.send({ topic: lines, value: 'c' });
  await using reader = client.consumer({ topics: [lines], from: 'earliest', ...rc });
  const batches = reader.batches();
  const first = (await batches.next()).value;
  assert.deepEqual([first?.nextOffset, first?.highWatermark], [1, 1]);
  const second = batches.next();
  // The end of the partition is its last stable offset for this reader, and its high watermark for others.
  await using latest = client.consumer({ topics: [lines], from: 'latest', ...rc });
  const fromLatest = latest.records().next();
  await until(() => latest.assignment().length === 1 && latest.position(place) === 1);
  await open.abort();
  const found = (await second).value;
  assert.deepEqual(
    [...(found ?? [])].map(({ value }) => value),
    ['c'],
  );
  assert.equal((await fromLatest).value?.value, 'c');
  const none = batches.next();
  await until(() => reader.position(place) === 4);
  await producer.transaction(async (transaction) => {
    transaction.write({ topic: lines, value: 'd' });
  });
  assert.deepEqual(
    [...((await none).value ?? [])].map(({ value, offset }) => [value, offset]),
    [['d', 4]],
  );
});

test('a record that finds no topic or partition keeps its transaction from being committed', async (t) => {
  const { connect, createTopic } = await startFixture(t);
  const client = connect({ autoCreateTopics: false });
  const name = await createTopic();
  await using producer = client.producer({ transactionalId: uniqueName('tx'), onDelivery: () => undefined });
  const lost = [{ topic: uniqueName('missing') }, { topic: await createTopic(), partition: 9 }];
  for (const place of lost) {
    const transaction = await producer.begin();
    await transaction.send({ topic: name, value: 'dropped' });
    transaction.write({ ...place, value: 'lost' });
    await assert.rejects(transaction.commit(), { code: 'transaction_abortable' });
  }
  const sent = await producer.begin();
  const nowhere = sent.send({ topic: uniqueName('missing'), value: 'lost' });
  sent.write({ topic: name, value: 'dropped' });
  await Promise.all([
    assert.rejects(nowhere, { code: 'delivery_failed' }),
    assert.rejects(sent.commit(), { code: 'transaction_abortable' }),
  ]);
  await producer.transaction(async (transaction) => {
    transaction.write({ topic: name, value: 'kept' });
  });
  await untilCommitted(client, name, ['kept']);
});

test('clusters that know transactions of the first kind alone are told of each partition and group', async (t) => {
  const { admin, connect, createTopic } = await startFixture(t);
  const features = await admin.describeFeatures();
  const level = features.features.find(({ feature }) => feature === 'transaction.version')?.level ?? 0;
  const change = { feature: 'transaction.version' } as const;
  unwrap(await admin.updateFeatures([{ ...change, level: 0, change: 'unsafe-downgrade' }]));
  try {
    // Connections tell what held when they were opened.
    await exerciseFirstKind(connect(), await createTopic(3));
  } finally {
    unwrap(await admin.updateFeatures([{ ...change, level, change: 'upgrade' }]));
  }
});

async function exerciseFirstKind(client: Client, name: string): Promise<void> {
  const group = uniqueName('group');
  await using producer = client.producer({ transactionalId: uniqueName('tx') });
  const expected: string[] = [];
  for (let round = 0; round < 6; round++) {
    const isCommitted = round % 3 !== 1;
    const transaction = await producer.begin();
    for (let n = 0; n < 60; n++) transaction.write({ topic: name, value: `${round}-${n}`, partition: n % 3 });
    await transaction.sendOffsets({ group, offsets: [{ topic: name, partition: 0, offset: round }] });
    if (isCommitted) {
      await transaction.commit();
      for (let n = 0; n < 60; n++) expected.push(`${round}-${n}`);
    } else await transaction.abort();
  }
  let found: string[] = [];
  await until(async () => {
    found = await committed(client, name);
    return found.length === expected.length;
  });
  assert.deepEqual(found.sort(), expected.sort());
  await until(async () => unwrap(await client.admin().fetchOffsets(group))[0]?.offset === 5);
}

embeddedTest('transactions go on through restarts of the cluster', async (t) => {
  const { client, createTopic, restart } = await startFixture(t);
  const name = await createTopic();
  await using producer = client.producer({ transactionalId: uniqueName('tx') });
  const expected: string[] = [];
  for (let round = 0; round < 4; round++) {
    const restarting = round === 0 ? undefined : restart();
    await producer.transaction(async (transaction) => {
      for (let n = 0; n < 20; n++) await transaction.send({ topic: name, value: `${round}-${n}` });
      await restarting;
    });
    for (let n = 0; n < 20; n++) expected.push(`${round}-${n}`);
  }
  await untilCommitted(client, name, expected);
});
