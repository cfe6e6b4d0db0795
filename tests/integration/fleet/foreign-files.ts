/**
 * Files that the command line writes for clients of other makers, of a cluster that asks for TLS: application `shop`
 * comes with a certificate, application `desk` with a password. What they get is the service's own answer.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCredentialContract } from '@millrace/api/fleet';
import type { ClientOptions } from '@millrace/client';
import { type KafkaDistribution, runKafkaTool } from '@millrace/engines';
import { millrace } from '../../support/millrace-command.ts';
import { runCommand } from '../../support/run-command.ts';
import { authorityOf } from './authority-of.ts';
import { type ConfigProcess, installation, keyDirectory, startConfigProcess } from './config-fixture.ts';
import { startDatabaseFixture } from './database-fixture.ts';
import { createTopic, type SecuredSite, startSecuredSite } from './secured-site.ts';

export const topic = 'orders';
type Application = 'shop' | 'desk';
type Format = 'librdkafka' | 'properties';

export interface ForeignFiles extends AsyncDisposable {
  /** The folder with the files. */
  readonly folder: string;
  /** Has the files of an application and a role written; answers the client's own. */
  write(application: Application, role: 'producer' | 'consumer', format: Format): Promise<string>;
}

/** `start` starts the cluster, which trusts that authority too. */
export async function startForeignFiles(start: (trusted: string) => Promise<SecuredSite>): Promise<ForeignFiles> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startDatabaseFixture());
  const west = stack.use(await startSecuredSite('west'));
  const keys = stack.use(await keyDirectory());
  const own = new Map<string, ClientOptions>([['west', west.admin]]);
  const service = stack.use(await startConfigProcess(await database.emptyDatabase(), keys, own));
  await service.declare('team', 'shop', { name: 'shop' });
  await service.declare('cluster', 'west', { name: 'west', bootstrap: west.bootstrap('SASL_PLAINTEXT') });
  const site = stack.use(await start(await authorityOf(service)));
  await createTopic(site, topic);
  await declareWays(service, site, own);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-files-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const kinds = { shop: 'certificate', desk: 'scram' } as const;
  for (const [name, kind] of Object.entries(kinds)) {
    const enrolment = await service.enrol(name);
    await writeFile(join(folder, `${name}.json`), JSON.stringify(enrolment), { mode: 0o600 });
    await service.call(issueCredentialContract, { params: { name }, body: { kind } });
  }
  const parts = stack.move();
  return {
    folder,
    async write(application, role, format) {
      const [enrolment, out] = [join(folder, `${application}.json`), join(folder, application)];
      const words = ['config', topic, '--enrolment', enrolment, '--role', role, '--format', format, '--out', out];
      const { code, text, stderr } = await millrace([...words, '--server', service.url], {
        env: { MILLRACE_TOKEN: installation },
      });
      assert.equal(code, 0, stderr);
      const paths = text.trim().split('\n');
      for (const path of paths) assert.equal((await stat(path)).mode & 0o777, 0o600, path);
      return paths.at(-1) ?? '';
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** The same brokers under two names: `east`, reached with certificates, and `south`, with passwords. */
async function declareWays(service: ConfigProcess, site: SecuredSite, own: Map<string, ClientOptions>): Promise<void> {
  const trust = { 'ssl.ca.pem': site.secured.security.authority };
  const login = { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'SCRAM-SHA-512' };
  const ways = [
    ['east', 'SSL', { 'security.protocol': 'SSL' }, 'shop'],
    ['south', 'SASL_SSL', login, 'desk'],
  ] as const;
  for (const [cluster, listener, client, application] of ways) {
    own.set(cluster, site.admin);
    const bootstrap = site.bootstrap(listener);
    await service.declare('cluster', cluster, { name: cluster, bootstrap, client: { ...client, ...trust } });
    const uses = (['producer', 'consumer'] as const).map((role) => ({ cluster, topic, role }));
    await service.declare('application', application, { name: application, team: 'shop', uses });
  }
}

/** Writes two records with kcat, and reads them. */
export async function kcatWorks(files: ForeignFiles, application: Application): Promise<void> {
  const records = join(files.folder, 'records');
  await writeFile(records, 'one\ntwo\n');
  const kcat = async (role: 'producer' | 'consumer', ...words: string[]) =>
    runCommand('kcat', ['-F', await files.write(application, role, 'librdkafka'), '-t', topic, ...words]);
  const produced = await kcat('producer', '-P', '-l', records);
  assert.equal(produced.code, 0, produced.stderr);
  const consumed = await kcat('consumer', '-C', '-e', '-o', 'beginning');
  assert.match(consumed.stdout, /^one\ntwo\n/, consumed.stderr);
}

/** The like with Java's tools. */
export async function javaWorks(
  files: ForeignFiles,
  bootstrap: string,
  application: Application,
  kafka: KafkaDistribution,
): Promise<void> {
  const run = async (
    tool: 'kafka-console-producer' | 'kafka-console-consumer',
    role: 'producer' | 'consumer',
    words: readonly string[],
    input?: string,
  ) => {
    const file = await files.write(application, role, 'properties');
    const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--command-config', file, ...words];
    return runKafkaTool(kafka, tool, args, { input });
  };
  const produced = await run('kafka-console-producer', 'producer', [], 'three\nfour\n');
  assert.equal(produced.code, 0, produced.stderr);
  const reading = ['--group', application, '--from-beginning', '--timeout-ms', '20000', '--max-messages', '2'];
  const consumed = await run('kafka-console-consumer', 'consumer', reading);
  assert.match(consumed.stdout, /^(one\ntwo|three\nfour)\n$/, consumed.stderr);
}
