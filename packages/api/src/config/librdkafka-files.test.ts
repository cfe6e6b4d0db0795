import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigAnswer } from './answer.ts';
import { librdkafkaFiles } from './librdkafka-files.ts';

function answerOf(settings: Record<string, string>, bootstrap = 'a:1,b:2'): ConfigAnswer {
  return {
    ...{ format: 1, application: 'shop', topic: 'orders', role: 'consumer', version: 3 },
    ...{ issuedAt: 0, expiresAt: 1, asOf: 0, bootstrap },
    cluster: { name: 'east', id: null, generation: 0, rule: 'the only one that it declares' },
    settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, { value, rule: 'a rule' }])),
    credential: { id: 'c1', principal: 'User:shop.a' },
  };
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const pathOf = (file: string): string => `/etc/shop/${file}`;

test("writes librdkafka's names, and leaves out what it has not", () => {
  const { text, beside } = librdkafkaFiles(
    answerOf({
      'fetch.max.wait.ms': '500',
      'send.buffer.bytes': '-1',
      'auto.offset.reset': 'none',
      'key.deserializer': 'org.Deserializer',
      'retry.backoff.max.ms': '1000',
      'of.tomorrow': '1',
    }),
    pathOf,
    { username: 'shop.a', password: 'pass"word\\' },
  );
  assert.deepEqual(linesOf(text), [
    'bootstrap.servers=a:1,b:2',
    'fetch.wait.max.ms=500',
    'socket.send.buffer.bytes=0',
    'auto.offset.reset=error',
    'sasl.username=shop.a',
    'sasl.password=pass"word\\',
  ]);
  for (const name of ['key.deserializer', 'retry.backoff.max.ms', 'of.tomorrow']) {
    assert.match(text, new RegExp(`^# {3}${name}$`, 'm'));
  }
  assert.equal(beside.size, 0);
});

test('certificates and keys are in files beside it, which it names', () => {
  const settings = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': 'BEGIN\nca\nEND' };
  const { text, beside } = librdkafkaFiles(answerOf(settings), pathOf, {
    certificate: 'BEGIN\nc\n',
    key: 'BEGIN\nk\n',
  });
  assert.deepEqual(linesOf(text).slice(1), [
    'ssl.ca.location=/etc/shop/ca.pem',
    'ssl.certificate.location=/etc/shop/certificate.pem',
    'ssl.key.location=/etc/shop/key.pem',
  ]);
  assert.deepEqual(Object.fromEntries(beside), {
    'ca.pem': 'BEGIN\nca\nEND\n',
    'certificate.pem': 'BEGIN\nc\n',
    'key.pem': 'BEGIN\nk\n',
  });
  assert.ok(!text.includes('BEGIN'));
});

test('keeps the bounds of librdkafka, and of its lines', () => {
  const settings = { 'max.poll.interval.ms': '1000', 'session.timeout.ms': '45000', 'fetch.max.bytes': '5000' };
  const many = Array.from({ length: 30 }, (_, index) => `broker-${index}.a-long-name.example.org:9092`).join(',');
  const lines = linesOf(librdkafkaFiles(answerOf({ ...settings, 'fetch.min.bytes': '0' }, many), pathOf).text);
  assert.deepEqual(lines.slice(1), [
    'max.poll.interval.ms=45000',
    'session.timeout.ms=45000',
    'fetch.max.bytes=5000',
    'fetch.min.bytes=1',
    'message.max.bytes=5000',
  ]);
  assert.match(lines[0] ?? '', /^bootstrap\.servers=broker-0\..*:9092,broker-11\.[^,]*:9092$/);
  assert.ok((lines[0] ?? '').length <= 511);
});
