/**
 * The embedded PostgreSQL: a server of its own on loopback, for as long as the process that started it runs; one that
 * ends before is started again, at the same address. Its directory (`database-files.ts`) belongs to one process at a
 * time, which its caller sees to.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sleep, systemTimers } from '@millrace/base';
import { identityOf, isRunning } from '../process-identity.ts';
import { GuardedProcess } from '../processes/guarded-process.ts';
import { type ReservedPorts, reservePorts } from '../processes/reserve-ports.ts';
import { databaseFiles, databaseName, lastLine, textOf } from './database-files.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts';
import { PostgresError } from './postgres-error.ts';
import { type SupervisedOptions, SupervisedServer } from './supervised-server.ts';
import { type UnprivilegedUser, unprivilegedUser } from './unprivileged-user.ts';

export interface PostgresOptions {
  /** Made when it is absent; what is in it is used again. */
  readonly directory: string;
  /** More settings, by PostgreSQL's names. With `fsync` off nor is the new database synced: it is one to throw away. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly startTimeoutMs?: number | undefined;
  /** Told in a sentence when the server ends without being asked to, and when it serves again. */
  readonly report?: ((sentence: string) => void) | undefined;
}

export interface RunningPostgres extends AsyncDisposable {
  /** `postgresql://...` of its database, with the password. */
  readonly url: string;
  /** Another one after it was started again. */
  readonly pid: number;
  /** Ends sessions and the server; what was committed stays. */
  close(): Promise<void>;
}

const startTimeoutMsDefault = 60_000;
/** A predecessor's processes are gone by then. */
const orphanMsMax = 10_000;
const lockFile = 'postmaster.pid';
/** Fits a laptop; a database that outgrows it is one for a server of its own. */
const defaults = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '64MB',
  max_connections: '100',
  wal_level: 'logical',
  max_wal_size: '512MB',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** Starts the server, after making its database if there is none. Throws `PostgresError`. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const directory = resolve(options.directory);
  const user = await unprivilegedUser();
  const binaries = await postgresBinaries(user);
  const { report = () => undefined, startTimeoutMs = startTimeoutMsDefault, settings = {} } = options;
  const isSynced = settings['fsync'] !== 'off';
  const { data, password } = await databaseFiles(directory, { binaries, user, isSynced });
  const port = await reservePorts(1);
  const logFile = join(directory, 'postgres.log');
  await writeFile(logFile, '', { mode: 0o600 });
  const launch: SupervisedOptions['launch'] = (onEnd, signal) =>
    start({ data, binaries, user, port, logFile, settings, startTimeoutMs, onEnd, signal });
  try {
    return new Server(await SupervisedServer.start({ launch, report, logFile }), port, password);
  } catch (error) {
    port.release();
    throw error;
  }
}

class Server implements RunningPostgres {
  readonly url: string;
  readonly #server: SupervisedServer;
  readonly #port: ReservedPorts;

  constructor(server: SupervisedServer, port: ReservedPorts, password: string) {
    this.url = `postgresql://${databaseName}:${password}@127.0.0.1:${port.ports[0]}/${databaseName}`;
    this.#server = server;
    this.#port = port;
  }

  get pid(): number {
    return this.#server.pid;
  }

  async close(): Promise<void> {
    // "Fast": open sessions are ended. SIGTERM would wait for them.
    await this.#server.stop();
    this.#port.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface Start {
  readonly data: string;
  readonly binaries: PostgresBinaries;
  readonly user: UnprivilegedUser | undefined;
  readonly port: ReservedPorts;
  readonly logFile: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly startTimeoutMs: number;
  /** Told how it ended, once it has served. */
  readonly onEnd: (how: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Starts the server and waits until it serves. Behind a predecessor that was killed it is tried again for a while: what
 * it left running ends by itself, and PostgreSQL refuses to start beside it.
 */
async function start(options: Start): Promise<GuardedProcess> {
  const { data, logFile, startTimeoutMs, signal } = options;
  const deadline = performance.now() + startTimeoutMs;
  const againUntil = (await clearOrphan(data)) ? performance.now() + orphanMsMax : 0;
  const mayGoOn = (): boolean => performance.now() < deadline && !signal.aborted;
  for (;;) {
    const ending = Promise.withResolvers<string>();
    const server = await launch(options, ending.resolve);
    let isServing = false;
    while (server.state !== 'down' && mayGoOn() && !isServing) {
      isServing = await isReady(data, server.pid);
      if (!isServing) await sleep(systemTimers, 10);
    }
    if (isServing) {
      ending.promise.then(options.onEnd);
      return server;
    }
    const why = server.ending ?? 'it was not ready in time';
    await server.kill();
    if (mayGoOn() && performance.now() < againUntil) continue;
    const said = lastLine((await textOf(logFile)) ?? '');
    throw new PostgresError('postgres_start_failed', `PostgreSQL did not start (${why}): ${said}; see ${logFile}`);
  }
}

async function launch(
  { data, binaries: { postgres }, user, port, logFile, settings }: Start,
  onEnd: (how: string) => void,
): Promise<GuardedProcess> {
  const all = { ...defaults, ...settings, port: String(port.ports[0]) };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return await GuardedProcess.start({ program: postgres, args: ['-D', data, ...args], logFile, user }, onEnd);
}

/** Line 8 of the file that a running server keeps says how far it is. */
async function isReady(data: string, pid: number): Promise<boolean> {
  const lines = (await textOf(join(data, lockFile)))?.split('\n');
  return lines?.[0] === String(pid) && lines[7]?.trim() === 'ready';
}

/**
 * Ends the server of a predecessor that was killed together with what guards its servers, and removes what it left.
 * Answers whether there was one.
 */
async function clearOrphan(data: string): Promise<boolean> {
  const pid = Number((await textOf(join(data, lockFile)))?.split('\n')[0]);
  if (!(pid > 1)) return false;
  const identity = await identityOf(pid);
  const isServer = (await textOf(`/proc/${pid}/cmdline`))?.includes(data) === true;
  if (identity !== undefined && isServer) {
    process.kill(pid, 'SIGINT');
    while (await isRunning(identity)) await sleep(systemTimers, 10);
  }
  // PostgreSQL would take a process that ended, and that nobody has taken note of, for one that runs.
  if (identity === undefined) await rm(join(data, lockFile), { force: true });
  return true;
}
