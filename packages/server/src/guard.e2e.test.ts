/** Who gets in, for every kind of route and of caller. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Contract, defineContract, implement, type Principal, type Route } from '@millrace/api';
import { Type } from 'typebox';
import { type Authentication, anonymous } from './authentication.ts';
import { startServer } from './server.ts';
import { type Answer, send as sendTo } from './testing/send.ts';

const viewer: Principal = { kind: 'user', name: 'vic', role: 'viewer', teams: [] };
const member: Principal = { kind: 'user', name: 'mia', role: 'member', teams: [{ name: 'orders', role: 'member' }] };
const owner: Principal = { kind: 'token', name: 'ci', role: 'owner', teams: [{ name: 'orders', role: 'owner' }] };
const admin: Principal = { kind: 'user', name: 'ada', role: 'admin', teams: [] };
const byToken = new Map([viewer, member, owner, admin].map((each) => [`token-of-${each.name}`, each]));
const bySession = new Map([viewer, member, owner, admin].map((each) => [`session-of-${each.name}`, each]));

const authentication: Authentication = {
  token: async (token) => byToken.get(token),
  session: async (id) => bySession.get(id),
  anonymous,
};

const whoAsks = (contract: Pick<Contract, 'method' | 'path'> & Partial<Contract>): Route =>
  implement(
    defineContract({ summary: 'Who asks', response: Type.String(), ...contract }),
    ({ principal }) => principal.name,
  );

async function* lines(signal: AbortSignal): AsyncGenerator<number> {
  yield 1;
  yield 2;
  signal.throwIfAborted();
  throw new TypeError('a secret detail');
}

const routes = [
  whoAsks({ method: 'GET', path: '/seen' }),
  whoAsks({ method: 'GET', path: '/records', permission: 'read_records' }),
  whoAsks({ method: 'POST', path: '/requested', permission: 'request' }),
  whoAsks({ method: 'POST', path: '/changed', permission: 'change' }),
  whoAsks({ method: 'DELETE', path: '/unsaid' }),
  whoAsks({ method: 'GET', path: '/for-all', permission: 'public' }),
  whoAsks({ method: 'POST', path: '/login', permission: 'public' }),
  whoAsks({ method: 'POST', path: '/collect', anyOrigin: true, body: Type.Unknown() }),
  implement(
    defineContract({ method: 'GET', path: '/lines', summary: 'Lines', kind: 'ndjson', response: Type.Integer() }),
    ({ signal }) => lines(signal),
  ),
  implement(
    defineContract({
      method: 'GET',
      path: '/page',
      summary: 'Page',
      kind: 'page',
      permission: 'public',
      response: Type.Unknown(),
    }),
    () => ({ status: 303, headers: { location: '/', 'set-cookie': 'a=b' } }),
  ),
];

const failures: unknown[] = [];
const open = await startServer({ port: 0, authentication, routes, onFailure: ({ error }) => failures.push(error) });
const { anonymous: _, ...authenticationOnly } = authentication;
const closed = await startServer({ port: 0, authentication: authenticationOnly, routes });
after(() => Promise.all([open.close(), closed.close()]));

type Headers = Record<string, string>;
const bearer = ({ name }: Principal): Headers => ({ authorization: `Bearer token-of-${name}` });
const session = ({ name }: Principal, server = open): Headers => {
  return { cookie: `other=1; millrace-session-${server.port}=session-of-${name}`, host: `localhost:${server.port}` };
};
const outcome = ({ status, json }: Answer): string | number => (status === 200 ? 'in' : (json?.code ?? status));
const call = async (method: string, path: string, headers: Headers = {}, server = open): Promise<string | number> =>
  outcome(await sendTo(server, method, path, headers));

test('each role gets in where its permissions reach, and nowhere else', async () => {
  const doors = [
    ['GET', '/seen', [viewer, member, owner, admin]],
    ['GET', '/records', [member, owner, admin]],
    ['POST', '/requested', [member, owner, admin]],
    ['POST', '/changed', [owner, admin]],
    ['DELETE', '/unsaid', [admin]],
    ['GET', '/for-all', [viewer, member, owner, admin]],
  ] as const;
  for (const [method, path, allowed] of doors) {
    for (const principal of [viewer, member, owner, admin]) {
      const wanted = (allowed as readonly Principal[]).includes(principal) ? 'in' : 'forbidden';
      assert.equal(await call(method, path, bearer(principal)), wanted, `${principal.role} ${method} ${path}`);
    }
  }
});

test('who shows nothing reads where reading is open, and changes nothing anywhere', async () => {
  assert.equal(await call('GET', '/seen'), 'in');
  assert.equal(await call('GET', '/records'), 'token_required');
  assert.equal(await call('POST', '/changed'), 'token_required');
  assert.equal(await call('GET', '/seen', {}, closed), 'token_required');
  assert.equal(await call('HEAD', '/seen', {}, closed), 401);
  assert.equal(await call('GET', '/lines', {}, closed), 'token_required');
  assert.equal(await call('GET', '/for-all', {}, closed), 'in');
  assert.equal(await call('GET', '/healthz', {}, closed), 'in');
  assert.equal(await call('POST', '/login', {}, closed), 'in');
});

test('a token that is wrong, or shown in another way, is refused also where reading is open', async () => {
  for (const authorization of [
    'Bearer wrong',
    'Bearer',
    'Bearer  ',
    `Basic ${btoa('x:token-of-ada')}`,
    'token-of-ada',
  ]) {
    assert.equal(await call('GET', '/seen', { authorization }), 'token_required', authorization);
  }
});

test('a session reads, and changes only from a page of this very origin', async () => {
  const own = { origin: `http://localhost:${open.port}` };
  assert.equal(await call('GET', '/records', session(member)), 'in');
  assert.equal(await call('POST', '/changed', { ...session(owner), ...own }), 'in');
  assert.equal(await call('POST', '/changed', { ...session(member), ...own }), 'forbidden');
  assert.equal(await call('POST', '/changed', session(owner)), 'token_required');
  for (const origin of ['http://localhost:1', 'http://evil.example', 'null', `http://127.0.0.1:${open.port}`]) {
    assert.equal(await call('POST', '/changed', { ...session(owner), origin }), 'origin_not_allowed', origin);
  }
  const otherPort = { ...session(owner), cookie: `millrace-session-1=session-of-ada` };
  assert.equal(await call('GET', '/records', otherPort), 'token_required');
});

test('a page of another origin gets nothing, whatever it shows, but where all may call', async () => {
  for (const foreign of [
    { origin: 'http://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    for (const shown of [{}, bearer(admin), session(admin)]) {
      const headers = { ...shown, ...foreign } as Headers;
      assert.equal(await call('GET', '/seen', headers), 'origin_not_allowed');
      assert.equal(await call('POST', '/changed', headers), 'origin_not_allowed');
      assert.equal(await call('POST', '/login', headers), 'origin_not_allowed');
      assert.equal(await call('GET', '/for-all', headers), 'in');
    }
    const json = { ...foreign, 'content-type': 'application/json' } as Headers;
    assert.equal(outcome(await sendTo(open, 'POST', '/collect', json, '{}')), 'in');
  }
  assert.equal(await call('GET', '/seen', { 'sec-fetch-site': 'same-origin' }), 'in');
  assert.equal(await call('GET', '/seen', { 'sec-fetch-site': 'none' }), 'in');
});

test('lines come one by one, and what fails in between is the last of them without its details', async () => {
  const answer = await sendTo(open, 'GET', '/lines');
  assert.match(answer.headers['content-type'] ?? '', /^application\/x-ndjson/);
  const [one, two, last] = answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual([one, two, last.problem.code], [1, 2, 'internal_error']);
  assert.doesNotMatch(answer.text, /secret/);
  assert.equal(failures.length, 1);
});

test('a page may send on and set a cookie', async () => {
  const answer = await sendTo(closed, 'GET', '/page');
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.location, '/');
  assert.deepEqual(answer.headers['set-cookie'], ['a=b']);
});

test('too many requests are told when to come again, each caller for itself', async () => {
  await using slow = await startServer({
    port: 0,
    authentication,
    routes,
    limits: {
      rates: {
        address: { perSecond: 0.1, burst: 5 },
        principal: { perSecond: 0.1, burst: 2 },
        anybody: { perSecond: 0.1, burst: 2 },
      },
    },
    trustedProxies: ['127.0.0.1'],
  });
  assert.equal(await call('GET', '/seen', bearer(member), slow), 'in');
  assert.equal(await call('GET', '/seen', bearer(member), slow), 'in');
  const refused = await sendTo(slow, 'GET', '/seen', bearer(member));
  assert.equal(refused.json.code, 'rate_limited');
  assert.ok(Number(refused.headers['retry-after']) >= 1);
  assert.equal(await call('GET', '/seen', bearer(owner), slow), 'in');
  assert.equal(await call('GET', '/seen', {}, slow), 'in');
  assert.equal(await call('GET', '/seen', {}, slow), 'rate_limited');
  assert.equal(await call('GET', '/for-all', {}, slow), 'rate_limited');
  // What is open to every page has a limit for each address that is not of this machine.
  const from = (address: string) => call('POST', '/collect', { 'x-forwarded-for': address }, slow);
  assert.deepEqual([await from('192.0.2.1'), await from('192.0.2.1')], ['in', 'in']);
  assert.deepEqual([await from('192.0.2.1'), await from('192.0.2.2')], ['rate_limited', 'in']);
  for (let times = 0; times < 4; times++) assert.equal(await from('127.0.0.1'), 'in');
});

test('who guesses tokens has to wait, and those who have one do not', async () => {
  await using server = await startServer({ port: 0, authentication, routes });
  assert.equal(await call('GET', '/seen', bearer(member), server), 'in');
  const outcomes = new Set<string | number>();
  for (let round = 0; round < 12; round++) {
    outcomes.add(await call('GET', '/seen', { authorization: `Bearer guess-${round}` }, server));
  }
  assert.deepEqual([...outcomes], ['token_required', 'rate_limited']);
  assert.equal(
    await call(
      'GET',
      '/seen',
      { cookie: `millrace-session-${server.port}=guess`, host: `localhost:${server.port}` },
      server,
    ),
    'rate_limited',
  );
  assert.equal(await call('GET', '/seen', bearer(member), server), 'in');
});
