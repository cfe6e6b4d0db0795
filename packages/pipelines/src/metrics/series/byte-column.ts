/**
 * Bytes that grow, and numbers in them: variable-length integers up to 2^53 and raw doubles. For columns of a chunk.
 */
const doubles = new Float64Array(1);
const doubleBytes = new Uint8Array(doubles.buffer);
const sevenBits = 0x80;
const smallMax = 0x7fffffff;

export class ColumnWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** What was written; valid until the next `clear`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^54. */
  unsigned(value: number): void {
    this.#reserve(8);
    let left = value;
    while (left > smallMax) {
      this.#bytes[this.#length++] = (left % sevenBits) | sevenBits;
      left = Math.floor(left / sevenBits);
    }
    while (left >= sevenBits) {
      this.#bytes[this.#length++] = (left & 0x7f) | sevenBits;
      left >>>= 7;
    }
    this.#bytes[this.#length++] = left;
  }

  /** A whole number between -2^53 and 2^53. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -value * 2 - 1 : value * 2);
  }

  double(value: number): void {
    this.#reserve(8);
    doubles[0] = value;
    this.#bytes.set(doubleBytes, this.#length);
    this.#length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

export class ColumnReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  unsigned(): number {
    const bytes = this.#bytes;
    const first = bytes[this.#at++] ?? 0;
    if (first < sevenBits) return first;
    let value = first & 0x7f;
    let scale = sevenBits;
    for (;;) {
      const byte = bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < sevenBits) return value;
      scale *= sevenBits;
    }
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  double(): number {
    for (let at = 0; at < 8; at++) doubleBytes[at] = this.#bytes[this.#at++] ?? 0;
    return doubles[0] as number;
  }

  /** `length` bytes, not copied. */
  raw(length: number): Uint8Array {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
}
