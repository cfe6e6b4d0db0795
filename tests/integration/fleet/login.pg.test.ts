/** Logins with a real OpenID Connect provider, through its own pages. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type AccessFixture, startAccess } from './access-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { FormBrowser } from './form-browser.ts';
import { clientId, clientSecret, type LoginPeer, oidcPeer, startLoginPeer } from './oidc-peer.ts';

const { skip, load } = oidcPeer();
const groups = new Map<string, readonly string[]>([
  ['ann', ['platform']],
  ['bob', ['orders-people', 'elsewhere']],
]);

let databases: DatabaseFixture;
let peer: LoginPeer;
let fixture: AccessFixture;
before(async () => {
  if (skip !== false) return;
  databases = await startDatabaseFixture();
  peer = await startLoginPeer(await load(), (name) => groups.get(name) ?? []);
  const rules = [
    { group: 'platform', role: 'admin' },
    { group: 'orders-people', team: 'orders', role: 'member' },
  ] as const;
  const provider = { issuer: peer.issuer, clientId, clientSecret, groups: rules };
  fixture = await startAccess(await databases.emptyDatabase(), { settings: { provider }, openToRead: false });
  peer.serve(fixture.server.url);
});
after(async () => {
  if (skip !== false) return;
  await fixture[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

async function logIn(name: string, path = '/api/v1/login?returnTo=/clusters'): Promise<FormBrowser> {
  const browser = new FormBrowser();
  await browser.open(`${fixture.server.url}${path}`);
  await browser.submit({ login: name, password: 'any' });
  if (/<form/.test(browser.text)) await browser.submit({});
  return browser;
}

// biome-ignore lint/suspicious/noExplicitAny: the answer of a test
async function me(headers: Record<string, string>): Promise<any> {
  return (await fixture.ask('GET', '/api/v1/me', { headers })).json;
}

test('a login gives a session with what the groups and the teams of the record give', { skip }, async () => {
  assert.equal((await fixture.ask('GET', '/api/v1/me')).status, 401);
  const ann = await logIn('ann');
  assert.equal(ann.status, 200, ann.text);
  assert.match(ann.text, /url=\/clusters"/);
  assert.deepEqual((await me({ cookie: ann.cookies })).principal, {
    kind: 'user',
    name: 'ann',
    role: 'admin',
    teams: [],
  });
  const bob = await me({ cookie: (await logIn('bob')).cookies });
  assert.deepEqual(bob.principal.teams, [{ name: 'orders', role: 'member' }]);
  assert.equal(bob.login, 'provider');
  const olga = await me({ cookie: (await logIn('olga')).cookies });
  assert.deepEqual(olga.principal.teams, [
    { name: 'orders', role: 'owner' },
    { name: 'search', role: 'member' },
  ]);
  assert.equal((await me({ cookie: (await logIn('eve')).cookies })).principal.role, 'viewer');
});

test('who leaves a team or a group loses what it gave at once, or at the next login', { skip }, async () => {
  const mike = await logIn('mike');
  const made = await fixture.ask('POST', '/api/v1/tokens', {
    headers: { cookie: mike.cookies, origin: fixture.server.url },
    body: { name: 'mikes', role: 'member', teams: ['orders'] },
  });
  assert.equal(made.status, 201, made.text);
  const { secret: token } = made.json;
  const byToken = async (): Promise<unknown> => (await fixture.ask('GET', '/api/v1/me', { token })).json.principal;
  const member = { kind: 'user', name: 'mike', role: 'member', teams: [{ name: 'orders', role: 'member' }] };
  assert.deepEqual(await byToken(), member, 'a token bears the name of the person who made it');
  const spec = { name: 'orders', owners: ['olga'] };
  const why = { principal: { kind: 'system', name: 'test' }, why: 'mike has left' } as const;
  await fixture.plane.record.change([{ kind: 'team', id: 'orders', spec }], why);
  assert.deepEqual(await byToken(), { kind: 'user', name: 'mike', role: 'viewer', teams: [] });
  assert.equal((await me({ cookie: mike.cookies })).principal.role, 'viewer');
  groups.set('bob', []);
  assert.equal((await me({ cookie: (await logIn('bob')).cookies })).principal.role, 'viewer');
});

test('a logout ends the session, and names where the provider ends its own', { skip }, async () => {
  const eve = await logIn('eve');
  const headers = { cookie: eve.cookies, origin: fixture.server.url };
  const { json } = await fixture.ask('DELETE', '/api/v1/session', { headers });
  assert.ok(json.providerLogout.startsWith(`${peer.issuer}/session/end`), json.providerLogout);
  assert.equal((await fixture.ask('GET', '/api/v1/me', { headers: { cookie: eve.cookies } })).status, 401);
});

test('what is no answer to a login of this very browser logs nobody in', { skip }, async () => {
  const begin = async (): Promise<{ readonly address: URL; readonly cookie: string }> => {
    const answer = await fixture.ask('GET', '/api/v1/login');
    const address = new URL(answer.headers.get('location') ?? '');
    return { address, cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
  };
  const { address, cookie } = await begin();
  for (const name of ['code_challenge', 'nonce', 'state'])
    assert.ok((address.searchParams.get(name) ?? '').length >= 43);
  assert.equal(address.searchParams.get('code_challenge_method'), 'S256');
  const state = address.searchParams.get('state') ?? '';
  const back = (query: string, headers: Record<string, string>) =>
    fixture.ask('GET', `/api/v1/login/callback?${query}`, { headers });
  const forged = `code=stolen&state=${state}&iss=${encodeURIComponent(peer.issuer)}`;
  for (const [query, headers] of [
    [forged, {}],
    ['code=stolen&state=made-up', { cookie }],
    ['code=stolen', { cookie }],
  ] as const) {
    const answer = await back(query, headers);
    assert.equal(answer.json.code, 'forbidden', query);
    assert.deepEqual(answer.headers.getSetCookie(), []);
  }
  // The first try with a state is its last.
  assert.equal((await back(forged, { cookie })).json.code, 'forbidden');
  const another = await begin();
  const real = `code=stolen&state=${another.address.searchParams.get('state')}&iss=${encodeURIComponent(peer.issuer)}`;
  const refused = await back(real, { cookie: another.cookie });
  assert.equal(refused.json.code, 'forbidden');
  assert.match(refused.json.detail, /the login provider refused: invalid_grant/);
  assert.doesNotMatch(refused.text, /stolen/);
  const away = await back(`error=access_denied&state=${(await begin()).address.searchParams.get('state')}`, { cookie });
  assert.equal(away.json.code, 'forbidden');
});

test('a login leads back to a path of this server, whatever was asked for', { skip }, async () => {
  for (const [asked, path] of [
    ['//evil.example/x', '/'],
    ['https://evil.example', '/'],
    ['/\\evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/a"><script>x</script>', '/a&#34;'],
    ['/topics?q=1', '/topics?q=1'],
  ] as const) {
    const { text } = await logIn('eve', `/api/v1/login?returnTo=${encodeURIComponent(asked)}`);
    const url = /url=([^"]*)"/.exec(text)?.[1] ?? '';
    assert.doesNotMatch(text, /evil|<script|javascript:/);
    assert.ok(url.startsWith(path) || url.startsWith('/a%22'), `${asked}: ${url}`);
  }
});

test("a name that is already another person's is refused", { skip }, async () => {
  const rights = JSON.stringify({ admin: false, teams: [] });
  await fixture.database.db
    .insertInto('access_user')
    .values({ name: 'zoe', subject: 'https://another.example 1', rights, logged_in_at: new Date() })
    .execute();
  const zoe = await logIn('zoe');
  assert.equal(zoe.status, 403);
  assert.match(zoe.text, /already somebody else's/);
});

test('a command gets a token by the browser of its machine, with a secret that only it has', { skip }, async () => {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const codes: string[] = [];
  const listener = createServer((request, response) => {
    codes.push(new URL(request.url ?? '/', 'http://x').searchParams.get('code') ?? '');
    response.end('done');
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  try {
    const path = `/api/v1/login?port=${port}&challenge=${challenge}`;
    const exchange = (code: string | undefined, secret: string) =>
      fixture.ask('POST', '/api/v1/login/token', { body: { code, verifier: secret } });
    const agree = async (): Promise<void> => {
      const { text } = await logIn('ann', path);
      const told = codes.length;
      const address = /href="(http:[^"]+)"/.exec(text)?.[1] ?? '';
      await fetch(address);
      assert.equal(codes.length, told + 1, text);
    };
    await logIn('ann', path);
    assert.deepEqual(codes, [], 'nothing is given to who merely led a browser here');
    await agree();
    assert.equal((await exchange(codes[0], randomBytes(32).toString('base64url'))).json.code, 'forbidden');
    assert.equal((await exchange(codes[0], verifier)).json.code, 'forbidden', 'a code is tried once');
    await agree();
    const { json } = await exchange(codes[1], verifier);
    const { principal } = (await fixture.ask('GET', '/api/v1/me', { token: json.secret })).json;
    assert.deepEqual(principal, { kind: 'user', name: 'ann', role: 'admin', teams: [] });
    assert.equal(json.token.owner, 'user:ann');
  } finally {
    listener.close();
    listener.closeAllConnections();
  }
});

test('a provider that is away is told as such, and asked again', { skip }, async () => {
  await using broken = await startAccess(await databases.emptyDatabase(), {
    settings: { provider: { issuer: 'http://127.0.0.1:1', clientId } },
  });
  for (let round = 0; round < 2; round++) {
    const answer = await broken.ask('GET', '/api/v1/login');
    assert.equal(answer.json.code, 'unavailable');
    assert.match(answer.json.detail, /the login provider can't be asked/);
  }
  assert.equal((await broken.ask('GET', '/api/v1/me')).status, 200);
});
