/** `millrace application`, `authority`, `findings` and what goes with them, as people use them, on secured clusters. */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EnrolmentView } from '@millrace/api/config';
import type { AuthorityView, IssueAnswer } from '@millrace/api/fleet';
import { createClient } from '@millrace/client';
import { Client } from 'pg';
import { eventually } from '../../support/eventually.ts';
import { millrace } from '../../support/millrace-command.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { type IdentityFixture, startIdentityFixture } from './identity-fixture.ts';
import { createTopic, type SecuredSite, send, startSecuredSite } from './secured-site.ts';

let database: DatabaseFixture;
let databaseUrl: string;
let fleet: IdentityFixture;
let east: SecuredSite;
before(async () => {
  [database, east] = await Promise.all([startDatabaseFixture(), startSecuredSite('east')]);
  databaseUrl = await database.emptyDatabase();
  fleet = await startIdentityFixture(databaseUrl);
  await fleet.declare('team', 'shop', { name: 'shop' });
  await fleet.attach('east', east.admin);
  await createTopic(east, 'orders');
});
after(async () => {
  await fleet[Symbol.asyncDispose]();
  await east[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const run = (...words: string[]) =>
  millrace([...words, '--server', fleet.url], { env: { MILLRACE_TOKEN: fleet.token }, cwd: fleet.directory });
const done = async (...words: string[]): Promise<string> => {
  const { code, text, stderr } = await run(...words);
  assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
  return text;
};

test('an application is issued, rotated, described and revoked from the command line', async () => {
  const uses = [{ cluster: 'east', topic: 'orders', role: 'producer' as const }];
  await fleet.declare('application', 'orders', { name: 'orders', team: 'shop', uses });
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

test('the authority of certificates is replaced while clusters trust both, and the former one forgotten', async () => {
  assert.match((await run('authority', 'replace')).stderr, /there is no authority to replace/);
  const application = { name: 'certified', team: 'shop' };
  const onEast = { cluster: 'east', topic: 'orders', role: 'consumer' as const };
  await fleet.declare('application', 'certified', { ...application, uses: [onEast] });
  const issue = async () => {
    return JSON.parse(await done('application', 'issue', 'certified', '--certificate', '--json')) as IssueAnswer;
  };
  const identityOf = ({ secret }: IssueAnswer) => {
    assert.equal(secret?.kind, 'certificate');
    return secret as Extract<IssueAnswer['secret'], { kind: 'certificate' }>;
  };
  const first = identityOf(await issue());
  assert.equal((await run('authority', 'activate', '--yes')).code, 1);
  const next = JSON.parse(await done('authority', 'replace', '--json')) as AuthorityView;
  assert.match((await run('authority', 'replace')).stderr, /there is a next authority already/);
  const bundle = await done('authority', 'show', '--bundle');
  assert.equal(bundle.match(/BEGIN CERTIFICATE/g)?.length, 2);

  await using north = await startSecuredSite('north', bundle);
  await fleet.attach('north', north.admin);
  await createTopic(north, 'certified.records');
  const uses = [onEast, { cluster: 'north', topic: 'certified.records', role: 'producer' as const }];
  await fleet.declare('application', 'certified', { ...application, uses, principals: ['User:CN=certified'] });
  assert.match(await done('authority', 'activate', '--yes', '--why', 'it ends'), /signs from now on/);
  const found = () => done('findings', '--application', 'certified', '--kind', 'certificate_expiring');
  assert.match(await found(), /was signed by a former authority/);
  const second = identityOf(await issue());
  assert.equal(await found(), '');
  for (const { certificate, privateKey } of [first, second]) {
    const tls = { ca: north.secured.security.authority, cert: certificate, key: privateKey };
    const client = createClient({ bootstrap: north.bootstrap('SSL'), security: { tls }, callTimeoutMs: 20_000 });
    await client
      .producer()
      .send({ topic: 'certified.records', value: 'one' })
      .finally(() => client.close());
  }
  const shown = await done('authority', 'show');
  const [, former = ''] = /^(\w+) +former/m.exec(shown) ?? [];
  assert.ok(former !== '' && new RegExp(`^${next.id} +current .* 1 +CN=`, 'm').test(shown), shown);
  assert.match((await run('authority', 'forget', former, '--yes')).stderr, /certified have valid certificates of/);
  assert.match((await run('authority', 'forget', next.id, '--yes')).stderr, /signs; make another one/);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("UPDATE fleet.credential SET expires_at = now() - interval '1 s' WHERE certificate = $1", [
    first.certificate,
  ]);
  await client.end();
  await done('authority', 'forget', former, '--yes');
  const left = JSON.parse(await done('authority', 'show', '--json')) as { bundle: string; authorities: unknown[] };
  assert.deepEqual([left.bundle.match(/BEGIN CERTIFICATE/g)?.length, left.authorities.length], [1, 1]);
  const audited = await done('audit', 'list', '--action', 'authority.*', '--json');
  assert.equal((JSON.parse(audited) as { entries: unknown[] }).entries.length, 3);
  assert.ok(!(await fleet.everythingKept()).includes(second.privateKey.split('\n')[1] ?? ''));
});

test('enrolments are listed and ended, the audit log is cut to a time, and the map shows clusters', async () => {
  await fleet.declare('application', 'enrolled', { name: 'enrolled', team: 'shop', uses: [] });
  await done('config', 'enrol', 'enrolled', '--out', join(fleet.directory, 'enrolled.json'));
  type Listed = { readonly enrolments: readonly EnrolmentView[] };
  const listed = async () =>
    (JSON.parse(await done('config', 'enrolments', 'enrolled', '--json')) as Listed).enrolments;
  const [{ id, endedAt } = assert.fail()] = await listed();
  assert.equal(endedAt, null);
  const end = ['config', 'end-enrolment', 'enrolled', id];
  assert.equal((await run(...end)).code, 2);
  assert.match(await done(...end, '--dry-run'), /^Would end the enrolment/);
  assert.equal((await listed())[0]?.endedAt, null);
  assert.match(await done(...end, '--yes', '--why', 'it was lost'), /^Ended the enrolment [-\w]+ of enrolled\.$/m);
  assert.ok(typeof (await listed())[0]?.endedAt === 'string');
  assert.match((await run('config', 'end-enrolment', 'enrolled', 'nothing', '--yes')).stderr, /nothing/);

  const entries = async (...range: string[]) => {
    const text = await done('audit', 'list', '--action', 'enrolment.*', '--json', ...range);
    return (JSON.parse(text) as { entries: readonly unknown[] }).entries.length;
  };
  assert.deepEqual([await entries(), await entries('--from', '1h'), await entries('--until', '1h')], [2, 2, 0]);
  assert.equal((await run('audit', 'list', '--from', 'last week')).code, 2);

  assert.match(await done('topology'), /^- +- +east +/m);
  const { clusters } = JSON.parse(await done('topology', '--json')) as { clusters: readonly { name: string }[] };
  assert.ok(clusters.some(({ name }) => name === 'east'));
});
