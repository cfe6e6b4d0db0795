/**
 * Takes the messages of a copy out of what a server sends, in place: all else goes on to the driver as it came. A
 * message that lies in several pieces of the socket is put together once it is whole.
 */

/** `bytes` may be kept; the message lies from `start` to before `end`. */
type CopyReader = (bytes: Buffer, start: number, end: number) => void;

const copyData = 0x64;
/** The kind, and a length that counts itself. */
const headerBytes = 5;

export class CopyFrames {
  readonly #copied: CopyReader;
  readonly #other: (bytes: Buffer) => void;
  /** The beginning of a message, in the pieces that it came in. */
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** How many bytes the first message has whose beginning is in `#pieces`. */
  #neededBytes = headerBytes;

  constructor(copied: CopyReader, other: (bytes: Buffer) => void) {
    this.#copied = copied;
    this.#other = other;
  }

  push(piece: Buffer): void {
    if (this.#pieceBytes === 0) return this.#split(piece);
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes < this.#neededBytes) return;
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#split(whole);
  }

  #split(bytes: Buffer): void {
    let at = 0;
    while (at + headerBytes <= bytes.length) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      if (bytes[at] === copyData) this.#copied(bytes, at + headerBytes, end);
      else this.#other(bytes.subarray(at, end));
      at = end;
    }
    if (at === bytes.length) return;
    this.#pieces = [bytes.subarray(at)];
    this.#pieceBytes = bytes.length - at;
    this.#neededBytes = this.#pieceBytes < headerBytes ? headerBytes : 1 + bytes.readUInt32BE(at + 1);
  }
}
