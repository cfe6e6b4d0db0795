/**
 * The marker that ends a series before its look-back does: a NaN with a payload of its own, as Prometheus writes it.
 * Reading it as a number and storing that number may lose the payload, so it is written and recognised by its bits.
 */

const markerHigh = 0x7ff00000;
const markerLow = 0x00000002;
/** The bit that processors set when they pass such a NaN on. */
const quietBit = 0x00080000;

/** Writes the marker at an index. */
export function markStale(values: Float64Array, index: number): void {
  const words = wordsOf(values);
  words[2 * index + lowWord] = markerLow;
  words[2 * index + highWord] = markerHigh;
}

/** Whether the value at an index is the marker. */
export function isStale(values: Float64Array, index: number): boolean {
  const value = values[index] as number;
  // Only then is it worth a look at the bits.
  if (!Number.isNaN(value)) return false;
  const words = wordsOf(values);
  return (
    words[2 * index + lowWord] === markerLow && ((words[2 * index + highWord] as number) & ~quietBit) === markerHigh
  );
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const lowWord = isLittleEndian ? 0 : 1;
const highWord = 1 - lowWord;

function wordsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}
