/** Tokens and logins from the command line, on a running platform. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { millrace, type Outcome, Server } from '../../support/millrace-command.ts';

const home = await mkdtemp(join(tmpdir(), 'millrace-token-'));
let up: Server;
before(async () => {
  up = await Server.start('up', { words: ['--no-demo'] });
});
after(async () => {
  await up[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

/** As somebody who has no access to the data directory, with a configuration folder of their own. */
const elsewhere = (words: readonly string[], env: Record<string, string> = {}): Promise<Outcome> =>
  millrace([...words, '--data-dir', join(home, 'nothing')], { env: { XDG_CONFIG_HOME: home, ...env } });

test('a token is made, listed, used by name of the server, and revoked', async () => {
  const made = await up.run(['token', 'create', 'ci', '--role', 'admin', '--days', '7']);
  assert.equal(made.code, 0, made.stderr);
  const secret = made.text.trim();
  assert.match(secret, /^millrace_[\w-]{43}$/);
  assert.match(made.stderr, /expires on \d{4}-\d{2}-\d{2}, and is not shown again/);
  const file = join(home, 'ci.token');
  await writeFile(file, `${secret}\n`);
  const url = up.ready.url ?? '';

  const login = await millrace(['login', url, '--token-file', file, '--json'], { env: { XDG_CONFIG_HOME: home } });
  assert.equal(login.code, 0, login.stderr);
  assert.equal(JSON.parse(login.text).principal.name, 'ci');
  assert.equal((await stat(join(home, 'millrace', 'contexts.json'))).mode & 0o777, 0o600);

  const listed = await elsewhere(['token', 'list', '--json']);
  const [token] = JSON.parse(listed.text).tokens as { name: string; state: string; lastUsedAt: string | null }[];
  assert.deepEqual([token?.name, token?.state], ['ci', 'valid']);
  assert.notEqual(token?.lastUsedAt, null);
  assert.match((await up.run(['token', 'list'])).text, /NAME +STATE +ROLE/);

  const unasked = await up.run(['token', 'revoke', 'ci']);
  assert.equal(unasked.code, 2);
  assert.equal((await up.run(['token', 'revoke', 'ci', '--yes'])).code, 0);
  const refused = await elsewhere(['token', 'list', '--json']);
  assert.equal(refused.code, 1);
  assert.equal(JSON.parse(refused.stderr).error.code, 'token_required');
});

test('what is named comes before what is known, and tokens go to no other server', async () => {
  const url = up.ready.url ?? '';
  const token = (await readFile(join(up.directory, 'token'), 'utf8')).trim();
  const byVariables = await elsewhere(['token', 'list', '--json'], { MILLRACE_URL: url, MILLRACE_TOKEN: token });
  assert.equal(byVariables.code, 0, byVariables.stderr);
  const nobody = await elsewhere(['token', 'create', 'x', '--server', 'http://127.0.0.1:1', '--json']);
  assert.equal(JSON.parse(nobody.stderr).error.code, 'server_unreachable');
  assert.equal((await elsewhere(['token', 'list', '--context', 'nowhere'])).code, 2);
  assert.equal((await elsewhere(['token', 'list', '--server', 'nonsense'])).code, 2);
  const empty = await mkdtemp(join(home, 'empty-'));
  const nothing = await elsewhere(['token', 'list', '--json'], { XDG_CONFIG_HOME: empty });
  assert.equal(JSON.parse(nothing.stderr).error.code, 'not_running');
});

test('an access file that is wrong, or has a secret in it, is refused before anything starts', async () => {
  for (const [text, problem] of [
    ['admin: [ann]', /admin is not known here/],
    ['oidc: {issuer: "https://login.example", clientId: m, clientSecret: hunter2}', /give env:NAME or file:PATH/],
    ['oidc: {issuer: "https://login.example", clientId: m, clientSecret: "env:NO_SUCH_VARIABLE"}', /no such variable/],
    ['[', /can't be used/],
  ] as const) {
    const file = join(home, 'access.yaml');
    await writeFile(file, text);
    const data = join(home, 'data');
    const { code, stderr } = await millrace(['up', '--port', '0', '--data-dir', data, '--access', file]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, problem);
    assert.doesNotMatch(stderr, /hunter2/);
  }
});
