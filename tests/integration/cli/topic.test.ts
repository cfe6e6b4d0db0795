/** `topic` against a real broker process. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from '../../support/millrace-command.ts';

const broker = await Server.start('broker', { words: ['--brokers', '2', '--name', 'lab'] });
after(() => broker[Symbol.asyncDispose]());

async function json<T>(words: readonly string[]): Promise<T> {
  const { code, text, stderr } = await broker.run([...words, '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(text) as T;
}

interface Description {
  readonly topics: readonly {
    readonly cluster: string;
    readonly configuration: Record<string, string>;
    readonly partitions: readonly { readonly startOffset: number; readonly endOffset: number }[];
  }[];
}

test('creates, lists, describes, alters and deletes a topic', async () => {
  const created = await broker.run(['topic', 'create', 'orders', '-p', '3', '--config', 'retention.ms=60000']);
  assert.equal(created.text, 'Created orders on lab with 3 partitions.\n');
  const { topics } = await json<{ topics: { cluster: string; topic: string; partitions: number }[] }>([
    'topic',
    'list',
  ]);
  assert.deepEqual(
    topics.map(({ cluster, topic, partitions }) => [cluster, topic, partitions]),
    [['lab', 'orders', 3]],
  );
  assert.match((await broker.run(['topic', 'list'])).text, /^TOPIC +PARTITIONS +REPLICAS\norders +3 +1\n$/);

  const altered = [
    'topic',
    'alter',
    'orders',
    '-p',
    '5',
    '--config',
    'cleanup.policy=compact',
    '--unset',
    'retention.ms',
  ];
  await json([...altered, '--dry-run']);
  const untouched = await json<Description>(['topic', 'describe', 'orders']);
  assert.deepEqual(untouched.topics[0]?.configuration, { 'retention.ms': '60000' });
  assert.equal(untouched.topics[0]?.partitions.length, 3);
  await json(altered);
  const changed = await json<Description>(['topic', 'describe', 'orders']);
  assert.deepEqual(changed.topics[0]?.configuration, { 'cleanup.policy': 'compact' });
  assert.equal(changed.topics[0]?.partitions.length, 5);

  assert.equal((await broker.run(['topic', 'delete', 'orders', '--yes'])).code, 0);
  assert.deepEqual(await json(['topic', 'list']), { topics: [] });
});

test('prints what was done also when a part of it failed', async () => {
  assert.equal((await broker.run(['topic', 'create', 'there'])).code, 0);
  const { code, text, stderr } = await broker.run(['topic', 'create', 'fresh', 'there']);
  assert.equal(code, 1);
  assert.equal(text, 'Created fresh on lab with 1 partition.\n');
  assert.match(stderr, /the topic there exists already on lab/);
  assert.equal((await broker.run(['topic', 'delete', 'fresh', 'there', '--yes'])).code, 0);
});

test('says what is wrong, and of what', async () => {
  await broker.run(['topic', 'create', 'payments']);
  for (const [words, code, message] of [
    [['topic', 'create', 'payments'], 1, /payments.*exists already.*\n.*--if-not-exists/],
    [['topic', 'create', 'pay ments'], 1, /pay ments.*INVALID_TOPIC_EXCEPTION/],
    [['topic', 'create', 'x', '--config', 'retention.mss=1'], 1, /retention\.mss/],
    [['topic', 'create', 'x', '--config', 'retention.ms'], 2, /'retention\.ms' is not NAME=VALUE/],
    [['topic', 'describe', 'paymets'], 1, /there is no topic 'paymets' on lab; did you mean 'payments'\?/],
    [['topic', 'alter', 'payments'], 2, /nothing to change: give --partitions, --config or --unset/],
    [['topic', 'alter', 'payments', '--partitions', '0'], 2, /'0' is not a whole number from 1 up/],
    [['topic', 'trim', 'payments', '--before', 'latest', '-p', '7'], 2, /payments has no partition 7/],
    [['topic', 'list', '--cluster', 'east'], 2, /there is no cluster 'east'; there are: lab/],
  ] as const) {
    const outcome = await broker.run(words);
    assert.equal(outcome.code, code, `${words.join(' ')}: ${outcome.stderr}`);
    assert.match(outcome.stderr, message);
  }
  assert.equal((await broker.run(['topic', 'create', 'payments', '--if-not-exists'])).code, 0);
});

test('deletes nothing without consent, and shows what it would', async () => {
  await broker.run(['topic', 'create', 'precious']);
  await broker.run(['produce', 'precious'], { input: 'a\nb\nc\n' });
  const refused = await broker.run(['topic', 'delete', 'precious']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /would delete 1 topic on lab: precious \(3 records\), and there is no terminal/);
  const dry = await broker.run(['topic', 'delete', 'precious', '--dry-run']);
  assert.equal(dry.text, 'Would delete precious on lab: 1 partition, 3 records.\n');
  assert.equal((await broker.run(['topic', 'describe', 'precious'])).code, 0);
  assert.equal((await broker.run(['topic', 'delete', 'absent', '--if-exists', '--yes'])).code, 0);
});

test('trims the oldest records', async () => {
  await broker.run(['topic', 'create', 'log']);
  await broker.run(['produce', 'log'], { input: 'a\nb\nc\nd\n' });
  await broker.run(['topic', 'trim', 'log', '--before', '-1', '--yes']);
  const { topics } = await json<Description>(['topic', 'describe', 'log']);
  const [partition] = topics[0]?.partitions ?? [];
  assert.deepEqual([partition?.startOffset, partition?.endOffset], [3, 4]);
});
