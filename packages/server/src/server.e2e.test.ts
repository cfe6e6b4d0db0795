import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { callContract, defineContract, implement, ProblemError } from '@millrace/api';
import { isMillraceError, MillraceError } from '@millrace/base';
import { Type } from 'typebox';
import { type RequestFailure, startServer } from './server.ts';
import { type Answer, sendRaw, send as sendTo } from './testing/send.ts';

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
});
after(() => server.close());

const json = { 'content-type': 'application/json' };
const withToken = { ...json, authorization: 'Bearer a-token' };

const send = (...request: Parameters<typeof sendTo> extends [unknown, ...infer R] ? R : never): Promise<Answer> =>
  sendTo(server, ...request);

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
  assert.match(await sendRaw(server, 'GET /healthz HTTP/1.1\r\nhost:\r\n\r\n', /host_not_allowed/), /^HTTP\/1.1 403 /);
  assert.match(await sendRaw(server, 'GET /healthz HTTP/1.1\r\n\r\n'), /^HTTP\/1.1 400 /);
  for (const host of ['localhost', 'LOCALHOST:1234', 'localhost.:80', '127.0.0.1:8800', '[::1]:8800']) {
    assert.equal((await send('GET', '/healthz', { host })).status, 200, host);
  }
});

test('a change needs the token, and no page of another origin has one', async () => {
  const body = '{"text":"x"}';
  const host = `localhost:${server.port}`;
  const path = '/api/v1/echo/ann';
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await send('POST', path, { ...json, host, ...headers }, body)).status;
  assert.equal(await status({}), 401);
  assert.equal(await status({ authorization: 'Bearer another' }), 401);
  assert.equal(await status({ authorization: 'Bearer a-token' }), 200);
  assert.equal(await status({ origin: `http://${host}` }), 401);
  assert.equal(await status({ origin: `http://${host}`, authorization: 'Bearer a-token' }), 200);
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
