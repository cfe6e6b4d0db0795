/**
 * Cuts chunks of bytes into lines. A line that is longer than the bound is given up: its bytes are passed over, so that
 * a file without line ends takes no memory.
 */

export const lineBytesMax = 64 * 1024;

export interface LineHandler {
  /** A line without its line end (LF or CRLF), valid during the call. */
  line(bytes: Buffer): void;
  /** A line that is longer than `lineBytesMax`. */
  tooLong(): void;
}

export class LineSplitter {
  readonly #handler: LineHandler;
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #skipping = false;

  constructor(handler: LineHandler) {
    this.#handler = handler;
  }

  /** Bytes of a chunk, which must not change afterwards. */
  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      this.#finish(chunk.subarray(from, end));
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** Hands over what followed the last line end; false when there was nothing. */
  end(): boolean {
    const more = this.#partialBytes > 0 || this.#skipping;
    if (more) this.#finish(Buffer.alloc(0));
    return more;
  }

  #keep(part: Buffer): void {
    if (this.#skipping) return;
    this.#partialBytes += part.length;
    if (this.#partialBytes > lineBytesMax) {
      this.#skipping = true;
      this.#drop();
    } else {
      this.#partial.push(part);
    }
  }

  #finish(rest: Buffer): void {
    const line = this.#partial.length === 0 ? rest : Buffer.concat([...this.#partial, rest]);
    const skipped = this.#skipping || line.length > lineBytesMax;
    this.#drop();
    this.#skipping = false;
    if (skipped) this.#handler.tooLong();
    else this.#handler.line(line.at(-1) === 0x0d ? line.subarray(0, -1) : line);
  }

  #drop(): void {
    this.#partial = [];
    this.#partialBytes = 0;
  }
}
