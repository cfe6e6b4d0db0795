/**
 * Failover from Apache Kafka with an authorizer: two brokers that learn of the fence one after the other, a writer that
 * may write, a transaction that hangs, and super users whom nothing keeps out.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type AclBinding, type Client, createClient, unwrap } from '@millrace/client';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { SecuredKafka } from '@millrace/engines/testing/secured-kafka';
import {
  type FailoverOptions,
  type FailoverStep,
  failback,
  failover,
  planFailover,
  startMirror,
} from '@millrace/mirror';
import { quick, startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { valuesOf } from './failover-fixture.ts';
import { readPartition } from './mirror-fixture.ts';

const kafka = await kafkaForTests();
const partitions = 4;

const allowed: AclBinding = {
  resourceType: 'topic',
  resourceName: '',
  patternType: 'literal',
  principal: 'User:alice',
  host: '*',
  operation: 'write',
  permission: 'allow',
};

test('writers of Apache Kafka are fenced, and all that was acknowledged is moved', { skip: kafka.skip }, async (t) => {
  const { bootstrap, aliceAt, alice } = await startSecured(t);
  const target = await startFixture(t);
  const anonymous = { bootstrap, ...quick };
  await using client = createClient(anonymous);
  await using writing = createClient({ bootstrap: aliceAt, ...quick, security: alice });
  const admin = client.admin();
  const topic = uniqueName('topic');
  const assignment = Array.from({ length: partitions }, (_, partition) => [1 + (partition % 2)]);
  unwrap(await admin.createTopics([{ topic, assignment }]));
  const rules: AclBinding[] = [
    { ...allowed, resourceName: topic },
    { ...allowed, resourceType: 'transactional-id', resourceName: 'hanging' },
  ];
  unwrap(await admin.createAcls(rules));
  const sides = { name: uniqueName('mirror'), source: anonymous, target: { bootstrap: target.bootstrap, ...quick } };
  await using mirror = await startMirror({ ...sides, topics: [topic], shards: 4 });
  await until(() => mirror.status().length === partitions, 60_000);
  const written: string[] = [];
  await untilAllowed(writing, topic, written);
  const hanging = writing.producer({ transactionalId: 'hanging' });
  const transaction = await hanging.begin();
  await transaction.send({ topic, partition: 0, value: 'undecided' });
  const { refused, traffic } = writeUntilRefused(writing, topic, written);
  await until(() => written.length > 100, 60_000);
  const steps: FailoverStep[] = [];
  const options: FailoverOptions = {
    ...sides,
    topics: [topic],
    manner: 'planned',
    unfenced: true,
    probe: { bootstrap: aliceAt, ...quick, security: alice },
    transactionsMs: 500,
    tell: (step) => void steps.push(step),
  };
  const { unfenceable } = await planFailover({ ...sides, manner: 'planned' });
  assert.deepEqual(unfenceable, ['the super users of the source, whom it does not name']);
  await assert.rejects(failover({ ...options, unfenced: false }), { code: 'failover_unfenced' });
  assert.equal(refused.size, 0, 'nobody is fenced by a failover that does not begin');
  const group = uniqueName('group');
  unwrap(await admin.commitOffsets(group, [{ topic, partition: 1, offset: 20, metadata: '' }]));
  await assert.rejects(failover(options), { code: 'failover_transactions_open' });
  await traffic;
  const result = await failover({ ...options, abortTransactions: true });
  await assert.rejects(transaction.commit());
  assert.ok(steps.some(({ sentence }) => /every leader refused the probe/.test(sentence)));
  assert.ok(
    steps.some(({ step, level, sentence }) => step === 'fence' && level === 'warn' && /super users/.test(sentence)),
  );
  for (const { points } of result.topics) for (const point of points) assert.equal(point.source, point.sourceEnd);
  await assertAllMoved(client, target.client, topic, written);
  const [stored] = unwrap(await target.admin.fetchOffsets(group, [{ topic, partition: 1 }]));
  const next = (await readPartition(target.client, topic, 1)).find(({ offset }) => offset >= (stored?.offset ?? 0));
  const due = (await readPartition(client, topic, 1)).find(({ offset }) => offset >= 20);
  assert.equal(next?.value, due?.value);
  await failback({ ...sides, topics: [topic] });
  const again = writing.producer();
  await until(async () => {
    const [sent] = await Promise.allSettled([again.send({ topic, partition: 0, value: 'again' })]);
    return sent?.status === 'fulfilled';
  }, 30_000);
});

/** Waits until both brokers know that it may write. */
async function untilAllowed(client: Client, topic: string, written: string[]): Promise<void> {
  const producer = client.producer();
  await until(async () => {
    const first = Array.from({ length: partitions }, (_, partition) => `first ${partition}`);
    const sent = first.map((value, partition) => producer.send({ topic, partition, value }));
    const stored = await Promise.allSettled(sent);
    written.push(...first.filter((_, partition) => stored[partition]?.status === 'fulfilled'));
    return stored.every(({ status }) => status === 'fulfilled');
  }, 60_000);
}

/** Writes to each partition, and puts down what was acknowledged. */
function writeUntilRefused(client: Client, topic: string, written: string[]) {
  const producer = client.producer();
  const refused = new Set<number>();
  const writing = Array.from({ length: partitions }, async (_, partition) => {
    for (let n = 0; !refused.has(partition); n++) {
      const value = `value ${partition} ${n}`;
      await producer.send({ topic, partition, value }).then(
        () => written.push(value),
        () => refused.add(partition),
      );
    }
  });
  return { refused, traffic: Promise.all(writing) };
}

async function assertAllMoved(
  source: Client,
  target: Client,
  topic: string,
  written: readonly string[],
): Promise<void> {
  const numbers = Array.from({ length: partitions }, (_, partition) => partition);
  const read = (from: Client): Promise<(string | null)[][]> =>
    Promise.all(numbers.map(async (each) => valuesOf(await readPartition(from, topic, each, 'read_committed'))));
  const found = await read(target);
  assert.deepEqual(found, await read(source));
  const acknowledged = new Set(found.flat());
  assert.deepEqual(
    written.filter((value) => !acknowledged.has(value)),
    [],
    'all that was acknowledged is there',
  );
  assert.ok(!acknowledged.has('undecided'));
}

/** Anonymous may do everything. */
async function startSecured(t: TestContext) {
  const secured = await SecuredKafka.create(undefined, ['User:ANONYMOUS']);
  const cluster = await kafka.cluster({ security: secured.security, brokers: 2 });
  t.after(() => cluster.close());
  return {
    bootstrap: cluster.bootstrap('PLAINTEXT'),
    aliceAt: cluster.bootstrap('SASL_PLAINTEXT'),
    alice: await secured.client('SASL_PLAINTEXT', 'alice'),
  };
}
