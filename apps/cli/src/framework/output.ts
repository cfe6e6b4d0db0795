/**
 * Standard output, gathered into large writes, with back-pressure and without a word when its reader goes away.
 *
 * `text` and `bytes` copy and never wait. Whoever writes much calls `flush` every now and then and awaits it; what is
 * written in between stays in memory.
 */

import { MillraceError } from '@millrace/base';
import { printableLines } from './printable.ts';

/** Size of one write. Larger ones gain nothing on a pipe, whose own buffer is 64 KiB. */
const CHUNK_BYTES = 64 * 1024;

/** What was printed could not be written where stdout goes. */
export class OutputError extends MillraceError {
  readonly code = 'output_failed';

  constructor(cause: NodeJS.ErrnoException) {
    const reason = cause.code === 'ENOSPC' ? 'the disk is full; free some space' : cause.message;
    super(`cannot write to stdout: ${reason}`, { cause });
  }
}

export class Output {
  readonly #stream: NodeJS.WriteStream;
  readonly #onClosed: () => void;
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #used = 0;
  /** Set while the stream asks to wait. */
  #drained: Promise<void> | undefined;
  #failure: Error | undefined;
  #closed = false;
  #flushPending = false;

  /** `onClosed` is called once when the reader has gone. */
  constructor(stream: NodeJS.WriteStream, onClosed: () => void) {
    this.#stream = stream;
    this.#onClosed = onClosed;
    stream.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
  }

  /** Whether somebody looks at it: a terminal and no pipe or file. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Columns of the terminal; undefined for a pipe or a file, which have no end of line. */
  get columns(): number | undefined {
    return this.isTerminal ? this.#stream.columns : undefined;
  }

  /** Writes text as UTF-8. */
  text(text: string): void {
    // A UTF-16 unit becomes 3 bytes at most.
    const bytesMax = text.length * 3;
    if (bytesMax > CHUNK_BYTES) {
      this.bytes(Buffer.from(text));
      return;
    }
    if (bytesMax > CHUNK_BYTES - this.#used) this.#send();
    this.#used += this.#chunk.write(text, this.#used);
  }

  /** A line for people, or several; control characters in it are shown, not written. */
  line(text: string): void {
    this.text(`${printableLines(text)}\n`);
  }

  json(value: unknown): void {
    this.text(`${JSON.stringify(value)}\n`);
  }

  /** Writes a copy of the bytes. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length > CHUNK_BYTES - this.#used) this.#send();
    if (bytes.length > CHUNK_BYTES) {
      this.#write(Buffer.from(bytes));
      return;
    }
    this.#chunk.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /**
   * Hands over what was gathered; resolves when more may be written. Rejects when it can't be written, a full disk
   * for example.
   */
  async flush(): Promise<void> {
    this.#send();
    await this.#drained;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Hands over what was gathered when this turn of the event loop ends, so that what comes together is written
   * together.
   */
  flushSoon(): void {
    if (this.#flushPending) return;
    this.#flushPending = true;
    setImmediate(() => {
      this.#flushPending = false;
      this.#send();
    });
  }

  /** Whether the reader is behind, and `flush` would have to wait for it. */
  get isBehind(): boolean {
    return this.#drained !== undefined;
  }

  /** Resolves when all that was written has reached the operating system. */
  async end(): Promise<void> {
    await this.flush();
    if (this.#closed || this.#stream.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      this.#stream.once('close', resolve);
      this.#stream.write('', () => resolve());
    });
    if (this.#failure !== undefined) throw this.#failure;
  }

  #send(): void {
    if (this.#used === 0) return;
    this.#write(this.#chunk.subarray(0, this.#used));
    // The stream owns the old one until it is written.
    this.#chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    this.#used = 0;
  }

  #write(chunk: Buffer): void {
    if (this.#closed) return;
    if (this.#stream.write(chunk) || this.#drained !== undefined) return;
    this.#drained = new Promise((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done).off('close', done).off('error', done);
        this.#drained = undefined;
        resolve();
      };
      this.#stream.on('drain', done).on('close', done).on('error', done);
    });
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#closed) return;
    this.#closed = true;
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') this.#onClosed();
    else this.#failure = new OutputError(error);
  }
}
