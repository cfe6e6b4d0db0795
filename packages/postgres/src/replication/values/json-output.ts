/**
 * JSON as it grows, as bytes. Texts lie behind each other in a buffer, and one that is done stays as it is: when the
 * buffer is used up another takes its place.
 */

/** Up to so many bytes a loop beats the call that copies. */
const loopBytesMax = 24;
const capacity = 65_536;

export class JsonOutput {
  /** What is written lies before `at`; whoever writes into it directly asks for `room` first. */
  bytes = Buffer.allocUnsafeSlow(capacity);
  at = 0;
  #start = 0;

  /** The text since the last one that was taken. It may be kept, and keeps the buffer. */
  take(): Buffer {
    const text = this.bytes.subarray(this.#start, this.at);
    this.#start = this.at;
    return text;
  }

  room(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const begun = this.bytes.subarray(this.#start, this.at);
    this.bytes = Buffer.allocUnsafeSlow(Math.max(2 * (begun.length + count), capacity));
    this.at = begun.copy(this.bytes);
    this.#start = 0;
  }

  /** Bytes that are JSON already. */
  copy(from: Uint8Array): void {
    const { length } = from;
    this.room(length);
    if (length > loopBytesMax) {
      this.bytes.set(from, this.at);
      this.at += length;
    } else this.slice(from, 0, length);
  }

  /** Some of them, which are few. */
  slice(from: Uint8Array, start: number, end: number): void {
    this.room(end - start);
    const { bytes } = this;
    let { at } = this;
    for (let i = start; i < end; i++) bytes[at++] = from[i]!;
    this.at = at;
  }

  /** Text that is JSON already. */
  text(text: string): void {
    this.room(text.length * 3);
    this.at += this.bytes.write(text, this.at);
  }

  /** A safe integer. */
  integer(value: number): void {
    this.room(20);
    let left = value;
    if (left < 0) {
      this.bytes[this.at++] = 0x2d;
      left = -left;
    }
    let digits = 1;
    for (let bound = 10; left >= bound; bound *= 10) digits++;
    for (let at = this.at + digits - 1; at >= this.at; at--) {
      const rest = Math.floor(left / 10);
      this.bytes[at] = 0x30 + left - rest * 10;
      left = rest;
    }
    this.at += digits;
  }
}
