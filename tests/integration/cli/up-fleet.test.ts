/** `millrace up --fleet FILE` on brokers that run in processes of their own. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { millrace, Server } from '../../support/millrace-command.ts';
import { BrokerProcess } from '../../support/millrace-process.ts';

interface Status {
  readonly healthy: boolean;
  readonly clusters: readonly { readonly name: string; readonly problem: string | null }[];
}

const problemsOf = (text: string): Record<string, boolean> =>
  Object.fromEntries((JSON.parse(text) as Status).clusters.map(({ name, problem }) => [name, problem !== null]));

/** A fleet of three clusters, the one in the middle with a login. */
function fleetFile(late: string, secured: string, plain: string): string {
  return [
    'environments: [{ name: qa }]',
    'sites: [{ name: lab }]',
    'clusters:',
    `  - { name: late, bootstrap: '${late}' }`,
    '  - name: secured',
    '    site: lab',
    '    environment: qa',
    `    bootstrap: ${secured}`,
    '    client:',
    '      security.protocol: SASL_PLAINTEXT',
    '      sasl.mechanism: SCRAM-SHA-512',
    '      sasl.username: alice',
    '      sasl.password: file:alice.txt',
    `  - { name: plain, bootstrap: '${plain}' }`,
  ].join('\n');
}

test('attaches clusters that run, one with a login by a secret from a file; a missing one comes later', async () => {
  await using plain = await BrokerProcess.start();
  const { dataDirectory: folder } = plain;
  await using secured = await Server.start('broker', {
    words: [
      ...['--listener', 'SASL_PLAINTEXT://127.0.0.1:0'],
      ...['--add-scram', 'SCRAM-SHA-512=[name=alice,password=wonder,land]'],
    ],
  });
  // Its address is known, and nothing is there.
  await using late = await BrokerProcess.start();
  await late.stop();
  await writeFile(join(folder, 'alice.txt'), 'wonder,land\n', { mode: 0o600 });
  const file = join(folder, 'fleet.yaml');
  await writeFile(file, fleetFile(late.bootstrap, secured.ready.clusters[0]?.bootstrap ?? '', plain.bootstrap));

  await using up = await Server.start('up', { words: ['--fleet', file] });
  assert.deepEqual(
    up.ready.clusters.map(({ name, clusterId, problem }) => [name, clusterId !== null, problem === null]),
    [
      ['late', false, false],
      ['secured', true, true],
      ['plain', true, true],
    ],
  );
  assert.match(up.running.complained(), /cluster late is not reachable yet, tracking and its collector wait for it: /);
  assert.ok(!JSON.stringify(up.ready).includes('alice'), 'how it is reached is not printed');

  for (const name of ['secured', 'plain']) {
    const produced = await up.run(['produce', 'notes', '--create', '--cluster', name], { input: `to ${name}\n` });
    assert.equal(produced.code, 0, produced.stderr);
    const consumed = await up.run(['consume', 'notes', '-e', '--cluster', name]);
    assert.equal(consumed.text, `to ${name}\n`);
  }
  const before = await up.run(['status', '--json']);
  assert.equal(before.code, 1);
  assert.deepEqual(problemsOf(before.text), { late: true, secured: false, plain: false });

  const listed = await up.run(['topic', 'list', '--json']);
  assert.equal(listed.code, 1, 'what is missing is told after what is there');
  const { topics: found } = JSON.parse(listed.text) as { topics: { cluster: string; topic: string }[] };
  assert.deepEqual(
    found.map(({ cluster, topic }) => `${cluster} ${topic}`),
    ['secured notes', 'plain notes'],
  );
  assert.match(listed.stderr, /"code":"clusters_missing".*cluster late: cannot connect to /);

  const port = Number(late.bootstrap.split(':')[1]);
  await using _ = await BrokerProcess.start({ port, dataDirectory: late.dataDirectory });
  await eventually(async () => (await up.run(['status'])).code === 0, { timeoutMs: 90_000 });
  const body = JSON.stringify({ type: 'page', messageId: 'one', anonymousId: 'ann' });
  const headers = { 'content-type': 'application/json' };
  const collected = await fetch(`${up.ready.collectorUrl}/t`, { method: 'POST', headers, body });
  assert.equal(collected.status, 200);
  const stopped = await up.stop();
  assert.equal(stopped.code, 0);
  const topics = await millrace(['topic', 'list', '--bootstrap', plain.bootstrap, '--json']);
  assert.equal(topics.code, 0, 'who is attached goes on without the platform');
});

test('a fleet file with mistakes is refused whole, each with its line, and no secret is repeated', async () => {
  await using broker = await BrokerProcess.start();
  const file = join(broker.dataDirectory, 'wrong.yaml');
  const text = [
    'clusters:',
    '  - name: north',
    '    site: lab',
    '    bootstrap: 127.0.0.1',
    '    client:',
    '      sasl.password: hunter2',
  ];
  await writeFile(file, text.join('\n'));
  const words = ['up', '--fleet', file, '--data-dir', join(broker.dataDirectory, 'up'), '--json'];
  const { code, stderr } = await millrace(words);
  assert.equal(code, 1);
  const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
  assert.equal(error.code, 'fleet_file_invalid');
  assert.match(error.message, /wrong\.yaml:3: clusters\[0\]\.site "lab" is not among the sites/);
  assert.match(error.message, /wrong\.yaml:4: clusters\[0\]\.bootstrap "127\.0\.0\.1" is not HOST:PORT/);
  assert.match(error.message, /wrong\.yaml:6: clusters\[0\]\.client\["sasl\.password"\] is a secret/);
  assert.ok(!stderr.includes('hunter2'));
});
