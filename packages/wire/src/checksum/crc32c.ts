/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of record batches.
 *
 * Short inputs go through a table in JavaScript, because a call into the native module costs more than they do; long
 * ones go through `@node-rs/crc32`, where that loads. Both give the same numbers, so which one ran can only be seen in
 * time.
 */
import { createRequire } from 'node:module';

type NativeCrc32c = (input: Uint8Array, initialState?: number) => number;

/** From this many bytes on the native module wins over the table (measured on x64: both take about 110 ns here). */
const nativeBytesMin = 192;

const tables = sliceBy8Tables(0x82f63b78);
let native: NativeCrc32c | undefined;
let nativeLoadError: unknown;

/**
 * The checksum of `bytes` from `start` to `end` (the whole by default), as an unsigned 32-bit number. `previous`
 * continues the checksum of the bytes before, so that `crc32c(b, crc32c(a))` is that of a and b together. Bounds are
 * the caller's to keep.
 */
export function crc32c(bytes: Uint8Array, previous = 0, start = 0, end = bytes.length): number {
  if (end - start < nativeBytesMin) return crc32cByTable(bytes, previous, start, end);
  if (native === undefined) {
    if (nativeLoadError !== undefined) return crc32cByTable(bytes, previous, start, end);
    native = loadNative();
    if (native === undefined) return crc32cByTable(bytes, previous, start, end);
  }
  const range =
    start === 0 && end === bytes.length ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
  return native(range, previous);
}

/** Which implementation serves long inputs here, and why not the native one, for diagnosis. */
export function crc32cImplementation(): { readonly name: 'native' | 'table'; readonly cause?: unknown } {
  native ??= loadNative();
  return native === undefined ? { name: 'table', cause: nativeLoadError } : { name: 'native' };
}

/** The checksum computed in JavaScript alone; same contract as `crc32c`. */
export function crc32cByTable(bytes: Uint8Array, previous = 0, start = 0, end = bytes.length): number {
  const t = tables;
  let crc = ~previous;
  let i = start;
  for (const stop = end - 7; i < stop; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      t[0x700 | (crc & 0xff)]! ^
      t[0x600 | ((crc >>> 8) & 0xff)]! ^
      t[0x500 | ((crc >>> 16) & 0xff)]! ^
      t[0x400 | (crc >>> 24)]! ^
      t[0x300 | bytes[i + 4]!]! ^
      t[0x200 | bytes[i + 5]!]! ^
      t[0x100 | bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < end; i++) crc = t[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Eight tables of 256 entries, one after the other: table n advances a byte by n further zero bytes. */
function sliceBy8Tables(reversedPolynomial: number): Int32Array {
  const t = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ reversedPolynomial : crc >>> 1;
    t[byte] = crc;
  }
  for (let i = 256; i < t.length; i++) {
    const crc = t[i - 256]!;
    t[i] = t[crc & 0xff]! ^ (crc >>> 8);
  }
  return t;
}

function loadNative(): NativeCrc32c | undefined {
  try {
    return (createRequire(import.meta.url)('@node-rs/crc32') as { crc32c: NativeCrc32c }).crc32c;
  } catch (error) {
    nativeLoadError = error;
    return undefined;
  }
}
