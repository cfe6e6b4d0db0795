/** Opens a log file for reading, plain or gzip, whatever its name. */
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { messageOf } from '@millrace/base';
import { AccessLogError } from './access-log-error.ts';

export interface OpenLog extends AsyncDisposable {
  readonly file: string;
  /** Size of the file in bytes, as it lies on the disk. */
  readonly size: number;
  /** Bytes of the file that have been read. */
  readonly bytesRead: number;
  /** The log's bytes. A gzip file that was cut ends with `CutError`, after everything that could be read. */
  chunks(): AsyncIterable<Buffer>;
}

/** A compressed log ends before it should, or is damaged from here on. */
export class CutError extends Error {}

/** @throws AccessLogError `log_unreadable`, `log_empty` */
export async function openLog(file: string): Promise<OpenLog> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) {
      throw new AccessLogError('log_unreadable', file, `${file} is a folder; name the log file in it`);
    }
    const head = Buffer.alloc(2);
    const { bytesRead } = await handle.read(head, 0, 2, 0);
    if (bytesRead === 0) {
      throw new AccessLogError('log_empty', file, `${file} is empty; there is nothing to import`);
    }
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    return new LogFile(file, handle, stat.size, isGzip);
  } catch (error) {
    await handle.close();
    throw error instanceof AccessLogError ? error : unreadable(file, error);
  }
}

/**
 * The name under which a log's events are counted when none is given: the file's name without its endings and rotation
 * numbers, so that `access.log`, `access.log.1` and `access.log.2.gz` are one site.
 */
export function siteOfFile(file: string): string {
  const name = basename(file).replace(/(?:\.(?:gz|log|txt)|[._-]\d{1,10}(?:-\d\d){0,2})+$/i, '');
  return (name || basename(file)).slice(0, 256);
}

class LogFile implements OpenLog {
  readonly file: string;
  readonly size: number;
  bytesRead = 0;
  readonly #handle: FileHandle;
  readonly #isGzip: boolean;

  constructor(file: string, handle: FileHandle, size: number, isGzip: boolean) {
    this.file = file;
    this.size = size;
    this.#handle = handle;
    this.#isGzip = isGzip;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    const stream = this.#handle.createReadStream({ start: 0, autoClose: false });
    stream.on('data', (chunk) => {
      this.bytesRead += chunk.length;
    });
    stream.pause();
    const gunzip = this.#isGzip ? createGunzip() : undefined;
    if (gunzip) stream.on('error', (error) => gunzip.destroy(error));
    try {
      yield* (gunzip ? stream.pipe(gunzip) : stream) as AsyncIterable<Buffer>;
    } catch (error) {
      if (error instanceof Error && 'code' in error && /^Z_/.test(String(error.code))) {
        throw new CutError(messageOf(error), { cause: error });
      }
      throw unreadable(this.file, error);
    } finally {
      stream.destroy();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

function unreadable(file: string, error: unknown): AccessLogError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const sentences: Record<string, string> = {
    ENOENT: `there is no file ${file}; check its name`,
    ENOTDIR: `there is no file ${file}; check its name`,
    EACCES: `no permission to read ${file}; check its owner and mode`,
  };
  const message = sentences[String(code)] ?? `${file} could not be read: ${messageOf(error)}`;
  return new AccessLogError('log_unreadable', file, message, error);
}
