/**
 * LZ4 blocks decompressed in JavaScript (lz4_Block_format.md). A call of the native module costs more than the work on
 * what holds little: it makes a decoder with buffers of whole blocks, and memory that the collector has to free.
 */
import { corruptCompression } from './compression-error.ts';

/** A sequence's match repeats at least so many bytes. */
const matchMin = 4;
/** A length of so much goes on in the bytes that follow. */
const lengthMore = 15;
/** Copies up to this length are done byte by byte, which takes less than a call. */
const shortCopyMax = 32;

/**
 * Writes what `bytes[start, end)`, one block, decompresses to from `target[at]` on, and returns where it ends. The
 * block is independent: its matches reach back to `at` at most. Throws `CompressionError` where it is damaged or
 * `target` too short; what was written till then stands.
 */
export function decompressBlock(bytes: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let from = start;
  let to = at;
  while (from < end) {
    const token = bytes[from++]!;
    let literals = token >>> 4;
    if (literals === lengthMore) {
      let more = 255;
      while (more === 255 && from < end) literals += more = bytes[from++]!;
    }
    const literalsEnd = from + literals;
    if (literalsEnd > end || to + literals > target.length) throw damaged();
    if (literals > shortCopyMax) {
      target.set(bytes.subarray(from, literalsEnd), to);
      to += literals;
      from = literalsEnd;
    } else {
      while (from < literalsEnd) target[to++] = bytes[from++]!;
    }
    // The last sequence ends with its literals.
    if (from === end) return to;
    if (from + 2 > end) throw damaged();
    const distance = bytes[from]! | (bytes[from + 1]! << 8);
    from += 2;
    let match = token & lengthMore;
    if (match === lengthMore) {
      let more = 255;
      while (more === 255 && from < end) match += more = bytes[from++]!;
    }
    match += matchMin;
    let source = to - distance;
    if (distance === 0 || source < at || to + match > target.length) throw damaged();
    if (match > shortCopyMax && distance >= match) {
      target.copyWithin(to, source, source + match);
      to += match;
    } else {
      // Byte by byte, since a match may reach into what it writes.
      const matchEnd = to + match;
      while (to < matchEnd) target[to++] = target[source++]!;
    }
  }
  throw damaged();
}

function damaged(): Error {
  return corruptCompression('lz4', 'a block is damaged');
}
