/**
 * The bin is run as a shell runs it: under the Node of this workspace, and under the older one of the machine, where it
 * has to go on under a newer one without anybody noticing.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../bin/millrace.js', import.meta.url));
const older = olderNode();
const skip = older === undefined && 'needs a Node 20 to 23 on PATH';

function olderNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((file) => existsSync(file))
    .find((file) => {
      const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
      const major = Number(/^v(\d+)/.exec(stdout)?.[1]);
      return major >= 20 && major < 24;
    });
}

function runUnder(node: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(node, [bin, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('prints help and passes on the exit code of a wrong usage', () => {
  const help = runUnder(process.execPath, ['--help']);
  assert.equal(help.status, 0);
  assert.match(help.stdout, /^.*millrace/i);
  const wrong = runUnder(process.execPath, ['no-such-command']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /no-such-command/);
});

test('does the same under an older Node', { skip }, () => {
  for (const args of [['--help'], ['--version'], ['no-such-command'], ['no-such-command', '--json']]) {
    assert.deepEqual(runUnder(older ?? '', args), runUnder(process.execPath, args));
  }
});

test('passes a signal on to the process under the newer Node, and ends as that one does', { skip }, async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'millrace-bin-'));
  try {
    const ends: (number | null)[] = [];
    for (const node of [older ?? '', process.execPath]) {
      const args = [bin, 'broker', '--port', '0', '--data-dir', dataDirectory, '--json'];
      const running = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(running, 'exit');
      const [line] = await Promise.race([once(running.stdout, 'data'), exited]);
      const port = Number(/"port":(\d+)/.exec(String(line))?.[1]);
      assert.ok(port > 0, `the broker did not start: ${line}`);
      assert.equal(await accepts(port), true);
      running.kill('SIGTERM');
      const [code] = await exited;
      ends.push(code);
      assert.equal(await accepts(port), false);
    }
    assert.equal(ends[0], ends[1]);
    assert.notEqual(ends[0], null);
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});

/** True when something listens on the port of the loopback interface. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return await new Promise((resolve) => {
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
