/**
 * `millrace pipeline tracking --import` as a process of its own, against a broker that is another: the totals are those
 * of the file, however often it is imported, and however often the import or the broker is killed on the way.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { seededRandomness } from '@millrace/base';
import { createClient, unwrap } from '@millrace/client';
import type { ImportReport } from '@millrace/pipelines';
import { eventually } from '../../support/eventually.ts';
import { millraceBinary } from '../../support/millrace-command.ts';
import { BrokerProcess } from '../../support/millrace-process.ts';
import { type CommandResult, runCommand } from '../../support/run-command.ts';
import { type SampleTotals, sampleLog } from './access-log-sample.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const folder = await mkdtemp(join(tmpdir(), 'millrace-import-'));
after(() => rm(folder, { recursive: true }));

async function fileOf(name: string, content: string | Buffer): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

const argumentsOf = (file: string, bootstrap: string, more: readonly string[] = []): string[] => [
  millraceBinary,
  'pipeline',
  'tracking',
  '--bootstrap',
  bootstrap,
  '--import',
  file,
  ...more,
];

function runImport(file: string, bootstrap: string, more: readonly string[] = ['--json']): Promise<CommandResult> {
  return runCommand(process.execPath, argumentsOf(file, bootstrap, more), { timeoutMs: 60_000 });
}

async function imported(file: string, bootstrap: string, more: readonly string[] = []): Promise<ImportReport> {
  const { code, stdout, stderr } = await runImport(file, bootstrap, ['--json', ...more]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as ImportReport;
}

/** Whether records of the import have arrived. */
async function hasEvents(bootstrap: string): Promise<boolean> {
  await using client = createClient({ bootstrap, requestTimeoutMs: 2_000 });
  const [described] = await client.admin().describeTopics(['tracking.events']);
  if (described === undefined || described.error !== undefined) return false;
  const { topic, partitions } = described;
  const queries = partitions.map((_, partition) => ({ topic, partition, at: 'latest' as const }));
  return unwrap(await client.admin().listOffsets(queries)).some(({ offset }) => offset > 0);
}

/** A report's totals in the form of the expectation. */
function found({ totals }: ImportReport): SampleTotals {
  const { requests, pageViews, visits, visitors, sessions, automated } = totals;
  const statuses = Object.fromEntries(totals.statuses.map(({ status, requests: count }) => [String(status), count]));
  const pages = Object.fromEntries(totals.pages.map(({ path, views }) => [path, views]));
  return { requests, pageViews, visits, visitors, sessions, automated, statuses, pages };
}

test('a log gives its totals, and the same ones when it is imported again, plain, compressed or grown', async () => {
  await using broker = await BrokerProcess.start();
  const { log, totals } = sampleLog(4_000, 1);
  const first = await imported(await fileOf('access.log', log), broker.bootstrap);
  assert.deepEqual(found(first), totals);
  assert.deepEqual([first.lines, first.sent, first.alreadyThere, first.site], [4_000, 4_000, 0, 'access']);

  const again = await imported(await fileOf('access.log.1', log), broker.bootstrap);
  assert.deepEqual(found(again), totals);
  assert.deepEqual([again.sent, again.alreadyThere], [0, 4_000]);
  assert.deepEqual(found(await imported(await fileOf('access.log.2.gz', gzipSync(log)), broker.bootstrap)), totals);

  const grown = sampleLog(5_000, 1);
  const later = await imported(await fileOf('other.log', grown.log), broker.bootstrap);
  assert.deepEqual(found(later), grown.totals, 'another site is counted apart');
});

test('a log that grew between two imports adds its new lines only', async () => {
  await using broker = await BrokerProcess.start();
  const { log, totals } = sampleLog(2_000, 2);
  const early = log.slice(0, log.indexOf('\n', log.length / 2) + 1);
  const first = await imported(await fileOf('grown.log', early), broker.bootstrap);
  const second = await imported(await fileOf('grown.log', log), broker.bootstrap);
  assert.equal(second.alreadyThere, first.sent);
  assert.deepEqual(found(second), totals);
});

test('after kills of the import at random moments the totals are those of the file', async () => {
  await using broker = await BrokerProcess.start();
  const { log, totals } = sampleLog(20_000, 3);
  const file = await fileOf('killed.log', log);
  const seed = Date.now() % 1_000_000;
  const randomness = seededRandomness(seed);
  let interrupted = 0;
  for (let round = 0; round < Math.max(3, 10 * scale); round++) {
    const child = spawn(process.execPath, argumentsOf(file, broker.bootstrap), { stdio: 'ignore' });
    interrupted += (await killAfter(child, 200 + randomness.integer(2_000))) ? 1 : 0;
  }
  assert.ok(interrupted > 0, `seed ${seed}: no import was interrupted`);
  const report = await imported(file, broker.bootstrap);
  assert.deepEqual(found(report), totals, `seed ${seed}`);
  assert.ok(report.totals.events === 20_000);
});

test('a broker that is killed while a log is imported costs no line and doubles none', async () => {
  let broker = await BrokerProcess.start();
  const { dataDirectory, bootstrap } = broker;
  try {
    const { log, totals } = sampleLog(20_000, 4);
    const file = await fileOf('crash.log', log);
    const running = imported(file, bootstrap);
    await eventually(() => hasEvents(bootstrap), { timeoutMs: 60_000, describe: () => 'the import did not begin' });
    await broker.stop('SIGKILL');
    const port = Number(bootstrap.split(':')[1]);
    broker = await BrokerProcess.start({ dataDirectory, port });
    assert.deepEqual(found(await running), totals);
    await broker.stop('SIGKILL');
    broker = await BrokerProcess.start({ dataDirectory, port });
    assert.deepEqual(found(await imported(file, bootstrap)), totals, 'after another kill');
  } finally {
    await broker.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});

test('bad logs end in one sentence that names the file, and exit code 1', async () => {
  await using broker = await BrokerProcess.start();
  const cases: readonly [string, string | Buffer, RegExp][] = [
    ['empty.log', '', /empty\.log is empty; there is nothing to import/],
    ['photo.log', Buffer.alloc(200_000, 7), /photo\.log is no access log in the combined format/],
    [
      'table.log',
      'a,b\n1,2\n',
      /table\.log is no access log in the combined format \(line 1: .*\); nothing was imported/,
    ],
  ];
  for (const [name, content, sentence] of cases) {
    const { code, stdout, stderr } = await runImport(await fileOf(name, content), broker.bootstrap, []);
    assert.equal(code, 1, name);
    assert.equal(stdout, '');
    assert.match(stderr, sentence);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
  const missing = await runImport(join(folder, 'nothing.log'), broker.bootstrap);
  assert.equal(missing.code, 1);
  assert.match(JSON.parse(missing.stderr).error.message, /there is no file .*nothing\.log/);
});

test('a truncated log is imported as far as it goes, says where it was cut, and ends with exit code 1', async () => {
  await using broker = await BrokerProcess.start();
  const { log } = sampleLog(300, 5);
  const { code, stdout, stderr } = await runImport(await fileOf('cut.log', log.slice(0, -20)), broker.bootstrap);
  assert.equal(code, 1);
  assert.match(stderr, /cut\.log was cut: it ends in the middle of line 300; 299 whole lines/);
  const report = JSON.parse(stdout) as ImportReport;
  assert.deepEqual([report.totals.requests, report.malformed], [299, 0]);
  const whole = await imported(await fileOf('cut.log', log), broker.bootstrap);
  assert.deepEqual([whole.sent, whole.totals.requests], [1, 300]);
});

test('malformed lines are named with their numbers, and do not fail the import', async () => {
  await using broker = await BrokerProcess.start();
  const lines = sampleLog(50, 6).log.split('\n');
  lines.splice(10, 0, 'garbage');
  const { code, stdout, stderr } = await runImport(await fileOf('mixed.log', lines.join('\n')), broker.bootstrap, []);
  assert.equal(code, 0);
  assert.match(stderr, /1 line is malformed and left out:\n {2}line 11: /);
  assert.match(stdout, /requests\s+50\n/);
});

/** Kills a process after a while; false when it had ended by then. */
async function killAfter(child: ChildProcess, delayMs: number): Promise<boolean> {
  const ended = once(child, 'exit');
  await Promise.race([pause(delayMs), ended]);
  child.kill('SIGKILL');
  const [, signal] = await ended;
  return signal === 'SIGKILL';
}
