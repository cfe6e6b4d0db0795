import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, type Delivery, DeliveryError, isMillraceError, text, topic } from '@millrace/client';
import { breakableNetwork } from './breakable-network.ts';
import { embeddedTest, startFixture, until } from './client-fixture.ts';

/** All values of a topic, by partition. */
async function valuesOf(client: Client, name: string): Promise<Map<number, string[]>> {
  const values = new Map<number, string[]>();
  const lines = topic(name, { value: text });
  for await (const batch of client.consumer({ topics: [lines], from: 'earliest', until: 'end' })) {
    const list = values.get(batch.partition) ?? [];
    values.set(batch.partition, list);
    for (const { value } of batch) list.push(value);
  }
  return values;
}

for (const loss of ['requests', 'answers'] as const) {
  test(`each record is stored once and in order while connections break and ${loss} are lost`, async (t) => {
    const { client, connect, createTopic } = await startFixture(t, { brokers: 3 });
    const name = await createTopic(4);
    const network = breakableNetwork();
    const producer = connect({ platform: network.platform }).producer({ batchBytesMax: 2_000, lingerMs: 1 });
    const total = 20_000;
    let breaks = 0;
    const breaking = setInterval(() => {
      breaks++;
      if (loss === 'answers') network.deafen();
      setTimeout(() => network.breakAll(), loss === 'answers' ? 5 : 0);
    }, 40);
    t.after(() => clearInterval(breaking));
    for (let n = 0; n < total; n++) {
      if (!producer.write({ topic: name, partition: n % 4, value: String(n) })) await producer.ready();
      if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await producer.flush();
    clearInterval(breaking);
    assert.ok(breaks > 3, `connections broke only ${breaks} times`);
    const values = await valuesOf(client, name);
    for (let partition = 0; partition < 4; partition++) {
      const expected = Array.from({ length: total / 4 }, (_, n) => String(n * 4 + partition));
      assert.deepEqual(values.get(partition), expected);
    }
  });
}

embeddedTest('records written while the brokers are gone are stored once when they come back', async (t) => {
  const { connect, createTopic, restart, stop } = await startFixture(t, { brokers: 2 });
  const name = await createTopic(3);
  const client = connect();
  const producer = client.producer({ batchBytesMax: 4_000 });
  const total = 6_000;
  for (let n = 0; n < total; n++) {
    producer.write({ topic: name, partition: n % 3, value: String(n) });
    if (n === 2_000) await stop();
    if (n === 4_000) await restart();
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await producer.flush();
  const values = await valuesOf(client, name);
  for (let partition = 0; partition < 3; partition++) {
    assert.deepEqual(
      values.get(partition),
      Array.from({ length: total / 3 }, (_, n) => String(n * 3 + partition)),
    );
  }
});

test('write answers false when the buffer is full, memory is bounded, and ignoring it is an error', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  const bufferBytesMax = 256 * 1024;
  const producer = client.producer({ bufferBytesMax, batchBytesMax: 32 * 1024 });
  const value = 'x'.repeat(1_000);
  let pauses = 0;
  for (let n = 0; n < 5_000; n++) {
    if (!producer.write({ topic: name, value })) {
      pauses++;
      await producer.ready();
    }
    assert.ok(producer.bufferedBytes < bufferBytesMax + 64 * 1024, `${producer.bufferedBytes} bytes are buffered`);
  }
  assert.ok(pauses > 10);
  assert.throws(
    () => {
      for (let n = 0; n < 5_000; n++) producer.write({ topic: name, value });
    },
    { code: 'buffer_full', retriable: true },
  );
  await producer.flush();
  assert.equal(producer.bufferedBytes, 0);
});

test('many partitions share the memory, and their batches still hold many records each', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic(200);
  let batches = 0;
  const onDelivery = (): void => {
    batches++;
  };
  const producer = client.producer({ onDelivery, bufferBytesMax: 4 * 1024 * 1024 });
  const value = 'x'.repeat(100);
  const total = 100_000;
  for (let n = 0; n < total; n++) if (!producer.write({ topic: name, key: `${n}`, value })) await producer.ready();
  await producer.flush();
  assert.ok(total / batches > 20, `${total / batches} records a batch`);
});

test('sends wait for room instead of failing', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  const producer = client.producer({ bufferBytesMax: 64 * 1024, batchBytesMax: 16 * 1024 });
  const sends = Array.from({ length: 2_000 }, (_, n) => producer.send({ topic: name, value: `${n}`.padEnd(200) }));
  const offsets = (await Promise.all(sends)).map(({ offset }) => offset);
  assert.deepEqual(
    offsets,
    offsets.map((_, n) => n),
  );
});

test('onDelivery tells of each batch once, in order, with its records at hand', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  const deliveries: Delivery[] = [];
  const texts: string[] = [];
  const onDelivery = (delivery: Delivery): void => {
    deliveries.push(delivery);
    for (const record of delivery.records()) texts.push(record.valueText() ?? '');
  };
  const producer = client.producer({ onDelivery, batchBytesMax: 1_000 });
  for (let n = 0; n < 500; n++) producer.write({ topic: name, value: String(n) });
  await producer.flush();
  let next = 0;
  for (const { baseOffset, recordCount, error } of deliveries) {
    assert.equal(baseOffset, next);
    assert.equal(error, undefined);
    next += recordCount;
  }
  assert.equal(next, 500);
  assert.deepEqual(
    texts,
    Array.from({ length: 500 }, (_, n) => String(n)),
  );
});

test('a record too large for a batch is refused where it is written, and harms no other', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  const producer = client.producer({ batchBytesMax: 10_000 });
  producer.write({ topic: name, value: 'before' });
  assert.throws(() => producer.write({ topic: name, value: 'x'.repeat(10_000) }), {
    code: 'record_too_large',
    message: /does not fit a batch of 10000 bytes; make it smaller/,
  });
  producer.write({ topic: name, value: 'after' });
  await producer.flush();
  assert.deepEqual((await valuesOf(client, name)).get(0), ['before', 'after']);
});

test("a batch too large for the topic is halved until it fits, and what can't fit fails alone", async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic(1, { 'max.message.bytes': '3000' });
  const producer = client.producer({ batchBytesMax: 100_000 });
  const sends: Promise<unknown>[] = [];
  for (let n = 0; n < 50; n++) {
    sends.push(producer.send({ topic: name, value: n === 20 ? 'y'.repeat(5_000) : `${n}`.padEnd(400, 'x') }));
  }
  const results = await Promise.allSettled(sends);
  assert.deepEqual(
    results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : [])),
    [20],
  );
  const refused = (results[20] as PromiseRejectedResult).reason as DeliveryError;
  assert.equal(refused.code, 'delivery_failed');
  assert.equal(refused.maybeStored, false);
  const values = (await valuesOf(client, name)).get(0) ?? [];
  assert.deepEqual(
    values.map((value) => Number(value.replaceAll('x', ''))),
    [...Array(50).keys()].filter((n) => n !== 20),
  );
});

test('an unknown topic is an error that names it: of send, of flush, of onDelivery', async (t) => {
  const { client } = await startFixture(t, { configuration: { 'auto.create.topics.enable': 'false' } });
  const producer = client.producer();
  const message =
    /could not be delivered: topic missing does not exist .* create it, for example with admin.createTopics/;
  await assert.rejects(producer.send({ topic: 'missing', value: 'x' }), { code: 'delivery_failed', message });
  producer.write({ topic: 'missing', value: 'x' });
  await assert.rejects(producer.flush(), { code: 'delivery_failed', message });
  await producer.flush();
  const told: Delivery[] = [];
  const telling = client.producer({ onDelivery: (delivery) => told.push({ ...delivery, records: delivery.records }) });
  telling.write({ topic: 'missing', value: 'lost' });
  await telling.flush();
  assert.equal(told[0]?.recordCount, 1);
  assert.ok(isMillraceError(told[0]?.error, 'delivery_failed'));
});

test('a partition that does not exist is refused where it is named', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic(2);
  const producer = client.producer();
  await producer.send({ topic: name, value: 'x' });
  assert.throws(() => producer.write({ topic: name, partition: 2, value: 'x' }), {
    code: 'unknown_partition',
    message: `topic ${name} has no partition 2: it has 2, from 0 to 1`,
  });
});

embeddedTest('records that no broker takes fail after deliveryTimeoutMs', async (t) => {
  const { connect, createTopic, stop, restart } = await startFixture(t);
  const name = await createTopic();
  const client = connect();
  const producer = client.producer({ deliveryTimeoutMs: 400 });
  await producer.send({ topic: name, value: 'x' });
  await stop();
  const startedAt = performance.now();
  await assert.rejects(producer.send({ topic: name, value: 'y' }), (error) => {
    assert.ok(error instanceof DeliveryError);
    assert.equal(error.code, 'delivery_timeout');
    assert.equal(error.retriable, true);
    return true;
  });
  assert.ok(performance.now() - startedAt < 3_000);
  await restart();
  await producer.send({ topic: name, value: 'z' });
});

test('with acks 0 nothing is waited for, and with acks 1 the leader answers', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  for (const acks of [0, 1] as const) {
    const producer = client.producer({ acks, batchBytesMax: 5_000 });
    for (let n = 0; n < 1_000; n++) producer.write({ topic: name, value: String(n) });
    const { offset } = await producer.send({ topic: name, value: 'last' });
    assert.equal(offset, acks === 0 ? -1 : 2_001);
    await producer.close();
    const stored = async (): Promise<boolean> => (await valuesOf(client, name)).get(0)?.length === (acks + 1) * 1_001;
    await until(stored);
  }
});

test('closing sends what is left; later calls and contradictory options say what is wrong', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  const producer = client.producer({ lingerMs: 60_000 });
  producer.write({ topic: name, value: 'x' });
  await producer.close();
  assert.deepEqual((await valuesOf(client, name)).get(0), ['x']);
  assert.throws(() => producer.write({ topic: name, value: 'x' }), {
    code: 'closed',
    message: /the producer is closed/,
  });
  await assert.rejects(producer.ready(), { code: 'closed' });
  assert.throws(() => client.producer({ acks: 1, idempotent: true }), {
    code: 'invalid_option',
    message: /needs acks: -1/,
  });
  assert.throws(() => client.producer({ lingerMs: -1 }), {
    code: 'invalid_option',
    message: /lingerMs must be a whole number/,
  });
  const wrong = { topic: name, value: 7 } as unknown as { topic: string; value: string };
  await using open = client.producer();
  assert.throws(() => open.write(wrong), {
    code: 'serialize_failed',
    message: /it must be bytes, text or null, but is 7/,
  });
});

test('waiting ends with the reason of an aborted signal, and accepted records are still delivered', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  const producer = client.producer({ lingerMs: 50 });
  producer.write({ topic: name, value: 'x' });
  const reason = new Error('enough');
  await assert.rejects(producer.flush({ signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(producer.send({ topic: name, value: 'y' }, { signal: AbortSignal.abort(reason) }), reason);
  await producer.flush();
  assert.deepEqual((await valuesOf(client, name)).get(0), ['x']);
});
