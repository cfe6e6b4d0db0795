/**
 * Identities of applications on an embedded cluster, judged by a foreign client: what it is issued lets it in, what is
 * replaced under its load is not noticed, what is revoked is over at once. And no secret is anywhere but in its answer.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Application } from '@millrace/api/declared';
import {
  certificateAuthorityContract,
  encryptionContract,
  getApplicationContract,
  type IssuedSecret,
  issueCredentialContract,
  listCredentialsContract,
  listFindingsContract,
  revokeCredentialsContract,
  rotateCredentialContract,
} from '@millrace/api/fleet';
import { certificateRequest } from '@millrace/base/testing/certificates';
import { createClient } from '@millrace/client';
import { compactDecrypt, importPKCS8 } from 'jose';
import { eventually } from '../../support/eventually.ts';
import { startDatabaseFixture } from './database-fixture.ts';
import { FailingSalts } from './failing-salts.ts';
import { admin, type IdentityFixture, startIdentityFixture } from './identity-fixture.ts';
import { loginOf, rotateUnderLoad } from './rotate-under-load.ts';
import { createTopic, foreignClient, type Login, type SecuredSite, send, startSecuredSite } from './secured-site.ts';

const parts = new AsyncDisposableStack();
let east: SecuredSite;
let west: SecuredSite;
let fleet: IdentityFixture;
/** Every secret that was ever shown. */
const shown: string[] = [];

before(async () => {
  const database = parts.use(await startDatabaseFixture());
  east = parts.use(await startSecuredSite('east'));
  west = parts.use(await startSecuredSite('west'));
  fleet = parts.use(await startIdentityFixture(await database.emptyDatabase()));
  await fleet.attach('east', east.admin);
  await fleet.attach('west', { ...west.admin, platform: salts.platform });
  await fleet.declare('team', 'shop', { name: 'shop', owners: ['ann'] });
});
after(() => parts.disposeAsync());

const salts = new FailingSalts();

const passwordOf = (secret: IssuedSecret | undefined): Login => {
  const login = loginOf(secret);
  shown.push(login.password);
  return login;
};

const producing = (name: string, topic: string, clusters = ['east']): Application => ({
  name,
  team: 'shop',
  uses: clusters.map((cluster) => ({ cluster, topic, role: 'producer' })),
});

test('an application is issued a password, shown once, that lets it in for what it uses and nothing else', async () => {
  await createTopic(east, 'orders.placed');
  await createTopic(east, 'orders.other');
  await fleet.declare('application', 'orders', producing('orders', 'orders.placed'));
  const issued = await fleet.call(issueCredentialContract, { params: { name: 'orders' }, body: { why: 'it begins' } });
  const login = passwordOf(issued.secret);
  assert.deepEqual([login.username, issued.credential.principal], ['orders.a', 'User:orders.a']);
  await send(east, login, 'orders.placed');
  await assert.rejects(send(east, login, 'orders.other'), /authoriz/i);
  await assert.rejects(send(east, { ...login, password: 'guess' }, 'orders.placed'), /authentication|credentials/i);
  const listed = await fleet.call(listCredentialsContract, { params: { name: 'orders' } });
  assert.deepEqual(
    listed.items.map(({ principal, state }) => [principal, state]),
    [['User:orders.a', 'valid']],
  );
  await assert.rejects(fleet.call(issueCredentialContract, { params: { name: 'orders' }, body: {} }), {
    code: 'conflict',
    message: /has a password already \(of User:orders\.a\); rotate it/,
  });
});

test('a password is rotated under load without a refused record, and the old one is over then', async () => {
  await createTopic(east, 'load.records');
  await fleet.declare('application', 'load', producing('load', 'load.records'));
  shown.push(...(await rotateUnderLoad(fleet, east, 'load', 'load.records')));
});

test('what is revoked is over at once on connections that are open, until it is issued anew', async () => {
  await createTopic(east, 'lost.records');
  const name = 'lost';
  await fleet.declare('application', name, producing(name, 'lost.records'));
  const login = passwordOf((await fleet.call(issueCredentialContract, { params: { name }, body: {} })).secret);
  const producer = foreignClient(east.bootstrap('SASL_PLAINTEXT'), login).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const sendOnce = () => producer.send({ topic: 'lost.records', messages: [{ value: 'one' }] });
  await sendOnce();
  const revoked = await fleet.call(revokeCredentialsContract, {
    params: { name },
    body: { why: 'its laptop was lost' },
  });
  await fleet.done(revoked.operation);
  await assert.rejects(sendOnce(), /authoriz/i);
  await producer.disconnect();
  await assert.rejects(send(east, login, 'lost.records'), /authentication|credentials/i);
  const detail = await fleet.call(getApplicationContract, { params: { name } });
  assert.deepEqual(detail.shutOut, ['User:lost.a', 'User:lost.b']);
  // The other one's turn, then this one's again.
  const again = passwordOf((await fleet.call(issueCredentialContract, { params: { name }, body: {} })).secret);
  assert.equal(again.username, 'lost.b');
  await send(east, again, 'lost.records');
  const body = { graceSeconds: 0 };
  const last = passwordOf((await fleet.call(rotateCredentialContract, { params: { name }, body })).secret);
  assert.equal(last.username, 'lost.a');
  await send(east, last, 'lost.records');
  await eventually(async () => {
    const { shutOut } = await fleet.call(getApplicationContract, { params: { name } });
    return shutOut.length === 1 && shutOut[0] === 'User:lost.b';
  });
});

test('what was broken off while it was written to clusters is issued once, with one password everywhere', async () => {
  await createTopic(east, 'both.records');
  await createTopic(west, 'both.records');
  const name = 'both';
  await fleet.declare('application', name, producing(name, 'both.records', ['east', 'west']));
  // When its rights are there, and the password is on east.
  salts.failures = 2;
  const { secret, operation } = await fleet.call(issueCredentialContract, { params: { name }, body: {} });
  const login = passwordOf(secret);
  const { steps } = await fleet.done(operation);
  assert.equal(steps.find(({ id }) => id === 'issue User:both.a')?.attempts, 3);
  await send(east, login, 'both.records');
  await send(west, login, 'both.records');
  const { items } = await fleet.call(listCredentialsContract, { params: { name } });
  assert.equal(items.length, 1);
});

test('rights and quotas that the one user has by hand the other one gets, too', async () => {
  await createTopic(east, 'hand.records');
  await createTopic(east, 'hand.extra');
  const name = 'hand';
  await fleet.declare('application', name, producing(name, 'hand.records'));
  passwordOf((await fleet.call(issueCredentialContract, { params: { name }, body: {} })).secret);
  const client = createClient(east.admin);
  try {
    const by = client.admin();
    const what = { resourceType: 'topic', resourceName: 'hand.extra', patternType: 'literal' } as const;
    await by.createAcls([
      { ...what, host: '*', principal: 'User:hand.a', operation: 'write', permission: 'allow' } as const,
    ]);
    await by.alterClientQuotas([{ entity: { user: 'hand.a' }, set: { producer_byte_rate: 5_000_000 } }]);
    const { secret } = await fleet.call(rotateCredentialContract, { params: { name }, body: {} });
    await send(east, passwordOf(secret), 'hand.extra');
    const quotas = await by.describeClientQuotas({ user: { name: 'hand.b' } });
    assert.deepEqual(quotas, [{ entity: { user: 'hand.b' }, quotas: { producer_byte_rate: 5_000_000 } }]);
    await assert.rejects(fleet.call(rotateCredentialContract, { params: { name }, body: {} }), {
      code: 'conflict',
      message: /between two passwords already/,
    });
  } finally {
    await client.close();
  }
});

test('two certificates are valid at once as one principal; when it is revoked the next has another name', async () => {
  const name = 'certified';
  const params = { name };
  await fleet.declare('application', name, producing(name, 'certified.records'));
  const issue = (body: { request?: string } = {}) =>
    fleet.call(issueCredentialContract, { params, body: { kind: 'certificate', days: 30, ...body } });
  const made = await issue();
  assert.equal(made.secret?.kind, 'certificate');
  const { certificate, privateKey } = made.secret as Extract<IssuedSecret, { kind: 'certificate' }>;
  shown.push(privateKey.split('\n')[1] ?? '');
  const authority = await fleet.call(certificateAuthorityContract, {});
  await using north = await startSecuredSite('north', authority.certificate ?? '');
  await fleet.attach('north', north.admin);
  await createTopic(north, 'certified.records');
  await fleet.declare('application', name, {
    ...producing(name, 'certified.records', ['north']),
    principals: ['User:CN=certified'],
  });
  // The name that it asks for is not the one that it gets.
  const { request, key } = await certificateRequest('CN=admin');
  const signed = await issue({ request });
  assert.equal(signed.secret, undefined);
  const second = signed.credential.certificate ?? '';
  const sendWith = async (cert: string, ownKey: string): Promise<void> => {
    const tls = { ca: north.secured.security.authority, cert, key: ownKey };
    const client = createClient({ bootstrap: north.bootstrap('SSL'), security: { tls }, callTimeoutMs: 10_000 });
    try {
      await client.producer().send({ topic: 'certified.records', value: 'one' });
    } finally {
      await client.close();
    }
  };
  await sendWith(certificate, privateKey);
  await sendWith(second, key);
  await assert.rejects(issue(), { code: 'conflict', message: /has two valid certificates; confirm/ });
  const denied = { message: /TOPIC_AUTHORIZATION_FAILED/ };
  const { operation } = await fleet.call(revokeCredentialsContract, { params, body: {} });
  await fleet.done(operation);
  await assert.rejects(sendWith(certificate, privateKey), denied);
  await assert.rejects(sendWith(second, key), denied);
  const next = await issue();
  assert.equal(next.credential.principal, 'User:CN=certified,OU=2');
  const renewed = next.secret as Extract<IssuedSecret, { kind: 'certificate' }>;
  await sendWith(renewed.certificate, renewed.privateKey);
  await assert.rejects(issue({ request: 'nonsense' }), { code: 'invalid_request', message: /is not PKCS#10/ });
});

test("what is issued to an application with a key is sealed to it, and shown to nobody else's team", async () => {
  await createTopic(east, 'sealed.records');
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const name = 'sealed';
  await fleet.declare('application', name, { ...producing(name, 'sealed.records'), publicKey });
  const issued = await fleet.call(issueCredentialContract, { params: { name }, body: {} });
  assert.equal(issued.secret, undefined);
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { plaintext } = await compactDecrypt(issued.credential.sealed ?? '', await importPKCS8(pem, 'RSA-OAEP-256'));
  const login = passwordOf(JSON.parse(new TextDecoder().decode(plaintext)) as IssuedSecret);
  await send(east, login, 'sealed.records');
  // It may fetch it again, and so may its team; others see that there is one.
  const list = () => fleet.call(listCredentialsContract, { params: { name } });
  for (const [principal, isShown] of [
    [{ kind: 'application', name: 'sealed', role: 'viewer', teams: [] }, true],
    [{ kind: 'application', name: 'orders', role: 'viewer', teams: [] }, false],
    [{ kind: 'user', name: 'bob', role: 'member', teams: [{ name: 'shop', role: 'member' }] }, false],
  ] as const) {
    fleet.become({ ...principal, teams: [...principal.teams] });
    assert.equal((await list()).items[0]?.sealed !== undefined, isShown, principal.name);
  }
  fleet.become(admin);
});

test('only the team that owns an application, and admins, may issue, rotate and revoke', async () => {
  const name = 'orders';
  const others = [
    { kind: 'user', name: 'eve', role: 'owner', teams: [{ name: 'search', role: 'owner' }] },
    { kind: 'user', name: 'bob', role: 'member', teams: [{ name: 'shop', role: 'member' }] },
    { kind: 'user', name: 'vic', role: 'viewer', teams: [] },
  ] as const;
  for (const other of others) {
    fleet.become({ ...other, teams: [...other.teams] });
    const params = { name };
    await assert.rejects(fleet.call(issueCredentialContract, { params, body: {} }), { code: 'forbidden' });
    await assert.rejects(fleet.call(rotateCredentialContract, { params, body: {} }), { code: 'forbidden' });
    await assert.rejects(fleet.call(revokeCredentialsContract, { params, body: {} }), { code: 'forbidden' });
    const detail = await fleet.call(getApplicationContract, { params });
    assert.deepEqual(detail.allowed, []);
  }
  fleet.become({ kind: 'user', name: 'ann', role: 'owner', teams: [{ name: 'shop', role: 'owner' }] });
  const rotated = await fleet.call(rotateCredentialContract, { params: { name }, body: {} });
  passwordOf(rotated.secret);
  fleet.become(admin);
});

test('what clusters have besides what is declared, and what they lack, is found', async () => {
  const by = createClient(east.admin);
  try {
    const rule = { resourceType: 'topic', resourceName: 'orders.', patternType: 'prefixed', host: '*' } as const;
    await by.admin().createAcls([{ ...rule, principal: 'User:stranger', operation: 'read', permission: 'allow' }]);
    await by.admin().deleteAcls([{ resourceName: 'orders.placed', principal: 'User:orders.b', operation: 'write' }]);
  } finally {
    await by.close();
  }
  const find = async (query: { application?: string; kind?: string }): Promise<string[]> => {
    await fleet.plane.inventory.refresh('east');
    const { items } = await fleet.call(listFindingsContract, { query: { cluster: 'east', ...query } });
    return items.map(({ text }) => text);
  };
  assert.deepEqual(await find({ application: 'orders' }), [
    'it is not so on east that User:orders.b may write topic orders.placed, though orders produces to orders.placed',
  ]);
  assert.ok((await find({ kind: 'undeclared_acl' })).join().includes('User:stranger may read topic orders.*'));
  // Users and listeners are looked at in the background.
  await eventually(async () => (await find({ kind: 'undeclared_credential' })).join().includes('the user alice can'));
  await eventually(async () => (await find({ kind: 'plaintext_listener' })).length === 2);
  const { items } = await fleet.call(encryptionContract, { query: { cluster: 'east' } });
  assert.deepEqual(
    items[0]?.listeners.map(({ name, encrypted, authenticated }) => [name, encrypted, authenticated]),
    [
      ['PLAINTEXT', false, false],
      ['SSL', true, true],
      ['SASL_PLAINTEXT', false, true],
      ['SASL_SSL', true, true],
    ],
  );
  assert.equal(items[0]?.applications[0]?.encryption, 'unknown');
});

test('no secret that was ever shown is kept, logged or told of', async () => {
  const kept = await fleet.everythingKept();
  assert.ok(shown.length > 8 && kept.includes('credential_rotate'), 'there is something to be searched');
  assert.equal(shown.filter((secret) => kept.includes(secret)).length, 0);
  const timesTold = (secret: string): number => fleet.answers.filter((answer) => answer.includes(secret)).length;
  assert.equal(Math.max(...shown.map(timesTold)), 1);
});
