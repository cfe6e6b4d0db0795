/** `millrace application` and `millrace findings`, as people use them, on a secured embedded cluster. */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { millrace } from '../../support/millrace-command.ts';
import { startDatabaseFixture } from './database-fixture.ts';
import { startIdentityFixture } from './identity-fixture.ts';
import { createTopic, send, startSecuredSite } from './secured-site.ts';

test('an application is issued, rotated, described and revoked from the command line', async () => {
  await using database = await startDatabaseFixture();
  await using east = await startSecuredSite('east');
  await using fleet = await startIdentityFixture(await database.emptyDatabase());
  await fleet.attach('east', east.admin);
  await fleet.declare('team', 'shop', { name: 'shop' });
  await createTopic(east, 'orders');
  const uses = [{ cluster: 'east', topic: 'orders', role: 'producer' as const }];
  await fleet.declare('application', 'orders', { name: 'orders', team: 'shop', uses });
  const run = (...words: string[]) =>
    millrace([...words, '--server', fleet.url], { env: { MILLRACE_TOKEN: fleet.token }, cwd: fleet.directory });
  const done = async (...words: string[]): Promise<string> => {
    const { code, text, stderr } = await run(...words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    return text;
  };

  const file = join(fleet.directory, 'orders.properties');
  assert.match(
    await done('application', 'issue', 'orders', '--out', file),
    /User:orders\.a is in .*orders\.properties/,
  );
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const properties = await readFile(file, 'utf8');
  const [, username = '', password = ''] = /username="(.+)" password="(.+)";/.exec(properties) ?? [];
  await send(east, { username, password }, 'orders');

  const { secret } = JSON.parse(await done('application', 'rotate', 'orders', '--json'));
  await send(east, secret, 'orders');
  assert.match(await done('application', 'confirm', 'orders'), /orders uses User:orders\.b\./);
  await eventually(async () => {
    const { credentialList } = JSON.parse(await done('application', 'describe', 'orders', '--json'));
    return credentialList.some(({ state }: { state: string }) => state === 'retired');
  });
  const described = await done('application', 'describe', 'orders');
  assert.match(described, /east: User:orders\.b may write topic orders\n/);
  assert.match(described, /User:orders\.a +scram +retired/);

  const asked = await run('application', 'revoke', 'orders');
  assert.equal(asked.code, 2, asked.stderr);
  assert.match(
    await done('application', 'revoke', 'orders', '--dry-run'),
    /^Would deny User:orders\.a, User:orders\.b/,
  );
  await done('application', 'revoke', 'orders', '--yes', '--why', 'a laptop was lost');
  await assert.rejects(send(east, secret, 'orders'), /authentication|credentials/i);
  assert.match(await done('application', 'list'), /^orders +shop +east +1 +0 +User:orders\.a,User:orders\.b/m);
  await fleet.plane.inventory.refresh('east');
  assert.match(await done('findings', '--kind', 'plaintext_listener'), /high +plaintext_listener +east takes records/);
  assert.match(await done('search', 'orders', '--kind', 'application'), /^application +orders +- +shop +declared/m);
  const last = JSON.parse(await done('audit', 'list', '--limit', '1', '--json'));
  assert.deepEqual([last.entries.length, last.more], [1, true]);
  const cut = await run('audit', 'list', '--limit', '1');
  assert.match(cut.stderr, /There are more; a greater --limit shows them\./);
  const none = await run('request', 'list');
  assert.deepEqual([none.code, none.text, none.stderr], [0, '', 'There are no such requests.\n']);
  const refused = await run('application', 'issue', 'nobody');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /there is no application "nobody"/);
});
