/**
 * Ends what a process has started when that process is gone, however it ended.
 *
 * Its standard input comes from that process, a line of JSON for each thing to guard or to forget, and ends with it.
 * Then the guarded processes are killed, unless their ids belong to others by now, and the guarded directories removed.
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { sleep, systemTimers } from '@millrace/base';
import { identityOf, isRunning, type ProcessIdentity } from '../process-identity.ts';
import type { GuardianLine } from './guardian.ts';

const processes = new Map<number, Promise<ProcessIdentity | undefined>>();
const directories = new Set<string>();

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as GuardianLine;
  if ('pid' in message) {
    if (message.guard) processes.set(message.pid, identityOf(message.pid));
    else processes.delete(message.pid);
  } else if (message.guard) directories.add(message.directory);
  else directories.delete(message.directory);
}
for (const identity of await Promise.all(processes.values())) {
  if (identity !== undefined) await end(identity);
}
for (const directory of directories) await rm(directory, { recursive: true, force: true, maxRetries: 10 });

/** Kills a process and waits until it is gone, so that it writes to none of the directories anymore. */
async function end(identity: ProcessIdentity): Promise<void> {
  if (!(await isRunning(identity))) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  while (await isRunning(identity)) await sleep(systemTimers, 10);
}
