import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { callContract, defineContract, implement, ProblemError } from '@millrace/api';
import { isMillraceError, MillraceError } from '@millrace/base';
import { Type } from 'typebox';
import { type RequestFailure, startServer } from './server.ts';

const echo = defineContract({
  method: 'POST',
  path: '/api/v1/echo/{name}',
  summary: 'Says it back',
  params: Type.Object({ name: Type.String({ maxLength: 10 }) }),
  query: Type.Object({ times: Type.Optional(Type.Integer({ minimum: 1, maximum: 3 })) }),
  body: Type.Object({ text: Type.String() }),
  response: Type.Object({ texts: Type.Array(Type.String()) }),
});
const open = defineContract({
  method: 'POST',
  path: '/open',
  summary: 'Takes anything from anywhere',
  anyOrigin: true,
  body: Type.Unknown(),
  response: Type.Unknown(),
  bodyBytesMax: 64 * 1024,
});
const fail = defineContract({
  method: 'GET',
  path: '/fail/{how}',
  summary: 'Fails',
  params: Type.Object({ how: Type.String() }),
  response: Type.Unknown(),
});

class DownError extends MillraceError {
  readonly code = 'down';
  override readonly retriable = true;
}

const failures: RequestFailure[] = [];
const server = await startServer({
  port: 0,
  token: 'a-token',
  routes: [
    implement(echo, ({ params, query, body }) => ({
      texts: Array.from({ length: query.times ?? 1 }, () => `${params.name}: ${body.text}`),
    })),
    implement(open, ({ body }) => body),
    implement(fail, ({ params }) => {
      if (params.how === 'down') throw new DownError('the broker is down; start it');
      throw new TypeError('a secret detail');
    }),
  ],
  assets: [{ path: '/page', contentType: 'text/html; charset=utf-8', body: (hostName) => `<p>${hostName}</p>` }],
  onFailure: (failure) => failures.push(failure),
  limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 },
});
after(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of a test's answer
  readonly json: any;
}

/** A request in which every header, Host included, is the test's to choose. */
function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: server.host, port: server.port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = /json/.test(response.headers['content-type'] ?? '');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Writes raw bytes and answers everything that comes back until the server closes or `until` matches. */
function raw(bytes: string | Buffer, until?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, server.host, () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (until?.test(text)) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

const json = { 'content-type': 'application/json' };
const withToken = { ...json, authorization: 'Bearer a-token' };

test('a route answers with checked parameters, query and body', async () => {
  const answer = await send('POST', '/api/v1/echo/ann?times=2', withToken, '{"text":"hi"}');
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { texts: ['ann: hi', 'ann: hi'] });
});

test('the fetch client calls a contract, and throws the problem that the server answers', async () => {
  const input = { params: { name: 'a b' }, query: {}, body: { text: 'x' } };
  assert.deepEqual(await callContract(server.url, echo, input, { token: 'a-token' }), { texts: ['a b: x'] });
  await assert.rejects(
    callContract(server.url, echo, input),
    (error) => error instanceof ProblemError && error.code === 'token_required',
  );
  await assert.rejects(
    callContract('http://127.0.0.1:1', echo, input),
    (error) =>
      isMillraceError(error, 'server_unreachable') && /no answer from http:\/\/127.0.0.1:1/.test(error.message),
  );
});

test('a wrong shape is a 400 that names every field', async () => {
  const body = await send('POST', '/api/v1/echo/ann', withToken, '{"text":7}');
  assert.equal(body.status, 400);
  assert.match(body.headers['content-type'] ?? '', /^application\/problem\+json/);
  assert.equal(body.json.code, 'invalid_request');
  assert.equal(body.json.detail, 'the body has the wrong shape: text must be a string');
  assert.deepEqual(body.json.issues, [{ field: '/text', message: 'must be a string' }]);
  const query = await send('POST', '/api/v1/echo/ann?times=many', withToken, '{"text":"x"}');
  assert.match(query.json.detail, /the query string has the wrong shape: times must be an integer/);
  const path = await send('POST', '/api/v1/echo/much-too-long', withToken, '{"text":"x"}');
  assert.match(path.json.detail, /the path has the wrong shape: name/);
});

test('a body that is no JSON is a 400 with one sentence', async () => {
  for (const [body, detail] of [
    ['{"text":', /the body is not valid JSON/],
    ['', /the body is empty/],
    [Buffer.from([0x22, 0xff, 0x22]), /not valid UTF-8/],
  ] as const) {
    const answer = await send('POST', '/api/v1/echo/ann', withToken, body);
    assert.equal(answer.status, 400, String(body));
    assert.match(answer.json.detail, detail);
  }
  const form = await send('POST', '/api/v1/echo/ann', { ...withToken, 'content-type': 'text/plain' }, '{"text":"x"}');
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
  await send('POST', '/open', json, '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('a body of 100 MB is refused with 413 and one sentence, without being kept', async () => {
  const before = process.memoryUsage();
  const body = Buffer.alloc(100 * 2 ** 20, 0x20);
  const answer = await send('POST', '/api/v1/echo/ann', withToken, body);
  assert.equal(answer.status, 413);
  assert.equal(
    answer.json.detail,
    'the body is larger than the 1 MiB that are accepted here; send it in smaller parts',
  );
  const chunked = await new Promise<Answer>((resolve, reject) => {
    const request = httpRequest(
      { host: server.host, port: server.port, method: 'POST', path: '/open', headers: json },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: JSON.parse(text) }),
        );
      },
    );
    request.on('error', reject);
    const part = body.subarray(0, 2 ** 20);
    let sent = 0;
    const more = (): void => {
      while (sent < 100) {
        sent++;
        if (!request.write(part)) return void request.once('drain', more);
      }
      request.end();
    };
    more();
  });
  assert.equal(chunked.status, 413);
  assert.match(chunked.json.detail, /larger than the 64 KiB/);
  const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers - body.length;
  assert.ok(grown < 32 * 2 ** 20, `the server held ${grown} bytes`);
});

test('a client that asks before sending a large body is refused without being asked for it', async () => {
  const head =
    'POST /api/v1/echo/ann HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer a-token\r\nexpect: 100-continue\r\n';
  const refused = await raw(
    `${head}content-type: application/json\r\ncontent-length: 104857600\r\n\r\n`,
    /smaller parts/,
  );
  assert.match(refused, /^HTTP\/1.1 413 /);
  const asked = await raw(`${head}content-type: application/json\r\ncontent-length: 12\r\n\r\n`, /Continue\r\n\r\n/);
  assert.match(asked, /^HTTP\/1.1 100 Continue/);
});

test('an unknown Host header is refused, and those of this machine are not', async () => {
  for (const host of [
    'evil.example',
    'evil.example:8800',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'localhost@evil',
  ]) {
    const answer = await send('GET', '/healthz', { host });
    assert.equal(answer.status, 403, host);
    assert.equal(answer.json.code, 'host_not_allowed');
  }
  assert.match(await raw('GET /healthz HTTP/1.1\r\nhost:\r\n\r\n', /host_not_allowed/), /^HTTP\/1.1 403 /);
  assert.match(await raw('GET /healthz HTTP/1.1\r\n\r\n'), /^HTTP\/1.1 400 /);
  for (const host of ['localhost', 'LOCALHOST:1234', 'localhost.:80', '127.0.0.1:8800', '[::1]:8800']) {
    assert.equal((await send('GET', '/healthz', { host })).status, 200, host);
  }
});

test('a change needs the same origin or the token', async () => {
  const body = '{"text":"x"}';
  const host = `localhost:${server.port}`;
  const path = '/api/v1/echo/ann';
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await send('POST', path, { ...json, host, ...headers }, body)).status;
  assert.equal(await status({}), 401);
  assert.equal(await status({ authorization: 'Bearer another' }), 401);
  assert.equal(await status({ authorization: 'Bearer a-token' }), 200);
  assert.equal(await status({ origin: `http://${host}` }), 200);
  assert.equal(await status({ origin: 'http://localhost:1' }), 403);
  assert.equal(await status({ origin: 'https://evil.example', authorization: 'Bearer a-token' }), 403);
  assert.equal(await status({ origin: 'null' }), 403);
});

test('only a route that says so may be called from other origins', async () => {
  const foreign = { origin: 'https://shop.example' };
  const answer = await send('POST', '/open', { ...foreign, 'content-type': 'text/plain;charset=UTF-8' }, '{"a":1}');
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { a: 1 });
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  const wrong = await send('POST', '/open', { ...foreign, ...json }, '{');
  assert.equal(wrong.status, 400);
  assert.equal(wrong.headers['access-control-allow-origin'], '*');
  const preflight = await send('OPTIONS', '/open', { ...foreign, 'access-control-request-method': 'POST' });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers['access-control-allow-methods'], 'POST');
  const closed = await send('OPTIONS', '/api/v1/echo/ann', { ...foreign, 'access-control-request-method': 'POST' });
  assert.notEqual(closed.status, 204);
  assert.equal(closed.headers['access-control-allow-origin'], undefined);
  assert.equal((await send('GET', '/healthz', foreign)).headers['access-control-allow-origin'], undefined);
});

test('what is not there is a 404, and a wrong method a 405 that names the right one', async () => {
  assert.equal(
    (await send('GET', '/nothing?x=1')).json.detail,
    'there is nothing at /nothing; /api/v1/openapi.json lists what there is',
  );
  const wrong = await send('GET', '/open');
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.allow, 'POST');
  assert.equal((await send('GET', '/%zz')).status, 400);
});

test('an operating failure that may pass is a 503 with its sentence, a bug a 500 without its details', async () => {
  const down = await send('GET', '/fail/down');
  assert.equal(down.status, 503);
  assert.equal(down.headers['retry-after'], '1');
  assert.equal(down.json.detail, 'the broker is down; start it');
  failures.length = 0;
  const bug = await send('GET', '/fail/bug');
  assert.equal(bug.status, 500);
  assert.doesNotMatch(bug.text, /secret/);
  assert.deepEqual(
    failures.map((failure) => [failure.method, failure.path, (failure.error as Error).message]),
    [['GET', '/fail/bug', 'a secret detail']],
  );
});

test('bytes that are no HTTP, slow headers and slow bodies end in an answer, not in a hanging connection', async () => {
  assert.match(await raw('\x16\x03\x01\x02\x00\x01\r\n\r\n'), /^HTTP\/1.1 400 [\s\S]*malformed_request/);
  assert.match(await raw(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`), /^HTTP\/1.1 431 /);
  assert.match(await raw('GET /healthz HTTP/1.1\r\nhost: loc'), /^HTTP\/1.1 408 [\s\S]*did not arrive in time/);
  const slowBody = `POST /open HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"a"`;
  assert.match(await raw(slowBody), /^HTTP\/1.1 408 /);
});

test('every answer carries the headers that keep other sites out', async () => {
  const page = await send('GET', '/page', { host: 'localhost:1' });
  assert.equal(page.text, '<p>localhost</p>');
  for (const answer of [page, await send('GET', '/nothing')]) {
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.equal(answer.headers['x-frame-options'], 'DENY');
    assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin');
  }
});

test('the OpenAPI document lists what is mounted', async () => {
  const { json: document } = await send('GET', '/api/v1/openapi.json');
  assert.deepEqual(Object.keys(document.paths), ['/healthz', '/readyz', '/api/v1/echo/{name}', '/open', '/fail/{how}']);
});

test('a port in use is named', async () => {
  await assert.rejects(
    startServer({ port: server.port }),
    (error) => isMillraceError(error, 'port_in_use') && error.message.includes(String(server.port)),
  );
});
