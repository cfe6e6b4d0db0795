import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMillraceError } from '@millrace/base';
import { Client } from 'pg';
import { identityOf, isRunning } from '../process-identity.ts';
import { startPostgres } from './start-postgres.ts';

let parent = '';
before(async () => {
  parent = await mkdtemp(join(tmpdir(), 'millrace-postgres-'));
  // Where root runs the tests, PostgreSQL's user is to pass.
  await chmod(parent, 0o755);
});
after(() => rm(parent, { recursive: true }));

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

test('a database keeps what was committed, and is for whoever has the password', async () => {
  const directory = join(parent, 'kept');
  const first = await startPostgres({ directory });
  await ask(first.url, 'CREATE TABLE clusters (name text)');
  await ask(first.url, "INSERT INTO clusters VALUES ('east')");
  const stranger = new URL(first.url);
  stranger.password = 'guessed';
  await assert.rejects(ask(stranger.href, 'SELECT 1'), /password authentication failed/);
  assert.equal((await stat(join(directory, 'password'))).mode & 0o077, 0);
  await first.close();
  await using again = await startPostgres({ directory });
  assert.deepEqual(await ask(again.url, 'SELECT name FROM clusters'), ['east']);
  assert.deepEqual(await ask(again.url, "SELECT current_setting('listen_addresses')"), ['127.0.0.1']);
});

test('closing ends sessions that are open', async () => {
  const server = await startPostgres({ directory: join(parent, 'sessions') });
  const client = new Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  await server.close();
  await assert.rejects(client.query('SELECT 1'));
});

test('a server does not outlive a process that is killed, and its database serves the next one', async () => {
  const directory = join(parent, 'killed');
  const holder = fileURLToPath(new URL('../testing/postgres-holder.ts', import.meta.url));
  const child = spawn(process.execPath, [holder, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { pid, url } = JSON.parse(line) as { pid: number; url: string };
  const identity = await identityOf(pid);
  assert.ok(identity !== undefined);
  await ask(url, 'CREATE TABLE survivors (name text)');
  child.kill('SIGKILL');
  while (await isRunning(identity)) await pause(20);
  await using next = await startPostgres({ directory });
  assert.deepEqual(await ask(next.url, 'SELECT count(*)::int FROM survivors'), [0]);
});

test('a server that is killed is started again where it was, with what was committed, until it is closed', async () => {
  const reports: string[] = [];
  const report = (sentence: string): void => void reports.push(sentence);
  const server = await startPostgres({ directory: join(parent, 'restarted'), report });
  await ask(server.url, 'CREATE TABLE kept (name text)');
  for (const round of [1, 2]) {
    const { pid } = server;
    process.kill(pid, 'SIGKILL');
    while (reports.length < 2 * round) await pause(20);
    assert.notEqual(server.pid, pid);
    assert.deepEqual(await ask(server.url, 'SELECT count(*)::int FROM kept'), [0]);
  }
  assert.match(reports[0] ?? '', /^PostgreSQL ended \(SIGKILL\) and is started again; .*postgres\.log says why/);
  assert.equal(reports[1], 'PostgreSQL serves again');
  const identity = await identityOf(server.pid);
  process.kill(server.pid, 'SIGKILL');
  while (reports.length < 5) await pause(5);
  // While it is being started again.
  await server.close();
  assert.ok(identity !== undefined && !(await isRunning(identity)));
  await assert.rejects(ask(server.url, 'SELECT 1'), { code: 'ECONNREFUSED' });
  assert.ok(!reports.slice(5).includes('PostgreSQL serves again'), reports.join('\n'));
});

test('a first start that was broken off is begun anew', async () => {
  const directory = join(parent, 'half');
  await using first = await startPostgres({ directory });
  await first.close();
  await rm(join(directory, 'data', 'PG_VERSION'));
  await rm(join(directory, 'data'), { recursive: true });
  await writeFile(join(directory, 'password'), 'of the broken start');
  await using again = await startPostgres({ directory });
  assert.deepEqual(await ask(again.url, 'SELECT 1'), [1]);
});

const isRoot = process.getuid?.() === 0;
test('in a directory that is closed to the server, its data lie elsewhere', {
  skip: !isRoot && 'for root',
}, async () => {
  const closed = join(parent, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const directory = join(closed, 'database');
  const first = await startPostgres({ directory });
  const place = await realpath(join(directory, 'data'));
  try {
    await ask(first.url, 'CREATE TABLE kept (name text)');
    await first.close();
    assert.ok(place.startsWith('/var/lib/millrace/'));
    await using again = await startPostgres({ directory });
    assert.deepEqual(await ask(again.url, 'SELECT count(*)::int FROM kept'), [0]);
  } finally {
    await rm(place, { recursive: true });
  }
});

test('a database of another version is left alone', async () => {
  const directory = join(parent, 'older');
  const first = await startPostgres({ directory });
  await first.close();
  const file = join(directory, 'data', 'PG_VERSION');
  await writeFile(file, '14\n');
  await assert.rejects(startPostgres({ directory }), (error: unknown) => {
    return isMillraceError(error, 'postgres_version_changed') && /PostgreSQL 14, and this is 18/.test(error.message);
  });
  assert.equal(await readFile(file, 'utf8'), '14\n');
});

test('settings that can not be end in a sentence that says which', async () => {
  const settings = { shared_buffers: 'plenty' };
  await assert.rejects(startPostgres({ directory: join(parent, 'wrong'), settings }), (error: unknown) => {
    return isMillraceError(error, 'postgres_start_failed') && /shared_buffers.*postgres\.log/.test(error.message);
  });
});
