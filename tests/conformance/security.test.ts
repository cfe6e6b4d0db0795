/** Logins, TLS and denied principals through foreign clients: kafkajs, @platformatic/kafka, and librdkafka in kcat. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Consumer, MessagesStreamModes, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import kafkajsPackage from 'kafkajs';
import { eventually } from '../support/eventually.ts';
import { missing, runCommand } from '../support/run-command.ts';
import { type Listener, mechanisms, SecuredCluster, users } from './secured-cluster.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } =
  kafkajsPackage;
const skip = missing('kcat', 'apt-get install kcat');
type Mechanism = (typeof mechanisms)[number];
let cluster: SecuredCluster;

before(async () => {
  cluster = await SecuredCluster.start();
});
after(() => cluster?.[Symbol.asyncDispose]());

/** A token without signature, which lives for an hour. */
function tokenOf(user: string): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: user, iat: now, exp: now + 3600, scope: 'kafka' })}.`;
}

interface Login {
  readonly listener: Listener;
  readonly mechanism: Mechanism;
  readonly username: keyof typeof users;
  readonly password?: string;
}

function kafkajs({ listener, mechanism, username, password = users[username] }: Login) {
  const sasl =
    mechanism === 'OAUTHBEARER'
      ? { mechanism: 'oauthbearer' as const, oauthBearerProvider: async () => ({ value: tokenOf(username) }) }
      : { mechanism: mechanism.toLowerCase() as 'plain', username, password };
  return new Kafka({
    brokers: cluster.brokersAt(listener),
    logLevel: logLevel.NOTHING,
    retry: { retries: 2, initialRetryTime: 50 },
    sasl,
    ...(listener === 'SASL_SSL' && { ssl: { ca: [cluster.ca] } }),
  });
}

function platformatic({ listener, mechanism, username, password = users[username] }: Login) {
  const credentials = mechanism === 'OAUTHBEARER' ? { token: tokenOf(username) } : { username, password };
  return {
    clientId: 'security',
    bootstrapBrokers: cluster.brokersAt(listener),
    retries: 1,
    sasl: { mechanism, ...credentials },
    ...(listener === 'SASL_SSL' && { tls: { ca: cluster.ca } }),
  };
}

/** A topic that whoever asks for it may use. */
async function topicOf(name: string): Promise<string> {
  const admin = kafkajs({ listener: 'SASL_PLAINTEXT', mechanism: 'PLAIN', username: 'admin' }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }] });
  await admin.disconnect();
  return name;
}

for (const listener of ['SASL_PLAINTEXT', 'SASL_SSL'] as const) {
  for (const mechanism of mechanisms) {
    const login: Login = { listener, mechanism, username: 'admin' };

    test(`kafkajs produces and consumes through ${listener} with ${mechanism}`, async () => {
      const topic = await topicOf(`kafkajs-${listener}-${mechanism}`);
      const kafka = kafkajs(login);
      const producer = kafka.producer();
      await producer.connect();
      await producer.send({ topic, messages: [{ value: 'one' }, { value: 'two' }] });
      await producer.disconnect();
      const consumer = kafka.consumer({ groupId: `kafkajs-${listener}-${mechanism}`, maxWaitTimeInMs: 100 });
      const read: string[] = [];
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void read.push(String(message.value)) });
      await eventually(() => read.length === 2);
      await consumer.disconnect();
      assert.deepEqual(read, ['one', 'two']);
    });

    test(`@platformatic/kafka produces and consumes through ${listener} with ${mechanism}`, async () => {
      const topic = await topicOf(`platformatic-${listener}-${mechanism}`);
      const options = platformatic(login);
      const producer = new Producer({ ...options, serializers: stringSerializers });
      await producer.send({ messages: ['one', 'two'].map((value) => ({ topic, value })) });
      await producer.close();
      const groupId = `platformatic-${listener}-${mechanism}`;
      const consumer = new Consumer({ ...options, groupId, deserializers: stringDeserializers });
      const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST });
      const read: string[] = [];
      for await (const message of stream) {
        read.push(message.value);
        if (read.length === 2) break;
      }
      await consumer.close(true);
      assert.deepEqual(read, ['one', 'two']);
    });
  }
}

for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
  const login: Login = { listener: 'SASL_PLAINTEXT', mechanism, username: 'alice', password: 'wrong' };

  test(`a wrong password with ${mechanism} is an authentication error to kafkajs`, async () => {
    const admin = kafkajs(login).admin();
    await assert.rejects(admin.connect(), {
      name: /SASLAuthentication/,
      message: /invalid credentials|Invalid username or password/,
    });
    await admin.disconnect();
  });

  test(`a wrong password with ${mechanism} is an authentication error to @platformatic/kafka`, async () => {
    const producer = new Producer({ ...platformatic(login), serializers: stringSerializers });
    await assert.rejects(producer.metadata({ topics: [] }), (error) => /SASL authentication failed/i.test(deep(error)));
    await producer.close();
  });
}

/** The messages of an error and of all that caused it or are in it. */
function deep(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const inner = 'errors' in error && Array.isArray(error.errors) ? error.errors.map(deep).join('; ') : '';
  return `${error.message}; ${deep(error.cause)}; ${inner}`;
}

test('who may do nothing is told so by kafkajs, and may what entries allow', async () => {
  const topic = await topicOf('guarded');
  const kafka = kafkajs({ listener: 'SASL_SSL', mechanism: 'SCRAM-SHA-512', username: 'alice' });
  const producer = kafka.producer({ retry: { retries: 0 } });
  const admin = kafka.admin();
  await producer.connect();
  await admin.connect();
  const send = () => producer.send({ topic, messages: [{ value: 'x' }] });
  const denied = { message: /not authorized|Authorization/i };
  await assert.rejects(send(), denied);
  await assert.rejects(admin.createTopics({ topics: [{ topic: 'forbidden' }] }), (error) =>
    /authorization failed/i.test(deep(error)),
  );
  await assert.rejects(admin.fetchTopicMetadata({ topics: [topic] }), denied);
  assert.deepEqual(await admin.listTopics(), []);
  const consumer = kafka.consumer({ groupId: 'guards', retry: { retries: 0 } });
  await consumer.connect();
  await assert.rejects(async () => {
    await consumer.subscribe({ topic });
    await consumer.run({ eachMessage: async () => undefined });
  }, denied);
  await consumer.disconnect();

  const root = kafkajs({ listener: 'SASL_PLAINTEXT', mechanism: 'PLAIN', username: 'admin' }).admin();
  await root.connect();
  const entry = {
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:alice',
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
  };
  const onTopic = { ...entry, resourceType: AclResourceTypes.TOPIC, resourceName: topic };
  await root.createAcls({
    acl: [
      { ...onTopic, operation: AclOperationTypes.WRITE },
      { ...onTopic, operation: AclOperationTypes.READ },
      { ...entry, resourceType: AclResourceTypes.GROUP, resourceName: 'guards', operation: AclOperationTypes.READ },
    ],
  });
  const { resources } = await root.describeAcls({
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.MATCH,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  assert.equal(resources[0]?.acls.length, 2);
  await send();
  assert.deepEqual(await admin.listTopics(), [topic]);
  const reader = kafka.consumer({ groupId: 'guards', maxWaitTimeInMs: 100 });
  const read: string[] = [];
  await reader.connect();
  await reader.subscribe({ topic, fromBeginning: true });
  await reader.run({ eachMessage: async ({ message }) => void read.push(String(message.value)) });
  await eventually(() => read.length === 1);
  for (const each of [reader, producer, admin, root]) await each.disconnect();
});

test('who may do nothing is told so by @platformatic/kafka', async () => {
  const topic = await topicOf('closed');
  const options = platformatic({ listener: 'SASL_PLAINTEXT', mechanism: 'SCRAM-SHA-256', username: 'alice' });
  const producer = new Producer({ ...options, serializers: stringSerializers });
  const denied = (error: unknown): boolean => /authorization failed|not authorized/i.test(deep(error));
  await assert.rejects(producer.send({ messages: [{ topic, value: 'x' }] }), denied);
  await producer.close();
});

function kcat(listener: Listener, settings: Readonly<Record<string, string>>, args: readonly string[], input = '') {
  const all = { 'security.protocol': listener, 'ssl.ca.location': cluster.file('ca.pem'), ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
  return runCommand('kcat', ['-b', cluster.brokersAt(listener).join(','), ...options, ...args], { input });
}

/**
 * Before 2.6.1 librdkafka doubled a nonce of SCRAM, which Apache Kafka refuses since 3.7.2, and so does this broker.
 */
function speaksScram(): boolean {
  const version = /librdkafka (\d+)\.(\d+)\.(\d+)/.exec(spawnSync('kcat', ['-V']).stdout?.toString() ?? '');
  const [major = 0, minor = 0, patch = 0] = (version ?? []).slice(1).map(Number);
  return major * 1e6 + minor * 1e3 + patch >= 2_006_001;
}

test('a nonce that is not the one of the exchange is refused', { skip }, async () => {
  const login = { 'sasl.mechanisms': 'SCRAM-SHA-256', 'sasl.username': 'admin', 'sasl.password': users.admin };
  const { code, stderr } = await kcat('SASL_SSL', login, ['-L', '-m', '5']);
  if (speaksScram()) assert.equal(code, 0, stderr);
  else assert.match(stderr, /invalid credentials with SASL mechanism SCRAM-SHA-256/);
});

const kcatMechanisms = skip === false && speaksScram() ? ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] : ['PLAIN'];
for (const mechanism of kcatMechanisms) {
  test(`kcat reads back what it produced through SASL_SSL with ${mechanism}`, { skip }, async () => {
    const topic = await topicOf(`kcat-${mechanism}`);
    const login = { 'sasl.mechanisms': mechanism, 'sasl.username': 'admin', 'sasl.password': users.admin };
    const produced = await kcat('SASL_SSL', login, ['-P', '-t', topic], 'one\ntwo\n');
    assert.equal(produced.code, 0, produced.stderr);
    const { stdout } = await kcat('SASL_SSL', login, ['-C', '-q', '-t', topic, '-e']);
    assert.equal(stdout, 'one\ntwo\n');
  });
}

test('kcat is the principal of its certificate', { skip }, async () => {
  const topic = await topicOf('mutual');
  const identity = {
    'ssl.certificate.location': cluster.file('olga.pem'),
    'ssl.key.location': cluster.file('olga.key'),
  };
  const produced = await kcat('SSL', identity, ['-P', '-t', topic], 'hello\n');
  assert.equal(produced.code, 0, produced.stderr);
  const { stdout } = await kcat('SSL', identity, ['-C', '-q', '-t', topic, '-e']);
  assert.equal(stdout, 'hello\n');
});

test('kcat is told of a wrong password, of a missing certificate, and of what it may not do', { skip }, async () => {
  const login = { 'sasl.mechanisms': 'PLAIN', 'sasl.username': 'alice', 'sasl.password': 'wrong' };
  const wrong = await kcat('SASL_SSL', login, ['-L', '-m', '5']);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /Invalid username or password/);
  const without = await kcat('SSL', {}, ['-L', '-m', '5']);
  assert.notEqual(without.code, 0);
  const topic = await topicOf('kcat-closed');
  const good = { ...login, 'sasl.password': users.alice };
  const produced = await kcat('SASL_SSL', good, ['-P', '-t', topic], 'x\n');
  assert.match(produced.stderr, /Topic authorization failed/);
  const consumed = await kcat('SASL_SSL', good, ['-G', 'kcat-group', topic, '-e']);
  assert.match(consumed.stderr, /authorization failed/i);
});
