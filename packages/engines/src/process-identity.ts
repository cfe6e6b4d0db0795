/**
 * Tells one process from another that later got the same pid: a pid together with the time its process started.
 *
 * On Linux the start comes from `/proc` (clock ticks since boot, with the boot's id); elsewhere from `ps`. A pid means
 * something only in its pid namespace, so an identity names that too, and two identities of different places can't be
 * compared by looking at processes.
 */
import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, as text that only equality is asked of. */
  readonly started: string;
  /** The host and pid namespace in which the pid counts. */
  readonly place: string;
}

/** The identity of the process that calls. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const identity = await identityOf(process.pid);
  return identity ?? { pid: process.pid, started: 'unknown', place: await ownPlace() };
}

/** The identity of the process that has a pid here now; undefined when none has. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const started = await startOf(pid);
  return started === undefined ? undefined : { pid, started, place: await ownPlace() };
}

/** Whether that very process still runs; undefined when it lived in another place and this one can't see it. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean | undefined> {
  if (identity.place !== (await ownPlace())) return undefined;
  return (await startOf(identity.pid)) === identity.started;
}

async function ownPlace(): Promise<string> {
  if (process.platform !== 'linux') return hostname();
  return `${hostname()} ${await readlink('/proc/self/ns/pid')}`;
}

/** When the process of this pid started, or undefined when there is none. A zombie counts as none: it holds nothing. */
async function startOf(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

async function startFromProc(pid: number): Promise<string | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  // The command name stands in parentheses and may hold anything: the fields begin after the last one. See proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
  return `${bootId} ${fields[19]}`;
}

async function startFromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { LC_ALL: 'C', TZ: 'UTC' } });
    return stdout.trim() || undefined;
  } catch (error) {
    // `ps` ends with 1 when no process has that pid.
    if ((error as { code?: unknown }).code === 1) return undefined;
    throw error;
  }
}
