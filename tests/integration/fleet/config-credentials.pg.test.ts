/**
 * What an enrolled application logs in with, on a secured embedded cluster: given sealed to its instances, replaced
 * while it runs, and never seen by anybody else.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configReportContract, newInstanceKey, openCredential } from '@millrace/api/config';
import { issueCredentialContract, listCredentialsContract, rotateCredentialContract } from '@millrace/api/fleet';
import type { ClientOptions } from '@millrace/client';
import { sql } from 'kysely';
import { eventually } from '../../support/eventually.ts';
import { millrace } from '../../support/millrace-command.ts';
import { missing, runCommand } from '../../support/run-command.ts';
import { startFixture } from '../client/client-fixture.ts';
import { type ConfigProcess, Instance, installation, keyDirectory, startConfigProcess } from './config-fixture.ts';
import { startDatabaseFixture } from './database-fixture.ts';
import { dumpDatabase } from './dump-database.ts';
import { createTopic, type Login, type SecuredSite, send, startSecuredSite } from './secured-site.ts';

const want = { topic: 'orders', role: 'producer' } as const;
const params = { name: 'shop' };

async function declareSecured(service: ConfigProcess, east: SecuredSite): Promise<void> {
  const client = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-256' };
  const bootstrap = east.bootstrap('SASL_PLAINTEXT');
  await service.declare('cluster', 'east', { name: 'east', bootstrap, client });
  await service.declare('team', 'shop', { name: 'shop' });
  const uses = (['producer', 'consumer'] as const).map((role) => ({ cluster: 'east', topic: 'orders', role }));
  await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses });
  await createTopic(east, 'orders');
}

async function loginOf(instance: Instance, sealed: string | undefined): Promise<Login> {
  const secret = await openCredential(sealed ?? assert.fail('there is no credential'), instance.pair);
  return 'password' in secret ? secret : assert.fail('it is a certificate');
}

async function reportUse(service: ConfigProcess, instance: Instance, credential: string): Promise<void> {
  const rates = { recordsPerSecond: 1, bytesPerSecond: 1, errorsPerSecond: 0, latencyMs: { p50: 1, p99: 1 } };
  const streams = [{ ...want, cluster: 'east', credential, ...rates, strays: [] }];
  const body = { instance: instance.id, library: { name: 'millrace', version: '1' }, streams };
  await service.call(configReportContract, { body }, instance.enrolment.token);
}

/** Reports were written, and what follows from them was done. */
const passed = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 7_000));

test('instances are given what they log in with, and its successor while the old one is valid', async () => {
  await using database = await startDatabaseFixture();
  await using east = await startSecuredSite('east');
  await using keys = await keyDirectory();
  const url = await database.emptyDatabase();
  const own = new Map<string, ClientOptions>([['east', east.admin]]);
  await using service = await startConfigProcess(url, keys, own);
  await declareSecured(service, east);
  const enrolment = await service.enrol('shop');
  const [one, two] = [await Instance.of(enrolment), await Instance.of(enrolment)];

  const { secret } = await service.call(issueCredentialContract, { params, body: {} });
  assert.ok(secret?.kind === 'scram');
  await using watch = one.watch(service.url, [want]);
  const isTold = async (): Promise<boolean> => (await one.ask(service.url, want)).answer.credential !== undefined;
  await eventually(() => isTold().catch(() => false));
  const { answer } = await one.ask(service.url, want);
  assert.equal(answer.settings['security.protocol']?.value, 'SASL_PLAINTEXT');
  assert.deepEqual(answer.settings['sasl.mechanism'], { value: 'SCRAM-SHA-512', rule: 'credential' });
  const first = await loginOf(one, answer.credential?.sealed);
  assert.equal(first.password, secret.password);
  await send(east, first, 'orders');
  await assert.rejects(openCredential(answer.credential?.sealed ?? '', await newInstanceKey()), {
    code: 'credential_unreadable',
  });

  await service.call(rotateCredentialContract, { params, body: {} });
  const latest = async () => await one.verified(watch.of('answer').at(-1)?.data.signed, want);
  await eventually(async () => {
    return watch.of('answer').length > 0 && (await latest()).credential?.principal === 'User:shop.b';
  });
  const { credential } = await latest();
  const second = await loginOf(one, credential?.sealed);
  await send(east, first, 'orders');
  await send(east, second, 'orders');

  // Only when all of its instances say so the old one goes.
  await reportUse(service, two, answer.credential?.id ?? '');
  await reportUse(service, one, credential?.id ?? '');
  const valid = async (): Promise<number> => {
    const { items } = await service.call(listCredentialsContract, { params });
    return items.filter(({ state }) => state === 'valid').length;
  };
  await passed();
  assert.equal(await valid(), 2);
  // One that was not heard of for a while may log in all the same.
  await sql`UPDATE config_report SET reported_at = now() - interval '30 minutes' WHERE instance = ${two.id}`.execute(
    service.database.db,
  );
  await reportUse(service, one, credential?.id ?? '');
  await passed();
  assert.equal(await valid(), 2);
  await reportUse(service, two, credential?.id ?? '');
  await eventually(async () => (await valid()) === 1, { timeoutMs: 60_000 });
  await assert.rejects(send(east, first, 'orders'), /authentication|credentials/i);
  await send(east, second, 'orders');

  const kept = `${await dumpDatabase(url)}${service.reports.join('\n')}${JSON.stringify(watch.events)}`;
  for (const hidden of [first.password, second.password, enrolment.token]) assert.ok(!kept.includes(hidden));
});

test('who has a login from before his enrolment is told to rotate it, and gets the next one', async () => {
  await using database = await startDatabaseFixture();
  await using east = await startSecuredSite('east');
  await using keys = await keyDirectory();
  const own = new Map<string, ClientOptions>([['east', east.admin]]);
  const config = { confirmAfterMs: 600_000 };
  await using service = await startConfigProcess(await database.emptyDatabase(), keys, own, config);
  await declareSecured(service, east);
  await service.call(issueCredentialContract, { params, body: {} });
  const directory = await mkdtemp(join(tmpdir(), 'millrace-config-cli-'));
  try {
    const env = { MILLRACE_TOKEN: installation };
    const run = (...words: string[]) => millrace([...words, '--server', service.url], { env, cwd: directory });
    const enrolled = await run('config', 'enrol', 'shop', '--out', 'shop.json');
    assert.match(enrolled.stderr, /login from before.*`millrace application rotate shop`/);
    const files = ['config', 'orders', '--enrolment', 'shop.json', '--format', 'properties'];
    const early = await run(...files);
    assert.equal(early.code, 1);
    assert.match(early.stderr, /no login of application shop for cluster east is kept: .*rotate shop`/);
    assert.equal((await run('application', 'rotate', 'shop')).code, 0);
    const instance = await Instance.of(JSON.parse(await readFile(join(directory, 'shop.json'), 'utf8')) as never);
    const principal = async () => (await instance.ask(service.url, want)).answer.credential?.principal;
    await eventually(() =>
      principal().then(
        (name) => name === 'User:shop.b',
        () => false,
      ),
    );
    // Others may come back later than this one, where no service was for a while.
    await reportUse(service, instance, (await instance.ask(service.url, want)).answer.credential?.id ?? '');
    await passed();
    const { items } = await service.call(listCredentialsContract, { params });
    assert.ok(items.every(({ confirmedAt, state }) => confirmedAt === null && state === 'valid'));
    const again = await run('config', 'enrol', 'shop', '--out', 'again.json');
    assert.doesNotMatch(again.stderr, /login from before/);
    assert.doesNotMatch(again.stderr, /not encrypted/);
    const services = ['--service', 'http://config.example', '--service', 'https://config.example'];
    const open = await run('config', 'enrol', 'shop', '--out', 'open.json', ...services);
    assert.match(open.stderr, /http:\/\/config\.example.* is not encrypted/);
    assert.doesNotMatch(open.stderr, /https:\/\/config\.example.* is not/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

const skip = missing('kcat', 'apt-get install kcat');

test('a foreign client works with the file that the command line wrote', { skip }, async (t) => {
  await using database = await startDatabaseFixture();
  await using east = await startSecuredSite('east');
  await using keys = await keyDirectory();
  const own = new Map<string, ClientOptions>([['east', east.admin]]);
  await using service = await startConfigProcess(await database.emptyDatabase(), keys, own);
  await declareSecured(service, east);
  // Debian's librdkafka does not speak SCRAM as RFC 5802 has it, so it writes where nobody asks for a login.
  const open = await startFixture(t);
  const topic = await open.createTopic(1);
  await service.declare('cluster', 'west', { name: 'west', bootstrap: open.bootstrap });
  const more = (['producer', 'consumer'] as const).map((role) => ({ cluster: 'west', topic, role }));
  const uses = [{ cluster: 'east', topic: 'orders', role: 'producer' as const }, ...more];
  await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses });
  const directory = await mkdtemp(join(tmpdir(), 'millrace-config-cli-'));
  try {
    const run = async (...words: string[]): Promise<string> => {
      const env = { MILLRACE_TOKEN: installation };
      const { code, text, stderr } = await millrace([...words, '--server', service.url], { env, cwd: directory });
      assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
      return text;
    };
    assert.match(await run('config', 'enrol', 'shop', '--out', 'shop.json'), /of shop is in shop\.json/);
    assert.equal((await stat(join(directory, 'shop.json'))).mode & 0o777, 0o600);
    await run('application', 'issue', 'shop');
    const explained = await run('config', 'orders', '--app', 'shop');
    assert.match(explained, /^acks +all +standard producer$/m);
    assert.match(explained, /^cluster +east +the only one that it declares$/m);
    const java = await run('config', 'orders', '--enrolment', 'shop.json', '--format', 'properties');
    assert.match(java, /^sasl\.jaas\.config=.*ScramLoginModule required username="shop\.a" password=".+";$/m);
    const hidden = await run('config', 'orders', '--app', 'shop', '--format', 'properties');
    assert.ok(!hidden.includes('jaas'));

    const librdkafka = await run('config', 'orders', '--enrolment', 'shop.json', '--format', 'librdkafka');
    assert.match(librdkafka, /^sasl\.username=shop\.a\nsasl\.password=.+$/m);
    for (const role of ['producer', 'consumer']) {
      const words = ['config', topic, '--enrolment', 'shop.json', '--role', role, '--format', 'librdkafka'];
      await writeFile(join(directory, `${role}.conf`), await run(...words), { mode: 0o600 });
    }
    await writeFile(join(directory, 'records'), 'one\ntwo\n');
    const kcat = (role: string, ...words: string[]) =>
      runCommand('kcat', ['-F', join(directory, `${role}.conf`), '-t', topic, ...words]);
    const produced = await kcat('producer', '-P', '-l', join(directory, 'records'));
    assert.equal(produced.code, 0, produced.stderr);
    const consumed = await kcat('consumer', '-C', '-e', '-o', 'beginning');
    assert.match(consumed.stdout, /one\ntwo\n/, consumed.stderr);
  } finally {
    await rm(directory, { recursive: true });
  }
});
