/** The client's security on Apache Kafka: `security.test.ts` on a broker with all four listeners. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { SecuredKafka } from '@millrace/engines/testing/secured-kafka';

const kafka = await kafkaForTests();
if (kafka.skip !== false) test('security on Apache Kafka', { skip: kafka.skip }, () => undefined);
else {
  const secured = await SecuredKafka.create();
  const cluster = await kafka.cluster({
    security: { ...secured.security, superUsers: [...secured.security.superUsers, 'User:ANONYMOUS'] },
    configuration: {
      'connection.failed.authentication.delay.ms': '20',
      'listener.name.sasl_plaintext.plain.connections.max.reauth.ms': '3000',
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'millrace-secured-'));
  after(async () => {
    await cluster.close();
    rmSync(directory, { recursive: true });
  });
  const { cert, key } = await secured.certificate('CN=client');
  const files = Object.entries({ ca: secured.security.authority, cert, key }).map(([name, pem]) => {
    const path = join(directory, `${name}.pem`);
    writeFileSync(path, pem);
    return [name, path];
  });
  const ports = (['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const).map((listener) => {
    const bootstrap = cluster.bootstrap(listener);
    return [listener, Number(bootstrap.slice(bootstrap.lastIndexOf(':') + 1))];
  });
  process.env['MILLRACE_TEST_SECURED'] = JSON.stringify({
    ports: Object.fromEntries(ports),
    ...Object.fromEntries(files),
  });
  await import('./security.test.ts');
}
