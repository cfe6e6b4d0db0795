/** Programs that know an address and a secret, on a cluster that asks for TLS and SCRAM. */
import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient, unwrap } from '@millrace/client';
import kafkajs from 'kafkajs';
import { eventually } from '../../support/eventually.ts';
import { missing, runCommand } from '../../support/run-command.ts';
import { kafkajsConfig, kafkajsSender, platformaticSender } from './foreign-senders.ts';
import { goOn, startLoad } from './load.ts';
import { application, consumes, produces, secretOf, settingsOf } from './sidecar-fixture.ts';
import { grantsOf, startShop } from './sidecar-shop.ts';

const skip = missing('kcat', 'apt-get install kcat');

test('kcat produces and consumes with the files that the sidecar wrote', { skip }, async (t) => {
  const { start, topic, directory } = await startShop(t);
  const sidecar = await start([produces(topic), consumes(topic)]);
  const kcat = (role: string, ...words: string[]) =>
    runCommand('kcat', ['-F', join(sidecar.programDirectory, `${role}-${topic}.librdkafka`), ...words]);
  await writeFile(join(directory, 'records'), 'one\ntwo\nthree\n');
  const produced = await kcat('producer', '-P', '-t', topic, '-l', join(directory, 'records'));
  assert.equal(produced.code, 0, produced.stderr);
  const unacknowledged = await kcat('producer', '-P', '-t', topic, '-X', 'acks=0', '-l', join(directory, 'records'));
  assert.equal(unacknowledged.code, 0, unacknowledged.stderr);
  const consumed = await kcat('consumer', '-C', '-t', topic, '-e', '-o', 'beginning');
  const expected = ['one', 'one', 'three', 'three', 'two', 'two'];
  assert.deepEqual(consumed.stdout.trim().split('\n').sort(), expected, consumed.stderr);
  const grouped = await kcat('consumer', '-G', 'billing', '-e', topic);
  assert.deepEqual(grouped.stdout.trim().split('\n').sort(), expected, grouped.stderr);
  assert.deepEqual(sidecar.status().groups, ['billing']);
  for (const name of await readdir(sidecar.programDirectory)) {
    const { mode } = await stat(join(sidecar.programDirectory, name));
    assert.equal(mode & 0o777, 0o600, name);
  }
});

test('without the secret, with another one or as somebody else nobody gets in', async (t) => {
  const { start, topic, connect } = await startShop(t);
  const sidecar = await start([produces(topic)]);
  const wrong = await connect(sidecar, 'a secret of somebody else, of the same length');
  await assert.rejects(wrong.producer().send({ topic, value: 'x' }), (error: Error) => {
    assert.match(
      `${error.message} ${(error.cause as Error)?.message}`,
      /user name or secret is wrong: the user is shop/,
    );
    return true;
  });
  const password = await secretOf(sidecar);
  for (const sasl of [
    undefined,
    { mechanism: 'PLAIN', username: 'shop.a', password } as const,
    { mechanism: 'SCRAM-SHA-512', username: application, password } as const,
  ]) {
    await using client = createClient({ bootstrap: sidecar.bootstrap, security: { sasl }, callTimeoutMs: 2_000 });
    await assert.rejects(client.admin().describeCluster());
  }
  assert.match(sidecar.metrics(), /millrace_sidecar_connections_refused_total{reason="login"} [1-9]/);
  assert.doesNotMatch(sidecar.metrics(), /requests_total{/);
});

test('transactions, groups of both kinds and newest versions pass', async (t) => {
  const { start, topic, connect } = await startShop(t);
  const sidecar = await start([produces(topic), consumes(topic)]);
  const client = await connect(sidecar);
  const writer = client.producer({ transactionalId: 'bank' });
  await writer.transaction(async (transaction) => {
    for (const value of ['one', 'two']) transaction.write({ topic, value });
  });
  for (const protocol of ['classic', 'consumer'] as const) {
    await using reader = client.consumer({
      topics: [topic],
      group: protocol,
      protocol,
      from: 'earliest',
    });
    const values: string[] = [];
    for await (const batch of reader) {
      for (const { value } of batch) values.push(Buffer.from(value ?? []).toString());
      if (values.length === 2) break;
    }
    assert.deepEqual(values.sort(), ['one', 'two'], protocol);
  }
  const { brokers } = await client.admin().describeCluster();
  assert.deepEqual(
    brokers.map(({ host }) => host),
    ['127.0.0.1'],
  );
});

test('sessions that brokers end after three seconds are renewed below programs', async (t) => {
  const { start, topic, connect, service, secured } = await startShop(t);
  unwrap(await secured.admin.createAcls(grantsOf('alice')));
  service.tell(produces(topic), {
    answer: {
      bootstrap: secured.bootstrap('SASL_PLAINTEXT'),
      settings: settingsOf({ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'PLAIN' }),
      credential: { id: 'plain', principal: 'User:alice' },
    },
    secret: { username: 'alice', password: 'alice-secret' },
  });
  const sidecar = await start([produces(topic)]);
  const load = startLoad((await connect(sidecar)).producer(), topic, 'own');
  await goOn([load], 1);
  const before = sidecar.status().connections;
  const begun = performance.now();
  await eventually(() => performance.now() - begun > 4_000);
  await goOn([load], 50);
  await load.end();
  assert.deepEqual(load.failures, []);
  assert.equal(sidecar.status().connections, before);
  assert.match(sidecar.metrics(), /millrace_sidecar_broker_failures_total 0/);
});

test('a change of settings alone leaves connections as they are, and what is reported of their login', async (t) => {
  const { start, topic, connect, service, issue } = await startShop(t);
  const sidecar = await start([produces(topic)]);
  const writer = (await connect(sidecar)).producer();
  await writer.send({ topic, value: 'one' });
  const { answerVersion, connections } = sidecar.status();
  await issue('shop.a', 'first', { 'linger.ms': '77' });
  await eventually(() => sidecar.status().answerVersion > answerVersion);
  await writer.send({ topic, value: 'two' });
  assert.deepEqual([sidecar.status().leaving, sidecar.status().connections], [0, connections]);
  const { answerVersion: obeyed } = sidecar.status();
  const streams = () => service.reports.flatMap((each) => each.streams);
  await eventually(() => streams().some((stream) => stream.answerVersion === obeyed), { timeoutMs: 20_000 });
  const told = streams().findLast((stream) => stream.answerVersion === obeyed);
  assert.deepEqual([told?.credential, told?.otherCredentials], ['shop.a first', undefined]);
});

test('credentials are rotated and taken back under load of three makes of clients: nothing fails', async (t) => {
  const { start, topic, connect, issue, revoke, secured, service } = await startShop(t);
  const sidecar = await start([produces(topic), consumes(topic)]);
  const secret = await secretOf(sidecar);
  await using one = await kafkajsSender(sidecar.bootstrap, secret);
  await using other = await platformaticSender(sidecar.bootstrap, secret);
  const ours = (await connect(sidecar)).producer();
  const loads = [
    startLoad(one, topic, 'kafkajs'),
    startLoad(other, topic, 'platformatic'),
    startLoad(ours, topic, 'own'),
  ];
  const reader = new kafkajs.Kafka(kafkajsConfig(sidecar.bootstrap, secret)).consumer({
    groupId: 'readers',
    maxWaitTimeInMs: 500,
  });
  await reader.connect();
  await reader.subscribe({ topic, fromBeginning: true });
  const read = new Set<string>();
  await reader.run({ eachMessage: async ({ message }) => void read.add(`${message.value}`) });
  await goOn(loads, 50);
  const users = ['shop.a', 'shop.b'] as const;
  for (let turn = 1; turn <= 3; turn++) {
    const [next, last] = [users[turn % 2] as string, users[(turn + 1) % 2] as string];
    await issue(next, `password ${turn}`);
    await eventually(() => sidecar.status().credential === `${next} password ${turn}`);
    await eventually(() => sidecar.status().leaving === 0, { describe: () => 'earlier connections did not end' });
    await revoke(last);
    await goOn(loads, 50);
  }
  const written = (await Promise.all(loads.map((load) => load.end()))).flat();
  t.diagnostic(`${written.length} records; longest pauses ${loads.map((load) => load.longestPauseMs).join(', ')} ms`);
  assert.deepEqual(
    loads.flatMap(({ failures }) => failures),
    [],
  );
  await eventually(() => read.size >= written.length, {
    describe: () => `${read.size} of ${written.length} were read`,
  });
  await reader.disconnect();
  await eventually(() => service.reports.some(({ streams }) => streams[0]?.credential === 'shop.b password 3'));
  const client = secured.connect('PLAINTEXT');
  await using consumer = client.consumer({ topics: [topic], from: 'earliest', until: 'end' });
  const stored: string[] = [];
  for await (const batch of consumer) for (const { value } of batch) stored.push(Buffer.from(value ?? []).toString());
  assert.deepEqual(stored.sort(), [...written].sort());
});
