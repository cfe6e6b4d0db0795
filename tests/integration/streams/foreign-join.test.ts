/** Tables that are joined by a foreign key, in jobs. */
import { type TestContext, test } from 'node:test';
import { type Client, text, topic } from '@millrace/client';
import { type Job, startJob, type Topology, topology } from '@millrace/streams';
import { type Fixture, startFixture, uniqueName, until } from '../client/client-fixture.ts';

async function start(t: TestContext, made: Topology, client: Client): Promise<Job> {
  const job = await startJob(made, { client, heartbeatIntervalMs: 100, commitIntervalMs: 50 });
  t.after(() => job.close().catch(() => undefined));
  return job;
}

async function write(
  { client }: Fixture,
  name: string,
  records: readonly (readonly [string, string])[],
): Promise<void> {
  await using producer = client.producer();
  for (const [key, value] of records) producer.write({ topic: name, key, value });
  await producer.flush();
}

test('tables of two members are joined by a foreign key, and a restart goes on with what was asked', async (t) => {
  const fixture = await startFixture(t);
  const [orders, customers] = [await fixture.createTopic(2), await fixture.createTopic(3)];
  const to = await fixture.createTopic(1);
  const made = topology(uniqueName('foreign'));
  made
    .table(topic(orders, { key: text, value: text }), 'orders')
    .joinBy(
      'named',
      made.table(topic(customers, { key: text, value: text }), 'customers'),
      (order) => order.split(' ')[1] ?? null,
      (order, name) => `${order} is ${name}`,
      { value: text },
    )
    .to(topic(to, { key: text, value: text }));
  const results = async (): Promise<Map<string, string>> => {
    const described = topic(to, { key: text, value: text });
    const isolation = 'read_committed' as const;
    await using consumer = fixture.client.consumer({ topics: [described], from: 'earliest', until: 'end', isolation });
    const found = new Map<string, string>();
    for await (const batch of consumer) for (const { key, value } of batch) found.set(key, value);
    return found;
  };
  const untilResults = (name: (customer: number) => string): Promise<void> =>
    until(async () => {
      const found = await results();
      return Array.from({ length: 20 }, (_, n) => n).every(
        (n) => found.get(`o${n}`) === `${n} c${n % 5} is ${name(n % 5)}`,
      );
    }, 30_000);
  const pairs = (count: number, of: (n: number) => readonly [string, string]) =>
    Array.from({ length: count }, (_, n) => of(n));
  const jobs = [await start(t, made, fixture.connect()), await start(t, made, fixture.connect())];
  await until(() => jobs.every((job) => job.metrics().tasks.length >= 2), 30_000);
  await write(
    fixture,
    orders,
    pairs(20, (n) => [`o${n}`, `${n} c${n % 5}`]),
  );
  await write(
    fixture,
    customers,
    pairs(5, (n) => [`c${n}`, `name ${n}`]),
  );
  await untilResults((n) => `name ${n}`);
  for (const job of jobs) await job.close();
  await start(t, made, fixture.connect());
  await write(
    fixture,
    customers,
    pairs(5, (n) => [`c${n}`, `other ${n}`]),
  );
  await untilResults((n) => `other ${n}`);
});
