import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { findRunning, openDataDirectory } from './data-directory.ts';
import type { DataDirectoryError } from './data-directory-error.ts';
import { ownIdentity } from './process-identity.ts';
import type { RunAddresses } from './run-file.ts';

const purpose = 'millrace up';
const addresses: RunAddresses = {
  purpose,
  startedAt: '2026-01-01T00:00:00.000Z',
  url: 'http://127.0.0.1:8800',
  collectorUrl: 'http://127.0.0.1:8801',
  clusters: [{ name: 'east', clusterId: 'x', bootstrap: '127.0.0.1:9092', brokers: [] }],
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-data-directory-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function refused(code: string, pattern: RegExp): (error: DataDirectoryError) => boolean {
  return (error) => {
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    assert.ok(error.message.includes(error.path), 'the message names the directory');
    return true;
  };
}

test('says so where no directory can be made', { skip: process.platform !== 'linux' && 'only Linux has /proc' }, () =>
  assert.rejects(
    openDataDirectory('/proc/millrace/data', { purpose }),
    refused('data_directory_unreadable', /cannot use .*: it can not be made there; choose another path/),
  ),
);

test('makes an absent directory, and opens it again after a close', async () => {
  const path = join(directory, 'a', 'b');
  for (let round = 0; round < 2; round++) {
    await using open = await openDataDirectory(path, { purpose });
    assert.equal(open.path, path);
    assert.equal(open.clusterDirectory('east'), join(path, 'clusters', 'east'));
  }
  assert.deepEqual(await readdir(path), ['millrace.json']);
});

test('refuses a directory that a running process holds, and says which and where', async () => {
  await using open = await openDataDirectory(directory, { purpose });
  await open.announce(addresses);
  await assert.rejects(
    openDataDirectory(directory, { purpose }),
    refused(
      'data_directory_in_use',
      new RegExp(`in use by .millrace up. \\(process ${process.pid}\\) at http://127.0.0.1:8800`),
    ),
  );
});

test('announces where it runs to its owner alone, until it is closed', async () => {
  const open = await openDataDirectory(directory, { purpose });
  assert.equal(await findRunning(directory), undefined);
  await open.announce(addresses);
  assert.deepEqual(await findRunning(directory), { pid: process.pid, ...addresses });
  assert.equal((await stat(join(directory, 'run.json'))).mode & 0o777, 0o600);
  await open.close();
  assert.equal(await findRunning(directory), undefined);
});

test('takes over from a killed holder, whose announcement no longer counts', async () => {
  const script = `
    import { openDataDirectory } from ${JSON.stringify(new URL('./data-directory.ts', import.meta.url).href)};
    const open = await openDataDirectory(${JSON.stringify(directory)}, { purpose: 'millrace up' });
    await open.announce(${JSON.stringify(addresses)});
    process.stdout.write('held');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await assert.rejects(openDataDirectory(directory, { purpose }), new RegExp(`process ${child.pid}`));
  assert.equal((await findRunning(directory))?.pid, child.pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await findRunning(directory), undefined);
  await using open = await openDataDirectory(directory, { purpose });
  assert.ok(open);
});

test('is not fooled by a process that got the pid of a dead holder', async () => {
  const identity = { ...(await ownIdentity()), started: 'another time', purpose };
  await writeFile(join(directory, 'lock.7'), JSON.stringify(identity));
  await using open = await openDataDirectory(directory, { purpose });
  assert.ok(open);
  assert.ok((await readdir(directory)).includes('lock.8'));
});

test('believes a holder that it cannot see for as long as that renews its lock', async () => {
  const path = join(directory, 'lock.1');
  await writeFile(path, JSON.stringify({ pid: 1, started: 'x', place: 'another container', purpose }));
  await assert.rejects(openDataDirectory(directory, { purpose }), /in use by/);
  const before = new Date(Date.now() - 60_000);
  await utimes(path, before, before);
  await using open = await openDataDirectory(directory, { purpose });
  assert.ok(open);
});

test('lets exactly one of many take over a dead lock', async () => {
  for (let round = 0; round < 10; round++) {
    await writeFile(join(directory, 'lock.1'), JSON.stringify({ ...(await ownIdentity()), started: 'x', purpose }));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => openDataDirectory(directory, { purpose })),
    );
    const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    assert.equal(winners.length, 1);
    await winners[0]?.close();
  }
});

test('refuses a directory with other files and writes nothing to it', async () => {
  await writeFile(join(directory, 'thesis.tex'), '');
  await assert.rejects(
    openDataDirectory(directory, { purpose }),
    refused('data_directory_foreign', /thesis\.tex.*choose an empty or new directory/),
  );
  assert.deepEqual(await readdir(directory), ['thesis.tex']);
});

test('goes on where a crash interrupted the first opening', async () => {
  await writeFile(join(directory, 'millrace.json.tmp'), '{"form');
  await writeFile(join(directory, 'lock.1'), '');
  await using open = await openDataDirectory(directory, { purpose });
  assert.ok(open);
});

test('refuses a newer format and a damaged stamp', async () => {
  const stamp = join(directory, 'millrace.json');
  await writeFile(stamp, '{"format":"millrace-data","version":99}');
  await assert.rejects(
    openDataDirectory(directory, { purpose }),
    refused('data_directory_newer', /format 99, this one reads up to 1.*update Millrace/),
  );
  for (const damaged of ['', 'null', '{"format":"other","version":1}']) {
    await writeFile(stamp, damaged);
    await assert.rejects(
      openDataDirectory(directory, { purpose }),
      refused('data_directory_damaged', /millrace\.json/),
    );
    assert.equal(await readFile(stamp, 'utf8'), damaged);
  }
});

test('refuses a path that is a file or leads through one', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  await assert.rejects(openDataDirectory(file, { purpose }), refused('data_directory_unreadable', /it is a file/));
  await assert.rejects(
    openDataDirectory(join(file, 'below'), { purpose }),
    refused('data_directory_unreadable', /part of the path is a file/),
  );
  assert.equal(await findRunning(join(file, 'below')), undefined);
});

test('refuses a directory that it may not read', async () => {
  const closed = join(directory, 'closed');
  await mkdir(closed, { mode: 0o000 });
  await chmod(directory, 0o755);
  // Root may read everything, so it steps down for a moment.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.('nobody');
  try {
    await assert.rejects(openDataDirectory(closed, { purpose }), refused('data_directory_unreadable', /no permission/));
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
