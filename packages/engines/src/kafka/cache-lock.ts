/** What processes that share the cache do: look whether something is made, and let one of them make it. */
import { stat } from 'node:fs/promises';
import { sleep, systemTimers } from '@millrace/base';
import { takeLock } from '../directory-lock.ts';

const POLL_MS = 250;

/** Runs `work` while holding the folder's lock. The folder must exist. */
export async function locked<T>(
  folder: string,
  purpose: string,
  report: (message: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await takeLock(folder, purpose);
    if ('release' in outcome) {
      try {
        return await work();
      } finally {
        await outcome.release();
      }
    }
    if (attempt === 0) report(`Waiting for process ${outcome.pid}, which is ${outcome.purpose}.`);
    await sleep(systemTimers, POLL_MS);
  }
}

/** Whether a file or folder is there. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
