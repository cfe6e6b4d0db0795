/**
 * A lock on a directory that dies with its holder, `kill -9` and power cuts included.
 *
 * The lock is a file `lock.<generation>` that names its holder (pid, start time, place). The holder is who made the
 * highest generation; a dead holder's lock is not removed and made again, which two processes could do to each other,
 * but surpassed: `link` lets exactly one process create the next generation. Whoever has it looks again, and gives way
 * to a higher one. A holder renews its file's time, by which a process in another pid namespace (a container on the
 * same volume), which can't see it, knows that it lives.
 */
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from './parse-json.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

const RENEWAL_MS = 5_000;
/** A lock of another place whose holder was silent for this long is dead. */
const SILENCE_MS_MAX = 30_000;
const LOCK_NAME = /^lock\.(\d+)$/;
/** Each attempt is lost only to a process that moved in between, so more means that something is broken. */
const ATTEMPTS_MAX = 100;

/** Who holds a directory's lock. */
export interface LockHolder extends ProcessIdentity {
  /** What it runs, for people: `millrace up`. */
  readonly purpose: string;
}

export interface DirectoryLock {
  /** Gives the directory free. */
  release(): Promise<void>;
}

/** Whether a directory entry belongs to the lock: such files don't make a directory foreign. */
export function isLockFile(name: string): boolean {
  return LOCK_NAME.test(name) || name.startsWith('lock-draft.');
}

/** Takes the directory's lock, or answers who holds it. The directory must exist. */
export async function takeLock(directory: string, purpose: string): Promise<DirectoryLock | LockHolder> {
  const draft = join(directory, `lock-draft.${randomUUID()}`);
  const identity: LockHolder = { ...(await ownIdentity()), purpose };
  await writeFile(draft, `${JSON.stringify(identity)}\n`, { mode: 0o644, flag: 'wx' });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const outcome = await tryToTake(directory, draft);
      if (outcome !== undefined) return outcome;
    }
    throw new Error(`the lock files in ${directory} keep changing`);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Undefined when another process moved in between and the attempt must be repeated. */
async function tryToTake(directory: string, draft: string): Promise<DirectoryLock | LockHolder | undefined> {
  const seen = await generations(directory);
  const highest = seen[0] ?? 0;
  if (highest > 0) {
    const holder = await livingHolder(join(directory, `lock.${highest}`));
    if (holder === 'gone') return undefined;
    if (holder !== undefined) return holder;
  }
  const own = join(directory, `lock.${highest + 1}`);
  try {
    await link(draft, own);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  const [now = 0] = await generations(directory);
  if (now > highest + 1) {
    await rm(own, { force: true });
    return undefined;
  }
  for (const dead of seen) await rm(join(directory, `lock.${dead}`), { force: true });
  return holdLock(own);
}

function holdLock(path: string): DirectoryLock {
  const renewal = setInterval(() => {
    const now = new Date();
    // A removed lock file means that somebody removed the data directory under us: its owner will notice by itself.
    utimes(path, now, now).catch(() => clearInterval(renewal));
  }, RENEWAL_MS).unref();
  return {
    async release() {
      clearInterval(renewal);
      await rm(path, { force: true });
    },
  };
}

/** Generations present, descending. */
async function generations(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  const found = names.flatMap((name) => LOCK_NAME.exec(name)?.[1] ?? []).map(Number);
  return found.sort((left, right) => right - left);
}

/** The holder named in a lock file if it lives, undefined if it is dead, `gone` if the file is no longer there. */
async function livingHolder(path: string): Promise<LockHolder | 'gone' | undefined> {
  try {
    const holder = parseHolder(await readFile(path, 'utf8'));
    // A file that names nobody was torn by a crash of the machine: its writer is not running.
    if (holder === undefined) return undefined;
    const running = (await isRunning(holder)) ?? Date.now() - (await stat(path)).mtimeMs < SILENCE_MS_MAX;
    return running ? holder : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
}

function parseHolder(text: string): LockHolder | undefined {
  const holder = parseJson(text) as Partial<Record<keyof LockHolder, unknown>> | null | undefined;
  if (typeof holder?.pid !== 'number' || typeof holder.started !== 'string' || typeof holder.place !== 'string') {
    return undefined;
  }
  const purpose = typeof holder.purpose === 'string' ? holder.purpose : 'another program';
  return { pid: holder.pid, started: holder.started, place: holder.place, purpose };
}
