/**
 * Backfills rest for others: a real standby that replays nothing, a slot that nobody reads, a session that waits for a
 * lock. While they rest no row is changed, and they go on when the reason is away.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type RunningPostgres, startPostgres } from '@millrace/engines';
import {
  type ApplyEvent,
  type ApplyLimits,
  applyPlan,
  planScript,
  readCatalog,
  withConnection,
} from '@millrace/postgres';
import { Client } from 'pg';
import { eventually } from '../../support/eventually.ts';

const settings = { fsync: 'off', full_page_writes: 'off' };
const rows = 5_000;
const run = promisify(execFile);

let directory: string;
let primary: RunningPostgres;
let session: Client;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-rests-'));
  await chmod(directory, 0o755);
  primary = await startPostgres({ directory: join(directory, 'primary'), settings });
  session = new Client({ connectionString: primary.url });
  await session.connect();
});
after(async () => {
  await session.end();
  await primary.close();
  await rm(directory, { recursive: true });
});

test('a backfill rests while a standby does not replay, and goes on when it does', { timeout: 60_000 }, async () => {
  await using standby = await startStandby();
  await eventually(async () => (await one(session, 'SELECT count(*)::int FROM pg_stat_replication')) === 1);
  await withConnection(standby.url, (client) => client.query('SELECT pg_wal_replay_pause()'));
  await backfillRests(/^a replica is \d+ MB behind$/, {
    limits: { replayLagBytes: 1_000_000 },
    end: () => withConnection(standby.url, (client) => client.query('SELECT pg_wal_replay_resume()')),
  });
});

test('a backfill rests while a slot holds too much of the log, and goes on when it was read', {
  timeout: 60_000,
}, async () => {
  await session.query(`SELECT pg_create_logical_replication_slot('slow', 'pgoutput')`);
  await backfillRests(/^nobody reads slot slow, which holds \d+ MB of the log: start its reader, or drop it$/, {
    limits: { slotLagBytes: 1_000_000 },
    end: () => session.query(`SELECT pg_replication_slot_advance('slow', pg_current_wal_lsn())`),
  });
  await session.query(`SELECT pg_drop_replication_slot('slow')`);
});

test('a backfill rests while a session waits for a lock', { timeout: 60_000 }, async () => {
  const holder = new Client({ connectionString: primary.url });
  const waiter = new Client({ connectionString: primary.url });
  await Promise.all([holder.connect(), waiter.connect()]);
  await holder.query('CREATE TABLE held (a integer)');
  let waiting: Promise<unknown> | undefined;
  await backfillRests(/^a session waits for a lock$/, {
    limits: {},
    begin: async () => {
      await holder.query('BEGIN; LOCK TABLE held');
      waiting = waiter.query('SELECT FROM held');
      await sleep(300);
    },
    end: () => holder.query('COMMIT'),
  });
  await waiting;
  await Promise.all([holder.end(), waiter.end()]);
});

test('a backfill that rests for too long gives up, and the same call goes on', { timeout: 60_000 }, async () => {
  const plan = await prepared();
  await session.query(`SELECT pg_create_logical_replication_slot('dead', 'pgoutput')`);
  await writeLog();
  const limits = { slotLagBytes: 1_000_000, giveUpMs: 300 };
  await assert.rejects(applyPlan(plan, { url: primary.url, limits }), {
    code: 'gave_up',
    message: /nobody reads slot dead/,
  });
  await session.query(`SELECT pg_drop_replication_slot('dead')`);
  assert.equal((await applyPlan(plan, { url: primary.url, limits })).state, 'done');
});

test('how long a backfill still takes is told', { timeout: 60_000 }, async () => {
  const plan = await prepared();
  const events: ApplyEvent[] = [];
  // Long rests make a small table long.
  const limits = { batchMs: 5, restFactor: 200 };
  await applyPlan(plan, { url: primary.url, limits, report: (event) => events.push(event) });
  const told = events.filter((event) => event.kind === 'progress');
  assert.ok(told.length > 0);
  for (const { done, total, leftMs } of told) {
    assert.ok(done > 0 && total === rows && leftMs !== null && leftMs >= 0);
  }
});

async function backfillRests(
  reason: RegExp,
  {
    limits,
    begin,
    end,
  }: {
    readonly limits: Partial<ApplyLimits>;
    readonly begin?: () => Promise<void>;
    readonly end: () => Promise<unknown>;
  },
): Promise<void> {
  const plan = await prepared();
  await writeLog();
  await begin?.();
  const whys: string[] = [];
  const report = (event: ApplyEvent): void => void (event.kind === 'resting' && whys.push(event.why));
  const applying = applyPlan(plan, { url: primary.url, limits, report });
  await eventually(() => whys.length > 0);
  assert.match(whys[0] ?? '', reason);
  // A batch takes a few milliseconds.
  await sleep(600);
  assert.equal(await one(session, 'SELECT count(*)::int FROM t WHERE a = 1'), 0);
  await end();
  assert.equal((await applying).state, 'done');
  assert.equal(await one(session, 'SELECT count(*)::int FROM t WHERE a = 1'), rows);
}

let changes = 0;

async function prepared() {
  await session.query(`DROP TABLE IF EXISTS t; CREATE TABLE t (id bigint PRIMARY KEY, a integer);
    INSERT INTO t SELECT i, 0 FROM generate_series(1, ${rows}) i; ANALYZE t`);
  const script = `UPDATE t SET a = 1 WHERE ${++changes} > 0`;
  return await planScript(script, { catalog: await withConnection(primary.url, readCatalog) });
}

/** Some megabytes of log that are not of the backfill. */
async function writeLog(): Promise<void> {
  await session.query('CREATE TABLE IF NOT EXISTS filler (a text)');
  await session.query(`INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 4000)`);
}

/** A copy of the primary's files, as `pg_basebackup` makes one, that streams from it. */
async function startStandby(): Promise<RunningPostgres> {
  const [from, to] = [join(directory, 'primary'), join(directory, 'standby')];
  await session.query(`SELECT pg_backup_start('standby', true)`);
  await run('cp', ['-a', from, to]);
  const { rows: found } = await session.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
  const data = await one(session, `SELECT current_setting('data_directory')`);
  const copied = join(to, String(data).slice(from.length));
  await rm(join(copied, 'postmaster.pid'));
  await writeFile(join(copied, 'backup_label'), found[0]?.labelfile ?? '');
  await writeFile(join(copied, 'standby.signal'), '');
  await appendFile(join(copied, 'postgresql.auto.conf'), `primary_conninfo = '${primary.url}'\n`);
  await run('chown', ['-R', '--reference', String(data), copied]);
  return await startPostgres({ directory: to, settings });
}

async function one(client: Client, query: string): Promise<unknown> {
  const { rows: found } = await client.query<unknown[]>({ text: query, rowMode: 'array' });
  return found[0]?.[0];
}
