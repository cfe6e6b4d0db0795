/** What answers ask for, as options of the plain client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigAnswer, newInstanceKey, sealCredential } from '@millrace/api/config';
import { answerOf } from '../testing/answer-signer.ts';
import { isElsewhere, targetOf } from './target.ts';

const key = await newInstanceKey();
const settings = (values: Record<string, string>): ConfigAnswer['settings'] =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, rule: 'the test' }]));

test('settings become options, and the application is the name that brokers see', async () => {
  const values = { acks: 'all', 'linger.ms': '5', 'compression.type': 'lz4', 'request.timeout.ms': '9000' };
  const target = await targetOf([answerOf({ settings: settings(values), bootstrap: 'a:1,b:2' })], key);
  assert.deepEqual(target.producer, { acks: -1, lingerMs: 5, compression: 'lz4' });
  assert.deepEqual(target.client, { clientId: 'shop', requestTimeoutMs: 9000 });
  assert.equal(target.bootstrap, 'a:1,b:2');
  assert.deepEqual(target.unknown, []);
});

test('a password is opened with the key of the instance, and so is a certificate', async () => {
  const secret = { username: 'shop.a', password: 'of the test' };
  const credential = { id: 'one', principal: 'User:shop.a', sealed: await sealCredential(secret, key.publicKey) };
  const secured = { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'SCRAM-SHA-512' };
  const { client } = await targetOf([answerOf({ settings: settings(secured), credential })], key);
  assert.deepEqual(client.security?.sasl, { mechanism: 'SCRAM-SHA-512', ...secret });
  const pair = { certificate: 'CERTIFICATE', key: 'KEY' };
  const sealed = await sealCredential(pair, key.publicKey);
  const answer = answerOf({
    settings: settings({
      'security.protocol': 'SSL',
      'ssl.truststore.certificates': 'CA',
      'ssl.truststore.type': 'PEM',
    }),
    credential: { id: 'two', principal: 'User:CN=shop', sealed },
  });
  const { tls } = (await targetOf([answer], key)).client.security ?? {};
  assert.equal(typeof tls === 'object' && `${tls.ca} ${tls.cert} ${tls.key}`, 'CA CERTIFICATE KEY');
  await assert.rejects(targetOf([answer], await newInstanceKey()), { code: 'credential_unreadable' });
});

test('what needs a login and has none can not be used', async () => {
  const answer = answerOf({ settings: settings({ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' }) });
  await assert.rejects(targetOf([answer], key), { code: 'config_unfit', message: /needs a login/ });
  await assert.rejects(targetOf([answerOf({ settings: settings({ acks: 'some' }) })], key), {
    code: 'config_unfit',
    message: /acks: 'some' is none of/,
  });
});

test('the same producer serves until something else than the servers or the sealing changes', async () => {
  const credential = async (id: string) => ({
    ...{ id, principal: 'User:shop.a' },
    sealed: await sealCredential({ username: 'u', password: 'p' }, key.publicKey),
  });
  const base = { settings: settings({ 'linger.ms': '5' }) };
  const fingerprint = async (changes: Partial<ConfigAnswer>) =>
    (await targetOf([answerOf({ ...base, ...changes })], key)).fingerprint;
  const same = await fingerprint({ credential: await credential('one') });
  assert.equal(await fingerprint({ credential: await credential('one'), bootstrap: 'other:1', version: 9 }), same);
  const cluster = { name: 'east', id: null, generation: 1, rule: 'moved' };
  for (const changes of [
    { credential: await credential('two') },
    { credential: await credential('one'), settings: settings({ 'linger.ms': '6' }) },
    { credential: await credential('one'), cluster },
  ]) {
    assert.notEqual(await fingerprint(changes), same);
  }
});

test('an id of the cluster that becomes known changes nothing, another one does', async () => {
  const known: string[] = [];
  const ids = {
    incarnation: (_name: string, id: string | null) => {
      if (id !== null && !known.includes(id)) known.push(id);
      return Math.max(0, id === null ? known.length - 1 : known.indexOf(id));
    },
    idOf: (_name: string, incarnation: number) => known[incarnation],
  };
  const of = (id: string | null) =>
    targetOf([answerOf({ cluster: { name: 'east', id, generation: 0, rule: 'the test' } })], key, {}, ids);
  const first = await of(null);
  const same = await of('one');
  assert.deepEqual([same.fingerprint, same.connections], [first.fingerprint, first.connections]);
  assert.equal(first.cluster.id, 'one');
  const other = await of('two');
  assert.notEqual(other.fingerprint, same.fingerprint);
  assert.notEqual(other.connections, same.connections);
  assert.deepEqual(
    [isElsewhere(first.cluster, same.cluster), isElsewhere(first.cluster, other.cluster)],
    [false, true],
  );
});

test('settings that make no difference to a producer or consumer are no reason to make another', async () => {
  const of = async (role: 'producer' | 'consumer', values: Record<string, string>, own: object = {}) =>
    (await targetOf([answerOf({ role, settings: settings(values) })], key, own)).fingerprint;
  const base = { 'linger.ms': '5', 'fetch.min.bytes': '1' };
  const [producer, consumer] = [await of('producer', base), await of('consumer', base)];
  const unknown = { ...base, 'of.tomorrow': 'x', 'enable.auto.commit': 'true', 'ssl.of.tomorrow': 'x' };
  assert.equal(await of('producer', unknown), producer);
  assert.equal(await of('consumer', unknown), consumer);
  assert.equal(await of('consumer', { ...base, 'linger.ms': '6' }), consumer);
  assert.equal(await of('producer', { ...base, 'fetch.min.bytes': '2' }), producer);
  assert.notEqual(await of('consumer', { ...base, 'fetch.min.bytes': '2' }), consumer);
  assert.notEqual(await of('consumer', { ...base, 'request.timeout.ms': '9000' }), consumer);
  const own = { fetchBytesMin: 7, lingerMs: undefined };
  const given = await of('consumer', base, own);
  assert.equal(await of('consumer', { ...base, 'fetch.min.bytes': '2' }, own), given);
  assert.notEqual(await of('consumer', { ...base, 'fetch.max.bytes': '2' }, own), given);
  assert.notEqual(await of('producer', { ...base, 'linger.ms': '6' }, own), await of('producer', base, own));
});

test('settings that nobody here knows are passed over, and named', async () => {
  const target = await targetOf([answerOf({ settings: settings({ 'linger.ms': '5', 'of.tomorrow': 'x' }) })], key);
  assert.deepEqual(target.unknown, ['of.tomorrow']);
  assert.deepEqual(target.producer, { lingerMs: 5 });
});

test('several topics are one target while they are on one cluster', async () => {
  const on = (name: string, generation: number, topic: string) =>
    answerOf({ topic, cluster: { name, id: null, generation, rule: 'the test' } });
  const { cluster } = await targetOf([on('east', 1, 'a'), on('east', 4, 'b')], key);
  assert.deepEqual([cluster.name, cluster.generation], ['east', 4]);
  await assert.rejects(targetOf([on('east', 1, 'a'), on('west', 1, 'b')], key), { code: 'topics_apart' });
});

test('settings that a producer would refuse together, or with what its program says, are not given to it', async () => {
  const of = async (values: Record<string, string>, own: object = {}) =>
    (await targetOf([answerOf({ settings: settings({ 'linger.ms': '5', ...values }) })], key, own)).producer;
  const both = { acks: '1', 'enable.idempotence': 'true' };
  assert.deepEqual(await of(both), { lingerMs: 5, acks: 1 });
  assert.deepEqual(await of({ acks: 'all', 'enable.idempotence': 'true' }, { acks: 1 }), { lingerMs: 5, acks: -1 });
  assert.deepEqual(await of(both, { idempotent: true }), { lingerMs: 5, idempotent: true });
  assert.deepEqual(await of({ acks: '1', 'enable.idempotence': 'false' }, { transactionalId: 'bank' }), {
    lingerMs: 5,
  });
});
