/** Requests at their widest: for two sites, from QA to production, and with a key that secrets are sealed to. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  collectCredentialsContract,
  confirmCredentialContract,
  type IssuedSecret,
  listCredentialsContract,
  type RequestView,
  rotateCredentialContract,
} from '@millrace/api/fleet';
import { type AclBinding, unwrap } from '@millrace/client';
import { compactDecrypt, importPKCS8 } from 'jose';
import { eventually } from '../../support/eventually.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { dumpDatabase } from './dump-database.ts';
import { ann, cyd, type OnboardingFixture, openTestOnboarding, smallTopic } from './onboarding-fixture.ts';
import { loginOf } from './rotate-under-load.ts';
import { foreignClient, type Login, type SecuredSite, send, startSecuredSite } from './secured-site.ts';

let database: DatabaseFixture;
let databaseUrl: string;
let sites: readonly SecuredSite[];
let fixture: OnboardingFixture;
before(async () => {
  const names = ['east', 'east-qa', 'west'];
  [database, ...sites] = await Promise.all([startDatabaseFixture(), ...names.map((name) => startSecuredSite(name))]);
  databaseUrl = await database.emptyDatabase();
  fixture = await openTestOnboarding(databaseUrl, new Map(sites.map(({ name, admin }) => [name, admin])));
});
after(async () => {
  await fixture[Symbol.asyncDispose]();
  await Promise.all(sites.map((site) => site[Symbol.asyncDispose]()));
  await database[Symbol.asyncDispose]();
});

const at = (name: string): SecuredSite => sites.find((site) => site.name === name) ?? assert.fail();
const specOf = (topic: string, cluster: string) =>
  fixture.test.control.record.current().get('topic', `${cluster}/${topic}`)?.spec;

async function partitionsOn(cluster: string, topic: string): Promise<number | undefined> {
  const [described] = await (await fixture.admin(cluster)).describeTopics([topic]);
  return described?.error === undefined ? described?.partitions.length : undefined;
}

async function collected({ id = '' }: RequestView, application: string): Promise<Login> {
  const { credentials } = await fixture.call(cyd, collectCredentialsContract, { params: { id }, body: {} });
  const found = credentials.find((each) => each.application === application);
  return loginOf(found?.secret ?? assert.fail(found?.problem));
}

/** What of a topic a foreign client may see. */
async function seenBy(site: SecuredSite, login: Login, topic: string): Promise<number> {
  const admin = foreignClient(site.bootstrap('SASL_PLAINTEXT'), login, 0).admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicOffsets(topic)).length;
  } finally {
    await admin.disconnect();
  }
}

const textOf = ({ principal, operation, resourceType, resourceName }: AclBinding): string =>
  `${principal} ${operation} ${resourceType} ${resourceName}`;

test('one request brings a topic to two sites: with its copy, its twin, its identities and a mirror', async () => {
  const topic = 'shop.widely';
  const asked = smallTopic(topic, {
    sites: ['east', 'west'],
    partitions: 3,
    applications: [
      { name: 'widely.writer', role: 'producer' },
      { name: 'widely.reader', role: 'consumer' },
      { name: 'widely.westerner', role: 'consumer', sites: ['west'] },
    ],
  });
  const preview = await fixture.preview(cyd, asked);
  assert.deepEqual(preview.proposal.topics.map(({ purpose, spec }) => `${purpose} ${spec.cluster}`).sort(), [
    'copy west',
    'home east',
    'twin east-qa',
  ]);
  const done = await fixture.until(await fixture.ask(cyd, asked), 'done');
  for (const cluster of ['east', 'east-qa', 'west']) assert.equal(await partitionsOn(cluster, topic), 3, cluster);
  const mirrors = fixture.test.control.record.current().list('mirror');
  assert.deepEqual(
    mirrors.map(({ spec: { source, target, topics } }) => ({ source, target, topics })),
    [{ source: 'east', target: 'west', topics: [topic] }],
  );
  const there = async (cluster: string): Promise<string[]> => {
    const acls = await (await fixture.admin(cluster)).describeAcls({ resourceType: 'topic', resourceName: topic });
    return acls.map(textOf).filter((text) => text.startsWith('User:widely.') && / (read|write) /.test(text));
  };
  const of = (name: string, operation: string): string[] =>
    ['a', 'b'].map((slot) => `User:widely.${name}.${slot} ${operation} topic ${topic}`);
  assert.deepEqual((await there('east')).sort(), [...of('reader', 'read'), ...of('writer', 'write')].sort());
  assert.deepEqual((await there('west')).sort(), [...of('reader', 'read'), ...of('westerner', 'read')].sort());
  const { id = '' } = done;
  const { credentials } = await fixture.call(cyd, collectCredentialsContract, { params: { id }, body: {} });
  const loginFor = (name: string): Login =>
    loginOf(credentials.find(({ application }) => application === `widely.${name}`)?.secret);
  const [writer, reader, westerner] = [loginFor('writer'), loginFor('reader'), loginFor('westerner')];
  const denied = /authentication|credentials|authoriz/i;
  await send(at('east'), writer, topic);
  await assert.rejects(send(at('west'), writer, topic), denied);
  await assert.rejects(send(at('west'), reader, topic), denied);
  for (const [site, login] of [
    ['east', reader],
    ['west', reader],
    ['west', westerner],
  ] as const) {
    assert.equal(await seenBy(at(site), login, topic), 3, site);
  }
  await assert.rejects(seenBy(at('east'), westerner, topic), denied);
  // A second topic of the same sites goes into the mirror that is there.
  const second = 'shop.widely-too';
  await fixture.until(await fixture.ask(cyd, smallTopic(second, { sites: ['east', 'west'] })), 'done');
  assert.deepEqual(
    fixture.test.control.record
      .current()
      .list('mirror')
      .map(({ spec }) => spec.topics),
    [[topic, second]],
  );
});

test('a topic of QA is promoted to production with who uses it, and rotated credentials hold on both', async () => {
  const topic = 'shop.promoted';
  const application = 'promoted.writer';
  const applications = [{ name: application, role: 'producer' }];
  const inQa = await fixture.ask(cyd, smallTopic(topic, { environment: 'qa', partitions: 2, applications }));
  await fixture.until(inQa, 'done');
  assert.deepEqual([await partitionsOn('east-qa', topic), await partitionsOn('east', topic)], [2, undefined]);
  const first = await collected(inQa, application);
  await send(at('east-qa'), first, topic);

  const asked = { kind: 'promotion', topic, cluster: 'east-qa', partitions: 4, replicas: 1 } as const;
  await assert.rejects(fixture.preview(cyd, { ...asked, topic: 'shop.none' }), { code: 'invalid_request' });
  const preview = await fixture.preview(cyd, asked);
  assert.deepEqual([preview.title, preview.verdict.decision], [`${topic} from east-qa to east`, 'approve']);
  assert.deepEqual(preview.proposal.notes, [
    `${application} has no password on east yet: rotate it then (millrace application rotate ${application}).`,
  ]);
  const promotion = await fixture.until(await fixture.ask(cyd, asked), 'done');
  assert.equal(await partitionsOn('east', topic), 4);
  const { owner, dataClass, expected } = specOf(topic, 'east') ?? assert.fail();
  assert.deepEqual([owner, dataClass, expected?.recordsPerSecond], ['shop', 'internal', 10]);
  await assert.rejects(fixture.preview(cyd, asked), { code: 'invalid_request', message: /is on east already/ });
  assert.deepEqual(
    promotion.proposal.applications.map(({ name, isNew }) => [name, isNew]),
    [[application, false]],
  );

  // Its password was issued for QA, and nobody keeps one: production gets the next.
  await assert.rejects(send(at('east'), first, topic), /authentication|credentials/i);
  const params = { name: application };
  const { secret, credential } = await fixture.call(ann, rotateCredentialContract, { params, body: {} });
  assert.deepEqual([...credential.clusters].sort(), ['east', 'east-qa']);
  const next = loginOf(secret);
  await send(at('east'), next, topic);
  for (const login of [first, next]) await send(at('east-qa'), login, topic);
  await fixture.call(ann, confirmCredentialContract, { params: { ...params, id: credential.id }, body: {} });
  await eventually(async () => {
    const { items } = await fixture.call(ann, listCredentialsContract, { params });
    return items.filter(({ state }) => state === 'valid').length === 1;
  });
  await assert.rejects(send(at('east-qa'), first, topic), /authentication|credentials/i);
});

test('an application with a key gets its first password sealed to that, and nobody else ever sees it', async () => {
  const topic = 'shop.sealed';
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const asking = (key: string) =>
    smallTopic(topic, { sites: ['east'], applications: [{ name: 'sealed.writer', role: 'producer', publicKey: key }] });
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const wrong = [
    privateKey,
    'a key',
    pair.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    weak.export({ type: 'spki', format: 'pem' }).toString(),
  ];
  for (const key of wrong) await assert.rejects(fixture.ask(cyd, asking(key)), { code: 'invalid_request' });
  const done = await fixture.until(await fixture.ask(cyd, asking(publicKey)), 'done');
  const { id = '' } = done;
  // There is nothing to be told to whoever asked.
  await assert.rejects(fixture.call(cyd, collectCredentialsContract, { params: { id }, body: {} }), {
    code: 'conflict',
  });
  const params = { name: 'sealed.writer' };
  let sealed: string | undefined;
  await eventually(async () => {
    const { items } = await fixture.call(ann, listCredentialsContract, { params });
    sealed = items[0]?.sealed;
    return sealed !== undefined;
  });
  const { plaintext } = await compactDecrypt(sealed ?? '', await importPKCS8(privateKey, 'RSA-OAEP-256'));
  const login = loginOf(JSON.parse(new TextDecoder().decode(plaintext)) as IssuedSecret);
  for (const site of ['east', 'east-qa']) await send(at(site), login, topic);
  const kept = `${await dumpDatabase(databaseUrl)} ${fixture.test.reports.join(' ')} ${JSON.stringify(done)}`;
  assert.ok(kept.includes('sealed.writer') && !kept.includes(login.password));
  assert.equal(unwrap(await (await fixture.admin('east')).describeTopics([topic])).length, 1);
});
