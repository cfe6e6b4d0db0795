/**
 * A table in use: readers, writers, and a report that stays in one transaction for long and has written too, so that
 * every lock of a change has to wait for it. Beside them a session that looks who waits for locks, and how long.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

export interface Load {
  /** The longest that any session but those of `applicationName` waited for a lock, in ms. */
  readonly longestWaitMs: number;
  readonly reads: number;
  readonly writes: number;
  /** What readers and writers were refused. */
  readonly errors: readonly string[];
}

export interface LoadOptions {
  readonly url: string;
  readonly reading: string;
  /** With `$1`, a number from 1 to `rows`. */
  readonly writing: string;
  readonly rows: number;
  /** What the report runs before it waits. */
  readonly report: readonly string[];
  readonly reportMs: number;
  /** Between one report and the next. */
  readonly pauseMs: number;
}

export interface RunningLoad {
  /** Resolves while a report is in its transaction. */
  untilReport(): Promise<void>;
  stop(): Promise<Load>;
}

export async function startLoad(options: LoadOptions): Promise<RunningLoad> {
  const { url, reading, writing, rows, report, reportMs, pauseMs } = options;
  const errors: string[] = [];
  const counts = { reads: 0, writes: 0 };
  let longestWaitMs = 0;
  let isOver = false;
  let isReporting = false;
  const session = async (work: (client: Client) => Promise<void>): Promise<void> => {
    const client = new Client({ connectionString: url, application_name: 'load' });
    await client.connect();
    try {
      while (!isOver) await work(client);
    } finally {
      await client.end();
    }
  };
  const tried = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => void errors.push(String(error)));
  };
  const running = [
    session(async (client) => {
      await tried(client.query(reading));
      counts.reads++;
      await sleep(3);
    }),
    session(async (client) => {
      await tried(client.query(writing, [1 + Math.floor(Math.random() * rows)]));
      counts.writes++;
      await sleep(3);
    }),
    session(async (client) => {
      await client.query('BEGIN');
      for (const statement of report) await tried(client.query(statement));
      isReporting = true;
      for (const end = performance.now() + reportMs; performance.now() < end && !isOver; ) await sleep(20);
      isReporting = false;
      await client.query('COMMIT');
      for (const end = performance.now() + pauseMs; performance.now() < end && !isOver; ) await sleep(20);
    }),
    session(async (client) => {
      const { rows: waits } = await client.query<{ ms: number | null }>(
        `SELECT max(extract(epoch FROM clock_timestamp() - l.waitstart) * 1000)::float8 AS ms
         FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.application_name = 'load'
           AND a.datname = current_database()`,
      );
      longestWaitMs = Math.max(longestWaitMs, waits[0]?.ms ?? 0);
      await sleep(10);
    }),
  ];
  return {
    async untilReport() {
      while (isReporting) await sleep(5);
      while (!isReporting) await sleep(5);
    },
    async stop() {
      isOver = true;
      await Promise.all(running);
      return { longestWaitMs, ...counts, errors };
    },
  };
}
