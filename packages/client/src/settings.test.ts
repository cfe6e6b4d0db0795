import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './kafka-client.ts';
import { clientSettings, parseBootstrap } from './settings.ts';

test('bootstrap addresses come as a list or a text, IPv6 in brackets, a protocol in front ignored', () => {
  assert.deepEqual(parseBootstrap('a:1, b:2,'), [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
  ]);
  assert.deepEqual(parseBootstrap(['[::1]:9092', 'PLAINTEXT://c:3']), [
    { host: '::1', port: 9092 },
    { host: 'c', port: 3 },
  ]);
});

test('a bad option is refused where it is given, with its name and what it should be', () => {
  for (const bootstrap of ['', 'localhost', 'localhost:0', 'localhost:99999', 'a:b', '::1:9092']) {
    assert.throws(() => createClient({ bootstrap }), {
      code: 'invalid_option',
      message: /^bootstrap .*localhost:9092/,
    });
  }
  assert.throws(() => clientSettings({ bootstrap: 'a:1', requestTimeoutMs: 0.5 }), {
    code: 'invalid_option',
    option: 'requestTimeoutMs',
    message: 'requestTimeoutMs must be a whole number from 1 to 2147483647, but is 0.5',
  });
});

test('a client that was never used closes, and refuses work afterwards', async () => {
  const client = createClient({ bootstrap: '127.0.0.1:1' });
  const producer = client.producer();
  await client.close();
  await assert.rejects(producer.send({ topic: 't', value: 'x' }), { code: 'closed' });
  assert.throws(() => client.admin(), { code: 'closed', message: 'the client is closed; make a new one' });
});
