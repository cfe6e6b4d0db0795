/** Tokens, sessions and what they allow, over HTTP and on PostgreSQL. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type AccessFixture, type Answer, installationToken, startAccess } from './access-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';

let databases: DatabaseFixture;
let fixture: AccessFixture;
before(async () => {
  databases = await startDatabaseFixture();
  fixture = await startAccess(await databases.emptyDatabase());
});
after(async () => {
  await fixture[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

const admin = { token: installationToken };
const make = (token: string, body: object): Promise<Answer> => fixture.ask('POST', '/api/v1/tokens', { token, body });
const me = async (token: string): Promise<unknown> =>
  (await fixture.ask('GET', '/api/v1/me', { token })).json?.principal;

test('a token is shown once, kept as a digest, and does what it was made for until it expires', async () => {
  const made = await make(installationToken, { name: 'ci', role: 'owner', teams: ['orders'], expiresInDays: 1 });
  assert.equal(made.status, 201);
  const { secret, token } = made.json;
  assert.match(secret, /^millrace_[\w-]{43}$/);
  assert.deepEqual(await me(secret), {
    kind: 'token',
    name: 'ci',
    role: 'owner',
    teams: [{ name: 'orders', role: 'owner' }],
  });
  assert.equal(token.state, 'valid');
  const { rows } = await fixture.database.db
    .selectFrom('access_token')
    .selectAll()
    .execute()
    .then((all) => ({ rows: JSON.stringify(all) }));
  assert.ok(!rows.includes(secret));
  const listed = await fixture.ask('GET', '/api/v1/tokens', admin);
  const [seen] = listed.json.tokens.filter(({ name }: { name: string }) => name === 'ci');
  assert.ok(Date.parse(seen.lastUsedAt) > 0);
  assert.ok(!listed.text.includes(secret));
  await fixture.database.db
    .updateTable('access_token')
    .set({ expires_at: new Date(Date.now() - 1) })
    .where('name', '=', 'ci')
    .execute();
  assert.equal((await fixture.ask('GET', '/api/v1/me', { token: secret })).json.code, 'token_required');
});

test('nobody makes a token that may do more than they may', async () => {
  const owner = await fixture.token('owner', 'orders');
  const viewer = await fixture.token('viewer');
  for (const [token, body, status] of [
    [owner, { name: 'a', role: 'admin' }, 403],
    [owner, { name: 'a', role: 'member', teams: ['search'] }, 403],
    [owner, { name: 'a', role: 'owner', teams: ['orders', 'search'] }, 403],
    [viewer, { name: 'a', role: 'member', teams: ['orders'] }, 403],
    [owner, { name: 'a', role: 'member' }, 400],
    [owner, { name: 'a', role: 'viewer', teams: ['orders'] }, 400],
    [owner, { name: "a'; DROP TABLE fleet.access_token; --", role: 'viewer' }, 400],
    [owner, { name: 'a', role: 'viewer', owner: 'system:installation' }, 400],
    [owner, { name: 'of-owner', role: 'member', teams: ['orders'] }, 201],
    [owner, { name: 'of-owner', role: 'viewer' }, 409],
    [viewer, { name: 'of-viewer', role: 'viewer' }, 201],
  ] as const) {
    const answer = await make(token, body);
    assert.equal(answer.status, status, `${JSON.stringify(body)}: ${answer.text}`);
  }
  assert.equal((await fixture.ask('POST', '/api/v1/tokens', { body: { name: 'x', role: 'viewer' } })).status, 401);
});

test('a token that is revoked takes those with it that were made with it, and their sessions', async () => {
  const parent = await fixture.token('owner', 'orders');
  const name = ((await me(parent)) as { name: string }).name;
  const { secret: child } = (
    await make(parent, { name: 'child', role: 'member', teams: ['orders'], expiresInDays: 300 })
  ).json;
  const { secret: grandchild } = (await make(child, { name: 'grandchild', role: 'viewer' })).json;
  const session = await fixture.ask('POST', '/api/v1/session', { token: child });
  const headers = { cookie: session.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
  const asks = async (): Promise<number[]> =>
    Promise.all([
      fixture.ask('GET', '/api/v1/tokens', { token: parent }).then(({ status }) => status),
      fixture.ask('GET', '/api/v1/tokens', { token: grandchild }).then(({ status }) => status),
      fixture.ask('GET', '/api/v1/me', { headers }).then(({ json }) => (json.anonymous ? 401 : 200)),
    ]);
  assert.deepEqual(await asks(), [200, 200, 200]);
  const expiries = await fixture.database.db.selectFrom('access_token').select(['name', 'expires_at']).execute();
  const expiryOf = (wanted: string): number => expiries.find((each) => each.name === wanted)?.expires_at.getTime() ?? 0;
  assert.equal(expiryOf('child'), expiryOf(name), 'a token does not outlive the one that it was made with');
  const other = await fixture.token('owner', 'orders');
  assert.equal((await fixture.ask('DELETE', '/api/v1/tokens/child', { token: other })).status, 404);
  assert.equal((await fixture.ask('DELETE', `/api/v1/tokens/${name}`, admin)).json.state, 'revoked');
  assert.deepEqual(await asks(), [401, 401, 401]);
  const audit = await fixture.database.db.selectFrom('audit_entry').select(['action', 'id', 'principal']).execute();
  const revoked = audit.filter(({ action }) => action === 'token.revoked').map(({ id }) => id);
  assert.deepEqual(
    new Set(revoked.filter((id) => id === name || id?.includes('child'))),
    new Set([name, 'child', 'grandchild']),
  );
});

test('tokens are listed in pages, and to people only theirs, however many others have made', async () => {
  const made = await Promise.all([1, 2, 3].map(() => fixture.token('viewer')));
  const seen: string[] = [];
  let next: string | null = '';
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`;
    const page = (await fixture.ask('GET', `/api/v1/tokens?limit=2${cursor}`, admin)).json;
    assert.ok(page.tokens.length <= 2);
    seen.push(...page.tokens.map(({ name }: { name: string }) => name));
    next = page.next;
  }
  assert.equal(new Set(seen).size, seen.length);
  const names = await fixture.database.db.selectFrom('access_token').select('name').execute();
  assert.deepEqual(seen.toSorted(), names.map(({ name }) => name).sort());
  const { json } = await fixture.ask('GET', '/api/v1/tokens?limit=1', { token: made[0] });
  assert.deepEqual([json.tokens.length, json.next], [1, null]);
  assert.equal((await fixture.ask('GET', '/api/v1/tokens?cursor=bm9uc2Vuc2U', admin)).status, 400);
});

test('a session is a cookie that no script reads, ends with a logout, changes from its own pages only', async () => {
  const token = await fixture.token('owner', 'orders');
  const opened = await fixture.ask('POST', '/api/v1/session', { token });
  assert.equal(opened.status, 204);
  const [cookie = ''] = opened.headers.getSetCookie();
  assert.match(cookie, /^millrace-session-\d+=[\w-]{43}; Max-Age=43200; HttpOnly; SameSite=Strict; Path=\/$/);
  const headers = { cookie: cookie.split(';')[0] ?? '' };
  const own = { ...headers, origin: fixture.server.url };
  assert.equal((await fixture.ask('GET', '/api/v1/me', { headers })).json.principal.role, 'owner');
  const body = { name: 'from-session', role: 'viewer' };
  assert.equal((await fixture.ask('POST', '/api/v1/tokens', { headers, body })).status, 401);
  assert.equal((await fixture.ask('POST', '/api/v1/tokens', { headers: own, body })).status, 201);
  assert.equal((await fixture.ask('POST', '/api/v1/session', { headers: own })).status, 401);
  const ended = await fixture.ask('DELETE', '/api/v1/session', { headers: own });
  assert.deepEqual(ended.json, { providerLogout: null });
  assert.match(ended.headers.getSetCookie()[0] ?? '', /=; Max-Age=0/);
  assert.equal((await fixture.ask('GET', '/api/v1/me', { headers })).json.anonymous, true);
  // What was made in the session belongs to its token.
  const listed = (await fixture.ask('GET', '/api/v1/tokens', admin)).json.tokens;
  const { owner } = listed.find(({ name }: { name: string }) => name === 'from-session');
  assert.equal(owner, 'system:installation');
  const { name } = (await me(token)) as { name: string };
  await fixture.ask('DELETE', `/api/v1/tokens/${name}`, admin);
  const after = (await fixture.ask('GET', '/api/v1/tokens', admin)).json.tokens;
  assert.equal(after.find((each: { name: string }) => each.name === 'from-session').state, 'revoked');
});

test('a stream of events ends when its token or session is revoked, closed or expires', async () => {
  const listen = async (headers: Record<string, string>) => {
    const reader = (await fetch(`${fixture.server.url}/api/v1/events`, { headers })).body?.getReader();
    assert.equal((await reader?.read())?.done, false);
    return async (): Promise<void> => {
      while ((await reader?.read())?.done === false);
    };
  };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const sessionOf = async (token: string) => {
    const { headers } = await fixture.ask('POST', '/api/v1/session', { token });
    return { cookie: headers.getSetCookie()[0]?.split(';')[0] ?? '' };
  };
  const parent = await fixture.token('owner', 'orders');
  const { name } = (await me(parent)) as { name: string };
  const { secret: child } = (await make(parent, { name: 'listener', role: 'viewer' })).json;
  const closed = await sessionOf(await fixture.token('viewer'));
  const old = await fixture.token('viewer');
  const idle = await sessionOf(await fixture.token('viewer'));
  const openings = [bearer(parent), bearer(child), await sessionOf(child), closed, bearer(old), idle];
  const [parents, childs, childSessions, closedOnes, olds, idles] = await Promise.all(openings.map(listen));
  await fixture.ask('DELETE', '/api/v1/session', { headers: { ...closed, origin: fixture.server.url } });
  await closedOnes?.();
  const { db } = fixture.database;
  const past = new Date(Date.now() - 3 * 3_600_000);
  const { name: oldName } = (await me(old)) as { name: string };
  await db.updateTable('access_token').set({ expires_at: past }).where('name', '=', oldName).execute();
  await olds?.();
  const mine = db.selectFrom('access_token').select('id').where('name', 'like', 'viewer-%');
  await db.updateTable('access_session').set({ seen_at: past }).where('token', 'in', mine).execute();
  await idles?.();
  await fixture.ask('DELETE', `/api/v1/tokens/${name}`, admin);
  await Promise.all([parents?.(), childs?.(), childSessions?.()]);
});

test('everybody learns what they may do, at all and to each of many objects', async () => {
  const token = await fixture.token('member', 'orders');
  const anonymous = (await fixture.ask('GET', '/api/v1/me')).json;
  assert.deepEqual([anonymous.anonymous, anonymous.permissions, anonymous.login], [true, ['view'], 'token']);
  const mine = (await fixture.ask('GET', '/api/v1/me', { token })).json;
  assert.deepEqual(mine.permissions, ['view', 'read_records', 'request']);
  const objects = [
    { kind: 'team', id: 'orders' },
    { kind: 'team', id: 'search' },
    { kind: 'topic', id: "east/x' OR '1'='1" },
    { kind: '__proto__', id: 'constructor' },
  ];
  const { json } = await fixture.ask('POST', '/api/v1/me/allowed', { token, body: { objects } });
  assert.deepEqual(json.objects, [
    { kind: 'team', id: 'orders', team: 'orders', allowed: ['view', 'read_records', 'request'] },
    { kind: 'team', id: 'search', team: 'search', allowed: ['view'] },
    { kind: 'topic', id: "east/x' OR '1'='1", team: null, allowed: ['view'] },
    { kind: '__proto__', id: 'constructor', team: null, allowed: ['view'] },
  ]);
  const many = Array.from({ length: 1_001 }, () => ({ kind: 'topic', id: 'x' }));
  assert.equal((await fixture.ask('POST', '/api/v1/me/allowed', { token, body: { objects: many } })).status, 400);
});

test('statements and line breaks in what callers send stay text', async () => {
  await using own = await startAccess(await databases.emptyDatabase());
  const token = await own.token('viewer');
  const hostile = [
    "x' OR 1=1 --",
    'x"; DROP TABLE fleet.access_token; --',
    'x\u0000y',
    'x\r\nset-cookie: a=b',
    '\u202e%s%n',
  ];
  for (const text of hostile) {
    const name = encodeURIComponent(text);
    const revoked = await own.ask('DELETE', `/api/v1/tokens/${name}`, { token });
    assert.ok([400, 404].includes(revoked.status), `${text}: ${revoked.text}`);
    const shown = await own.ask('GET', '/api/v1/me', { headers: { authorization: `Bearer ${name}` } });
    assert.equal(shown.json.code, 'token_required');
    const cookie = `millrace-session-${own.server.port}=${name}`;
    assert.equal((await own.ask('GET', '/api/v1/me', { headers: { cookie } })).json.anonymous, true);
    assert.equal(revoked.headers.get('set-cookie'), null);
  }
  assert.deepEqual(own.failures, []);
  assert.ok((await own.ask('GET', '/api/v1/tokens', admin)).json.tokens.length > 0);
});
