import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigAnswer } from './answer.ts';
import { propertiesText } from './properties-text.ts';

const answer: ConfigAnswer = {
  format: 1,
  application: 'shop',
  topic: 'orders',
  role: 'consumer',
  version: 3,
  issuedAt: 0,
  expiresAt: 1,
  asOf: 0,
  cluster: { name: 'east', id: null, generation: 0, rule: 'the only one that it declares' },
  bootstrap: 'a:1,b:2',
  settings: {
    'fetch.max.wait.ms': { value: '500', rule: 'standard consumer' },
    'sasl.mechanism': { value: 'SCRAM-SHA-512', rule: 'credential' },
    'security.protocol': { value: 'SASL_SSL', rule: 'cluster east' },
    'ssl.truststore.certificates': { value: 'BEGIN\nabc\nEND\n', rule: 'cluster east' },
    'ssl.truststore.type': { value: 'PEM', rule: 'cluster east' },
  },
  credential: { id: 'c1', principal: 'User:shop.a' },
};
const secret = { username: 'shop.a', password: 'pass"word\\' };

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test("writes Java's names, with the login as Java wants it", () => {
  assert.deepEqual(linesOf(propertiesText(answer, secret)), [
    'bootstrap.servers=a:1,b:2',
    'fetch.max.wait.ms=500',
    'sasl.mechanism=SCRAM-SHA-512',
    'security.protocol=SASL_SSL',
    'ssl.truststore.type=PEM',
    'ssl.truststore.certificates=BEGIN\\nabc\\nEND\\n',
    'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required ' +
      'username="shop.a" password="pass\\\\"word\\\\\\\\";',
  ]);
});

test('without the secret it says who may have it', () => {
  const text = propertiesText(answer);
  assert.ok(!text.includes('jaas'));
  assert.match(text, /^# the secret of User:shop\.a/m);
});
