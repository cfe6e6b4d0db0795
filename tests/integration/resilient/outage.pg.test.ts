/**
 * All processes of the config service and PostgreSQL are down, for as long as the scale says, while applications are
 * killed and started anew: they go on from their signed copies. Applications and services are processes of their own.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ConfigEnrolment } from '@millrace/api/config';
import { issueCredentialContract } from '@millrace/api/fleet';
import { type ClientOptions, createClient } from '@millrace/client';
import { startPostgres } from '@millrace/engines';
import { eventually } from '../../support/eventually.ts';
import { installation, keyDirectory, startConfigProcess } from '../fleet/config-fixture.ts';
import { createTopic, type SecuredSite, startSecuredSite } from '../fleet/secured-site.ts';
import type { ApplicationSays } from './application-program.ts';

const serviceProgram = fileURLToPath(new URL('../fleet/config-program.ts', import.meta.url));
const applicationProgram = fileURLToPath(new URL('./application-program.ts', import.meta.url));
/** In full more than three minutes. */
const outageMs = Math.max(5_000, 10_000 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1));
const applications = 3;
const topic = 'orders';
const enough = 100;

/** Runs of one instance, one after the other, and what all of them have said. */
class Application {
  readonly acknowledged = new Set<string>();
  readonly read: Set<string>;
  readonly failures: string[] = [];
  last: ApplicationSays | undefined;
  runs = 0;
  /** Of the present run. */
  acknowledgedNow = 0;
  readonly #name: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  constructor(name: string, args: readonly string[], read: Set<string>) {
    this.#name = name;
    this.#args = args;
    this.read = read;
  }

  start(): void {
    this.acknowledgedNow = 0;
    this.last = undefined;
    this.#child = fork(applicationProgram, [...this.#args, `${this.#name}.${++this.runs}`]);
    this.#child.on('message', (says: ApplicationSays) => {
      this.last = says;
      this.acknowledgedNow += says.acknowledged.length;
      for (const value of says.acknowledged) this.acknowledged.add(value);
      for (const value of says.read) this.read.add(value);
      this.failures.push(...says.failures);
    });
  }

  /** Resolves once the present run has written some, with answers that came from `from`. */
  async works(from?: 'disk' | 'service'): Promise<void> {
    await eventually(
      () => {
        if (this.#child?.exitCode !== null) throw new Error(`${this.#name} ended by itself`);
        const isFrom = from === undefined || (this.last?.from.every((each) => each === from) ?? false);
        return this.acknowledgedNow >= enough && isFrom;
      },
      { timeoutMs: 60_000, describe: () => `${this.#name} wrote ${this.acknowledgedNow} and has ${this.last?.from}` },
    );
  }

  async end(how: 'kill' | 'orderly'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    if (how === 'kill') child.kill('SIGKILL');
    else child.send('end');
    await ended;
    if (how === 'orderly') assert.equal(child.exitCode, 0);
  }
}

interface Service {
  readonly child: ChildProcess;
  readonly port: string;
}

async function startService(databaseUrl: string, keys: { readonly path: string }, port = '0'): Promise<Service> {
  const child = fork(serviceProgram, [databaseUrl, join(keys.path, 'keys'), port, installation]);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the service ended before it served')));
  const [url] = (await Promise.race([once(child, 'message'), ended])) as [string];
  ended.catch(() => undefined);
  return { child, port: new URL(url).port };
}

async function kill({ child }: Service): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Enrols the application, and issues it a password for the cluster. */
async function declareShop(databaseUrl: string, keys: { readonly path: string }, east: SecuredSite) {
  const own = new Map<string, ClientOptions>([['east', east.admin]]);
  await using service = await startConfigProcess(databaseUrl, keys, own);
  const client = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-512' };
  const bootstrap = east.bootstrap('SASL_PLAINTEXT');
  await service.declare('cluster', 'east', { name: 'east', bootstrap, client });
  await service.declare('team', 'shop', { name: 'shop' });
  const uses = (['producer', 'consumer'] as const).map((role) => ({ cluster: 'east', topic, role }));
  await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses });
  // Members that are killed leave their partitions soon.
  const quick = { 'session.timeout.ms': 6_000, 'heartbeat.interval.ms': 500 };
  await service.declare('client_setting', 'quick', { name: 'quick', match: { roles: ['consumer'] }, set: quick });
  await createTopic(east, topic);
  const enrolment = await service.enrol('shop');
  await service.call(issueCredentialContract, { params: { name: 'shop' }, body: {} });
  return enrolment;
}

async function valuesOf(site: SecuredSite): Promise<string[]> {
  await using client = createClient(site.admin);
  await using consumer = client.consumer({ topics: [topic], from: 'earliest', until: 'end' });
  const values: string[] = [];
  for await (const batch of consumer) for (const { value } of batch) values.push(Buffer.from(value ?? []).toString());
  return values;
}

/** Kills them in turn, or has them end, until the time is over; each goes on from disk. */
async function restartAll(all: readonly Application[], t: TestContext): Promise<void> {
  const until = performance.now() + outageMs;
  let [turn, longestMs] = [0, 0];
  while (performance.now() < until || turn < applications * 2) {
    const each = all[turn % all.length] as Application;
    await each.end(turn % 3 === 2 ? 'orderly' : 'kill');
    const begunAt = performance.now();
    each.start();
    await each.works('disk');
    longestMs = Math.max(longestMs, performance.now() - begunAt);
    turn++;
  }
  t.diagnostic(`${turn} starts without a service; ${enough} records each, after ${Math.round(longestMs)} ms at most`);
}

test(`applications are restarted for ${outageMs} ms while the service and PostgreSQL are down`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-outage-'));
  // PostgreSQL runs as another user where this one is root.
  await chmod(directory, 0o755);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const keys = stack.use(await keyDirectory());
  const east = stack.use(await startSecuredSite('east'));
  const startDatabase = () => startPostgres({ directory: join(directory, 'postgres') });
  let postgres = await startDatabase();
  stack.defer(() => postgres.close());
  const enrolment: ConfigEnrolment = await declareShop(postgres.url, keys, east);
  let services: readonly Service[] = await Promise.all([
    startService(postgres.url, keys),
    startService(postgres.url, keys),
  ]);
  stack.defer(async () => void (await Promise.all(services.map(kill))));
  const urls = services.map(({ port }) => `http://127.0.0.1:${port}`);
  const file = join(directory, 'shop.json');
  await writeFile(file, JSON.stringify({ ...enrolment, services: urls }), { mode: 0o600 });
  const read = new Set<string>();
  const all = Array.from({ length: applications }, (_, index) => {
    const args = [file, join(directory, `instance${index}`), topic, 'shop'];
    return new Application(`shop${index}`, args, read);
  });
  stack.defer(async () => void (await Promise.all(all.map((each) => each.end('kill')))));
  for (const each of all) each.start();
  await Promise.all(all.map((each) => each.works('service')));

  await Promise.all(services.map(kill));
  services = [];
  await postgres.close();
  await restartAll(all, t);

  postgres = await startDatabase();
  const ports = urls.map((url) => new URL(url).port);
  services = await Promise.all(ports.map((port) => startService(postgres.url, keys, port)));
  await eventually(() => all.every(({ last }) => last?.isTold === true), { timeoutMs: 90_000 });
  const before = Math.max(...all.map(({ last }) => last?.version ?? 0));
  services[0]?.child.send(7);
  await eventually(() => all.every(({ last }) => (last?.version ?? 0) > before), { timeoutMs: 60_000 });
  await Promise.all(all.map((each) => each.works('service')));

  const written = async (): Promise<string[]> => await valuesOf(east);
  const known = await written();
  await eventually(() => known.every((value) => read.has(value)), { timeoutMs: 60_000 });
  await Promise.all(all.map((each) => each.end('orderly')));
  const values = await written();
  assert.equal(new Set(values).size, values.length, 'a record was written twice');
  const held = new Set(values);
  for (const { acknowledged, failures } of all) {
    assert.deepEqual(failures, []);
    assert.deepEqual([...acknowledged].filter((value) => !held.has(value)).slice(0, 3), []);
  }
  t.diagnostic(`${values.length} records, none lost, none twice`);
});
