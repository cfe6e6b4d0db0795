/**
 * The lines of a file or a stream of bytes, plain or gzip, in chunks of many. A line feed ends a line, CR before it is
 * dropped.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';

const chunkBytes = 1024 * 1024;

/** A file's lines; a name that ends in `.gz` is read as gzip. Rejects with what the file system or zlib says. */
export async function* readFileLines(file: string, signal?: AbortSignal): AsyncGenerator<string[], void> {
  const source = createReadStream(file, { highWaterMark: chunkBytes });
  if (!file.endsWith('.gz')) {
    yield* readLines(source, signal);
    return;
  }
  const plain = createGunzip({ chunkSize: chunkBytes });
  // Failures of the source reach the reader of `plain`.
  const piped = pipeline(source, plain).catch((error: unknown) => plain.destroy(error as Error));
  yield* readLines(plain, signal);
  await piped;
}

/** A stream's lines. */
export async function* readLines(source: Readable, signal?: AbortSignal): AsyncGenerator<string[], void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of source) {
    signal?.throwIfAborted();
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() as string;
    if (lines.length > 0) yield lines.map(withoutReturn);
  }
  rest += decoder.end();
  if (rest !== '') yield [withoutReturn(rest)];
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
