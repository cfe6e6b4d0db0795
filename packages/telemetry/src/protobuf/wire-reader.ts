/** Reads Protobuf's wire format; 64-bit numbers also as doubles and as milliseconds, without making a bigint each. */
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { TelemetryError } from '../telemetry-error.ts';

/** Messages within each other; reading them recurses, and the stack has an end. */
export const depthMax = 100;

const twoTo32 = 2 ** 32;

export class WireReader extends BinaryReader {
  readonly #bytes: Uint8Array;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.#bytes = bytes;
  }

  /** Reads a length, and answers where the message, text or packed list of that length ends. */
  enter(limit: number): number {
    const end = this.uint32() + this.pos;
    if (end > limit) throw new TelemetryError('', 'ends early: a message is longer than what holds it');
    if (++this.#depth > depthMax) throw new TelemetryError('', `nests deeper than ${depthMax} levels; flatten it`);
    return end;
  }

  /** To the end that `enter` told, where reading must have come to. */
  leave(end: number): void {
    this.#depth--;
    if (this.pos !== end) throw new TelemetryError('', 'has a field that is longer than its message');
  }

  /** A fixed64 as a double, exact to 2^53. */
  fixed64Number(): number {
    const low = this.fixed32();
    return this.fixed32() * twoTo32 + low;
  }

  /** An sfixed64 likewise. */
  sfixed64Number(): number {
    const low = this.fixed32();
    return this.sfixed32() * twoTo32 + low;
  }

  /** A fixed64 of nanoseconds as whole milliseconds, the rest dropped. */
  nanosAsMs(): number {
    const low = this.fixed32();
    const high = this.fixed32();
    // 2^32 ns are 4,294 ms and 967,296 ns; each term is below 2^53.
    return high * 4_294 + Math.floor((high * 967_296 + low) / 1_000_000);
  }

  /** A uint64 as a double, exact to 2^53. */
  uint64Number(): number {
    const first = this.#bytes[this.pos] ?? 0;
    if (first < 0x80) {
      this.pos++;
      return first;
    }
    return Number(this.uint64());
  }

  /** An int64 as a double, exact between -2^53 and 2^53. */
  int64Number(): number {
    const bytes = this.#bytes;
    let value = 0;
    let scale = 1;
    // Seven bytes hold 49 bits; times of this century have 41.
    for (let at = this.pos; at < this.pos + 7; at++) {
      const byte = bytes[at] ?? 0x80;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.pos = at + 1;
        return value;
      }
      scale *= 0x80;
    }
    return Number(this.int64());
  }
}
