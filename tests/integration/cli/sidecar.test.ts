/** `millrace config sidecar` as a process. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import { millrace, startMillrace } from '../../support/millrace-command.ts';
import { startFixture } from '../client/client-fixture.ts';
import { startResilientFixture, valuesOf } from '../resilient/resilient-fixture.ts';

test('a sidecar says where it is, serves programs and figures, and ends in good order', async (t) => {
  const [cluster, { service, newDirectory }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await cluster.createTopic(1);
  service.tell({ topic, role: 'producer' }, { answer: { bootstrap: cluster.bootstrap } });
  const directory = newDirectory();
  const file = join(directory, 'shop.json');
  await writeFile(file, JSON.stringify(service.enrolment()));
  const words = ['--enrolment', file, '--directory', directory, '--produce', topic, '--port', '0', '--metrics', '0'];
  const running = startMillrace(['config', 'sidecar', '--json', ...words]);
  await eventually(() => running.printed().includes('\n'), { describe: () => running.complained() });
  const { bootstrap, programDirectory, metrics } = JSON.parse(running.printed());
  assert.equal(programDirectory, join(directory, 'sidecar'));
  await using client = createClient({
    ...(await programSettings(programDirectory)),
    bootstrap,
  });
  await client.producer().send({ topic, value: 'one' });
  const figures = await (await fetch(metrics)).text();
  assert.match(figures, /millrace_sidecar_requests_total{api="Produce"} 1/);
  const other = await millrace(['config', 'sidecar', ...words.slice(0, -4), '--port', bootstrap.split(':')[1]]);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /already in use.*\n?.*--port/);
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 0);
  assert.deepEqual(await valuesOf(cluster.bootstrap, topic), ['one']);
});

test('what a sidecar needs is named where it is missing', async () => {
  const { code, stderr } = await millrace(['config', 'sidecar', '--enrolment', 'none.json', '--directory', 'x']);
  assert.equal(code, 2);
  assert.match(stderr, /--produce or --consume/);
});

async function programSettings(directory: string) {
  const password = (await readFile(join(directory, 'secret'), 'utf8')).trim();
  return { security: { sasl: { mechanism: 'PLAIN', username: 'shop', password } as const } };
}
