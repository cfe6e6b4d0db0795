/**
 * What a database has on disk. In its directory lie `data`, PostgreSQL's own; `password`, which only its owner may
 * read; and `postgres.log`.
 *
 * Where PostgreSQL runs as another user because we are root, and that user may not pass a directory above (as root's
 * home), `data` is a link to a place below `/var/lib/millrace`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProgramOptions, runProgram } from '../processes/run-program.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { PostgresError } from './postgres-error.ts';
import { barrier, type UnprivilegedUser } from './unprivileged-user.ts';

/** The database's name, and its owner's. */
export const databaseName = 'millrace';

const systemDirectory = '/var/lib/millrace';

export interface DatabaseFiles {
  /** PostgreSQL's own directory, where its user can reach it. */
  readonly data: string;
  readonly password: string;
}

/** What makes it, as whom, and whether it is on disk before anybody uses it. */
export interface MakingOptions {
  readonly binaries: PostgresBinaries;
  readonly user: UnprivilegedUser | undefined;
  readonly isSynced: boolean;
}

/** Makes the database where there is none. Throws `PostgresError`. */
export async function databaseFiles(directory: string, options: MakingOptions): Promise<DatabaseFiles> {
  const { binaries, user } = options;
  await mkdir(directory, { recursive: true });
  const link = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  const version = await textOf(join(link, 'PG_VERSION'));
  if (version === undefined) {
    const password = randomBytes(24).toString('base64url');
    await writeFile(passwordFile, password, { mode: 0o600 });
    const data = await placeFor(directory, user);
    await initialize(data, password, options);
    if (data !== link) await symlink(data, link);
    return { data, password };
  }
  await checkVersion(link, version.trim(), binaries);
  return { data: await realpath(link), password: await readFile(passwordFile, 'utf8') };
}

async function placeFor(directory: string, user: UnprivilegedUser | undefined): Promise<string> {
  const data = join(directory, 'data');
  // A link to what was removed since.
  await rm(data, { force: true, recursive: true });
  if ((await barrier(data, user)) === undefined) return data;
  await mkdir(systemDirectory, { recursive: true });
  const place = join(systemDirectory, createHash('sha256').update(directory).digest('hex').slice(0, 16));
  await rm(place, { recursive: true, force: true });
  return place;
}

/** Makes a database beside its place, which it takes when it is whole. */
async function initialize(data: string, password: string, { binaries, user, isSynced }: MakingOptions): Promise<void> {
  const { initdb, postgres } = binaries;
  const [partial, secret] = [`${data}.new`, `${data}.secret`];
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o700 });
  await rm(secret, { force: true });
  await writeFile(secret, password, { mode: 0o600 });
  if (user !== undefined) for (const path of [partial, secret]) await chown(path, user.uid, user.gid);
  const args = ['-D', partial, '-U', databaseName, `--pwfile=${secret}`, '--auth=scram-sha-256', '--encoding=UTF8'];
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  await succeed(initdb, [...args, ...locale, ...(isSynced ? [] : ['--no-sync'])], { user });
  await rm(secret);
  const sql = `CREATE DATABASE ${databaseName};\n`;
  await succeed(postgres, ['--single', '-D', partial, ...(isSynced ? [] : ['-F']), 'postgres'], { user, input: sql });
  await rename(partial, data);
}

async function checkVersion(data: string, version: string, { postgres }: PostgresBinaries): Promise<void> {
  const { stdout } = await runProgram(postgres, ['--version']);
  const own = /(\d+)\./.exec(stdout)?.[1];
  if (own === version) return;
  const advice = 'dump it with the older Millrace and load the dump into an empty directory';
  const sentence = `${data} is of PostgreSQL ${version}, and this is ${own}; ${advice}`;
  throw new PostgresError('postgres_version_changed', sentence);
}

async function succeed(program: string, args: readonly string[], options: ProgramOptions): Promise<void> {
  const { code, stderr, stdout } = await runProgram(program, args, options);
  if (code === 0) return;
  const said = lastLine(stderr || stdout);
  throw new PostgresError('postgres_start_failed', `PostgreSQL could not make a database: ${said}`);
}

/** A file's text; undefined where there is none. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The last line of what a program said. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'it said nothing';
}
