import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { identityOf, isRunning } from '../process-identity.ts';
import { kafkaForTests } from '../testing/apache-kafka.ts';

const kafka = await kafkaForTests();
const holder = fileURLToPath(new URL('../testing/cluster-holder.ts', import.meta.url));
const GONE_MS_MAX = 30_000;

test('no broker outlives a process that is killed, nor does its directory', { skip: kafka.skip }, async () => {
  const child = spawn(process.execPath, [holder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { pids, directory } = JSON.parse(line) as { pids: number[]; directory: string };
  const identities = await Promise.all(pids.map(identityOf));
  assert.equal(pids.length, 3);
  assert.ok(existsSync(directory));
  child.kill('SIGKILL');
  const deadline = Date.now() + GONE_MS_MAX;
  for (const identity of identities) {
    assert.ok(identity !== undefined);
    while (await isRunning(identity)) {
      assert.ok(Date.now() < deadline, `the broker's process ${identity.pid} is still there`);
      await pause(20);
    }
  }
  while (existsSync(directory)) {
    assert.ok(Date.now() < deadline, `${directory} is still there`);
    await pause(20);
  }
});
