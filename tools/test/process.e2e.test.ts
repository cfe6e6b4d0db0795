/**
 * The runner is judged by files planted in a temporary folder, one for each way in which a test file can go wrong, run
 * in real processes with short limits.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { TestProcess } from './process.ts';
import { judge, summary } from './report.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-runner-')));
after(() => rmSync(root, { recursive: true, force: true }));

const HEAD = `import { test, describe } from 'node:test';\nimport assert from 'node:assert/strict';\n`;

async function runPlanted(body: string, limitMs = 20_000) {
  const testProcess = new TestProcess({ root, environment: process.env });
  try {
    writeFileSync(join(root, 'planted.test.ts'), HEAD + body);
    const result = await testProcess.run('planted.test.ts', limitMs);
    return { ...result, reusable: testProcess.reusable };
  } finally {
    await testProcess.close();
  }
}

test('counts leaf tests, their subtests and skips with the reasons', async () => {
  const result = await runPlanted(`
    test('top', async (t) => { await t.test('inner', () => assert.equal(1, 1)); });
    describe('suite', () => {
      test('in suite', () => assert.equal(1, 1));
      test('left out', { skip: 'needs a thing' }, () => assert.fail());
    });
  `);
  assert.deepEqual(
    result.tests.map(({ name, outcome, detail }) => [name.join('/'), outcome, detail]),
    [
      ['top/inner', 'passed', ''],
      ['top', 'passed', ''],
      ['suite/in suite', 'passed', ''],
      ['suite/left out', 'skipped', 'needs a thing'],
    ],
  );
  assert.deepEqual(result.problems, []);
  assert.equal(result.reusable, true);
});

test('reports a failing assertion with its place and its difference', async () => {
  const result = await runPlanted(`test('differs', () => assert.deepEqual([1], [2]));\n`);
  const [failed] = result.tests;
  assert.equal(failed?.outcome, 'failed');
  assert.match(failed.location, /^planted\.test\.ts:3:1$/);
  assert.match(failed.detail, /\+ {3}1\n-\s+2/);
  assert.equal(judge([result], false).failed, 1);
});

test('fails a file without tests', async () => {
  const result = await runPlanted('export {};\n');
  assert.deepEqual(result.problems, ['The file ran no test.']);
  assert.equal(result.reusable, false);
});

test('fails a file that cannot be loaded', async () => {
  const result = await runPlanted(`throw new Error('broken at load');\n`);
  assert.match(result.problems.join(), /could not be loaded.*broken at load/s);
});

test('fails a file that hangs in a test, and names the test', async () => {
  const result = await runPlanted(`test('spins', () => { for (;;); });\n`, 1500);
  assert.deepEqual(result.problems, [`The file did not end within 1.5 s; it was running 'spins'.`]);
});

test('fails a file whose process ends before the file does', async () => {
  const exits = await runPlanted(`test('exits', () => process.exit(0));\n`);
  assert.deepEqual(exits.problems, [`The process ended (exit code 0) while running 'exits'.`]);
  const killed = await runPlanted(`test('dies', () => process.kill(process.pid, 'SIGKILL'));\n`);
  assert.match(killed.problems.join(), /signal SIGKILL/);
});

test('fails a file whose error comes after its tests', async () => {
  const result = await runPlanted(`
    test('passes', () => { setTimeout(() => { throw new Error('came late'); }, 20); });
  `);
  assert.match(result.problems.join(), /outside of the tests.*came late/s);
});

test('fails a file in which an error that nobody caught leaves a test waiting, and tells the error', async () => {
  const result = await runPlanted(
    `
    test('waits for it', async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const keepAlive = setInterval(String, 1000);
      Promise.resolve().then(() => { throw new Error('nobody cares'); });
      await new Promise(() => undefined);
    });
    `,
    60_000,
  );
  assert.match(result.problems.join(), /outside of the tests while 'waits for it' ran.*nobody cares/s);
  assert.equal(result.reusable, false);
});

test('ends what a killed file had started', async () => {
  const result = await runPlanted(
    `
    import { spawn } from 'node:child_process';
    test('starts another', async () => {
      const child = spawn(process.execPath, ['-e', 'setInterval(String, 1000)'], { stdio: 'ignore' });
      console.log('child ' + child.pid);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });
    `,
    2000,
  );
  const pid = Number(/child (\d+)/.exec(result.output)?.[1]);
  assert.ok(pid > 0, result.output);
  const deadline = Date.now() + 5000;
  while (isAlive(pid)) {
    assert.ok(Date.now() < deadline, `process ${pid} outlived its test file`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test('one process runs several files after one another', async () => {
  const testProcess = new TestProcess({ root, environment: process.env });
  for (const name of ['first', 'second', 'third']) {
    writeFileSync(join(root, `${name}.test.ts`), `${HEAD}test('${name}', () => assert.ok(true));\n`);
    const result = await testProcess.run(`${name}.test.ts`, 20_000);
    assert.deepEqual(
      result.tests.map((end) => [...end.name, end.outcome]),
      [[name, 'passed']],
    );
    assert.equal(testProcess.reusable, true);
  }
  assert.equal(await testProcess.close(), undefined);
});

test('a skip fails in CI unless CI cannot have what it needs', async () => {
  const result = await runPlanted(`
    test('store', { skip: 'needs Aerospike: set AEROSPIKE_HOSTS' }, () => assert.fail());
    test('kcat', { skip: 'needs kcat' }, () => assert.fail());
  `);
  const { passed, failed, skipped } = judge([result], true);
  assert.deepEqual({ passed, failed, skipped }, { passed: 0, failed: 1, skipped: 1 });
  assert.equal(judge([result], false).skipped, 2);
  assert.match(summary([result], { inCi: true }), /\n0 passed, 1 failed, 1 skipped\n$/);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
