/**
 * The lock of the set-up: one process at a time works on a clone's node_modules.
 *
 * The lock is a file in the temporary folder that holds its holder's pid (node_modules itself is replaced by the work).
 * A lock whose holder is gone is removed by the next one who wants it, so that a killed set-up blocks nobody.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOCK_WAIT_MS_MAX = 10 * 60_000;

/** A failure of the set-up whose message is the sentence for the user. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Runs `action` while no other process of this machine does so for the same clone; waits for its turn. */
export async function underLock(root, action) {
  const key = createHash('sha256').update(fs.realpathSync(root)).digest('hex').slice(0, 16);
  const lock = path.join(os.tmpdir(), `millrace-setup-${os.userInfo().uid}-${key}`);
  const deadline = Date.now() + LOCK_WAIT_MS_MAX;
  let told = false;
  while (!takeLock(lock)) {
    if (Date.now() > deadline) {
      throw new SetupError(`Another set-up of ${root} has held ${lock} for 10 minutes; end it, or remove that file.`);
    }
    if (!told) process.stderr.write('Another set-up of this clone is running; waiting for it ...\n');
    told = true;
    await sleep(200);
  }
  try {
    return await action();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

/** True when this process now holds the lock. A lock whose process is gone is removed, by one process only. */
function takeLock(lock) {
  if (createExclusively(lock)) return true;
  if (holderLives(lock)) return false;
  const removal = `${lock}.removal`;
  if (!createExclusively(removal)) {
    if (!holderLives(removal)) fs.rmSync(removal, { force: true });
    return false;
  }
  try {
    if (!holderLives(lock)) fs.rmSync(lock, { force: true });
  } finally {
    fs.rmSync(removal, { force: true });
  }
  return createExclusively(lock);
}

/** Creates a file that holds our pid; linked into place whole, so that nobody reads it before the pid is in it. */
function createExclusively(file) {
  const aside = `${file}.${process.pid}`;
  fs.writeFileSync(aside, String(process.pid));
  try {
    fs.linkSync(aside, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

function holderLives(file) {
  let pid;
  try {
    pid = Number(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
