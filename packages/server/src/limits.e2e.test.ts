/** What the server refuses to read: too large, too slow, too deep, or no JSON or HTTP at all. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { defineContract, implement } from '@millrace/api';
import { Type } from 'typebox';
import { startServer } from './server.ts';
import { type Answer, sendRaw, send as sendTo } from './testing/send.ts';

const taken = { method: 'POST', summary: 'Takes anything', body: Type.Unknown(), response: Type.Unknown() } as const;
const plain = defineContract({ ...taken, path: '/plain' });
const open = defineContract({ ...taken, path: '/open', anyOrigin: true, bodyBytesMax: 64 * 1024 });

const server = await startServer({
  port: 0,
  token: 'a-token',
  routes: [implement(plain, ({ body }) => body), implement(open, ({ body }) => body)],
  limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 },
});
after(() => server.close());

const send = (...request: Parameters<typeof sendTo> extends [unknown, ...infer R] ? R : never): Promise<Answer> =>
  sendTo(server, ...request);
const json = { 'content-type': 'application/json' };
const withToken = { ...json, authorization: 'Bearer a-token' };

test('a body that is no JSON is a 400 with one sentence', async () => {
  for (const [body, detail] of [
    ['{"text":', /the body is not valid JSON/],
    ['', /the body is empty/],
    [Buffer.from([0x22, 0xff, 0x22]), /not valid UTF-8/],
  ] as const) {
    const answer = await send('POST', '/plain', withToken, body);
    assert.equal(answer.status, 400, String(body));
    assert.match(answer.json.detail, detail);
  }
  const form = await send('POST', '/plain', { ...withToken, 'content-type': 'text/plain' }, '{"text":"x"}');
  assert.equal(form.status, 415);
  assert.match(form.json.detail, /application\/json/);
});

test('deep and poisoned JSON neither crash nor pollute', async () => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000);
  const refused = await send('POST', '/open', json, deep);
  assert.equal(refused.status, 400);
  assert.match(refused.json.detail, /nests deeper than 64 levels/);
  assert.equal((await send('POST', '/open', json, JSON.stringify('['.repeat(1000)))).status, 200);
  assert.equal((await send('POST', '/open', json, `${'{"a":'.repeat(64)}"\\"{[[\\\\"${'}'.repeat(64)}`)).status, 200);
  for (const name of ['__proto__', '\\u005f_proto__']) {
    const poisoned = await send('POST', '/open', json, `[{"a":{"${name}":{"polluted":true}}}]`);
    assert.equal(poisoned.status, 400);
    assert.match(poisoned.json.detail, /__proto__/);
  }
  const harmless = '{"a":"__proto__","b":"\\u005f_proto__","constructor":{"prototype":{"polluted":true}}}';
  assert.equal((await send('POST', '/open', json, harmless)).status, 200);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('a body of 100 MB is refused with 413 and one sentence, without being kept', async () => {
  const before = process.memoryUsage();
  const body = Buffer.alloc(100 * 2 ** 20, 0x20);
  const answer = await send('POST', '/plain', withToken, body);
  assert.equal(answer.status, 413);
  assert.equal(
    answer.json.detail,
    'the body is larger than the 1 MiB that are accepted here; send it in smaller parts',
  );
  const part = body.subarray(0, 2 ** 20);
  let left = 100;
  const chunked = await send('POST', '/open', json, () => (left-- > 0 ? part : undefined));
  assert.equal(chunked.status, 413);
  assert.match(chunked.json.detail, /larger than the 64 KiB/);
  const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers - body.length;
  assert.ok(grown < 32 * 2 ** 20, `the server held ${grown} bytes`);
});

test('a client that asks before sending a large body is refused without being asked for it', async () => {
  const head = 'POST /plain HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer a-token\r\nexpect: 100-continue\r\n';
  const refused = await sendRaw(
    server,
    `${head}content-type: application/json\r\ncontent-length: 104857600\r\n\r\n`,
    /smaller parts/,
  );
  assert.match(refused, /^HTTP\/1.1 413 /);
  const asked = await sendRaw(
    server,
    `${head}content-type: application/json\r\ncontent-length: 12\r\n\r\n`,
    /Continue\r\n\r\n/,
  );
  assert.match(asked, /^HTTP\/1.1 100 Continue/);
});

test('bytes that are no HTTP, slow headers and slow bodies end in an answer, not in a hanging connection', async () => {
  assert.match(await sendRaw(server, '\x16\x03\x01\x02\x00\x01\r\n\r\n'), /^HTTP\/1.1 400 [\s\S]*malformed_request/);
  assert.match(
    await sendRaw(server, `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`),
    /^HTTP\/1.1 431 /,
  );
  assert.match(
    await sendRaw(server, 'GET /healthz HTTP/1.1\r\nhost: loc'),
    /^HTTP\/1.1 408 [\s\S]*did not arrive in time/,
  );
  const head = 'POST /open HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
  const slowBody = `${head}content-length: 9\r\n\r\n{"a"`;
  assert.match(await sendRaw(server, slowBody), /^HTTP\/1.1 408 /);
});
