/**
 * The token of an installation: whoever can read it administers what runs from this data directory. Made at the first
 * start, mode 0600, and the same for as long as the directory is there.
 */
import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectoryError } from './data-directory-error.ts';

const NAME = 'token';
const form = /^millrace_[A-Za-z0-9_-]{43}$/;

/** Reads the token, or makes it; the caller holds the directory's lock. */
export async function installToken(directory: string): Promise<string> {
  const path = join(directory, NAME);
  let known: string | undefined;
  try {
    known = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (known !== undefined) {
    if (!form.test(known)) {
      const message = `${path} is not a token that Millrace wrote; remove it, and a new one is made at the next start`;
      throw new DataDirectoryError('data_directory_damaged', directory, message);
    }
    await chmod(path, 0o600);
    return known;
  }
  const token = `millrace_${randomBytes(32).toString('base64url')}`;
  await writeFile(`${path}.tmp`, `${token}\n`, { mode: 0o600 });
  await rename(`${path}.tmp`, path);
  return token;
}
