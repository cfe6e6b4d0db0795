/** Files for librdkafka: kcat comes with them to an embedded cluster over TLS, and takes every setting in them. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConfigAnswer, librdkafkaFiles } from '@millrace/api/config';
import { configurationKeys, pathKeys, secretKeys } from '@millrace/client/java-configuration';
import { speaksScram } from '../../conformance/drivers/kcat.ts';
import { missing, runCommand } from '../../support/run-command.ts';
import { kcatWorks, startForeignFiles } from './foreign-files.ts';
import { startSecuredSite } from './secured-site.ts';

const skip = missing('kcat', 'apt-get install kcat');

test('kcat writes and reads over TLS with the files that the command line wrote', { skip }, async () => {
  await using files = await startForeignFiles((trusted) => startSecuredSite('east', trusted));
  await kcatWorks(files, 'shop');
  if (speaksScram()) await kcatWorks(files, 'desk');
});

/** Values that rules may set, where one number fits not all. */
const values: Readonly<Record<string, readonly string[]>> = {
  acks: ['all', '-1', '1', '0'],
  'enable.idempotence': ['true', 'false'],
  'compression.type': ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  'auto.offset.reset': ['earliest', 'latest', 'none'],
  'isolation.level': ['read_committed', 'read_uncommitted'],
  'group.protocol': ['classic', 'consumer'],
  'partition.assignment.strategy': ['range', 'org.apache.kafka.clients.consumer.RangeAssignor'],
  'enable.auto.commit': ['true', 'false'],
  'allow.auto.create.topics': ['true', 'false'],
  'check.crcs': ['true', 'false'],
  'security.protocol': ['PLAINTEXT', 'SSL', 'SASL_SSL'],
  'sasl.mechanism': ['PLAIN', 'SCRAM-SHA-512'],
  'ssl.endpoint.identification.algorithm': ['https', ''],
  'enable.ssl.certificate.verification': ['true', 'false'],
};
const numbers = ['0', '1', '1000', '2147483647', '9007199254740991', 'text'];
/** Texts that are no settings of one client: PEM, and ids of an instance. */
const others =
  /^(bootstrap\.servers|client\.id|group\.(id|instance\.id)|sasl\.(username|oauthbearer\..*))$|pem$|certificate/;

test('kcat takes every value of every setting that a rule may set', { skip }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-kcat-'));
  const file = join(directory, 'conf');
  const complaint = async (settings: Record<string, string>): Promise<string> => {
    const entries = Object.entries(settings).map(([name, value]) => [name, { value, rule: 'the test' }]);
    const answer: ConfigAnswer = {
      ...{ format: 1, application: 'shop', topic: 'orders', role: 'consumer', version: 1 },
      ...{ issuedAt: 0, expiresAt: 1, asOf: 0, bootstrap: '127.0.0.1:1', settings: Object.fromEntries(entries) },
      cluster: { name: 'east', id: null, generation: 0, rule: 'the test' },
    };
    await writeFile(file, librdkafkaFiles(answer, (name) => name).text);
    const { code, stderr } = await runCommand('kcat', ['-F', file, '-X', 'dump']);
    return code === 0 ? '' : stderr;
  };
  try {
    assert.match(await complaint({ acks: 'some' }), /Invalid value/);
    const settable = configurationKeys.filter((key) => !pathKeys.has(key) && !secretKeys.has(key) && !others.test(key));
    const refused: string[] = [];
    for (const key of settable) {
      for (const value of values[key] ?? numbers) {
        const told = await complaint({ [key]: value });
        if (told !== '') refused.push(`${key}=${value}: ${told}`);
      }
    }
    assert.deepEqual(refused, []);
  } finally {
    await rm(directory, { recursive: true });
  }
});
