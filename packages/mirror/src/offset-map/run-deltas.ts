/**
 * Runs as bytes: each by its distance from the end of the one before. Used for blocks in memory and for the journal.
 *
 * A run is: a byte with 0x01 set if the target has a gap before it, the lowest six bits of its count above that, and
 * 0x80 if more of the count follows as a varint; the source's gap as a varint; the target's gap as a varint if there is
 * one. A gap of a few records on the source and a short run take 2 bytes, 3 from a count of 64 on.
 */
import { JournalRecordError } from './offset-map-error.ts';
import { type UnsignedVarintReader, unsignedVarintBytesMax, writeUnsignedVarint } from './unsigned-varint.ts';

/** The least and most bytes that one run takes. */
export const runBytesMin = 2;
export const runBytesMax = 1 + 3 * unsignedVarintBytesMax;

/** Writes one run; answers the position after it. `runBytesMax` bytes must be there. */
export function writeRun(
  bytes: Uint8Array,
  position: number,
  sourceGap: number,
  targetGap: number,
  count: number,
): number {
  const rest = Math.floor(count / 64);
  let at = position;
  bytes[at++] = (rest > 0 ? 0x80 : 0) | ((count % 64) << 1) | (targetGap > 0 ? 1 : 0);
  if (rest > 0) at = writeUnsignedVarint(bytes, at, rest);
  at = writeUnsignedVarint(bytes, at, sourceGap);
  return targetGap > 0 ? writeUnsignedVarint(bytes, at, targetGap) : at;
}

/** Reads runs one after the other: after `next`, `source`, `target` and `count` are those of the run read. */
export class RunReader {
  readonly #numbers: UnsignedVarintReader;
  source: number;
  target: number;
  count = 0;

  /** `source` and `target` are those with which the first run was written. */
  constructor(numbers: UnsignedVarintReader, source: number, target: number) {
    this.#numbers = numbers;
    this.source = source;
    this.target = target;
  }

  get atEnd(): boolean {
    return this.#numbers.remaining === 0;
  }

  get endSource(): number {
    return this.source + this.count;
  }

  get endTarget(): number {
    return this.target + this.count;
  }

  /** Throws `JournalRecordError` when the bytes end in a run, or it reaches beyond 2^53 - 1. */
  next(): void {
    const start = this.#numbers.position;
    const first = this.#numbers.byte();
    const rest = first >= 0x80 ? this.#numbers.number() : 0;
    const source = this.endSource + this.#numbers.number();
    const target = this.endTarget + ((first & 1) === 0 ? 0 : this.#numbers.number());
    const count = rest * 64 + ((first >>> 1) & 0x3f);
    if (source + count > Number.MAX_SAFE_INTEGER || target + count > Number.MAX_SAFE_INTEGER) {
      throw new JournalRecordError('a run reaches beyond offset 2^53 - 1', start);
    }
    this.source = source;
    this.target = target;
    this.count = count;
  }
}
