/**
 * Files that nobody else may read: mode 0600 in a directory of mode 0700. A file is replaced as a whole, so that after
 * a crash it holds what it held or what it was to hold; what was written halfway lies under another name, and is
 * overwritten the next time.
 */
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DiskError } from '@millrace/base';

export class PrivateFiles {
  readonly directory: string;
  #writes: Promise<void> = Promise.resolve();

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Makes the directory if need be. @throws DiskError */
  static async open(directory: string): Promise<PrivateFiles> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await chmod(directory, 0o700);
    } catch (error) {
      throw diskError(error, 'create', directory);
    }
    return new PrivateFiles(directory);
  }

  /** The text of a file; undefined when there is none. @throws DiskError */
  async read(name: string): Promise<string | undefined> {
    const path = join(this.directory, name);
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw diskError(error, 'read', path);
    }
  }

  /** Writes happen one after the other, in the order of the calls. @throws DiskError */
  write(name: string, text: string): Promise<void> {
    const written = this.#writes.then(() => this.#write(join(this.directory, name), text));
    this.#writes = written.catch(() => undefined);
    return written;
  }

  async #write(path: string, text: string): Promise<void> {
    const temporary = `${path}.new`;
    try {
      const directory = dirname(path);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      {
        await using file = await open(temporary, 'w', 0o600);
        // The mode above is for a file that is made: one that was left behind keeps its own.
        await file.chmod(0o600);
        await file.writeFile(text);
        await file.datasync();
      }
      await rename(temporary, path);
      await using handle = await open(directory, 'r');
      await handle.sync();
    } catch (error) {
      throw diskError(error, 'write', path);
    }
  }
}

function diskError(error: unknown, operation: string, path: string): DiskError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DiskError('disk_full', operation, path, error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new DiskError('no_access', operation, path, error);
  }
  return new DiskError('disk_failed', operation, path, error);
}
