/** Commands against a broker that asks who they are. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { millrace, Server } from '../../support/millrace-command.ts';

test('--client-config logs in by the names of Java and of librdkafka; who does not is told why', async () => {
  await using broker = await Server.start('broker', {
    words: [
      ...['--listener', 'SASL_PLAINTEXT://127.0.0.1:0'],
      ...['--add-scram', 'SCRAM-SHA-512=[name=alice,password=wonder,land]'],
    ],
  });
  const bootstrap = broker.ready.clusters[0]?.bootstrap ?? '';
  const run = async (lines: readonly string[]) => {
    const file = join(broker.directory, 'client.properties');
    await writeFile(file, lines.join('\n'));
    return millrace(['topic', 'list', '--bootstrap', bootstrap, '--client-config', file, '--json']);
  };
  const protocol = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=SCRAM-SHA-512'];
  const module = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  for (const login of [
    [`sasl.jaas.config=${module} required username="alice" password="wonder,land";`],
    ['sasl.username=alice', 'sasl.password=wonder,land'],
  ]) {
    const { code, text, stderr } = await run([...protocol, ...login]);
    assert.equal(code, 0, stderr);
    assert.deepEqual((JSON.parse(text) as { topics: unknown[] }).topics, []);
  }
  const refused = await run([...protocol, 'sasl.username=alice', 'sasl.password=wrong']);
  assert.equal(refused.code, 1);
  const { error } = JSON.parse(refused.stderr) as { error: { code: string; message: string } };
  assert.equal(error.code, 'authentication_failed');
  assert.match(error.message, /by SCRAM-SHA-512 as alice: /);
  const contradictory = await run(['sasl.username=alice']);
  assert.equal(contradictory.code, 2);
  assert.match(contradictory.stderr, /PLAINTEXT makes no use of sasl\.username; set security\.protocol/);
});
