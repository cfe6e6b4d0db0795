/**
 * Where `produce` takes its records from: stdin and files, as chunks with what is known of their total size.
 */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { MillraceError } from '@millrace/base';

const CHUNK_BYTES = 1024 * 1024;

/** An input file can't be read. */
export class InputError extends MillraceError {
  readonly code = 'input_unreadable';
  readonly path: string;

  constructor(path: string, cause: NodeJS.ErrnoException) {
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'no permission',
      EISDIR: 'it is a directory',
    };
    super(`cannot read ${path}: ${reasons[cause.code ?? ''] ?? cause.message}`, { cause });
    this.path = path;
  }
}

/** One input: a file, or stdin for `-`. */
export interface RecordInput {
  /** For messages: the path or `stdin`. */
  readonly name: string;
  /** Bytes; undefined for a pipe. */
  readonly size: number | undefined;
  chunks(): AsyncIterable<Buffer>;
  /** Everything at once. */
  whole(): Promise<Buffer>;
}

/** Looks that all inputs are there, before the first record is sent. @throws InputError */
export async function openInputs(paths: readonly string[], stdin: Readable): Promise<RecordInput[]> {
  const inputs: RecordInput[] = [];
  for (const path of paths) inputs.push(path === '-' ? streamInput(stdin) : await fileInput(path));
  return inputs;
}

function streamInput(stream: Readable): RecordInput {
  const chunks = (): AsyncIterable<Buffer> => stream as AsyncIterable<Buffer>;
  return {
    name: 'stdin',
    size: undefined,
    chunks,
    async whole() {
      const parts: Buffer[] = [];
      for await (const chunk of chunks()) parts.push(chunk);
      return Buffer.concat(parts);
    },
  };
}

async function fileInput(path: string): Promise<RecordInput> {
  const failed = (error: unknown): never => {
    throw new InputError(path, error as NodeJS.ErrnoException);
  };
  const stats = await stat(path).catch(failed);
  if (stats.isDirectory()) throw new InputError(path, Object.assign(new Error('directory'), { code: 'EISDIR' }));
  return {
    name: path,
    size: stats.isFile() ? stats.size : undefined,
    async *chunks() {
      const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
      const iterator = stream.iterator() as AsyncIterator<Buffer>;
      try {
        for (let next = await iterator.next().catch(failed); !next.done; next = await iterator.next().catch(failed)) {
          yield next.value;
        }
      } finally {
        stream.destroy();
      }
    },
    whole: () => readFile(path).catch(failed),
  };
}
