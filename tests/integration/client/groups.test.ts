import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type AssignorName, type Client, type Consumer, type TopicPartition, text, topic } from '@millrace/client';
import { breakableNetwork } from './breakable-network.ts';
import { embeddedTest, type Fixture, startFixture, until } from './client-fixture.ts';

const quickGroup = { heartbeatIntervalMs: 50, sessionTimeoutMs: 6_000 };

interface Member {
  readonly consumer: Consumer;
  /** Values in the order in which they were handled. */
  readonly seen: string[];
  readonly events: string[];
  readonly done: Promise<void>;
}

/** A member that handles batches until it is closed. */
function startMember(
  client: Client,
  name: string,
  options: { readonly assignor?: AssignorName; readonly instanceId?: string; readonly group?: string } = {},
): Member {
  const seen: string[] = [];
  const events: string[] = [];
  const note = (event: string) => (partitions: readonly TopicPartition[]) => {
    events.push(`${event} ${partitions.map(({ partition }) => partition).join(',')}`);
  };
  const lines = topic(name, { value: text });
  const consumer = client.consumer({
    group: name,
    topics: [lines],
    from: 'earliest',
    commitIntervalMs: 50,
    ...quickGroup,
    ...options,
    onAssigned: note('assigned'),
    onRevoked: note('revoked'),
    onLost: note('lost'),
  });
  const run = async (): Promise<void> => {
    for await (const batch of consumer) for (const { value } of batch) seen.push(value);
  };
  return { consumer, seen, events, done: run() };
}

function sharesOf(members: readonly Member[]): number[] {
  return members.map(({ consumer }) => consumer.assignment().length);
}

/** Whether all partitions are owned, each once, by shares that differ by one at most. */
function isBalanced(members: readonly Member[], partitions: number): boolean {
  const owned = members.flatMap(({ consumer }) => consumer.assignment().map(({ partition }) => partition));
  const shares = sharesOf(members);
  return (
    owned.length === partitions && new Set(owned).size === partitions && Math.max(...shares) - Math.min(...shares) <= 1
  );
}

async function steadyProducer(t: TestContext, { client }: Fixture, name: string): Promise<{ stop(): Promise<number> }> {
  const producer = client.producer();
  let count = 0;
  const timer = setInterval(() => {
    for (let n = 0; n < 50; n++) producer.write({ topic: name, key: String(count), value: String(count++) });
  }, 5);
  t.after(() => clearInterval(timer));
  return {
    async stop() {
      clearInterval(timer);
      await producer.flush();
      return count;
    },
  };
}

for (const assignor of ['cooperative-sticky', 'range', 'roundrobin'] as const) {
  test(`three members share a topic, and no record is missed while they come and go: ${assignor}`, async (t) => {
    const fixture = await startFixture(t, { brokers: 3 });
    const name = await fixture.createTopic(9);
    const producing = await steadyProducer(t, fixture, name);
    const first = startMember(fixture.connect(), name, { assignor });
    await until(() => isBalanced([first], 9));
    const second = startMember(fixture.connect(), name, { assignor });
    const third = startMember(fixture.connect(), name, { assignor });
    await until(() => isBalanced([first, second, third], 9));
    await second.consumer.close();
    await until(() => isBalanced([first, third], 9));
    const count = await producing.stop();
    const members = [first, second, third];
    await until(() => new Set(members.flatMap(({ seen }) => seen)).size === count);
    await Promise.all(members.map(({ consumer }) => consumer.close()));
    await Promise.all(members.map(({ done }) => done));
    // Handled offsets are committed before partitions go, so nothing is read twice in an orderly rebalance.
    assert.equal(members.flatMap(({ seen }) => seen).length, count);
    assert.ok(second.events.at(-1)?.startsWith('revoked'), second.events.join('; '));
    for (const { events } of members) assert.ok(!events.some((event) => event.startsWith('lost')), events.join('; '));
  });
}

test('a cooperative rebalance takes only what moves', async (t) => {
  const { connect, createTopic } = await startFixture(t);
  const name = await createTopic(6);
  const first = startMember(connect(), name);
  await until(() => isBalanced([first], 6));
  const second = startMember(connect(), name);
  await until(() => isBalanced([first, second], 6));
  assert.equal(first.events.length, 2, first.events.join('; '));
  assert.match(first.events[1] ?? '', /^revoked \d,\d,\d$/);
  await Promise.all([first, second].map(({ consumer }) => consumer.close()));
});

test('a static member that restarts gets its partitions back without a rebalance', async (t) => {
  const { connect, createTopic } = await startFixture(t);
  const name = await createTopic(6);
  const first = startMember(connect(), name, { instanceId: 'one' });
  const second = startMember(connect(), name, { instanceId: 'two' });
  await until(() => isBalanced([first, second], 6));
  const before = second.consumer.assignment();
  const eventsBefore = first.events.length;
  await second.consumer.close();
  const again = startMember(connect(), name, { instanceId: 'two' });
  await until(() => again.consumer.assignment().length === 3);
  assert.deepEqual(again.consumer.assignment(), before);
  assert.equal(first.events.length, eventsBefore, first.events.join('; '));
  const fenced = startMember(connect(), name, { instanceId: 'two' });
  await assert.rejects(again.done, { errorName: 'FENCED_INSTANCE_ID' });
  await Promise.all([first, fenced].map(({ consumer }) => consumer.close()));
});

test('a group goes on from what was committed; a batch in hand when the loop is left comes again', async (t) => {
  const { client, admin, createTopic } = await startFixture(t);
  const name = await createTopic();
  const producer = client.producer({ batchBytesMax: 300 });
  const consume = () =>
    client.consumer({
      group: name,
      topics: [topic(name, { value: text })],
      from: 'earliest',
      partitionBytesMax: 1,
      ...quickGroup,
    });
  for (let n = 0; n < 100; n++) producer.write({ topic: name, value: String(n) });
  await producer.flush();
  let handled = 0;
  const first = consume();
  for await (const batch of first) {
    if (batch.firstOffset > 40) break;
    handled = batch.nextOffset;
  }
  await first.close();
  const [committed] = await admin.fetchOffsets(name);
  assert.equal(committed?.error === undefined ? committed?.offset : -1, handled);
  const second = consume();
  for await (const batch of second) {
    assert.equal(batch.firstOffset, handled);
    // The batch in hand counts, when it is said to.
    await second.commit();
    handled = batch.nextOffset;
    break;
  }
  await second.close();
  const third = consume();
  let next = -1;
  for await (const record of third.records()) {
    assert.equal(record.offset, next < 0 ? handled : next);
    next = record.offset + 1;
    if (record.offset === handled + 3) break;
  }
  await third.close();
  // Of single records, all but the one in hand count.
  const [last] = await admin.fetchOffsets(name);
  assert.equal(last?.error === undefined ? last?.offset : -1, handled + 3);
});

test('a loop that takes too long for a batch loses its partitions, says so, and joins again', async (t) => {
  const { connect, client, createTopic } = await startFixture(t);
  const name = await createTopic(2);
  const reports: string[] = [];
  const events: string[] = [];
  const slow = connect({ report: ({ event }) => reports.push(event) }).consumer({
    group: name,
    topics: [name],
    from: 'earliest',
    ...quickGroup,
    batchTimeoutMs: 200,
    onLost: (partitions) => void events.push(`lost ${partitions.length}`),
    onAssigned: (partitions) => void events.push(`assigned ${partitions.length}`),
  });
  await client.producer().send({ topic: name, partition: 0, value: 'x' });
  let batches = 0;
  const run = (async () => {
    for await (const _ of slow) {
      if (++batches > 1) continue;
      await until(() => reports.includes('group_left'));
      // Others may be further by now.
      await assert.rejects(slow.commit(), { code: 'commit_failed', message: /no member of the group just now/ });
    }
  })();
  await until(() => batches === 2);
  assert.ok(reports.includes('group_left'), reports.join());
  assert.deepEqual(events, ['assigned 2', 'lost 2', 'assigned 2']);
  await slow.close();
  await run;
});

embeddedTest('members survive broken connections and a broker that restarts', async (t) => {
  const fixture = await startFixture(t, { brokers: 2 });
  const name = await fixture.createTopic(4);
  const network = breakableNetwork();
  const members = [
    startMember(fixture.connect({ platform: network.platform }), name),
    startMember(fixture.connect(), name),
  ];
  await until(() => isBalanced(members, 4));
  const producer = fixture.connect().producer();
  let count = 0;
  const write = (): void => {
    for (let n = 0; n < 200; n++) producer.write({ topic: name, key: String(count), value: String(count++) });
  };
  write();
  network.breakAll();
  write();
  await fixture.restart();
  write();
  await producer.flush();
  await until(() => new Set(members.flatMap(({ seen }) => seen)).size === count, 20_000);
  await until(() => isBalanced(members, 4), 20_000);
  await Promise.all(members.map(({ consumer }) => consumer.close()));
});

test('new partitions of a subscribed topic are taken on, and a topic that appears later too', async (t) => {
  const { admin, connect, createTopic, client } = await startFixture(t, {
    configuration: { 'auto.create.topics.enable': 'false' },
  });
  const name = await createTopic(2);
  const consumer = connect({ metadataMaxAgeMs: 100 }).consumer({
    group: name,
    topics: [topic(name, { value: text }), topic('later', { value: text })],
    from: 'earliest',
    ...quickGroup,
  });
  const seen: string[] = [];
  const run = (async () => {
    for await (const record of consumer.records()) seen.push(record.value);
  })();
  await until(() => consumer.assignment().length === 2);
  await admin.createPartitions([{ topic: name, totalCount: 3 }]);
  await until(() => consumer.assignment().length === 3);
  await admin.createTopics([{ topic: 'later', partitions: 1 }]);
  await until(() => consumer.assignment().length === 4);
  const producer = client.producer();
  await producer.send({ topic: name, partition: 2, value: 'new partition' });
  await producer.send({ topic: 'later', value: 'new topic' });
  await until(() => seen.length === 2);
  await consumer.close();
  await run;
});

test('an assignor that the group does not use is refused with what to do', async (t) => {
  const { connect, createTopic } = await startFixture(t);
  const name = await createTopic(2);
  const first = startMember(connect(), name, { assignor: 'range' });
  await until(() => first.consumer.assignment().length === 2);
  const other = startMember(connect(), name, { assignor: 'cooperative-sticky' });
  await assert.rejects(other.done, {
    errorName: 'INCONSISTENT_GROUP_PROTOCOL',
    message: /this member offers cooperative-sticky; give it an assignor that all members have/,
  });
  await first.consumer.close();
});

test("a callback's error ends the loop with that error", async (t) => {
  const { client, createTopic } = await startFixture(t);
  const name = await createTopic();
  const error = new Error('mine');
  const consumer = client.consumer({
    group: name,
    topics: [name],
    onAssigned: () => {
      throw error;
    },
  });
  await assert.rejects(async () => {
    for await (const _ of consumer) assert.fail('nothing was written');
  }, error);
  await consumer.close();
});
