/**
 * Chinook captured, mirrored to another cluster and applied to a second database, under a random load with changes of
 * tables, values that are stored apart and keys that change; capture, applier and the database server are killed. At
 * the end both databases are equal row for row. MILLRACE_TEST_SCALE=50 makes 100 runs; a failure prints its seed, and
 * MILLRACE_TEST_SEED runs it again.
 */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningPostgres, startPostgres } from '@millrace/engines';
import { startMirror } from '@millrace/mirror';
import { type VerifyEvent, verifyTables, withConnection } from '@millrace/postgres';
import { eventually } from '../../support/eventually.ts';
import { startMillrace } from '../../support/millrace-command.ts';
import { startFixture } from '../client/client-fixture.ts';
import { chinookScript, documentsScript, randomOf, schemaChanges, tablesOf, writeRandomly } from './chinook-load.ts';
import { areEqual } from './sync-pair.ts';

const runs = Math.max(1, Math.round(2 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 0.2)));
const base = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const loadMs = 8_000;

let server: RunningPostgres;
let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-chinook-'));
  await chmod(directory, 0o755);
  const settings = { wal_level: 'logical', fsync: 'off', full_page_writes: 'off' };
  server = await startPostgres({ directory: join(directory, 'postgres'), settings });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

for (let run = 0; run < runs; run++) {
  const seed = base + run;
  test(`Chinook arrives whole, whatever is killed (seed ${seed})`, { timeout: 120_000 }, (t) => story(t, seed));
}

async function story(t: TestContext, seed: number): Promise<void> {
  const random = randomOf(seed);
  const [source, target] = [await database(`source_${seed}`), await database(`target_${seed}`)];
  await withConnection(source, (client) => client.query(`${chinookScript()}; ${documentsScript}`));
  const [east, west] = [await startFixture(t), await startFixture(t)];
  await using _mirror = await startMirror({
    name: 'changes',
    source: { bootstrap: east.bootstrap },
    target: { bootstrap: west.bootstrap },
    topics: [/dbsync\..*/],
    topicIntervalMs: 500,
  });
  const name = `chinook_${seed}`;
  const capture = ['sync', 'capture', '--database-url', source, '--bootstrap', east.bootstrap, '--name', name];
  const apply = ['sync', 'apply', '--target-url', target, '--bootstrap', west.bootstrap, '--name', name];
  const over = new AbortController();
  const signal = over.signal;
  const kept = [keptRunning(capture, signal), keptRunning(apply, signal)];
  const writing = new AbortController();
  t.after(() => {
    over.abort();
    writing.abort();
  });
  const writers = [randomOf(seed + 1), randomOf(seed + 2)].map((own) => writeRandomly(source, own, writing.signal));
  const kills = { capture: 0, apply: 0, database: 0 };
  const changes = schemaChanges(random);
  for (const end = Date.now() + loadMs; Date.now() < end; ) {
    await sleep(300 + random() * 700);
    const choice = random();
    if (choice < 0.25) kills.capture += kept[0]?.kill() ?? 0;
    else if (choice < 0.5) kills.apply += kept[1]?.kill() ?? 0;
    else if (choice < 0.58) {
      kills.database += killed(server.pid);
    } else {
      const change = changes.pop();
      if (change !== undefined) await done(source, change);
    }
  }
  for (const change of changes) await done(source, change);
  writing.abort();
  const statements = (await Promise.all(writers)).reduce((sum, each) => sum + each, 0);
  const tables = await tablesOf(source);
  await done(source, await touching(source, tables));
  const isEqual = Promise.race([
    eventually(() => areEqual(source, target, tables).catch(() => false), { timeoutMs: 60_000 }),
    ...kept.map((each) => each.ended),
  ]);
  await isEqual.catch(async (error: unknown) => {
    const told: VerifyEvent[] = [];
    await verifyTables({ source, target, settleMs: 0, report: (event) => told.push(event) });
    const wrong = told.filter(({ kind }) => kind !== 'table').slice(0, 10);
    assert.fail(`seed ${seed}: ${error} ${JSON.stringify(wrong)} ${kept.map((each) => each.last()).join(' | ')}`);
  });
  t.diagnostic(`seed ${seed}: ${statements} statements, killed ${JSON.stringify(kills)}`);
  over.abort();
  await Promise.all(kept.map((each) => each.ended));
}

/** How many processes that ended: it may be about to be started again. */
function killed(pid: number): number {
  try {
    process.kill(pid, 'SIGKILL');
    return 1;
  } catch {
    return 0;
  }
}

/** A process that is started again whenever it ends, until the signal is aborted. */
function keptRunning(words: readonly string[], signal: AbortSignal) {
  let running = startMillrace(words);
  let stderr = '';
  const ended = (async () => {
    for (;;) {
      running.child.stdin.end();
      const { code, stderr: text } = await running.ended;
      stderr = text.slice(-500);
      if (signal.aborted) return;
      // Only a kill ends it.
      if (code !== null) throw new Error(`${words.slice(0, 2).join(' ')} ended: ${text}`);
      running = startMillrace(words);
    }
  })();
  ended.catch(() => undefined);
  signal.addEventListener('abort', () => running.child.kill('SIGKILL'));
  return {
    ended,
    last: () => stderr,
    kill: () => (running.child.kill('SIGKILL') ? 1 : 0),
  };
}

async function database(name: string): Promise<string> {
  await withConnection(server.url, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.href;
}

/** Also where the server is killed meanwhile; a change that was done without being told is not done again. */
async function done(url: string, sql: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await withConnection(url, (client) => client.query(sql));
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      const isDone = tries > 0 && ['42701', '42703', '42P07'].includes(code);
      if (isDone) return;
      if (tries > 50) throw error;
      await sleep(100);
    }
  }
}

/** An update of each table's rows that changes nothing. */
async function touching(url: string, tables: readonly string[]): Promise<string> {
  return await withConnection(url, async (client) => {
    const statements: string[] = [];
    for (const table of tables) {
      const { rows } = await client.query<{ name: string }>(
        `SELECT attname AS name FROM pg_attribute
         WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped LIMIT 1`,
        [table],
      );
      const column = rows[0]?.name;
      statements.push(`UPDATE ${table} SET ${column} = ${column} WHERE ctid = (SELECT min(ctid) FROM ${table})`);
    }
    return statements.join('; ');
  });
}
