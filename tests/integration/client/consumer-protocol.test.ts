/** Groups whose coordinator spreads the partitions (KIP-848). */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  type Client,
  type Consumer,
  type GroupConsumerOptions,
  type TopicPartition,
  text,
  topic,
} from '@millrace/client';
import { breakableNetwork } from './breakable-network.ts';
import { embeddedTest, type Fixture, type FixtureOptions, startFixture, uniqueName, until } from './client-fixture.ts';

/** Heartbeats as quick as tests want them; what members get to know of each other waits for these. */
const configuration = {
  'group.consumer.min.heartbeat.interval.ms': '20',
  'group.consumer.heartbeat.interval.ms': '50',
  'group.consumer.min.session.timeout.ms': '500',
  'group.consumer.session.timeout.ms': '2000',
};

function start(t: TestContext, options: FixtureOptions = {}): Promise<Fixture> {
  return startFixture(t, { ...options, configuration: { ...configuration, ...options.configuration } });
}

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
  group: string,
  name: string,
  options: Partial<Omit<GroupConsumerOptions, 'topics' | 'topicPattern' | 'group'>> = {},
): Member {
  const seen: string[] = [];
  const events: string[] = [];
  const note = (event: string) => (partitions: readonly TopicPartition[]) => {
    events.push(`${event} ${partitions.map(({ partition }) => partition).join(',')}`);
  };
  const consumer = client.consumer({
    group,
    topics: [topic(name, { value: text })],
    protocol: 'consumer',
    from: 'earliest',
    commitIntervalMs: 50,
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

/** Whether all partitions are owned, each once, by shares that differ by one at most. */
function isBalanced(members: readonly Member[], partitions: number): boolean {
  const shares = members.map(({ consumer }) => consumer.assignment().map(({ partition }) => partition));
  const sizes = shares.map(({ length }) => length);
  const owned = shares.flat();
  return (
    owned.length === partitions && new Set(owned).size === partitions && Math.max(...sizes) - Math.min(...sizes) <= 1
  );
}

async function close(members: readonly Member[]): Promise<void> {
  await Promise.all(members.map(({ consumer }) => consumer.close()));
  await Promise.all(members.map(({ done }) => done));
}

for (const serverAssignor of ['uniform', 'range']) {
  test(`members come and go, and no record is missed or handled twice: ${serverAssignor}`, async (t) => {
    const { client, connect, createTopic } = await start(t);
    const [name, group] = [await createTopic(9), uniqueName('group')];
    const producer = client.producer();
    let count = 0;
    const timer = setInterval(() => {
      for (let n = 0; n < 50; n++) producer.write({ topic: name, key: String(count), value: String(count++) });
    }, 5);
    t.after(() => clearInterval(timer));
    const first = startMember(connect(), group, name, { serverAssignor });
    await until(() => isBalanced([first], 9), 30_000);
    const second = startMember(connect(), group, name, { serverAssignor });
    const third = startMember(connect(), group, name, { serverAssignor });
    await until(() => isBalanced([first, second, third], 9), 30_000);
    await second.consumer.close();
    await until(() => isBalanced([first, third], 9), 30_000);
    clearInterval(timer);
    await producer.flush();
    const members = [first, second, third];
    await until(() => new Set(members.flatMap(({ seen }) => seen)).size === count, 30_000);
    await close(members);
    assert.equal(members.flatMap(({ seen }) => seen).length, count);
    for (const { events } of members) assert.ok(!events.some((event) => event.startsWith('lost')), events.join('; '));
  });
}

test('a rebalance stops only the partitions that move', async (t) => {
  const { connect, createTopic } = await start(t);
  const [name, group] = [await createTopic(6), uniqueName('group')];
  const first = startMember(connect(), group, name);
  await until(() => isBalanced([first], 6), 30_000);
  const second = startMember(connect(), group, name);
  await until(() => isBalanced([first, second], 6), 30_000);
  const revoked = first.events.filter((event) => event.startsWith('revoked')).flatMap((event) => event.split(','));
  assert.equal(revoked.length, 3, first.events.join('; '));
  await close([first, second]);
});

test('what is handled is committed before a partition goes, and the group goes on from there', async (t) => {
  const { client, connect, createTopic } = await start(t);
  const [name, group] = [await createTopic(2), uniqueName('group')];
  await using producer = client.producer();
  for (let n = 0; n < 100; n++) producer.write({ topic: name, value: String(n), partition: n % 2 });
  await producer.flush();
  const first = startMember(connect(), group, name, { commitIntervalMs: 60_000 });
  await until(() => first.seen.length === 100, 30_000);
  await close([first]);
  for (let n = 100; n < 200; n++) producer.write({ topic: name, value: String(n), partition: n % 2 });
  await producer.flush();
  const second = startMember(connect(), group, name);
  await until(() => second.seen.length >= 100, 30_000);
  assert.deepEqual(
    second.seen.map(Number).sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, n) => n + 100),
  );
  await second.consumer.commit();
  await close([second]);
});

test('a static member that restarts gets its partitions back, and nobody else notices', async (t) => {
  const { connect, createTopic } = await start(t);
  const [name, group] = [await createTopic(6), uniqueName('group')];
  const first = startMember(connect(), group, name, { instanceId: 'one' });
  const second = startMember(connect(), group, name, { instanceId: 'two' });
  await until(() => isBalanced([first, second], 6), 30_000);
  const before = second.consumer.assignment();
  const eventsBefore = first.events.length;
  await close([second]);
  const again = startMember(connect(), group, name, { instanceId: 'two' });
  await until(() => again.consumer.assignment().length === 3, 30_000);
  assert.deepEqual(again.consumer.assignment(), before);
  assert.equal(first.events.length, eventsBefore, first.events.join('; '));
  await close([first, again]);
});

test('a loop that takes too long for a batch loses its partitions, says so, and joins again', async (t) => {
  const { connect, client, createTopic } = await start(t);
  const [name, group] = [await createTopic(2), uniqueName('group')];
  const reports: string[] = [];
  const events: string[] = [];
  const slow = connect({ report: ({ event }) => reports.push(event) }).consumer({
    group,
    topics: [name],
    protocol: 'consumer',
    from: 'earliest',
    batchTimeoutMs: 500,
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
  await until(() => batches === 2, 30_000);
  assert.ok(reports.includes('group_left'), reports.join());
  assert.deepEqual([events.includes('lost 2'), events.at(-1)], [true, 'assigned 2'], events.join('; '));
  await slow.close();
  await run;
});

embeddedTest('members survive broken connections and a broker that restarts', async (t) => {
  const fixture = await start(t, { brokers: 2 });
  const [name, group] = [await fixture.createTopic(4), uniqueName('group')];
  const network = breakableNetwork();
  const members = [
    startMember(fixture.connect({ platform: network.platform }), group, name),
    startMember(fixture.connect(), group, name),
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
  await until(() => new Set(members.flatMap(({ seen }) => seen)).size === count, 30_000);
  await until(() => isBalanced(members, 4), 30_000);
  await close(members);
});

for (const protocol of ['classic', 'consumer'] as const) {
  test(`topics that match a pattern are read, those that come later too: ${protocol}`, async (t) => {
    const { client, connect, admin } = await start(t, {
      configuration: { 'group.consumer.regex.refresh.interval.ms': '10000' },
    });
    const [prefix, group] = [uniqueName('pattern'), uniqueName('group')];
    await admin.createTopics([
      { topic: `${prefix}-a`, partitions: 2 },
      { topic: `other-${prefix}-a`, partitions: 1 },
    ]);
    const consumer = connect({ metadataMaxAgeMs: 100 }).consumer({
      group,
      topicPattern: new RegExp(`${prefix.toUpperCase()}-[a-z]`, 'i'),
      protocol,
      from: 'earliest',
      ...(protocol === 'classic' ? { heartbeatIntervalMs: 50 } : {}),
    });
    const seen: string[] = [];
    const run = (async () => {
      for await (const record of consumer.records()) seen.push(`${record.topic} ${record.value}`);
    })();
    await until(() => consumer.assignment().length === 2, 30_000);
    await admin.createTopics([
      { topic: `${prefix}-b`, partitions: 1 },
      { topic: `${prefix}-10`, partitions: 1 },
    ]);
    // The broker looks for topics again when its metadata changed, some seconds after it last did.
    await until(() => consumer.assignment().length === 3, 60_000);
    await client.producer().send({ topic: `${prefix}-b`, value: 'late' });
    await until(() => seen.length === 1, 30_000);
    assert.deepEqual(seen, [`${prefix}-b ${new TextEncoder().encode('late')}`]);
    await consumer.close();
    await run;
  });
}

test('a topic that is made anew under its name is read from where the group begins', async (t) => {
  const { client, admin, connect, createTopic } = await start(t);
  const [name, group] = [await createTopic(1), uniqueName('group')];
  const producer = client.producer();
  for (let n = 0; n < 50; n++) await producer.send({ topic: name, value: `old ${n}` });
  const member = startMember(connect({ metadataMaxAgeMs: 200 }), group, name);
  await until(() => member.seen.length === 50, 30_000);
  await admin.deleteTopics([name]);
  await until(async () => (await admin.createTopics([{ topic: name, partitions: 1 }]))[0]?.error === undefined);
  const fresh = connect().producer();
  for (let n = 0; n < 10; n++) await fresh.send({ topic: name, value: `new ${n}` });
  await until(() => member.seen.length === 60, 30_000);
  assert.deepEqual(
    member.seen.slice(50),
    Array.from({ length: 10 }, (_, n) => `new ${n}`),
  );
  // A producer that knew the old topic goes on with the new one.
  await producer.send({ topic: name, value: 'again' });
  await until(() => member.seen.at(-1) === 'again', 30_000);
  await close([member]);
});

test('what the protocol has no place for is refused, as are assignors that the cluster lacks', async (t) => {
  const { client, createTopic } = await start(t);
  const [name, group] = [await createTopic(1), uniqueName('group')];
  const base = { group, topics: [name], protocol: 'consumer' } as const;
  for (const [option, value] of Object.entries({
    assignor: 'range',
    sessionTimeoutMs: 1_000,
    heartbeatIntervalMs: 1,
  })) {
    assert.throws(() => client.consumer({ ...base, [option]: value }), { code: 'invalid_option', option });
  }
  assert.throws(() => client.consumer({ group, topics: [name], serverAssignor: 'range' }), {
    option: 'serverAssignor',
  });
  await assert.rejects(startMember(client, group, name, { serverAssignor: 'unheard-of' }).done, {
    errorName: 'UNSUPPORTED_ASSIGNOR',
  });
  const broken = client.consumer({ group, topicPattern: 'a(?=b)', protocol: 'consumer' });
  await assert.rejects(broken.records().next(), { errorName: 'INVALID_REGULAR_EXPRESSION' });
});
