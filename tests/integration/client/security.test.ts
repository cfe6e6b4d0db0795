/** Logins, certificates and denials, as a client meets them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError, type SecurityOptions, unwrap } from '@millrace/client';
import { tokenOf } from '@millrace/client/testing/unsigned-token';
import { settled, uniqueName, until } from './client-fixture.ts';
import { startSecured } from './secured-fixture.ts';

const plain = (username: string, password = `${username}-secret`): SecurityOptions => ({
  sasl: { mechanism: 'PLAIN', username, password },
});

const errorOf = (work: Promise<unknown>): Promise<Error & { code: string }> =>
  work.then(
    () => assert.fail('it succeeded'),
    (error) => error,
  );

test('each mechanism logs in, over TLS and without; the password may come from a function', async (t) => {
  const { admin, ca, identity, connect } = await startSecured(t);
  const user = uniqueName('user');
  unwrap(
    await admin.alterScramCredentials([
      { user, mechanism: 'SCRAM-SHA-256', password: 'pä,=ß' },
      { user, mechanism: 'SCRAM-SHA-512', password: 'pä,=ß', iterations: 4_096 },
    ]),
  );
  await settled(
    () => admin.describeScramCredentials([user]),
    ([first]) => first?.error === undefined && first?.credentials.length === 2,
  );
  const token = async () => ({ value: tokenOf('admin', 3_600), extensions: { pool: 'p1' } });
  const sasl: SecurityOptions['sasl'][] = [
    { mechanism: 'PLAIN', username: 'admin', password: async () => 'admin-secret' },
    { mechanism: 'SCRAM-SHA-256', username: user, password: 'pä,=ß' },
    { mechanism: 'SCRAM-SHA-512', username: user, password: 'pä,=ß' },
    { mechanism: 'OAUTHBEARER', token },
  ];
  for (const each of sasl) {
    await connect('SASL_PLAINTEXT', { sasl: each }).admin().listTopics();
    await connect('SASL_SSL', { sasl: each, tls: { ca } }).admin().listTopics();
  }
  await connect('SSL', { tls: { ca, ...identity } })
    .admin()
    .listTopics();
  await connect('SASL_SSL', { ...plain('admin'), tls: { verify: false } })
    .admin()
    .listTopics();
});

test('a login that is refused fails each call at once, and says who was refused by what', async (t) => {
  const { connect } = await startSecured(t);
  const unknown: SecurityOptions = { sasl: { mechanism: 'SCRAM-SHA-256', username: 'nobody', password: 'x' } };
  const expired: SecurityOptions = {
    sasl: { mechanism: 'OAUTHBEARER', token: async () => ({ value: tokenOf('admin', -3_600) }) },
  };
  for (const [security, message] of [
    [plain('admin', 'wrong'), /by PLAIN as admin: .*; check user name and password$/],
    [unknown, /by SCRAM-SHA-256 as nobody: .*; check user name and password, and that the user has a credential/],
    [expired, /by OAUTHBEARER: .*; check the token's issuer/],
  ] as const) {
    const client = connect('SASL_PLAINTEXT', security);
    const error = await errorOf(client.admin().listTopics());
    assert.ok(isMillraceError(error, 'authentication_failed') && !error.retriable, String(error));
    assert.match(error.message, message);
  }
});

test('producers and consumers end with the refusal, not with a timeout', async (t) => {
  const { connect } = await startSecured(t);
  const client = connect('SASL_PLAINTEXT', plain('admin', 'wrong'));
  const producer = client.producer();
  const sent = await errorOf(producer.send({ topic: 't', value: 'x' }));
  assert.ok(
    isMillraceError(sent.cause, 'authentication_failed') || sent.code === 'authentication_failed',
    String(sent),
  );
  for (const options of [{ topics: ['t'], group: 'g' }, { topics: ['t'] }] as const) {
    const read = await errorOf(client.consumer(options)[Symbol.asyncIterator]().next());
    assert.equal(read.code, 'authentication_failed', String(read));
  }
});

test('certificates: what is wrong with them is said in a sentence, and not tried again', async (t) => {
  const { ca, identity, connect } = await startSecured(t);
  const cases: [SecurityOptions | undefined, RegExp][] = [
    [{ tls: true }, /the authority that signed the certificate is (unknown|not trusted)/],
    [{ tls: { ca, ...identity, serverName: 'other.example.org' } }, /the certificate is of another host/],
    [{ tls: { ca } }, /TLS was refused/],
  ];
  for (const [security, message] of cases) {
    const error = await errorOf(connect('SSL', security).admin().listTopics());
    assert.ok(isMillraceError(error, 'tls_refused') && !error.retriable, String(error));
    assert.match(error.message, message);
  }
});

test('a protocol that does not fit the port is recognized', async (t) => {
  const { ca, connect } = await startSecured(t);
  const ask = (client: ReturnType<typeof connect>) => errorOf(client.admin().describeCluster({ timeoutMs: 1_000 }));
  const tlsOnPlain = await ask(connect('PLAINTEXT', { tls: { ca } }));
  assert.match(tlsOnPlain.message, /does it speak TLS on this port\?|does not speak TLS on this port/);
  // Apache Kafka answers with an alert, by which it is known for sure; a broker may also just close.
  const plainOnTls = await ask(connect('SSL'));
  assert.match(plainOnTls.message, /the broker speaks TLS on this port|perhaps it wants TLS on this port/);
  assert.match(plainOnTls.message, /set security\.tls/);
  const noLogin = await ask(connect('SASL_PLAINTEXT'));
  assert.match(noLogin.message, /perhaps it wants a login on this port: set security\.sasl/);
  const needlessLogin = await ask(connect('PLAINTEXT', plain('admin')));
  assert.equal(needlessLogin.code, 'authentication_failed');
  assert.match(needlessLogin.message, /the broker asks for no login on this port/);
});

test('logins are renewed before their sessions end, and no request fails for it', async (t) => {
  const { admin, connect } = await startSecured(t);
  const topic = uniqueName('topic');
  unwrap(await admin.createTopics([{ topic, partitions: 2 }]));
  const events: string[] = [];
  let passwords = 0;
  const password = async (): Promise<string> => {
    passwords++;
    return 'admin-secret';
  };
  const client = connect(
    'SASL_PLAINTEXT',
    { sasl: { mechanism: 'PLAIN', username: 'admin', password } },
    { report: ({ event, message }) => events.push(`${event}: ${message}`) },
  );
  const producer = client.producer();
  const consumer = client.consumer({ topics: [topic], from: 'earliest' });
  let read = 0;
  const reading = (async () => {
    for await (const batch of consumer) for (const _ of batch) read++;
  })();
  let sent = 0;
  const logins = (): number => passwords;
  await producer.send({ topic, value: 'x' });
  sent++;
  await until(() => read === sent);
  const connections = logins();
  // Sessions live for three seconds: all connections renew theirs twice.
  await until(async () => {
    await producer.send({ topic, value: 'x' });
    sent++;
    return logins() >= connections + 4;
  }, 30_000);
  await until(() => read === sent);
  await consumer.close();
  await reading;
  assert.deepEqual(
    events.filter((event) => event.startsWith('connection_lost') || event.includes('failed')),
    [],
  );
});

test('tokens are fetched anew before they expire', async (t) => {
  const { connect } = await startSecured(t);
  let fetched = 0;
  const token = async () => {
    fetched++;
    return { value: tokenOf('admin', 4), expiresAtMs: Date.now() + 3_000 };
  };
  const events: string[] = [];
  const client = connect(
    'SASL_SSL',
    { tls: { verify: false }, sasl: { mechanism: 'OAUTHBEARER', token } },
    { report: ({ event }) => events.push(event) },
  );
  const admin = client.admin();
  await until(async () => {
    await admin.describeCluster();
    return fetched >= 3;
  }, 30_000);
  assert.ok(!events.includes('connection_lost'), events.join());
});

test('what a principal may not do is denied by name, and works once it is granted', async (t) => {
  const { admin, connect } = await startSecured(t);
  const [topic, group] = [uniqueName('topic'), uniqueName('group')];
  unwrap(await admin.createTopics([{ topic, partitions: 1 }]));
  const client = connect('SASL_SSL', { ...plain('alice'), tls: { verify: false } });
  const alice = client.admin();

  const [created] = await alice.createTopics([{ topic: uniqueName('topic') }]);
  assert.ok(isMillraceError(created?.error, 'authorization_failed'));
  const [described] = await alice.describeTopics([topic]);
  assert.ok(isMillraceError(described?.error, 'authorization_failed'));
  assert.match(described.error.message, new RegExp(`it needs describe on topic ${topic}`));
  const acls = await errorOf(alice.describeAcls());
  assert.deepEqual(
    { ...acls, name: acls.name },
    {
      ...acls,
      name: 'AuthorizationError',
      code: 'authorization_failed',
      operation: 'describe',
      resourceType: 'cluster',
      resourceName: 'kafka-cluster',
    },
  );
  const producer = client.producer();
  const sent = await errorOf(producer.send({ topic, value: 'x' }));
  const denial = (sent.cause ?? sent) as Error;
  assert.ok(isMillraceError(denial, 'authorization_failed'), String(sent));
  const consumer = client.consumer({ topics: [topic], group, from: 'earliest' });
  const read = await errorOf(consumer[Symbol.asyncIterator]().next());
  assert.ok(isMillraceError(read, 'authorization_failed'), String(read));

  const grant = (resourceType: 'topic' | 'group', resourceName: string, operation: 'read' | 'write') => ({
    ...({ resourceType, resourceName, operation, patternType: 'literal', permission: 'allow', host: '*' } as const),
    principal: 'User:alice',
  });
  unwrap(
    await admin.createAcls([
      grant('topic', topic, 'write'),
      grant('topic', topic, 'read'),
      grant('group', group, 'read'),
    ]),
  );
  await until(async () => unwrap(await alice.describeTopics([topic])).length === 1);
  await using granted = client.producer();
  await granted.send({ topic, partition: 0, value: 'granted' });
  await using reader = client.consumer({ topics: [topic], group, from: 'earliest' });
  for await (const batch of reader) {
    assert.equal(batch.recordCount, 1);
    break;
  }
  unwrap(await admin.deleteAcls([{ principal: 'User:alice' }]));
});
