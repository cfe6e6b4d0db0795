import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, json, nullable, text, topic } from '@millrace/client';
import { startFixture } from './client-fixture.ts';

interface Order {
  readonly id: number;
  readonly note: string;
}

test('what is produced is consumed: every compression, keys, headers, times, tombstones', async (t) => {
  const { client, createTopic } = await startFixture(t, { brokers: 3 });
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const orders = topic(await createTopic(3), { key: text, value: nullable(json<Order>()) });
    const producer = client.producer({ compression });
    const written = new Map<string, Order | null>();
    for (let id = 0; id < 3_000; id++) {
      const value = id % 10 === 0 ? null : { id, note: 'äöü'.repeat(id % 50) };
      written.set(`key-${id}`, value);
      const headers = { trace: Buffer.from([id & 0xff]), empty: null, text: 'ß' };
      if (!producer.write({ topic: orders, key: `key-${id}`, value, headers, timestamp: 1_700_000_000_000 + id })) {
        await producer.ready();
      }
    }
    await producer.close();
    const consumer = client.consumer({ topics: [orders], from: 'earliest', until: 'end' });
    const partitions = new Set<number>();
    for await (const batch of consumer) {
      for (const record of batch) {
        partitions.add(record.partition);
        const id = Number(record.key.slice(4));
        assert.deepEqual(record.value, written.get(record.key));
        assert.equal(written.delete(record.key), true, `${record.key} came twice`);
        assert.equal(record.timestamp, 1_700_000_000_000 + id);
        assert.deepEqual(record.header('trace'), new Uint8Array([id & 0xff]));
        assert.equal(record.header('empty'), null);
        assert.equal(record.header('none'), undefined);
        assert.deepEqual(
          record.headers.map(({ key }) => key),
          ['trace', 'empty', 'text'],
        );
      }
    }
    assert.equal(written.size, 0, compression);
    assert.equal(partitions.size, 3);
  }
});

test('a key always goes to the same partition, and records of a partition keep their order', async (t) => {
  const { client, createTopic } = await startFixture(t, { brokers: 3 });
  const name = await createTopic(5);
  await using producer = client.producer({ lingerMs: 2, batchBytesMax: 2_000 });
  for (let n = 0; n < 5_000; n++) producer.write({ topic: name, key: `k${n % 20}`, value: String(n) });
  await producer.flush();
  const last = new Map<string, number>();
  const partitionOf = new Map<string, number>();
  const texts = topic(name, { key: text, value: text });
  for await (const record of client.consumer({ topics: [texts], from: 'earliest', until: 'end' }).records()) {
    assert.equal(partitionOf.get(record.key) ?? record.partition, record.partition);
    partitionOf.set(record.key, record.partition);
    assert.ok(Number(record.value) > (last.get(record.key) ?? -1));
    last.set(record.key, Number(record.value));
  }
  assert.equal(last.size, 20);
});

test('a send resolves with where the record is, in the order of the calls', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  await using producer = client.producer();
  const sent = await Promise.all(
    Array.from({ length: 100 }, (_, n) => producer.send({ topic: name, value: String(n), timestamp: 1_000 + n })),
  );
  assert.deepEqual(sent[99], { topic: name, partition: 0, offset: 99, timestamp: 1_099 });
  assert.deepEqual(
    sent.map(({ offset }) => offset),
    sent.map((_, n) => n),
  );
});

test('several topics come as a union told apart by topic', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const orders = topic(await createTopic(2), { key: text, value: json<Order>() });
  const notes = topic(await createTopic(), { value: text });
  await using producer = client.producer();
  producer.write({ topic: orders, key: 'a', value: { id: 7, note: 'x' } });
  producer.write({ topic: notes, value: 'hello' });
  await producer.flush();
  const seen: unknown[] = [];
  for await (const record of client.consumer({ topics: [orders, notes], from: 'earliest', until: 'end' }).records()) {
    seen.push(record.topic === orders.name ? record.value : (record.value as string).length);
  }
  assert.deepEqual(new Set(seen), new Set([{ id: 7, note: 'x' }, 5]));
});

test('a batch can be gone through again, and a copied record outlives it', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const lines = topic(await createTopic(), { key: bytes, value: text });
  await using producer = client.producer({ compression: 'lz4' });
  for (let n = 0; n < 100; n++) producer.write({ topic: lines, value: `line ${n}`, headers: { n: String(n) } });
  await producer.flush();
  let kept: { readonly value: string; header(key: string): Uint8Array | null | undefined } | undefined;
  for await (const batch of client.consumer({ topics: [lines], from: 'earliest', until: 'end' })) {
    const first = [...batch].map(({ value }) => value);
    assert.deepEqual(
      [...batch].map(({ value }) => value),
      first,
    );
    assert.equal(batch.recordCount, first.length);
    kept = [...batch].at(-1)?.copy();
  }
  assert.equal(kept?.value, 'line 99');
  assert.deepEqual(kept?.header('n'), new Uint8Array(Buffer.from('99')));
});

test('bytes that the serde refuses are an error at that field, and nowhere else', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  await using producer = client.producer();
  await producer.send({ topic: name, key: 'k', value: '{ broken' });
  await producer.send({ topic: name, key: 'k', value: '{"id":1,"note":""}' });
  const orders = topic(name, { key: text, value: json<Order>() });
  const values: unknown[] = [];
  for await (const record of client.consumer({ topics: [orders], from: 'earliest', until: 'end' }).records()) {
    assert.equal(record.key, 'k');
    if (record.offset > 0) values.push(record.value);
    else {
      assert.throws(() => record.value, {
        code: 'deserialize_failed',
        message: new RegExp(`the value of the record at ${name} \\[0\\] offset 0 can't be read`),
      });
    }
  }
  assert.deepEqual(values, [{ id: 1, note: '' }]);
});

test('a bounded loop ends where the partitions ended when it began', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic(3);
  await using producer = client.producer();
  for (let n = 0; n < 30; n++) producer.write({ topic: name, key: String(n), value: 'x' });
  await producer.flush();
  let count = 0;
  for await (const batch of client.consumer({ topics: [name], from: 'earliest', until: 'end' })) {
    // What is written now comes too late for this loop.
    await producer.send({ topic: name, value: 'late' });
    for (const _ of batch) count++;
  }
  assert.equal(count, 30);
  const rest = client.consumer({
    assign: [{ topic: name, partition: 0, offset: { timestamp: Date.now() + 1_000_000 } }],
    until: 'end',
  });
  for await (const _ of rest) assert.fail('nothing is that young');
});
