/** Files and lines that users hand in to the command. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRecordJson } from '@millrace/cli/testing/decoders';
import { createClient } from '@millrace/client';
import { readFleetFile } from '@millrace/fleet';
import { clientConfiguration, parseProperties } from '@millrace/fleet/client-configuration';
import { attempt, attemptLater, type FuzzTarget } from '../fuzz-target.ts';
import { reshapeBy } from '../reshape.ts';

const bootstrap = 'bootstrap.servers=kafka.example:9092\\\n  ,[::1]:1\n# comment\n! another\nclient.id : \\u0041\\tb';

/** An input is a `.properties` file for a client, with what protects its connections. */
export const properties: FuzzTarget = {
  name: 'properties',
  inputs: 10_000,
  seeds: () =>
    [
      `${bootstrap}\nacks=all\nlinger.ms=5\nauto.offset.reset earliest\ncompression.type=zstd\nkey.serializer=x`,
      'security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.jaas.config=a.Scram required \\\n' +
        ' username="al\\\\"ice" password=\'s\';',
      'security.protocol=SASL_SSL\nsasl.mechanisms=PLAIN\nsasl.username=u\nsasl.password=p\n' +
        'ssl.ca.pem=-----BEGIN CERTIFICATE-----\\n',
      'security.protocol=SSL\nssl.keystore.type=PEM\n' +
        'ssl.keystore.key=-----BEGIN PRIVATE KEY-----\\nAA==\\n-----END PRIVATE KEY-----' +
        '\nssl.keystore.certificate.chain=x\nssl.key.password=y',
      'security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=https://a/t\n' +
        'sasl.jaas.config=x.OAuth required clientId="c" clientSecret="s" extension_pool="p";',
    ].map((text) => Buffer.from(text)),
  async run(input) {
    const outcome = await attemptLater(async () => {
      const given = parseProperties(Buffer.from(input).toString('utf8'));
      const read = clientConfiguration(given, 'client.properties');
      const client = createClient({ bootstrap: 'localhost:9092', ...read.client });
      const made = attempt(() => [client.producer(read.producer), client.admin()].length);
      await client.close();
      return `${Object.keys(read.client).sort().join()} ${made}`;
    });
    return outcome.replace(/not supported: .*/s, '').slice(0, 60);
  },
};

/** An input is a line of JSON that stands for a record; if it is JSON, a field of it gets another value, too. */
export const recordLines: FuzzTarget = {
  name: 'record-lines',
  inputs: 30_000,
  seeds: () =>
    [
      { key: 'a', value: 'b', headers: [{ key: 'h', value: '1' }], partition: 3, timestamp: 1_769_850_000_000 },
      { keyBase64: '/w==', valueBase64: '', headers: { a: 'b', c: null } },
      { value: null, headers: [{ key: 'h', valueBase64: 'AA==' }], timestamp: 0 },
    ].map((record) => Buffer.from(JSON.stringify(record))),
  run(input) {
    const asItIs = attempt(() => typesIn(input));
    if (asItIs.startsWith('it is not')) return asItIs;
    const record = JSON.parse(Buffer.from(input).toString('utf8'));
    reshapeBy(record, input);
    return `${asItIs} ${attempt(() => typesIn(Buffer.from(JSON.stringify(record))))}`;
  },
};

function typesIn(line: Uint8Array): string {
  const { key, value, headers, partition, timestamp } = parseRecordJson(line);
  return [typeof key, typeof value, Math.min(headers.length, 3), typeof partition, typeof timestamp].join();
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-fuzz-fleet-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** An input is a fleet file. */
export const fleetFiles: FuzzTarget = {
  name: 'fleet-files',
  inputs: 300,
  seeds: () =>
    [
      'clusters:\n  - name: east\n    bootstrap: kafka.example:9092\n',
      'environments: [{name: production}]\nsites: [{name: a}]\nclusters:\n  - &x {name: b, bootstrap: "h:1", site: a,' +
        ' environment: production}\n',
      'a: &a [x, x]\nb: &b [*a, *a]\nclusters: [*b, *b]\n',
    ].map((text) => Buffer.from(text)),
  async run(input) {
    const file = join(folder, 'fleet.yaml');
    writeFileSync(file, input);
    const outcome = await attemptLater(async () => (await readFleetFile(file)).clusters.length);
    // The words of the first thing that is wrong.
    return outcome.split(' ').slice(1, 7).join(' ') || outcome;
  },
};
