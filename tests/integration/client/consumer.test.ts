import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, text, topic, unwrap } from '@millrace/client';
import { breakableNetwork } from './breakable-network.ts';
import { embeddedTest, startFixture, until } from './client-fixture.ts';

async function fill(client: Client, name: string, count: number, value = (n: number) => String(n)): Promise<void> {
  await using producer = client.producer({ batchBytesMax: 4_000 });
  for (let n = 0; n < count; n++)
    if (!producer.write({ topic: name, partition: 0, value: value(n) })) await producer.ready();
}

test('begins where it is told: at an offset, at a time, at either end', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  await using producer = client.producer();
  for (let n = 0; n < 100; n++) producer.write({ topic: name, value: String(n), timestamp: 1_000_000 + n * 1_000 });
  await producer.flush();
  const firstFrom = async (offset: number | 'earliest' | { timestamp: number }): Promise<number | undefined> => {
    const consumer = client.consumer({ assign: [{ topic: name, partition: 0, offset }], until: 'end' });
    for await (const record of consumer.records()) {
      await consumer.close();
      return record.offset;
    }
    return undefined;
  };
  assert.equal(await firstFrom('earliest'), 0);
  assert.equal(await firstFrom(37), 37);
  assert.equal(await firstFrom({ timestamp: 1_041_500 }), 42);
  assert.equal(await firstFrom(100), undefined);
  const latest = client.consumer({ topics: [name] });
  const next = latest.records().next();
  await until(() => latest.assignment().length === 1 && latest.position({ topic: name, partition: 0 }) === 100);
  await producer.send({ topic: name, value: 'new' });
  assert.equal((await next).value?.offset, 100);
});

test('seek goes on from there, from the next batch on', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const lines = topic(await createTopic(), { value: text });
  await fill(client, lines.name, 3_000);
  const place = { topic: lines.name, partition: 0 };
  await using consumer = client.consumer({ topics: [lines], from: 'earliest' });
  const records = consumer.records();
  assert.equal((await records.next()).value?.offset, 0);
  consumer.seek(place, 2_000);
  assert.equal(consumer.position(place), 2_000);
  assert.equal((await records.next()).value?.value, '2000');
  consumer.seek(place, 'earliest');
  assert.equal((await records.next()).value?.value, '0');
  consumer.seek(place, 2_999);
  assert.equal((await records.next()).value?.value, '2999');
  assert.throws(() => consumer.seek({ topic: lines.name, partition: 7 }, 0), {
    code: 'not_assigned',
    message: /\[7\] is not assigned to this consumer/,
  });
});

test('one seek after the other at the end of the log does not wait for what may still come there', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const lines = topic(await createTopic(), { value: text });
  await fill(client, lines.name, 3);
  const place = { topic: lines.name, partition: 0 };
  await using consumer = client.consumer({ topics: [lines], from: 'earliest', fetchWaitMs: 600_000 });
  const records = consumer.records();
  for (let round = 0; round < 5; round++) {
    for (let offset = 0; offset < 3; offset++) assert.equal((await records.next()).value?.offset, offset);
    // By then the broker is asked for what comes next.
    await sleep(20);
    consumer.seek(place, 0);
  }
});

test('a paused partition is passed over until it is resumed, and others go on', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const [one, two] = [await createTopic(), await createTopic()];
  await fill(client, one, 10);
  await using consumer = client.consumer({ topics: [one, two], from: 'earliest', bufferBytesMax: 1_000_000 });
  const batches = consumer.batches();
  assert.equal((await batches.next()).value?.topic, one);
  consumer.pause([{ topic: one, partition: 0 }]);
  assert.deepEqual(consumer.paused(), [{ topic: one, partition: 0 }]);
  await fill(client, one, 10);
  await fill(client, two, 10);
  assert.equal((await batches.next()).value?.topic, two);
  const next = batches.next();
  await new Promise((resolve) => setTimeout(resolve, 50));
  consumer.resume([{ topic: one, partition: 0 }]);
  const resumed = (await next).value;
  assert.deepEqual([resumed?.topic, resumed?.firstOffset], [one, 10]);
});

test('reading ahead stays within its memory while the loop is slow', async (t) => {
  const { client, connect, createTopic } = await startFixture(t);
  const name = await createTopic();
  await fill(client, name, 2_000, (n) => `${n}`.padEnd(2_000, 'x'));
  const network = breakableNetwork();
  const bufferBytesMax = 300_000;
  await using consumer = connect({ platform: network.platform }).consumer({
    topics: [name],
    from: 'earliest',
    until: 'end',
    bufferBytesMax,
    fetchBytesMax: 100_000,
    partitionBytesMax: 100_000,
  });
  let count = 0;
  for await (const batch of consumer) {
    if (count === 0) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      // Whole batches and the frames around them come on top of what was asked for.
      assert.ok(network.receivedBytes < bufferBytesMax * 1.2, `${network.receivedBytes} bytes were fetched ahead`);
      assert.ok(network.receivedBytes > bufferBytesMax / 2, `only ${network.receivedBytes} bytes were fetched ahead`);
    }
    for (const _ of batch) count++;
  }
  assert.equal(count, 2_000);
});

test('memory of paused partitions does not starve the others', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const [one, two] = [await createTopic(), await createTopic()];
  await fill(client, one, 400, (n) => `${n}`.padEnd(1_000, 'x'));
  await using consumer = client.consumer({
    topics: [one, two],
    from: 'earliest',
    bufferBytesMax: 100_000,
    partitionBytesMax: 10_000,
  });
  const batches = consumer.batches();
  assert.equal((await batches.next()).value?.topic, one);
  await new Promise((resolve) => setTimeout(resolve, 100));
  consumer.pause([{ topic: one, partition: 0 }]);
  await fill(client, two, 10);
  assert.equal((await batches.next()).value?.topic, two);
});

test('memory that does not last for all brokers at once goes to each in turn', async (t) => {
  const { client, createTopic } = await startFixture(t, { brokers: 3 });
  const name = await createTopic(3);
  await client.producer().send({ topic: name, partition: 2, value: 'a' });
  // A request waits at the leader of each partition, if it can, and those of the first two stay without an answer.
  await using consumer = client.consumer({ topics: [name], from: 'earliest', bufferBytesMax: 50_000 });
  assert.equal((await consumer.batches().next()).value?.partition, 2);
});

test('an aborted signal ends the loop with its reason; closing ends it without an error', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  await using consumer = client.consumer({ topics: [name] });
  const controller = new AbortController();
  const waiting = consumer.batches({ signal: controller.signal }).next();
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  const run = (async () => {
    for await (const _ of consumer.records()) assert.fail('nothing was written');
  })();
  await until(() => consumer.assignment().length === 1);
  await assert.rejects(consumer.batches().next(), { code: 'consumer_busy' });
  await consumer.close();
  await run;
  await assert.rejects(consumer.batches().next(), { code: 'closed', message: /the consumer is closed/ });
});

test('a long synchronous loop over fetched batches lets timers run', async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  await fill(client, name, 20_000, (n) => `${n}`.padEnd(100, 'x'));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  t.after(() => clearInterval(timer));
  const loop = async (): Promise<number> => {
    let spent = 0;
    await using consumer = client.consumer({
      topics: [name],
      from: 'earliest',
      until: 'end',
      partitionBytesMax: 20_000,
    });
    for await (const _ of consumer) {
      const end = performance.now() + 2;
      while (performance.now() < end) spent++;
    }
    return spent;
  };
  assert.ok((await loop()) > 0);
  assert.ok(turns > 10, `timers ran ${turns} times`);
});

test('an unknown topic, partition or offset is an error that says what to do', async (t) => {
  const { client, admin, createTopic } = await startFixture(t, {
    configuration: { 'auto.create.topics.enable': 'false' },
  });
  const name = await createTopic();
  const first = (consumer: { batches(): AsyncIterator<unknown> }) => consumer.batches().next();
  await assert.rejects(first(client.consumer({ topics: ['missing'] })), {
    code: 'unknown_topic',
    message: /topic missing does not exist .* create it, for example with admin.createTopics, or check its name/,
  });
  await assert.rejects(first(client.consumer({ assign: [{ topic: name, partition: 5, offset: 0 }] })), {
    code: 'unknown_partition',
  });
  await fill(client, name, 100);
  unwrap(await admin.deleteRecords([{ topic: name, partition: 0, offset: 50 }]));
  const consumer = client.consumer({ assign: [{ topic: name, partition: 0, offset: 10 }], from: 'none' });
  await assert.rejects(first(consumer), {
    code: 'no_offset',
    message: /offset 10 of .* is not in the log .* seek\(\) to an offset, or set from to 'earliest' or 'latest'/,
  });
  consumer.seek({ topic: name, partition: 0 }, 50);
  const { value } = await consumer.records().next();
  assert.equal(value?.offset, 50);
  const resetting = client.consumer({ assign: [{ topic: name, partition: 0, offset: 10 }], from: 'earliest' });
  assert.equal((await resetting.records().next()).value?.offset, 50);
  await assert.rejects(client.consumer({ topics: [name] }).commit(), {
    code: 'invalid_option',
    message: /group is not given/,
  });
  assert.throws(() => client.consumer({ topics: [] }), { code: 'invalid_option', message: /topics is empty/ });
});

test('chosen partitions keep their offsets under a group', async (t) => {
  const { client, admin, createTopic } = await startFixture(t);
  const name = await createTopic();
  await fill(client, name, 100);
  const open = () =>
    client.consumer({
      group: name,
      assign: [{ topic: name, partition: 0, offset: 'committed' }],
      from: 'earliest',
      commit: 'manual',
    });
  const first = open();
  for await (const record of first.records()) {
    if (record.offset < 41) continue;
    await first.commit([{ topic: name, partition: 0, offset: record.offset + 1 }]);
    break;
  }
  await first.close();
  const [stored] = await admin.fetchOffsets(name);
  assert.equal(stored?.error === undefined ? stored?.offset : -1, 42);
  await using second = open();
  assert.equal((await second.records().next()).value?.offset, 42);
});

embeddedTest(
  'reading goes on after connections broke and brokers restarted, without gaps or repetitions',
  async (t) => {
    const fixture = await startFixture(t, { brokers: 2 });
    const name = await fixture.createTopic();
    const network = breakableNetwork();
    const consumer = fixture.connect({ platform: network.platform }).consumer({ topics: [name], from: 'earliest' });
    const offsets: number[] = [];
    const run = (async () => {
      for await (const batch of consumer) for (const { offset } of batch) offsets.push(offset);
    })();
    const writer = fixture.connect();
    for (let round = 1; round <= 6; round++) {
      if (round === 4) await fixture.restart();
      else if (round % 2 === 0) network.breakAll();
      await fill(writer, name, 500);
      await until(() => offsets.length === round * 500, 20_000);
    }
    assert.deepEqual(
      offsets,
      offsets.map((_, n) => n),
    );
    await consumer.close();
    await run;
  },
);
