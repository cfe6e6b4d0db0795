/**
 * Every route of a running platform, called by everybody: what each may and may not do. The judgements stand here, one
 * a route and one a kind of plans; a route that nobody has judged fails the test.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RoleName, rolePermissions } from '@millrace/api';
import { Server } from '../../support/millrace-command.ts';
import { judgedPlans, judgedRegistry, judgedRoutes } from './judged-routes.ts';
import { type Asked, addressOf, operationsOf } from './mounted-routes.ts';

type Caller = RoleName | 'nobody' | 'guesser' | 'page of another origin';
interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly detail: string;
  readonly text: string;
}

const roles = ['viewer', 'member', 'owner', 'admin'] as const;
const directory = await mkdtemp(join(tmpdir(), 'millrace-routes-'));
const tokens = new Map<Caller, string>();
const answers: string[] = [];
let up: Server;
let installation: string;
let registryUrl: string;

before(async () => {
  // Whoever shows nothing is let in nowhere.
  await writeFile(join(directory, 'access.yaml'), 'admins: [ada]\n');
  up = await Server.start('up', { words: ['--access', join(directory, 'access.yaml'), '--no-demo'] });
  registryUrl = (up.ready as unknown as { registryUrl: string }).registryUrl;
  installation = (await readFile(join(up.directory, 'token'), 'utf8')).trim();
  await call('PUT', '/api/v1/declared/teams/orders', installation, { spec: { name: 'orders' }, why: 'a test' });
  for (const role of roles) {
    const teams = role === 'member' || role === 'owner' ? { teams: ['orders'] } : {};
    const made = await call('POST', '/api/v1/tokens', installation, { name: `a-${role}`, role, ...teams });
    assert.equal(made.status, 201, made.text);
    tokens.set(role, (JSON.parse(made.text) as { secret: string }).secret);
  }
  answers.length = 0;
});
after(async () => {
  await up[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function call(
  method: string,
  path: string,
  token: string | undefined,
  body?: unknown,
  more: { readonly base?: string; readonly isStream?: boolean; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const leave = new AbortController();
  const answer = await fetch(new URL(path, more.base ?? up.ready.url ?? ''), {
    method,
    redirect: 'manual',
    signal: leave.signal,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...more.headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (more.isStream && answer.status === 200) {
    leave.abort();
    return { status: 200, code: undefined, detail: '', text: '' };
  }
  const text = await answer.text();
  answers.push(text);
  const isJson = /[/+]json\b/.test(answer.headers.get('content-type') ?? '');
  const { code, detail = '' } = (isJson && text !== '' ? JSON.parse(text) : {}) as { code?: string; detail?: string };
  return { status: answer.status, code, detail, text };
}

/** What the door says to a caller, whatever the route says afterwards. */
function doorOf({ status, code, detail, text }: Answer): string {
  // Prometheus's clients are answered in its words, without our codes.
  if (code === undefined && text.includes('"errorType"')) return dialectDoor(status, text);
  if (code === 'token_required' || code === 'origin_not_allowed' || code === 'rate_limited') return code;
  return code === 'forbidden' && /it takes the permission/.test(detail) ? 'forbidden' : 'in';
}

function dialectDoor(status: number, text: string): string {
  if (status === 401) return 'token_required';
  if (status === 403 && /a page of .* asked/.test(text)) return 'origin_not_allowed';
  return status === 403 ? 'forbidden' : 'in';
}

function wanted(caller: Caller, asked: Asked): string {
  if (caller === 'page of another origin') return 'origin_not_allowed';
  if (caller === 'guesser') return 'token_required';
  if (asked === 'public') return 'in';
  if (caller === 'nobody') return 'token_required';
  return rolePermissions[caller].includes(asked) ? 'in' : 'forbidden';
}

test('each route of the control plane asks for the permission that was judged', async () => {
  const operations = await operationsOf(up.ready.url ?? '');
  const asked = Object.fromEntries(operations.map((each) => [`${each.method} ${each.path}`, each.asked]));
  assert.deepEqual(asked, judgedRoutes, 'judge a new route in judged-routes.ts');
  const schemas = await operationsOf(registryUrl);
  const registry = Object.fromEntries(schemas.map((each) => [`${each.method} ${each.path}`, each.asked]));
  for (const [name, permission] of Object.entries(registry)) {
    const judged = judgedRegistry.find(({ method, path }) => name.startsWith(`${method} `) && path.test(name));
    assert.equal(permission, judged?.permission, name);
  }
  const collector = await operationsOf(up.ready.collectorUrl ?? '');
  assert.deepEqual(
    collector.map(({ method, path, asked: permission }) => [method, path, permission]),
    [
      ['GET', '/healthz', 'public'],
      ['GET', '/readyz', 'public'],
      ['POST', '/t', 'public'],
      ['POST', '/v1/batch', 'public'],
      // Programs send these: a page of another origin may not.
      ['POST', '/v1/metrics', 'request'],
      ['POST', '/api/v1/write', 'request'],
      ['POST', '/logs', 'request'],
      ['POST', '/v1/logs', 'request'],
    ],
  );
});

test('nobody gets in where they may not, and everybody where they may', async () => {
  for (const operation of await operationsOf(up.ready.url ?? '')) {
    const { method, asked, isStream } = operation;
    const body = method === 'POST' || method === 'PUT' ? {} : undefined;
    for (const caller of ['nobody', 'page of another origin', ...roles] as const) {
      const isForeign = caller === 'page of another origin';
      if (isForeign && asked === 'public' && method === 'GET') continue;
      // The session of the one who does it would end.
      const token = isForeign ? tokens.get('admin') : tokens.get(caller);
      const headers = isForeign ? { origin: 'http://evil.example' } : {};
      const answer = await call(method, addressOf(operation), token, body, { isStream, headers });
      const what = `${caller}: ${method} ${operation.path}: ${answer.status} ${answer.text.slice(0, 200)}`;
      assert.equal(doorOf(answer), wanted(caller, asked), what);
      if (wanted(caller, asked) !== 'in') assert.ok([401, 403].includes(answer.status), what);
      assert.notEqual(answer.status, 500, what);
    }
  }
});

test("the registry lets serializers in with a token, and asks an admin for what is everybody's", async () => {
  for (const operation of await operationsOf(registryUrl)) {
    const { method, asked } = operation;
    if (asked === 'public') continue;
    const body = method === 'POST' || method === 'PUT' ? {} : undefined;
    for (const caller of ['nobody', ...roles] as const) {
      if (caller === 'admin' && method !== 'GET') continue;
      const { status, text } = await call(method, addressOf(operation), tokens.get(caller), body, {
        base: registryUrl,
      });
      const may = wanted(caller, asked);
      const what = `${caller}: ${method} ${operation.path}: ${status} ${text.slice(0, 200)}`;
      if (may === 'in') assert.ok(status !== 401 && status !== 403, what);
      else assert.equal(status, may === 'forbidden' ? 403 : 401, what);
    }
  }
  const basic = `Basic ${btoa(`ci:${tokens.get('member')}`)}`;
  const shown = await call('GET', '/subjects', undefined, undefined, {
    base: registryUrl,
    headers: { authorization: basic },
  });
  assert.equal(shown.status, 200, 'clients of this dialect show it as a password');
  const elsewhere = await call('GET', '/api/v1/me', undefined, undefined, { headers: { authorization: basic } });
  assert.equal(elsewhere.status, 401);
});

test('each kind of plans asks for the permission that was judged', async () => {
  const all = await call('POST', '/api/v1/plans', tokens.get('admin'), { kind: 'none', input: {} });
  const names = /; there are (.*)$/.exec(all.detail)?.[1]?.split(', ') ?? [];
  assert.deepEqual(names.sort(), Object.keys(judgedPlans).sort(), 'judge a new kind of plans in judged-routes.ts');
  for (const [kind, asked] of Object.entries(judgedPlans)) {
    for (const role of roles) {
      const { status, code, text } = await call('POST', '/api/v1/plans', tokens.get(role), { kind, input: {} });
      const may = rolePermissions[role].includes(asked);
      if (may) assert.ok(status < 500 && code !== 'token_required', `${role} ${kind}: ${text}`);
      else assert.equal(code, 'forbidden', `${role} ${kind}: ${text}`);
    }
  }
});

test("what belongs to another team, or to none, is nobody's but an admin's", async () => {
  const spec = { name: 'shop', team: 'search' };
  for (const [path, declared] of [
    ['teams/search', { name: 'search' }],
    ['applications/shop', spec],
  ] as const) {
    const made = await call('PUT', `/api/v1/declared/${path}`, tokens.get('admin'), { spec: declared, why: 'a test' });
    assert.ok(made.status < 300, made.text);
  }
  const plans = [
    ['group_reset', { cluster: 'east', group: 'shop', to: { at: 'earliest' } }],
    ['group_reset', { cluster: 'east', group: 'nobodys', to: { at: 'earliest' } }],
    ['connect_restart', { connect: 'main', connector: 'sink' }],
  ] as const;
  for (const [kind, input] of plans) {
    const { code, text } = await call('POST', '/api/v1/plans', tokens.get('owner'), { kind, input });
    assert.ok(code === 'forbidden' || code === 'invalid_request', `${kind}: ${text}`);
  }
  for (const path of ['credentials', 'credentials/rotate', 'credentials/revoke', 'enrolments']) {
    const address = `/api/v1/applications/shop/${path}`;
    const { code, text } = await call('POST', address, tokens.get('owner'), {});
    assert.ok(code === 'forbidden' || code === 'invalid_request', `${path}: ${text}`);
  }
  const use = { cluster: 'east', topic: 'tracking.events', role: 'consumer', source: 'client_report', name: 'shop' };
  assert.equal((await call('POST', '/api/v1/uses', tokens.get('owner'), { uses: [use] })).code, 'forbidden');
  const records = await call('GET', '/api/v1/topics/east/tracking.events/messages', tokens.get('owner'));
  assert.equal(records.code, 'forbidden');
});

test('hostile requests are refused, and nothing of them is an error of ours', async () => {
  const token = tokens.get('admin');
  const deep = '['.repeat(10_000);
  const bodies = [
    deep,
    '{"__proto__":{"admin":true}}',
    '{"kind":',
    '\u0000',
    '"\ud800"',
    '[]',
    'null',
    '{"kind":{"$ne":1}}',
  ];
  const posts = (await operationsOf(up.ready.url ?? '')).filter(({ method }) => method === 'POST' || method === 'PUT');
  for (const operation of posts) {
    for (const body of bodies) {
      const answer = await fetch(new URL(addressOf(operation), up.ready.url ?? ''), {
        method: operation.method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
      });
      const text = await answer.text();
      assert.ok(
        answer.status < 500,
        `${operation.method} ${operation.path} ${body.slice(0, 30)}: ${text.slice(0, 300)}`,
      );
    }
  }
  const names = [
    "x' OR '1'='1",
    '"; DROP SCHEMA fleet CASCADE; --',
    '../../etc/passwd',
    '%',
    '\u202e\u0007',
    'a'.repeat(900),
  ];
  const gets = (await operationsOf(up.ready.url ?? '')).filter(
    ({ method, path }) => method === 'GET' && path.includes('{'),
  );
  for (const operation of gets) {
    for (const name of names) {
      const path = operation.path.replaceAll(/\{\w+\}/g, encodeURIComponent(name));
      const { status, text } = await call('GET', path, token);
      assert.ok(status < 500, `${operation.path} ${name}: ${text.slice(0, 300)}`);
    }
  }
  for (const query of ['?sort=name;DROP', "?filter='", '?cursor=%FF%FE', '?q=%00', '?limit=1e9', '?fields=__proto__']) {
    for (const path of [
      '/api/v1/topics',
      '/api/v1/search',
      '/api/v1/audit',
      '/api/v1/operations',
      '/api/v1/declared/topics',
    ]) {
      const { status, text } = await call('GET', `${path}${query}`, token);
      assert.ok(status < 500, `${path}${query}: ${text.slice(0, 300)}`);
    }
  }
});

test('who guesses has to wait, and a token that is there goes on', async () => {
  const outcomes: (string | undefined)[] = [];
  for (let guess = 0; guess < 15; guess++) outcomes.push((await call('GET', '/api/v1/me', `millrace_${guess}`)).code);
  assert.equal(outcomes.at(-1), 'rate_limited');
  assert.equal((await call('GET', '/api/v1/me', tokens.get('viewer'))).status, 200);
});

test('no answer and no line of the log had a secret in it', async () => {
  const log = up.running.complained();
  const shown = await up.run(['status', '--json']);
  const secrets = [installation, ...tokens.values()];
  for (const secret of secrets) {
    assert.ok(!answers.some((text) => text.includes(secret)));
    assert.ok(!log.includes(secret) && !shown.text.includes(secret) && !JSON.stringify(up.ready).includes(secret));
  }
  assert.doesNotMatch(answers.join('\n'), /postgres(ql)?:\/\/|PRIVATE KEY|at async |node_modules/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
  assert.doesNotMatch(log, /[\u0000-\u0009\u000b-\u001f\u202e]/);
});
