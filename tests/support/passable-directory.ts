import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new directory for a platform's data. Where root runs the tests, PostgreSQL runs as another user, who may pass it:
 * else its files would lie elsewhere, and stay when the directory is removed.
 */
export async function passableDirectory(prefix: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), prefix));
  await chmod(directory, 0o755);
  return directory;
}
