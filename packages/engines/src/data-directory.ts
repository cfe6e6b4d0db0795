/**
 * The data directory of a platform: everything it keeps on disk, under one lock.
 *
 *     millrace.json      what the directory is and its format's version
 *     lock.<n>           who holds it (`directory-lock.ts`)
 *     run.json           where the holder answers (`run-file.ts`)
 *     token              what whoever administers it shows (`install-token.ts`)
 *     clusters/<name>/   an embedded cluster's own files
 *     kafka/<name>/      those of a cluster of Apache Kafka that was started here
 *     postgres/          the embedded database's
 *     keys/              under which the control plane seals what only it may read
 *     twins/<name>/      an embedded twin's (`embedded-twins.ts`)
 *     tracking/          what tracking's job and view know, made anew from their topics when it is lost
 *
 * A directory that is not ours is never written to, not even the lock: opening decides that first.
 */
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '@millrace/base';
import { DataDirectoryError } from './data-directory-error.ts';
import { type DirectoryLock, isLockFile, type LockHolder, takeLock } from './directory-lock.ts';
import { installToken } from './install-token.ts';
import { parseJson } from './parse-json.ts';
import { type RunAddresses, type RunFile, readRunFile, removeRunFile, writeRunFile } from './run-file.ts';

const FORMAT_FILE = 'millrace.json';
const FORMAT = 'millrace-data';
/** Grows when an older Millrace could no longer read the directory. */
const VERSION = 1;
/** What an otherwise empty file system has in its root. */
const HARMLESS = new Set(['lost+found', `${FORMAT_FILE}.tmp`]);

/** An open data directory. Its lock is held until it is closed, or its process ends in whatever way. */
export interface DataDirectory extends AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  /** Where an embedded cluster of this name keeps its files; not created. */
  clusterDirectory(name: string): string;
  /** Where a cluster of Apache Kafka of this name keeps its files; not created. */
  kafkaDirectory(name: string): string;
  /** Where the embedded database keeps its files; not created. */
  readonly databaseDirectory: string;
  /** The installation's token, a secret; made when there is none. */
  token(): Promise<string>;
  /** Tells other processes where this one answers. */
  announce(addresses: RunAddresses): Promise<void>;
  /** Takes back what was announced, and the lock. */
  close(): Promise<void>;
}

/**
 * Opens a data directory for the calling process alone, and makes it if it is absent. `purpose` names the process to
 * who finds the directory in use, e.g. `millrace up`.
 *
 * @throws DataDirectoryError when another process holds it, it holds something else than a platform's data, it can't be
 * read or written, or it was written by a newer version.
 */
export async function openDataDirectory(path: string, options: { readonly purpose: string }): Promise<DataDirectory> {
  const directory = resolve(path);
  try {
    await makeDirectory(directory);
    const stamped = await checkFormat(directory);
    const lock = await takeLock(directory, options.purpose);
    if (!('release' in lock)) throw await inUse(directory, lock);
    try {
      if (!stamped) await stampFormat(directory);
      // What a killed predecessor announced.
      await removeRunFile(directory);
    } catch (error) {
      await lock.release();
      throw error;
    }
    return new OpenDirectory(directory, lock);
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : unusable(directory, error);
  }
}

/**
 * What runs from a data directory, or undefined when nothing does or there is no such directory.
 *
 * @throws DataDirectoryError when the directory may not be read, or what says so is damaged.
 */
export async function findRunning(path: string): Promise<RunFile | undefined> {
  const directory = resolve(path);
  try {
    return await readRunFile(directory);
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : unusable(directory, error);
  }
}

class OpenDirectory implements DataDirectory {
  readonly path: string;
  readonly #lock: DirectoryLock;
  #closed = false;

  constructor(path: string, lock: DirectoryLock) {
    this.path = path;
    this.#lock = lock;
  }

  clusterDirectory(name: string): string {
    return join(this.path, 'clusters', name);
  }

  kafkaDirectory(name: string): string {
    return join(this.path, 'kafka', name);
  }

  get databaseDirectory(): string {
    return join(this.path, 'postgres');
  }

  token(): Promise<string> {
    return installToken(this.path);
  }

  announce(addresses: RunAddresses): Promise<void> {
    return writeRunFile(this.path, addresses);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await removeRunFile(this.path);
    await this.#lock.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Makes a directory and those above it that are absent. As `mkdir` with `recursive`, which never ends where a file
 * system answers "no such file" to whatever is made in it, as /proc does.
 */
async function makeDirectory(path: string): Promise<void> {
  const made = await tryToMake(path);
  if (made === undefined) return;
  const above = dirname(path);
  if (made.code !== 'ENOENT' || above === path) throw made;
  await makeDirectory(above);
  const failure = await tryToMake(path);
  if (failure !== undefined) throw failure;
}

/** Undefined when the directory is there now, else why it can't be. */
async function tryToMake(path: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    if (failure.code !== 'EEXIST') return failure;
    if (!(await stat(path)).isDirectory()) return failure;
  }
  return undefined;
}

/** Whether the directory is stamped as ours (false: it is empty). Throws when it is neither. */
async function checkFormat(directory: string): Promise<boolean> {
  const names = await readdir(directory);
  if (!names.includes(FORMAT_FILE)) {
    const foreign = names.find((name) => !isLockFile(name) && !HARMLESS.has(name));
    if (foreign === undefined) return false;
    throw new DataDirectoryError(
      'data_directory_foreign',
      directory,
      `${directory} is no Millrace data directory: it holds other files (${foreign}); choose an empty or new directory`,
    );
  }
  const path = join(directory, FORMAT_FILE);
  const version = formatVersion(await readFile(path, 'utf8'));
  if (version === undefined) {
    throw new DataDirectoryError(
      'data_directory_damaged',
      directory,
      `${path} is not what Millrace wrote; restore it from a copy, or choose another directory`,
    );
  }
  if (version > VERSION) {
    throw new DataDirectoryError(
      'data_directory_newer',
      directory,
      `${directory} was written by a newer Millrace (format ${version}, this one reads up to ${VERSION}); ` +
        'update Millrace or choose another directory',
    );
  }
  return true;
}

function formatVersion(text: string): number | undefined {
  const stamp = parseJson(text) as { readonly format?: unknown; readonly version?: unknown } | null | undefined;
  return stamp?.format === FORMAT && typeof stamp.version === 'number' ? stamp.version : undefined;
}

async function stampFormat(directory: string): Promise<void> {
  const path = join(directory, FORMAT_FILE);
  await writeFile(`${path}.tmp`, `${JSON.stringify({ format: FORMAT, version: VERSION })}\n`, { flush: true });
  await rename(`${path}.tmp`, path);
}

async function inUse(directory: string, holder: LockHolder): Promise<DataDirectoryError> {
  const url = (await readRunFile(directory))?.url ?? undefined;
  const where = url === undefined ? '' : ` at ${url}`;
  return new DataDirectoryError(
    'data_directory_in_use',
    directory,
    `${directory} is in use by \`${holder.purpose}\` (process ${holder.pid})${where}; ` +
      'use that one, stop it first, or choose another data directory',
    { pid: holder.pid, url },
  );
}

function unusable(directory: string, error: unknown): DataDirectoryError {
  const { code } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    EACCES: 'no permission; check the owner and mode of the directory and of those above it',
    EPERM: 'no permission; check the owner and mode of the directory and of those above it',
    EROFS: 'the file system is read-only; choose a directory on another one',
    ENOTDIR: 'a part of the path is a file; choose another directory',
    EEXIST: 'it is a file; choose another path',
    ENOENT: 'it can not be made there; choose another path',
    ENOSPC: 'the disk is full; free some space',
  };
  const reason = reasons[code ?? ''] ?? messageOf(error);
  return new DataDirectoryError(
    'data_directory_unreadable',
    directory,
    `cannot use ${directory} as data directory: ${reason}`,
    { cause: error },
  );
}
