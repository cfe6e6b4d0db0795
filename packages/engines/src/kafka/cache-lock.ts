/** What processes that share the cache do: look whether something is made, and let one of them make it. */
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep, systemTimers } from '@millrace/base';
import { type DirectoryLock, takeLock } from '../directory-lock.ts';

const POLL_MS = 250;
const DRAFT_PREFIX = 'draft-';

export interface Making {
  /** What the process is doing, for those who wait: `fetching Apache Kafka`. */
  readonly purpose: string;
  /** Told, as a sentence, whom this process waits for. */
  readonly report?: ((message: string) => void) | undefined;
  /** Ends a wait, which is then rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while holding the folder's lock, with a draft folder in it whose content it renames when it is complete.
 * Drafts are removed: this one at the end, and what processes that were killed have left.
 */
export async function makeInCache<T>(folder: string, making: Making, work: (draft: string) => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const lock = await waitForLock(folder, making);
  try {
    for (const name of await readdir(folder)) if (name.startsWith(DRAFT_PREFIX)) await removeDraft(join(folder, name));
    const draft = await mkdtemp(join(folder, DRAFT_PREFIX));
    try {
      return await work(draft);
    } finally {
      await removeDraft(draft);
    }
  } finally {
    await lock.release();
  }
}

function removeDraft(draft: string): Promise<void> {
  return rm(draft, { recursive: true, force: true, maxRetries: 10 });
}

async function waitForLock(folder: string, { purpose, report, signal }: Making): Promise<DirectoryLock> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await takeLock(folder, purpose);
    if ('release' in outcome) return outcome;
    if (attempt === 0) report?.(`Waiting for process ${outcome.pid}, which is ${outcome.purpose}.`);
    await sleep(systemTimers, POLL_MS, signal);
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
